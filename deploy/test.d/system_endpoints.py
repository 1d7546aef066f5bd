"""The agent's way to several aggregators: which it takes, what it does when one dies, is busy, is broken or says goodbye.

Real agents against nginx, which stands in front of a real aggregator as a load balancer does and writes down what was tried when.
"""

import collections
import re
import signal
import time
import unittest

from fronts import Front
from installation import Installation, as_ndjson, clean_environment, native_call, send, settings

SETTINGS = """\
state_directory: {state}
receive:
  listen: 127.0.0.1:{receivers}
health:
  listen: 127.0.0.1:{health}
forward:
  endpoints: [{endpoints}]
  token: file:{token}
  batch: {{age_max: 250ms, calls_max: {calls_max}}}
{more}
host: {{name: {name}}}
"""
BACKOFF_S = 0.25  # `ForwarderConfiguration.backoffMin`: half of it is always waited, and up to twice as much each time on top.
MANY = 24


class OneAgent:
    """An agent under a name of its own; its settings can change while it runs."""

    def __init__(self, test: "Endpoints", name: str, fronts: list[Front], calls_max: int = 4_096, more: str = ""):
        self.installation, self.name = test.installation, name
        self.folder = self.installation.state / "agents" / name
        state = self.folder / "state"
        state.mkdir(parents=True, mode=0o700)
        (state / "agent.id").write_text(f"{name}\n")
        self.receivers, self.health = settings.free_port(), settings.free_port()
        self.values = dict(
            state=state, receivers=self.receivers, health=self.health, token=self.installation.state / "agent.token",
            calls_max=calls_max, more=more, name=name,
        )
        self.go_to(fronts)
        self.start()

    def go_to(self, fronts: list[Front]) -> None:
        endpoints = ", ".join(f'"{front.url}"' for front in fronts)
        (self.folder / "agent.yaml").write_text(SETTINGS.format(endpoints=endpoints, **self.values))

    def start(self) -> None:
        command = [str(self.installation.bin / "farwatch-agent"), "run", "--config", str(self.folder / "agent.yaml")]
        self.installation.programs.start(self.name, command, clean_environment())

    def stop(self) -> None:
        self.installation.stop(self.name)

    def reload(self) -> None:
        self.installation.programs.running[self.name].send_signal(signal.SIGHUP)

    def send(self, *names: str) -> None:
        calls = as_ndjson([native_call(number, id=name) for number, name in enumerate(names)])

        def is_taken() -> bool:
            try:
                return send(f"http://127.0.0.1:{self.receivers}/v1/calls", calls, content_type="application/x-ndjson")[0] == 202
            except OSError:
                return False  # It is just being started.

        self.installation.wait_for(is_taken, 60, f"{self.name} takes calls")

    def metric(self, name: str) -> float:
        text = send(f"http://127.0.0.1:{self.health}/metrics", None, "GET")[2].decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if re.match(rf"{name}[{{ ]", line))


class Endpoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation())

    def front(self, name: str, **how) -> Front:
        front = Front(self.installation.state / "fronts" / name, self.installation.ports.ingest, **how)
        self.addCleanup(front.kill)
        return front

    def agent(self, name: str, fronts: list[Front], **how) -> OneAgent:
        agent = OneAgent(self, name, fronts, **how)
        self.addCleanup(agent.stop)
        return agent

    def stored(self, prefix: str) -> list[str]:
        """Sorted: what was stored twice stands there twice."""
        return sorted(call["id"] for call in self.installation.api.calls() if call["id"].startswith(prefix))

    def assert_each_once(self, names: list[str], prefix: str):
        self.installation.wait_for(lambda: len(self.stored(prefix)) >= len(names), 90, f"{len(names)} calls are stored")
        self.assertEqual(self.stored(prefix), sorted(names))

    def test_a_dead_endpoint_is_left_while_the_agent_runs_and_come_back_to(self):
        fronts = [self.front("dying-0"), self.front("dying-1")]
        agent = self.agent("faithful", fronts)
        names = ["dying-first"]
        agent.send(*names)
        self.assert_each_once(names, "dying-")
        mine, other = fronts if fronts[0].batches() else fronts[::-1]
        self.assertEqual(other.tried("/v1/heartbeat") + other.batches(), [], "one endpoint is enough")
        mine.kill()
        for number in range(5):
            names.append(f"dying-while-dead-{number}")
            agent.send(names[-1])
            time.sleep(0.4)
        self.assert_each_once(names, "dying-")
        self.assertGreater(len(other.batches("faithful")), 0)
        self.assertGreater(agent.metric("farwatch_forwarder_retries_total"), 0)
        before = len(mine.batches())
        mine.start()
        deadline = time.monotonic() + 180  # A minute is what it stays with the other one.
        while len(mine.batches()) == before:
            self.assertLess(time.monotonic(), deadline, "it does not come back")
            names.append(f"dying-after-{len(names)}")
            agent.send(names[-1])
            time.sleep(1)
        self.assert_each_once(names, "dying-")
        self.installation.programs.check()

    def test_goodbyes_in_the_middle_of_its_requests_lose_and_double_nothing(self):
        front = self.front("goodbye", requests_per_connection=7)
        agent = self.agent("patient", [front], calls_max=1)  # Each call is a batch.
        names = [f"goodbye-{number:03}" for number in range(300)]
        for name in names:
            agent.send(name)
        self.assert_each_once(names, "goodbye-")
        connections = collections.defaultdict(list)
        for tried in front.tried("/v1/batches") + front.tried("/v1/heartbeat") + front.tried("/v1/catalogue"):
            connections[tried.connection].append(tried)
        self.assertGreater(len(connections), 30, "the connection was ended again and again")
        # The last one of a connection is what made nginx say goodbye: others were under way then.
        interrupted = 0
        for requests in connections.values():
            last = max(requests, key=lambda tried: tried.began)
            interrupted += any(tried is not last and tried.ended > last.began for tried in requests)
        self.assertGreater(interrupted, 3)
        taken = collections.Counter(tried.sequence for tried in front.batches() if tried.status == 200)
        self.assertGreaterEqual(len(taken), len(names))
        self.assertEqual(set(taken.values()), {1}, "no batch was taken twice")

    def test_retry_after_is_obeyed(self):
        front = self.front("busy", retry_after=3)
        front.fail("busy")
        agent = self.agent("asked-to-wait", [front])
        agent.send("busy-1")
        self.installation.wait_for(lambda: len(front.batches()) >= 4, 60, "it tries again and again")
        front.fail("busy", False)
        self.assert_each_once(["busy-1"], "busy-")
        tried = front.batches()
        for one, next_one in zip(tried, tried[1:]):
            self.assertEqual(one.status, 503)
            # By nginx's clock of milliseconds.
            self.assertGreaterEqual(next_one.began - one.ended, 2.99)
        self.assertEqual(tried[-1].status, 200)

    def test_waits_double_and_are_spread_at_random(self):
        front = self.front("broken")
        front.fail("broken")
        agents = [self.agent(f"jitter-{number}", [front]) for number in range(6)]
        for agent in agents:
            agent.send(f"broken-{agent.name}")
        self.installation.wait_for(lambda: all(len(front.batches(agent.name)) >= 7 for agent in agents), 120, "all try again and again")
        front.fail("broken", False)
        shares = []
        for agent in agents:
            tried = front.batches(agent.name)
            for number, (one, next_one) in enumerate(zip(tried, tried[1:7])):
                wait, bound = next_one.began - one.ended, BACKOFF_S * 2**number
                self.assertGreaterEqual(wait, BACKOFF_S / 2 - 0.01, f"{agent.name}, wait {number}")
                if number >= 3:  # From 2 s on what a busy machine adds is little beside it.
                    shares.append((wait - BACKOFF_S / 2) / bound)
        # Uniform up to the bound: of 18 none in one of these halves is one chance in 100,000.
        self.assertLess(min(shares), 0.5, shares)
        self.assertGreater(max(shares), 0.5, shares)
        self.assertGreater(max(shares) - min(shares), 0.2, shares)
        self.assert_each_once([f"broken-{agent.name}" for agent in agents], "broken-")

    def test_agents_spread_over_endpoints_and_stay_with_theirs(self):
        fronts = [self.front(f"spread-{number}") for number in range(3)]
        agents = [self.agent(f"spread-{number:02}", fronts) for number in range(MANY)]

        def places(since: float = 0) -> dict[str, set[int]]:
            """Where each agent's heartbeats went."""
            found = collections.defaultdict(set)
            for number, front in enumerate(fronts):
                for tried in front.tried("/v1/heartbeat"):
                    if tried.began >= since:
                        found[tried.agent].add(number)
            return found

        def settled(since: float = 0) -> dict[str, set[int]]:
            self.installation.wait_for(lambda: len(places(since)) == MANY, 60, "all are heard of")
            return places(since)

        first = settled()
        self.assertEqual({len(where) for where in first.values()}, {1}, "each has one")
        self.assertEqual(set.union(*first.values()), {0, 1, 2}, "and all are used")
        for agent in agents[::3]:
            agent.stop()
        since = time.time()
        for agent in agents[::3]:
            agent.start()
        self.assertEqual(settled(since), first, "also after a restart")
        for agent in agents:
            agent.send(agent.name)  # It is up, so that it does not end by the signal.
            agent.go_to(fronts[:2])
            agent.reload()
        self.installation.wait_for(lambda: all(agent.metric("farwatch_settings_reloads_total") >= 1 for agent in agents), 30, "all read it")
        since = time.time()
        for name, where in settled(since).items():
            self.assertIn(where, [{0}, {1}] if first[name] == {2} else [first[name]], f"{name}: only whose endpoint is gone moves")

    def test_connections_that_have_grown_old_make_way(self):
        front = self.front("old")
        agent = self.agent("renewing", [front], more="  connection_age: 1s")
        names: list[str] = []
        deadline = time.monotonic() + 60
        while len({tried.connection for tried in front.batches()}) < 4:
            self.assertLess(time.monotonic(), deadline, "the connection is not renewed")
            names.append(f"old-{len(names)}")
            agent.send(names[-1])
            time.sleep(0.1)
        self.assert_each_once(names, "old-")
        taken = collections.Counter(tried.sequence for tried in front.batches())
        self.assertEqual(set(taken.values()), {1}, "no batch was sent twice for it")


if __name__ == "__main__":
    unittest.main()
