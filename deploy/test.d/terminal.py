"""A terminal of our own for a program: what it draws, and what it does when somebody presses a key."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time


class Terminal:
    """Runs a command whose standard output and error are a terminal of so many columns."""

    def __init__(self, command: list[str], columns: int = 100, rows: int = 40, **environment: str):
        self.screen, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        surroundings = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"} | environment
        # Whoever runs the tests in the background has SIGINT ignored, and that is inherited.
        command = ["env", "--default-signal=INT", *command]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings, start_new_session=True
        )
        os.close(theirs)
        self.text = ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.screen)

    def read_until(self, condition, within_s: float = 180) -> str:
        """Everything drawn so far, once the condition holds of it; fails with it otherwise."""
        deadline = time.monotonic() + within_s
        while not condition(self.text):
            if time.monotonic() > deadline or not self._read(0.2) and self.process.poll() is not None:
                raise AssertionError(f"not seen on the terminal: {self.text!r}")
        return self.text

    def read_to_end(self, within_s: float = 240) -> str:
        deadline = time.monotonic() + within_s
        while self._read(0.2) or self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"does not end: {self.text!r}")
        return self.text

    def interrupt(self) -> int:
        """As Ctrl-C does. How the program ended."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(90)

    def _read(self, wait_s: float) -> bool:
        if not select.select([self.screen], [], [], wait_s)[0]:
            return False
        try:
            piece = os.read(self.screen, 65_536)
        except OSError:  # EIO: nobody holds the other end any more.
            return False
        self.text += piece.decode(errors="replace")
        return bool(piece)
