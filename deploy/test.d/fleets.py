"""Fleets with known troubles: calls as `farwatch-aggregator backtest` reads them, and what was wrong with them.

    fleets.py {steady,bursty,ours} SEED [HOURS] [CALLS_PER_S] > calls.ndjson     labels go to standard error

*steady* is traffic as textbooks have it: calls come one by one, and each fails by itself. *bursty* is what it is not: calls come in
bursts of jobs, a few partners have nearly all of them, latencies have long tails, failures come in clumps of two to five, whole
minutes have no data, and outages begin in one region before they reach the others. What holds in both is a principle; what holds in
one was learned from its generator. *ours* is steady traffic in which failed calls are tried again, and everything that goes wrong is our
own doing though it looks like a partner's. The same arguments give the same bytes.
"""

import json
import random
import sys
import time
from dataclasses import dataclass, field

START = 1_795_000_020  # 2026-11-18T11:07:00Z.
WARM_UP_S = 3_600
LASTS_S, RESTS_S = 420, 480  # One after the other, so that each has a time of its own.
REGIONS, HOSTS, CUSTOMERS, ROUTES = 3, 9, 12, 3
RETRIED_MAX = 100  # Calls of a second.
# Two by two behind one network.
PARTNERS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]


@dataclass
class Call:
    at: float
    partner: str
    route: str
    host: int
    customer: str
    inbound: bool
    version: str = "1.0.0"
    status: int = 200
    error: str | None = None
    latency_ms: float = 0.0

    @property
    def region(self) -> str:
        return f"region-{self.host % REGIONS}"

    @property
    def failed(self) -> bool:
        return not self.inbound and (self.error is not None or self.status >= 500 or self.status == 429)


@dataclass
class Trouble:
    """What is wrong for a while. Without `kinds` it is nobody's outage, and an incident about it is false."""

    name: str
    kinds: tuple[str, ...] = ()
    ours: bool = False
    scope: dict = field(default_factory=dict)
    share: float = 1.0
    makes: dict = field(default_factory=dict)
    lasts_s: int = LASTS_S
    start: float = 0.0
    spreads: bool = False

    @property
    def end(self) -> float:
        return self.start + self.lasts_s

    def holds(self, call: Call) -> bool:
        scope = self.scope
        if call.inbound != scope.get("inbound", False) or call.partner not in scope.get("partners", PARTNERS):
            return False
        if self.spreads and call.region != "region-1" and call.at < self.start + self.lasts_s / 3:
            return False
        return all(
            value in scope[name] if isinstance(scope.get(name), list) else scope.get(name, value) == value
            for name, value in (
                ("route", call.route), ("region", call.region), ("host", f"app-{call.host}"),
                ("customer", call.customer), ("service_version", call.version),
            )
        )  # fmt: skip


def troubles(rng: random.Random) -> list[Trouble]:
    """One of each kind, of partners, routes and hosts by lot, in an order by lot."""
    lots = PARTNERS[:6]
    one = lambda: rng.choice(lots)  # noqa: E731
    named = lambda partner: f"GET /v1/{partner}/{rng.randrange(ROUTES)}"  # noqa: E731
    down, late = {"status": 503}, {"error": "response_timeout"}
    partner, routed, regional, limited, slow = one(), one(), one(), one(), one()
    quiet, refused, released, bad = one(), one(), one(), one()
    pair = rng.choice([PARTNERS[0:2], PARTNERS[2:4], PARTNERS[4:6]])
    made = [
        Trouble("outage", ("partner",), scope={"partners": [partner]}, makes=down, spreads=True),
        Trouble("partial route", ("partner",), scope={"partners": [routed], "route": named(routed)}, share=0.35, makes=down),
        Trouble("region", ("partner",), scope={"partners": [regional], "region": "region-1"}, share=0.6, makes=late),
        Trouble("shared upstream", ("shared_upstream",), scope={"partners": pair}, share=0.7, makes=late),
        Trouble("rate limit", ("rate_limit",), scope={"partners": [limited]}, share=0.5, makes={"status": 429}),
        Trouble("slow", ("partner",), scope={"partners": [slow]}, share=0.8, makes={"slower": 12.0}),
        Trouble("no webhooks", ("webhook_silence",), scope={"partners": [quiet], "inbound": True}, makes={"lost": True}, lasts_s=900),
        Trouble("host", ("host",), True, {"host": f"app-{rng.randrange(HOSTS)}"}, 0.9, {"error": "connect_timeout"}),
        Trouble("credentials", ("credentials",), True, {"partners": [refused], "customer": "c3"}, 0.95, {"status": 401}, 600),
        Trouble("release", ("deploy",), True, {"partners": [released], "service_version": "1.1.0"}, 0.9, {"status": 400}),
        Trouble("bad data", scope={"partners": [bad], "customer": "c5"}, share=0.8, makes={"status": 422}),
        Trouble("blip", scope={"partners": [one()]}, share=0.9, makes=down, lasts_s=12),
        Trouble("spike", makes={"more": 2.5}), Trouble("drained host", scope={"host": "app-4"}, makes={"moved": True}),
    ]  # fmt: skip
    return made


