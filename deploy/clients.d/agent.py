"""A real agent on loopback, with nobody to forward to: what it would send waits in its spool, where it can be read."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "quickstart.d"))

from processes import Programs  # noqa: E402
from settings import free_port  # noqa: E402

PROGRAM = os.environ.get("FARWATCH_AGENT", str(ROOT / ".build" / "release" / "farwatch-agent"))
START_WAIT_S = 180
CALLS_WAIT_S = 180

SETTINGS = """\
state_directory: {state}
receive:
  listen: 127.0.0.1:{receivers}
health:
  listen: 127.0.0.1:{health}
forward:
  endpoints: ["http://127.0.0.1:{nobody}"]
  batch: {{age_max: 250ms}}
host: {{name: app-1}}
"""


class Agent:
    """Use as a context: `with Agent(more_settings) as agent`."""

    def __init__(self, more: str = ""):
        self._folder = tempfile.TemporaryDirectory(prefix="farwatch-clients-")
        folder = Path(self._folder.name)
        self.state = folder / "state"
        self.config = folder / "agent.yaml"
        self.receivers, self.health = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.receivers}"
        text = SETTINGS.format(state=self.state, receivers=self.receivers, health=self.health, nobody=free_port())
        self.config.write_text(text + more)
        self.programs = Programs(folder)
        # Nothing of ours: the agent takes FARWATCH_… for settings.
        self.environment = {"PATH": os.environ["PATH"], "HOME": self._folder.name}

    def __enter__(self) -> "Agent":
        self.programs.start("agent", [PROGRAM, "run", "--config", str(self.config)], self.environment)
        deadline = time.monotonic() + START_WAIT_S
        while True:
            self.programs.check()
            try:
                self.health_page("/livez")
                return self
            except OSError:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise
                time.sleep(0.05)

    def __exit__(self, *_) -> None:
        self.programs.stop_all()
        self._folder.cleanup()

    def health_page(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health}{path}", timeout=60) as answer:
            return answer.read().decode()

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        command = [PROGRAM, arguments[0], "--config", str(self.config), *arguments[1:]]
        return subprocess.run(command, check=check, capture_output=True, text=True, timeout=240, env=self.environment)

    def spooled(self, count: int, wait_s: float = CALLS_WAIT_S) -> list[dict]:
        """The calls in the spool, once there are `count`; fewer when the time is over."""
        deadline = time.monotonic() + wait_s
        while True:
            calls = [json.loads(line) for line in self.command("sent", "--waiting").stdout.splitlines()]
            if len(calls) >= count or time.monotonic() > deadline:
                return calls
            time.sleep(0.1)
