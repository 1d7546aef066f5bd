"""What can befall an agent and its aggregator on real machines: killed processes, cut networks, full disks.

Wants namespaces of its own (`deploy/lossless` makes them: `unshare --mount --net`), so that whatever is broken here is broken
for nobody else, and is gone with the process. The agent lives in the network namespace of this process, the aggregator with its
PostgreSQL in a second one; a pair of veth devices is the network between them, TLS over it as the aggregator demands. Agent and
database each have a file system of their own, small ones in memory: a full one fails with the real ENOSPC.
"""

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark import children
from installation import Installation
from processes import end_database_left_behind

AGENT_ADDRESS, AGGREGATOR_ADDRESS = "10.213.0.1", "10.213.0.2"
SPOOL_DISK_MIB, DATABASE_DISK_MIB = 48, 384
# More, for each second that the network is cut for: the calls of that time have to lie somewhere.
SPOOL_DISK_MIB_A_SECOND, DATABASE_DISK_MIB_A_SECOND = 0.2, 2
# By how much a full disk is short: a little is left, so that files can be made but not filled.
LEFT_BYTE_COUNT = 8_192
FILL_TRIES = 40


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")


class Network:
    """Two namespaces and a cable."""

    def __init__(self):
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.far_side = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--"]
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self._holder.pid}/ns/net") == ours:
            time.sleep(0.01)  # It is on its way into its own.
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(self._holder.pid))
        run("ip", "address", "add", f"{AGENT_ADDRESS}/24", "dev", "near")
        run("ip", "link", "set", "near", "up")
        for words in (("link", "set", "lo", "up"), ("address", "add", f"{AGGREGATOR_ADDRESS}/24", "dev", "far")):
            run(*self.far_side, "ip", *words)
        self.restore()

    def cut(self) -> None:
        """Packets vanish, and no end is told."""
        run(*self.far_side, "ip", "link", "set", "far", "down")

    def restore(self) -> None:
        run(*self.far_side, "ip", "link", "set", "far", "up")

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()


