"""A silent host is not a healthy one, and what comes late is no outage: two agents, one of which dies, and one that is behind."""

import re
import time
import unittest

from installation import Installation, as_ndjson, send, settings
from processes import Programs
from system import clean_environment
from troubles import Hook, Operator, Traffic

LATE_S = 600


class Silent(unittest.TestCase):
    def setUp(self):
        self.hook = Hook()
        self.addCleanup(self.hook.close)
        self.installation = Installation(aggregator_extra="notifiers:\n" + self.hook.channel("all")).__enter__()
        self.addCleanup(self.installation.close)
        self.other = self.second_agent()
        self.ann = Operator(self.installation)
        self.traffic = self.enterContext(Traffic(self.installation, ("stripe", "slack", "github")))

    def second_agent(self) -> Programs:
        """Another host's, with a state of its own; `self.receivers` is where it takes calls."""
        state = self.installation.state / "other"
        (state / "logs").mkdir(parents=True)
        taken = self.installation.ports
        ports = settings.Ports(settings.free_port(), settings.free_port(), taken.ingest, taken.api)
        settings.write(state, ports)
        settings.write_token(state, self.installation.command("farwatch-aggregator", "token", "create").split()[-1])
        file = state / "agent.yaml"
        file.write_text(file.read_text().replace("name: quickstart", "name: other"))
        programs = Programs(state / "logs")
        self.addCleanup(programs.stop_all)
        programs.start("other-agent", [str(self.installation.bin / "farwatch-agent"), "run", "--config", str(file)],
                       clean_environment())  # fmt: skip
        self.receivers = f"http://127.0.0.1:{ports.receivers}"
        return programs

    def fleet(self) -> tuple[int, int]:
        fleet = self.installation.api.status()["fleet"]
        return fleet["hosts_reporting"], fleet["hosts_silent"]

    def wait(self, condition, within_s: float, what: str):
        return self.installation.wait_for(condition, within_s, what)

    def late_calls(self) -> float:
        text = send(self.installation.api.address + "/metrics", None, "GET")[2].decode()
        return float(re.search(r"^farwatch_decider_late_calls (\S+)$", text, re.MULTILINE).group(1))

    def send_from_the_other(self, at: float, count: int, status: int) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        calls = [self.traffic.call("stripe", moment) | {"host": "other", "response": {"status": status}} for _ in range(count)]
        status, _, body = send(f"{self.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        self.assertEqual(status, 202, body)

    def test_a_host_falls_silent_and_calls_come_late(self):
        self.wait(lambda: self.fleet() == (2, 0), 30, "both are heard from")
        for _ in range(10):  # The other one has calls, too, which will be missing.
            self.send_from_the_other(time.time(), 20, 200)
            time.sleep(1)

        # An hour's worth of failures in a minute, of ten minutes ago.
        late = self.late_calls()
        for ago in range(60):
            self.send_from_the_other(time.time() - LATE_S + ago, 30, 503)
        self.wait(lambda: self.late_calls() >= late + 60 * 30, 30, "they came, and were too late to be judged")
        time.sleep(20)
        self.assertEqual(self.ann.ask("/api/v1/incidents?limit=100")["data"], [])

        process = self.other.running.pop("other-agent")
        process.kill()
        process.wait()
        self.wait(lambda: self.fleet() == (1, 1), 60, "it is silent, not healthy")
        hosts = {one["host"]: one["state"] for one in self.ann.ask("/api/v1/hosts")["data"]}
        self.assertEqual(hosts, {"quickstart": "reporting", "other": "silent"})
        time.sleep(20)
        self.assertEqual(self.ann.ask("/api/v1/incidents?limit=100")["data"], [])
        self.assertEqual([got.json for got in self.hook.got], [])
        self.assertEqual(self.ann.status("stripe")["status"], "operational")


if __name__ == "__main__":
    unittest.main()
