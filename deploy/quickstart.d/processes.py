"""The programs of the quickstart: started, watched, and ended by their ids, on every way out."""

import ctypes
import os
import select
import signal
import subprocess
import time
from pathlib import Path

PORT_WAIT_S = 120
STOP_WAIT_S = 90
PR_SET_PDEATHSIG = 1  # From <sys/prctl.h>.
LIBC = ctypes.CDLL(None)


class ProgramFailed(Exception):
    """A program did not start, or ended by itself."""


class Programs:
    """All children, in the order they were started. Each writes to `<name>.log` in the folder of logs."""

    def __init__(self, logs: Path):
        self.logs = logs
        self.running: dict[str, subprocess.Popen] = {}

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with open(self.logs / f"{name}.log", "ab") as log:
            self._spawn(name, command, environment, output=log, errors=log)

    def start_on_port(self, name: str, command: list[str], environment: dict[str, str]) -> int:
        """For programs whose first line says which port they got."""
        with open(self.logs / f"{name}.log", "ab") as log:
            process = self._spawn(name, command, environment, output=subprocess.PIPE, errors=log)
        ready, _, _ = select.select([process.stdout], [], [], PORT_WAIT_S)
        line = process.stdout.readline().strip() if ready else b""
        process.stdout.close()
        if not line.isdigit():
            raise ProgramFailed(f"{name} did not start\n{self.last_lines(name)}")
        return int(line)

    def check(self) -> None:
        """Throws when a program has ended that nobody told to."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise ProgramFailed(f"{name} ended with code {process.returncode}\n{self.last_lines(name)}")

    def stop(self, name: str) -> None:
        process = self.running[name]
        process.terminate()
        try:
            process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        del self.running[name]

    def stop_all(self) -> None:
        for name in reversed(list(self.running)):
            self.stop(name)

    def last_lines(self, name: str, count: int = 20) -> str:
        lines = (self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-count:]
        return "\n".join(f"    {name}.log: {line}" for line in lines)

    def _spawn(self, name: str, command: list[str], environment: dict[str, str], output, errors) -> subprocess.Popen:
        self.running[name] = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,  # Ctrl-C reaches us alone; we then stop the others in order.
            preexec_fn=_end_with_parent,
        )
        return self.running[name]


def _end_with_parent() -> None:
    """Should we be killed ourselves, the kernel tells our children to stop."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_database_left_behind(state: Path) -> None:
    """An aggregator that had to be killed could not stop its PostgreSQL: its process id lies with its data."""
    for path in state.glob("**/postmaster.pid"):
        try:
            process_id = int(path.read_text().split("\n", 1)[0])
            if b"postgres" not in Path(f"/proc/{process_id}/cmdline").read_bytes():
                continue
            os.kill(process_id, signal.SIGINT)  # PostgreSQL's "fast" shutdown.
            deadline = time.monotonic() + STOP_WAIT_S
            while time.monotonic() < deadline and Path(f"/proc/{process_id}").exists():
                time.sleep(0.1)
        except (OSError, ValueError):
            continue  # Gone already.