def our_troubles(rng: random.Random) -> list[Trouble]:
    """What is nobody else's fault: some of ours, or all of ours, against one partner or several."""
    one = lambda: [rng.choice(PARTNERS[:6])]  # noqa: E731
    down, late, unreached = {"status": 503}, {"error": "response_timeout"}, {"error": "connect_timeout"}
    few = lambda names, count: rng.sample(names, count)  # noqa: E731
    customers, hosts = [f"c{number}" for number in range(CUSTOMERS)], [f"app-{number}" for number in range(HOSTS)]
    doubtful = ("unknown", "customer", "host", "network")
    return [
        Trouble("three customers", doubtful, True, {"partners": one(), "customer": few(customers, 3)}, 0.9, down),
        Trouble("some hosts", doubtful, True, {"partners": one(), "host": few(hosts, 4)}, 0.8, unreached),
        Trouble("our region", ("network",), True, {"region": "region-2"}, 0.7, unreached),
        Trouble("two partners from our region", doubtful, True, {"partners": ["alpha", "gamma"], "region": "region-2"}, 0.7, unreached),
        Trouble("everything", ("network",), True, {}, 0.5, late),
        Trouble("expired credentials", ("credentials",), True, {"partners": one()}, 1.0, {"status": 401}),
        Trouble("our rate", ("rate_limit",), True, {"partners": one()}, 0.3, {"status": 429, "more": 3.0}),
        Trouble("one customer", ("customer",), True, {"partners": one(), "customer": "c2"}, 1.0, {"status": 500}),
        Trouble("one host to one partner", ("host",), True, {"partners": one(), "host": "app-6"}, 0.9, {"error": "tls_failure"}),
        Trouble("release", ("deploy",), True, {"partners": one(), "service_version": "1.1.0"}, 0.8, late),
    ]  # fmt: skip


def in_turn(made: list[Trouble], rng: random.Random, rests_s: int) -> list[Trouble]:
    rng.shuffle(made)
    at = START + WARM_UP_S
    for trouble in made:
        trouble.start = at + rng.uniform(0, 60)
        at = trouble.end + rests_s
    return made