class Disk:
    """A small file system of its own, which can be filled and emptied again."""

    def __init__(self, folder: Path, mib: float):
        folder.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={mib:.0f}m,mode=755", "farwatch-test", str(folder))
        self.folder = folder
        self._ballast = folder / ".ballast"

    @property
    def free_byte_count(self) -> int:
        return (found := os.statvfs(self.folder)).f_bavail * found.f_frsize

    def fill(self) -> None:
        with open(self._ballast, "wb") as file:
            # A file system that runs out on the way takes back all of one request, and others write meanwhile: so the
            # requests become smaller towards the end.
            for _ in range(FILL_TRIES):
                if (room := self.free_byte_count - LEFT_BYTE_COUNT) <= 0:
                    return
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), max(4_096, room * 3 // 4))

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """What lay on it is gone."""
        run("umount", "--lazy", str(self.folder))


class BreakableInstallation(Installation):
    """An installation whose parts stand where they can be broken one by one."""

    def __init__(self, other_programs: Path | None = None, longest_partition_s: int = 0, batch_age: str = "1s"):
        self.network = Network()
        super().__init__()
        self.disks = {
            "agent": Disk(self.state / "agent", SPOOL_DISK_MIB + SPOOL_DISK_MIB_A_SECOND * longest_partition_s),
            "aggregator": Disk(
                self.state / "aggregator", DATABASE_DISK_MIB + DATABASE_DISK_MIB_A_SECOND * longest_partition_s
            ),
        }
        self.builds = [self.bin, other_programs or self.bin]
        self._use_tls()
        self._edit("agent", "forward:\n", f"forward:\n  batch: {{age_max: {batch_age}}}\n")

    def _use_tls(self) -> None:
        key, certificate = self.state / "tls.key", self.state / "tls.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={AGGREGATOR_ADDRESS}", "-addext", f"subjectAltName=IP:{AGGREGATOR_ADDRESS}",
            "-keyout", str(key), "-out", str(certificate))  # fmt: skip
        address = f"{AGGREGATOR_ADDRESS}:{self.ports.ingest}"
        self._edit("aggregator", f"127.0.0.1:{self.ports.ingest}", address)
        self._edit("aggregator", "", f"tls:\n  certificate: {certificate}\n  key: {key}\n")
        self._edit("agent", f"http://127.0.0.1:{self.ports.ingest}", f"https://{address}")
        self._edit("agent", "forward:\n", f"forward:\n  tls:\n    ca: {certificate}\n")

    def _edit(self, name: str, old: str, new: str) -> None:
        path = self.state / f"{name}.yaml"
        text = path.read_text()
        path.write_text(text.replace(old, new) if old else text + new)

    def close(self) -> None:
        self.network.restore()
        for disk in self.disks.values():
            disk.empty()
        self.programs.stop_all()
        end_database_left_behind(self.state)
        for disk in self.disks.values():
            disk.close()
        super().close()
        self.network.close()

    # What is done to them.

    def start_aggregator(self) -> None:
        command = [str(self.bin / "farwatch-aggregator"), "run", "--config", str(self.state / "aggregator.yaml")]
        self.launch("farwatch-aggregator", self.network.far_side + command)
        self.wait_for(self._aggregator_is_ready, 90, "the aggregator becomes ready")

    def launch(self, program: str, command: list[str] | None = None) -> None:
        """Without waiting for anything."""
        config = self.state / ("agent.yaml" if program == "farwatch-agent" else "aggregator.yaml")
        side = [] if program == "farwatch-agent" else self.network.far_side
        command = command or [*side, str(self.bin / program), "run", "--config", str(config)]
        self.programs.start(program, command, _environment())

    def roll(self) -> None:
        """The aggregator's process is replaced in good order, by the other build where there is one."""
        self.stop("farwatch-aggregator")
        self.builds.reverse()
        command = [str(self.builds[0] / "farwatch-aggregator"), "run", "--config", str(self.state / "aggregator.yaml")]
        self.launch("farwatch-aggregator", self.network.far_side + command)

    def signal_database(self, number: signal.Signals) -> bool:
        """Whether there was one to be told."""
        for path in self.state.glob("aggregator/**/postmaster.pid"):
            try:
                os.kill(int(path.read_text().split("\n", 1)[0]), number)
                return True
            except (OSError, ValueError):
                continue
        return False

    @contextmanager
    def slow_database(self):
        """All its processes stand still for nine tenths of the time."""
        isOver = threading.Event()

        def hold_up() -> None:
            while not isOver.wait(0.02):
                stopped = self._database_processes()
                for number in (signal.SIGSTOP, signal.SIGCONT):
                    for process in stopped:
                        with suppress(OSError):
                            os.kill(process, number)
                    if number == signal.SIGSTOP:
                        isOver.wait(0.18)

        thread = threading.Thread(target=hold_up)
        thread.start()
        try:
            yield
        finally:
            isOver.set()
            thread.join()

    def _database_processes(self) -> list[int]:
        for path in self.state.glob("aggregator/**/postmaster.pid"):
            with suppress(OSError, ValueError):
                server = int(path.read_text().split("\n", 1)[0])
                return [server, *children(server)]
        return []

    def ask(self, path: str) -> bytes:
        """The query API on the far side; nothing where it does not answer."""
        command = ["curl", "--silent", "--fail", "--insecure", "--max-time", "2"]
        url = f"https://127.0.0.1:{self.ports.api}{path}"
        return subprocess.run([*self.network.far_side, *command, url], capture_output=True, check=False).stdout

    @contextmanager
    def full_disk(self, name: str):
        self.disks[name].fill()
        try:
            yield
        finally:
            self.disks[name].empty()

    def _aggregator_is_ready(self) -> bool:
        self.programs.check()
        return bool(self.ask("/readyz"))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("FARWATCH_", "OTEL_"))}
