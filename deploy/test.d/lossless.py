"""Rounds of load during which something is broken at a random moment; after each, input and stored are equal by id.

Senders post calls to the agent and send again what was not answered, as any client that retries does. A round breaks one thing,
every fourth two at once, mends it, lets the senders finish, and waits until the database holds every id of the round: once, and
no other. With `--partition` the network is then cut for longer, and a call made after its end must be seen in the status. What was
stored when tells the order: the last call of the cut before most of the backlog, and the oldest one before most of it, too. At the
end the same is asked of all rounds together, and whether the counts by minute and by hour agree with the rows.
"""

import argparse
import http.client
import json
import random
import re
import signal
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from faults import BreakableInstallation
from installation import as_ndjson, native_call, send

SENDERS = 2
CALLS_A_REQUEST = 50
PAUSE_S = 0.02
DRAINED_WITHIN_S = 150
LIVE_WITHIN_S = 10
# The order shows only where more wait than are sent in order or are under way at once. The network stays cut until they do.
WAITING_BATCHES_MIN = 40
PARTNERS = ("api.stripe.com", "slack.com", "acme.zendesk.com", "api.example.net")
STATUSES = (200, 200, 200, 201, 404, 429, 503)


class Load:
    """Calls whose ids say round, sender and number. All that was given an id is sent until it is answered for."""

    def __init__(self, url: str, name: str, seed: int):
        self.url, self.name = url, name
        self.ids: set[str] = set()
        self.refusals = 0
        self._isOver = threading.Event()
        self._lock = threading.Lock()
        self._failure: str | None = None
        self._threads = [threading.Thread(target=self._send_all, args=(n, seed + n)) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def made(self) -> set[str]:
        """The ids of what was made so far."""
        with self._lock:
            return set(self.ids)

    def finish(self) -> None:
        self._isOver.set()
        for thread in self._threads:
            thread.join(DRAINED_WITHIN_S)
        if self._failure or any(thread.is_alive() for thread in self._threads):
            raise SystemExit(self._failure or "the agent did not take the last calls in time")

    def _send_all(self, sender: int, seed: int) -> None:
        draw, number = random.Random(seed), 0
        while not self._isOver.is_set():
            calls = [self._call(f"{self.name}-{sender}-{number + offset}", draw) for offset in range(CALLS_A_REQUEST)]
            number += CALLS_A_REQUEST
            with self._lock:
                self.ids.update(call["id"] for call in calls)
            if not self._send_until_answered(as_ndjson(calls)):
                return
            time.sleep(PAUSE_S)

    def _call(self, name: str, draw: random.Random) -> dict:
        request = {"method": "POST", "url": f"https://{draw.choice(PARTNERS)}/v1/charges/{name}"}
        if draw.random() < 0.3:
            request |= {"headers": {"content-type": "application/json"}, "body": json.dumps({"amount": draw.randrange(9999)})}
        return native_call(0, id=name, request=request, response={"status": draw.choice(STATUSES)})

    def _send_until_answered(self, body: bytes) -> bool:
        while True:
            try:
                status, _, text = send(f"{self.url}/v1/calls", body, content_type="application/x-ndjson")
            except (OSError, http.client.HTTPException):
                status = 0  # Killed, perhaps in the middle of its answer, or not there yet.
            if status == 202:
                return True
            if status not in (0, 429, 503, 507):
                self._failure = f"the agent answered {status}: {text[:300]!r}"
                return False
            with self._lock:
                self.refusals += 1
            time.sleep(0.05)


class Trial:
    def __init__(self, installation: BreakableInstallation, seed: int, faults: list[str]):
        self.installation, self.seed, self.faults = installation, seed, faults
        self.draw = random.Random(seed)
        self.sent: set[str] = set()
        # Each is tried before any is tried again, in an order of the seed's.
        self.bag: list[str] = []

    def round(self, number: int) -> str:
        """What came of it, in a line; what is done is told before, so that a round that hangs can be told from others."""
        load = Load(self.installation.receivers, f"l-{number}", self.seed * 1_000 + number)
        names = [self._next_fault() for _ in range(2 if number % 4 == 3 else 1)]
        print(f"{number + 1} {' and '.join(names).replace('_', ' ')}", end=": ", flush=True)
        time.sleep(self.draw.uniform(0.1, 0.6))
        with ExitStack() as broken:
            for name in names:
                broken.enter_context(getattr(self, name)())
            time.sleep(self.draw.uniform(0.2, 2.0))
        time.sleep(self.draw.uniform(0.1, 0.4))
        load.finish()
        began = time.monotonic()
        self._expect_stored(f"l-{number}-", load.ids)
        self.sent |= load.ids
        waited = time.monotonic() - began
        return f"{len(load.ids)} calls, {load.refusals} times asked to wait, drained in {waited:.1f} s"

    def partition(self, seconds: int) -> str:
        """The network is cut for so long under load, then a call made after its end is looked for in the status."""
        load = Load(self.installation.receivers, "l-partition", self.seed)
        time.sleep(2)
        self.installation.network.cut()
        time.sleep(seconds)
        wait_for = self.installation.wait_for
        wait_for(lambda: self._backlog() >= WAITING_BATCHES_MIN, DRAINED_WITHIN_S, "enough batches wait for their order to show")
        before = load.made()
        self._post("l-last", "api.live.example")
        sealed = self._backlog() + 2  # The one that may have been sealed meanwhile, and its own.
        wait_for(lambda: self._backlog() >= sealed, DRAINED_WITHIN_S, "the last call of the cut is sealed")
        load.finish()  # Or, the longer the way takes to open, the more goes before that call for being newer.
        before -= set(self._stored_ids("l-partition-"))
        waiting = self._backlog()
        self.installation.network.restore()
        began = time.monotonic()
        self._post("l-live", "api.live.example")
        # The patience is for what a busy machine holds up.
        self.installation.wait_for(self._is_live, LIVE_WITHIN_S, "a call made after a partition is in the status", patience_s=20)
        seen, left = time.monotonic() - began, self._backlog()
        self._expect_stored("l-partition-", load.ids, DRAINED_WITHIN_S + seconds)
        drained = time.monotonic() - began
        self._expect_stored("l-l", {"l-last", "l-live"})
        self.sent |= load.ids | {"l-last", "l-live"}
        behind = self._expect_live_first(before)
        return (
            f"after {seconds} s without network {waiting} batches waited; a live call was seen after {seen:.1f} s, when {left} "
            f"still waited; {behind:.0%} of the backlog came after its last call; all {len(load.ids)} calls were stored after "
            f"{drained:.1f} s"
        )

    def _expect_live_first(self, backlog: set[str]) -> float:
        """Of the calls that waited, the share that was stored after the last one. The oldest one was not left for the end."""
        statement = "SELECT supplied_id, extract(epoch FROM received_at) FROM farwatch.call_rows WHERE supplied_id "
        stored = {name: float(at) for name, at in self.installation.sql(statement + "LIKE 'l-partition-%'")}
        last = float(self.installation.sql(statement + "= 'l-last'")[0][1])
        times = sorted(stored[name] for name in backlog)
        behind = sum(at > last for at in times) / len(times)
        if behind < 0.5:
            raise SystemExit(f"the last call came after the backlog: only {behind:.0%} of it was stored later")
        oldest = min(backlog, key=lambda name: int(name.rsplit("-", 1)[1]))
        if not stored[oldest] < times[len(times) // 2]:
            raise SystemExit(f"the oldest call {oldest} was stored after most of the backlog: it waits while the newest go")
        return behind

    def _post(self, name: str, host: str) -> None:
        call = native_call(0, id=name, request={"method": "GET", "url": f"https://{host}/"})
        url = f"{self.installation.receivers}/v1/calls"
        if send(url, as_ndjson([call]), content_type="application/x-ndjson")[0] != 202:
            raise SystemExit("the agent did not take a call")

    def _is_live(self) -> bool:
        return b'"id":"live' in self.installation.ask("/api/v1/status")

    def _backlog(self) -> int:
        text = send(f"http://127.0.0.1:{self.installation.ports.health}/metrics", None, "GET")[2].decode()
        return int(float(re.search(r"^farwatch_spool_backlog_batches (\S+)", text, re.MULTILINE)[1]))

    def finish(self) -> None:
        self._expect_stored("l-", self.sent)
        self.installation.wait_for(self._counts_agree, DRAINED_WITHIN_S, "the counts agree with the rows")

    def _next_fault(self) -> str:
        if not self.bag:
            self.bag = list(self.faults)
            self.draw.shuffle(self.bag)
        return self.bag.pop()

    def _expect_stored(self, prefix: str, wanted: set[str], within_s: float = DRAINED_WITHIN_S) -> None:
        ids: list[str] = []
        deadline = time.monotonic() + within_s
        while len(ids) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.2)
            ids = self._stored_ids(prefix)
        lost, invented = wanted - set(ids), set(ids) - wanted
        if lost or invented or len(ids) != len(wanted):
            twice = len(ids) - len(set(ids))
            raise SystemExit(f"{len(lost)} lost {sorted(lost)[:5]}, {len(invented)} invented, {twice} stored twice")

    def _stored_ids(self, prefix: str) -> list[str]:
        statement = f"SELECT supplied_id FROM farwatch.call_rows WHERE supplied_id LIKE '{prefix}%'"
        try:
            return [row[0] for row in self.installation.sql(statement)]
        except AssertionError:
            return []  # PostgreSQL is not there yet.

    def _counts_agree(self) -> bool:
        sums = "sum(calls)::bigint FROM farwatch.{}_counts WHERE dimension = 0 GROUP BY 1, 2 ORDER BY 1, 2"
        rows = self.installation.sql(
            "SELECT partner, outcome, sum(weight)::bigint FROM farwatch.call_rows GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return all(
            self.installation.sql("SELECT partner, outcome, " + sums.format(unit)) == rows for unit in ("minute", "hour")
        )

    # The faults: each breaks something on entry and mends it on exit.

    @contextmanager
    def agent_killed(self):
        self.installation.kill("farwatch-agent")
        yield
        self.installation.launch("farwatch-agent")

    @contextmanager
    def aggregator_killed(self):
        self.installation.kill("farwatch-aggregator")
        yield
        self.installation.launch("farwatch-aggregator")

    @contextmanager
    def aggregator_replaced(self):
        self.installation.roll()
        yield

    @contextmanager
    def database_killed(self):
        self.installation.signal_database(signal.SIGKILL)
        yield

    @contextmanager
    def database_restarted(self):
        self.installation.signal_database(signal.SIGINT)
        yield

    @contextmanager
    def network_cut(self):
        self.installation.network.cut()
        yield
        self.installation.network.restore()

    def database_slow(self):
        return self.installation.slow_database()

    def disk_of_the_spool_full(self):
        return self.installation.full_disk("agent")

    def disk_of_the_database_full(self):
        return self.installation.full_disk("aggregator")


FAULTS = [
    "agent_killed", "aggregator_killed", "aggregator_replaced", "database_killed", "database_restarted", "database_slow",
    "network_cut", "disk_of_the_spool_full", "disk_of_the_database_full",
]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(prog="deploy/lossless", description=__doc__)
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--faults", help="these alone and once each, such as agent_killed,network_cut, in place of --rounds")
    options.add_argument("--partition", type=int, default=0, metavar="SECONDS", help="cut the network for so long at the end")
    options.add_argument("--batch-age", default="1s", help="the agent's forward.batch.age_max: more and smaller batches where it is less")
    options.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options.add_argument("--other", type=Path, help="programs of another build, with which the aggregator's are exchanged")
    arguments = options.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with BreakableInstallation(arguments.other, arguments.partition, arguments.batch_age) as installation:
        faults = arguments.faults.split(",") if arguments.faults else FAULTS
        trial = Trial(installation, arguments.seed, faults)
        try:
            for number in range(len(faults) if arguments.faults else arguments.rounds):
                print(trial.round(number), flush=True)
            if arguments.partition:
                print(trial.partition(arguments.partition), flush=True)
            trial.finish()
        except BaseException:
            print(f"\nseed {arguments.seed}; the last lines of the logs:", file=sys.stderr)
            for name in ("farwatch-agent", "farwatch-aggregator"):
                print(installation.programs.last_lines(name), file=sys.stderr)
            raise
        print(f"{len(trial.sent)} calls: every one is stored once, and the counts agree", flush=True)


if __name__ == "__main__":
    main()
