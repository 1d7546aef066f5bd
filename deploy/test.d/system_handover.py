"""Two aggregators on one database: outages that begin and end while neither decides, and a holder that is cut off or killed."""

import contextlib
import re
import shutil
import signal
import socket
import tempfile
import threading
import time
import unittest
from pathlib import Path

from installation import Installation, send, settings
from troubles import Hook, Operator, Traffic, moment

TAKEN_OVER_WITHIN_S = 15
HELD_UP_S = 30  # So much a busy machine may add.


class Wire:
    """A database's socket in a folder of its own, which can be cut."""

    def __init__(self, database: Path):
        self.database = str(database)
        self.folder = Path(tempfile.mkdtemp(prefix="fw-"))
        self.folder.chmod(0o755)
        self.path = self.folder / database.name
        self.pairs: list[socket.socket] = []
        self.restore()

    def restore(self) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.path.chmod(0o777)
        self.listener.listen(64)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        self.path.unlink()
        for one in [self.listener, *self.pairs]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.pairs = []

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.cut()
        shutil.rmtree(self.folder)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.database)
                self.pairs += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Handover(unittest.TestCase):
    def setUp(self):
        self.hook = Hook()
        self.addCleanup(self.hook.close)
        channels = "notifiers:\n" + self.hook.channel("all")
        self.first = Installation(aggregator_extra=channels)
        self.addCleanup(self.first.close)
        self.first.start_aggregator()
        self.first_holder = self.wait(self.holder, 20, "the first one decides")
        sockets = self.first.state / "aggregator/postgres/run"
        self.wire = Wire(next(path for path in sockets.iterdir() if path.is_socket()))
        self.addCleanup(self.wire.close)
        database = f"postgresql:///farwatch?host={self.wire.folder}&user=farwatch"
        self.second = Installation(aggregator_extra=channels + f"database: {{url: '{database}'}}\n")
        self.addCleanup(self.second.close)
        self.second.start_aggregator()
        settings.write_token(self.second.state, self.second.command("farwatch-aggregator", "token", "create").split()[-1])
        # To whichever takes calls.
        file = self.second.state / "agent.yaml"
        one, both = (f'"http://127.0.0.1:{self.second.ports.ingest}"', f'"http://127.0.0.1:{self.first.ports.ingest}"')
        file.write_text(file.read_text().replace(f"[{one}]", f"[{one}, {both}]"))
        self.second.start_agent()
        self.ann = Operator(self.first)
        self.traffic = self.enterContext(Traffic(self.second, ("stripe", "figma", "miro", "github", "zapier")))

    def holder(self) -> str:
        found = self.first.sql("SELECT holder FROM farwatch.leases WHERE name = 'decider'")
        return found[0][0] if found else ""

    def took_over_s(self, one: Installation) -> float:
        text = send(one.api.address + "/metrics", None, "GET")[2].decode()
        return float(re.search(r"^farwatch_decider_took_over_seconds (\S+)$", text, re.MULTILINE).group(1))

    def kinds(self, partner: str) -> list[str]:
        return [one["kind"] for one in self.hook.told(partner)]

    def wait(self, condition, within_s: float, what: str, patience_s: float = 120):
        return self.first.wait_for(condition, within_s, what, patience_s)

    @contextlib.contextmanager
    def nobody_decides(self):
        """Another holds the lease, and does nothing."""
        self.first.sql(
            "UPDATE farwatch.leases SET holder = 'another', epoch = epoch + 1, until = now() + interval '1 hour' "
            "WHERE name = 'decider'"
        )
        time.sleep(2)  # A round that had begun.
        try:
            yield
        finally:
            self.first.sql("UPDATE farwatch.leases SET until = now() WHERE name = 'decider'")

    def let_the_second_decide(self) -> None:
        """It holds the lease from here on, if it does not already."""
        process = self.first.programs.running["farwatch-aggregator"]
        process.send_signal(signal.SIGSTOP)
        try:
            self.wait(lambda: self.holder() != self.first_holder, TAKEN_OVER_WITHIN_S, "the other one decides")
        finally:
            process.send_signal(signal.SIGCONT)

    def test_who_decides_changes_and_no_outage_is_lost_or_doubled(self):
        with self.nobody_decides():
            self.traffic.fail("stripe")
            time.sleep(25)
            self.assertEqual(self.kinds("stripe"), [])
        self.wait(lambda: self.kinds("stripe") == ["opened"], TAKEN_OVER_WITHIN_S, "what began in the gap is told")
        incident = self.hook.told("stripe")[0]["incident"]
        # Dated by its first failure, which nobody saw.
        told, began = self.hook.told("stripe")[0]["at"], self.ann.ask(f"/api/v1/incidents/{incident}")["started_at"]
        self.assertGreater((moment(told) - moment(began)).total_seconds(), 20)

        with self.nobody_decides():
            self.traffic.mend("stripe")
            self.traffic.fail("figma", makes={"response": {"status": 429}})
            time.sleep(15)
        mended_at = time.monotonic()
        self.wait(lambda: self.kinds("figma") == ["opened"], 60, "another outage is told")

        self.a_holder_that_is_cut_off()
        self.a_holder_that_is_killed()

        self.wait(lambda: self.kinds("stripe")[-1] == "resolved", 240, "the end that fell into the gap is told")
        print(f"its end was told {time.monotonic() - mended_at:.0f} s after the gap")
        self.assertEqual(self.kinds("stripe"), ["opened", "resolved"])
        self.assertEqual(self.kinds("figma"), ["opened"])
        found = {one["id"]: one["state"] for one in self.ann.ask("/api/v1/incidents?limit=100")["data"] if not one["quiet"]}
        self.assertEqual(found, {incident: "resolved", self.hook.told("figma")[0]["incident"]: "open"})

    def a_holder_that_is_cut_off(self):
        self.let_the_second_decide()
        before, began = self.took_over_s(self.first), time.monotonic()
        self.wire.cut()
        self.wait(lambda: self.holder() == self.first_holder, TAKEN_OVER_WITHIN_S, "the first one decides", HELD_UP_S)
        self.takes_over("cut off", began, before)
        self.wire.restore()
        fresh = lambda: self.second.api.status()["partners"] == self.first.api.status()["partners"]  # noqa: E731
        self.wait(fresh, 60, "whoever was cut off shows what the other decided")

    def a_holder_that_is_killed(self):
        self.let_the_second_decide()
        before, began = self.took_over_s(self.first), time.monotonic()
        self.second.kill("farwatch-aggregator")
        self.wait(lambda: self.holder() == self.first_holder, TAKEN_OVER_WITHIN_S, "the first one decides", HELD_UP_S)
        self.takes_over("killed", began, before)

    def takes_over(self, how: str, began: float, before: float):
        """Not only the lease: a status was decided."""
        self.wait(lambda: self.took_over_s(self.first) != before, 60, "it has decided")
        took = self.took_over_s(self.first)
        print(f"{how}: nobody decided for {took:.1f} s, and {time.monotonic() - began:.1f} s after it the status was seen")
        self.assertLess(took, TAKEN_OVER_WITHIN_S + HELD_UP_S)


if __name__ == "__main__":
    unittest.main()
