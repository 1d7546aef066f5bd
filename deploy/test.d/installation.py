"""One aggregator and one agent of the built programs, for tests that treat them as their users' machines do."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "quickstart.d"))

import settings  # noqa: E402
from api import API, WITHOUT_PROXY, is_ready  # noqa: E402
from processes import Programs, end_database_left_behind  # noqa: E402
from system import clean_environment  # noqa: E402

READY_WAIT_S = 90
COMMAND_WAIT_S = 240
# On top of what a thing takes where nothing else runs: it bounds a hang, and a busy machine may hold up any process for seconds.
PATIENCE_S = 120


def built_programs() -> Path:
    """Where `swift build` put them; `deploy/test` says so, by hand the release build is taken."""
    folder = Path(os.environ.get("PROGRAMS", HERE.parents[1] / ".build" / "release")).resolve()
    if not (folder / "farwatch-agent").exists():
        raise SystemExit(f"no farwatch-agent in {folder}: build it, or say by PROGRAMS where it is")
    return folder


class Installation:
    """State, settings and logs lie in a folder of their own, which goes with `close`."""

    def __init__(self, agent_extra: str = "", aggregator_extra: str = "", agent_user: str = "", **environment: str):
        self.environment = environment
        self.agent_user = agent_user
        self.bin = built_programs()
        self._folder = tempfile.TemporaryDirectory(prefix="farwatch-test-")
        self.state = Path(self._folder.name)
        self.state.chmod(0o755)  # PostgreSQL never runs as root: its user must be able to reach its own folder in here.
        (self.state / "logs").mkdir()
        self.programs = Programs(self.state / "logs")
        self.ports = settings.Ports(*(settings.free_port() for _ in range(4)))
        self.api = API(f"http://127.0.0.1:{self.ports.api}")
        self.receivers = f"http://127.0.0.1:{self.ports.receivers}"
        settings.write(self.state, self.ports)
        for name, extra in (("agent", agent_extra), ("aggregator", aggregator_extra)):
            with open(self.state / f"{name}.yaml", "a", encoding="utf-8") as file:
                file.write(extra)
        if agent_user:
            with open(self.state / "agent.yaml", "a", encoding="utf-8") as file:
                file.write(f"\nuser: {agent_user}\n")

    def __enter__(self) -> "Installation":
        try:
            self.start_aggregator()
            settings.write_token(self.state, self.command("farwatch-aggregator", "token", "create").split()[-1])
            if self.agent_user:
                shutil.chown(self.state / "agent.token", self.agent_user)
            self.start_agent()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.programs.stop_all()
        end_database_left_behind(self.state)
        self._folder.cleanup()

    def start_aggregator(self) -> None:
        self._start("farwatch-aggregator", "aggregator.yaml", self.api.address)

    def start_agent(self) -> None:
        self._start("farwatch-agent", "agent.yaml", f"http://127.0.0.1:{self.ports.health}")

    def stop(self, program: str) -> None:
        self.programs.stop(program)

    def kill(self, program: str) -> None:
        """Without any warning; PostgreSQL is left to what the aggregator arranged for this case."""
        process = self.programs.running.pop(program)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def command(self, program: str, *arguments: str) -> str:
        """Runs one of the programs' commands and returns its standard output; fails with what it said otherwise."""
        config = self.state / ("agent.yaml" if program == "farwatch-agent" else "aggregator.yaml")
        command = [str(self.bin / program), *arguments, *(("--config", str(config)) if program != "farwatch" else ())]
        done = subprocess.run(
            command, env=clean_environment(), capture_output=True, text=True, timeout=COMMAND_WAIT_S, check=False
        )
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def await_token(self, token: str) -> None:
        """Tokens are read every two seconds: returns when this one, and so whatever was made before it, is known."""
        headers = {"authorization": f"Bearer {token}"}
        self.wait_for(lambda: send(f"{self.api.address}/api/v1/audit", None, "GET", **headers)[0] != 401, 10, "the token is known")

    def sql(self, statement: str) -> list[list[str]]:
        """The rows of a statement, as text, by the way an operator would take: `farwatch-aggregator psql`."""
        command = [str(self.bin / "farwatch-aggregator"), "psql", "--config", str(self.state / "aggregator.yaml"), "--"]
        command += ["--no-psqlrc", "--csv", "--tuples-only", "--command", statement]
        done = subprocess.run(
            command, env=clean_environment(), capture_output=True, text=True, timeout=COMMAND_WAIT_S, check=False
        )
        if done.returncode != 0:
            raise AssertionError(f"psql: {done.stderr}")
        return [line.split(",") for line in done.stdout.splitlines()]

    def wait_for(self, condition, within_s: float, what: str, patience_s: float = PATIENCE_S):
        """Who holds a program to its time says how little patience there is."""
        deadline = time.monotonic() + within_s + patience_s
        while True:
            is_last = time.monotonic() > deadline
            if value := condition():
                return value
            if is_last:
                raise AssertionError(f"{what}: not within {within_s + patience_s} s")
            time.sleep(0.1)

    def _start(self, program: str, config: str, address: str) -> None:
        command = [str(self.bin / program), "run", "--config", str(self.state / config)]
        self.programs.start(program, command, clean_environment() | self.environment)

        def is_up() -> bool:
            self.programs.check()
            return is_ready(address)

        self.wait_for(is_up, READY_WAIT_S, f"{program} becomes ready")


def send(url: str, body: bytes, method: str = "POST", **headers: str) -> tuple[int, dict, bytes]:
    """Status, headers and body of the answer, whatever the status. Underscores in header names stand for hyphens."""
    request = urllib.request.Request(url, body, {k.replace("_", "-"): v for k, v in headers.items()}, method=method)
    try:
        with WITHOUT_PROXY.open(request, timeout=60) as answer:
            return answer.status, _lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read()


def _lower(headers) -> dict:
    return {name.lower(): value for name, value in headers.items()}


def native_call(number: int, **changes) -> dict:
    """A call in the native form whose id says its number."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    request = {"method": "POST", "url": f"https://api.stripe.com/v1/charges/ch_{number}"}
    call = {"id": f"t-{number}", "time": now, "request": request, "response": {"status": 200}, "duration_ms": 12.5}
    return call | changes


def as_ndjson(calls: list[dict]) -> bytes:
    return b"".join(json.dumps(call).encode() + b"\n" for call in calls)
