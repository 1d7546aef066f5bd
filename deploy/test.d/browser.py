"""A real browser that is asked what it has drawn, over Chromium's own protocol on a pipe; nothing is loaded into the page."""

import json
import os
import select
import subprocess
import tempfile
import time

PROGRAM = "chromium-headless-shell"
ANSWER_WAIT_S = 180


class Browser:
    """Use as a context: `with Browser() as browser: browser.open(url, 360)`."""

    def __enter__(self) -> "Browser":
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        command = [PROGRAM, "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"]
        command.append(f"--user-data-dir={self._profile.name}")
        # It reads from descriptor 3 and writes to 4, whatever they are here.
        shell = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", *command]
        self._process = subprocess.Popen(
            shell, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._waiting = b""
        self._number = 0
        self._session = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._profile.cleanup()

    def open(self, url: str, width: int, height: int = 800) -> None:
        """Returns when everything is loaded, on a screen of so many points."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._ask("Page.navigate", url=url)
        self._read_until(lambda message: message.get("method") == "Page.loadEventFired")

    def evaluate(self, expression: str):
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def _ask(self, method: str, **parameters) -> dict:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer = self._read_until(lambda message: message.get("id") == number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def _read_until(self, is_wanted) -> dict:
        deadline = time.monotonic() + ANSWER_WAIT_S
        while True:
            while b"\0" in self._waiting:
                text, _, self._waiting = self._waiting.partition(b"\0")
                if is_wanted(message := json.loads(text)):
                    return message
            if not select.select([self._in], [], [], deadline - time.monotonic())[0]:
                raise AssertionError("the browser does not answer")
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise AssertionError("the browser ended")
            self._waiting += piece