class Fleet:
    def __init__(self, shape: str, seed: int, calls_per_s: float):
        self.rng = random.Random(f"{shape} {seed}")
        self.bursty = shape == "bursty"
        self.pace = calls_per_s
        self.retries = shape == "ours"
        # What comes back within a quarter of an hour is the same incident again; of ours each is to be named for itself.
        self.troubles = (
            in_turn(our_troubles(self.rng), self.rng, 960) if self.retries else in_turn(troubles(self.rng), self.rng, RESTS_S)
        )
        weights = [self.rng.paretovariate(1.2) if self.bursty else 1.0 for _ in PARTNERS]
        self.weights = [max(weight, 0.12 * sum(weights)) for weight in weights]
        self.usual = {partner: self.rng.uniform(0.001, 0.01) for partner in PARTNERS}
        self.fails = dict.fromkeys(PARTNERS, 0)  # Of a clump, so many are still to come.

    def calls(self, hours: float):
        end = max(trouble.end for trouble in self.troubles) + RESTS_S
        second = START
        while second < min(end, START + hours * 3_600):
            holds = [trouble for trouble in self.troubles if trouble.start - 1 <= second < trouble.end]
            yield from self.second(second, holds)
            second += 60 if self.bursty and not holds and self.rng.random() < 0.000_3 else 1

    def second(self, second: int, holds: list[Trouble]):
        pace = self.pace * max((trouble.makes.get("more", 1.0) for trouble in holds), default=1.0)
        made: list[Call] = []
        # A burst is a job: some calls of one customer from one host, to one partner.
        size = 4 if self.bursty else 1
        for _ in range(self.poisson(pace / size)):
            job = self.job(second)
            for _ in range(1 if size == 1 else self.rng.randint(1, 2 * size - 1)):
                made.append(self.call(job, holds))
                while self.retries and made[-1] and made[-1].failed and len(made) < RETRIED_MAX and self.rng.random() < 0.5:
                    made.append(self.call((made[-1].at + self.rng.uniform(0.3, 2), *job[1:]), holds, made[-1].route))
        return sorted((call for call in made if call is not None), key=lambda call: call.at)

    def job(self, second: int) -> tuple:
        partner = self.rng.choices(PARTNERS, self.weights)[0]
        inbound = self.rng.random() < 0.15
        return second, partner, inbound, self.rng.randrange(HOSTS), f"c{self.rng.randrange(CUSTOMERS)}"

    def call(self, job: tuple, holds: list[Trouble], route: str | None = None) -> Call | None:
        second, partner, inbound, host, customer = job
        rng = self.rng
        route = route or (f"POST /hooks/{partner}" if inbound else f"GET /v1/{partner}/{rng.randrange(ROUTES)}")
        call = Call(second + rng.random(), partner, route, host, customer, inbound)
        call.latency_ms = (60 * rng.paretovariate(2.5)) if self.bursty else rng.lognormvariate(4.4, 0.35)
        released = next((one for one in self.troubles if one.name == "release"), None)
        if released and call.at >= released.start and host % 2 == 0:
            call.version = "1.1.0" if call.at < released.end else "1.0.0"
        self.fail_as_usual(call)
        for trouble in holds:
            if trouble.start <= call.at < trouble.end and trouble.holds(call) and rng.random() < trouble.share:
                if trouble.makes.get("lost"):
                    return None
                if trouble.makes.get("moved"):
                    call.host = (host + 3) % HOSTS
                call.latency_ms *= trouble.makes.get("slower", 1.0)
                call.status = trouble.makes.get("status", call.status)
                call.error = trouble.makes.get("error", call.error)
        return call

    def fail_as_usual(self, call: Call) -> None:
        clump = 3.5 if self.bursty else 1
        if self.fails[call.partner] > 0:
            self.fails[call.partner] -= 1
        elif self.rng.random() < self.usual[call.partner] / clump:
            self.fails[call.partner] = self.rng.randint(1, 4) if self.bursty else 0
        else:
            if self.rng.random() < 0.008:
                call.status = 404
            return
        call.status = self.rng.choice([500, 502, 503])

    def poisson(self, mean: float) -> int:
        count, passed = 0, self.rng.expovariate(1.0)
        while passed < mean:
            count += 1
            passed += self.rng.expovariate(1.0)
        return count


def line(number: int, call: Call) -> str:
    fraction = int(call.at * 1_000) % 1_000
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(call.at)) + f".{fraction:03d}Z"
    network = PARTNERS.index(call.partner) // 2
    answer = f'"error":"{call.error}"' if call.error else f'"response":{{"status":{call.status}}}'
    # Written by hand: it is most of the time that this takes.
    return (
        f'{{"id":"{number:016x}","time":"{stamp}","direction":"{"inbound" if call.inbound else "outbound"}",'
        f'"partner":"{call.partner}","route":"{call.route}","host":"app-{call.host}","region":"{call.region}",'
        f'"customer":"{call.customer}","service_version":"{call.version}","peer_address":"203.0.{network}.7",'
        f'"duration_ms":{call.latency_ms:.1f},{answer}}}\n'
    )


def fleet(shape: str, seed: int, hours: float = 24, calls_per_s: float = 5) -> tuple[list[str], list[Trouble]]:
    made = Fleet(shape, seed, calls_per_s)
    return [line(number, call) for number, call in enumerate(made.calls(hours))], made.troubles


if __name__ == "__main__":
    lines, labels = fleet(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:]))
    sys.stdout.writelines(lines)
    for label in labels:
        print(json.dumps(vars(label)), file=sys.stderr)
