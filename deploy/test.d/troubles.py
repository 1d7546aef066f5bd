"""Traffic to several partners, each of which fails as it is told to, and tests that wait beside one another."""

import concurrent.futures
import contextlib
import functools
import json
import random
import subprocess
import threading
import time
import unittest
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from installation import Installation, as_ndjson, clean_environment, native_call, send
from receivers import HTTPReceiver

# Of the shipped catalogue, each with the one host that is called here.
PARTNERS = {
    "stripe": "api.stripe.com", "slack": "slack.com", "twilio": "api.twilio.com", "webflow": "api.webflow.com",
    "figma": "api.figma.com", "miro": "api.miro.com", "aircall": "api.aircall.io", "workos": "api.workos.com",
    "stytch": "api.stytch.com", "lob": "api.lob.com", "zapier": "hooks.zapier.com", "github": "api.github.com",
}  # fmt: skip
HOSTS, CUSTOMERS = 6, 7
PER_SECOND = 24
BEFORE_S = 55  # What is older is not judged any more.


@dataclass
class Fault:
    """What happens to a share of a partner's calls, of those alone that have what `where` says."""

    share: float = 1.0
    makes: dict = field(default_factory=lambda: {"response": {"status": 503}})
    where: dict = field(default_factory=dict)


class Traffic:
    """Six hosts in two regions call every partner, evenly, through a real agent, until the block ends."""

    def __init__(self, installation: Installation, partners=tuple(PARTNERS), per_second: int = PER_SECOND):
        self.installation = installation
        self.partners = partners
        self.per_second = per_second
        self.faults: dict[str, list[Fault]] = {}
        self.rng = random.Random(20)
        self.sent = 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def fail(self, partner: str, share: float = 1.0, makes: dict | None = None, **where) -> None:
        """From now on, in addition to what is wrong already."""
        fault = Fault(share, makes or {"response": {"status": 503}}, where)
        self.faults[partner] = [*self.faults.get(partner, []), fault]

    def mend(self, partner: str) -> None:
        self.faults.pop(partner, None)

    def call(self, partner: str, moment: str) -> dict:
        self.sent += 1
        host = self.sent % HOSTS
        call = native_call(
            self.sent, time=moment, host=f"app-{host}", region="eu" if host < HOSTS / 2 else "us",
            customer=f"{partner}-{self.rng.randrange(CUSTOMERS)}",
            request={"method": "GET", "url": f"https://{PARTNERS[partner]}/v1/things"},
        )  # fmt: skip
        for fault in self.faults.get(partner, []):
            if all(call[name] == value for name, value in fault.where.items()) and self.rng.random() < fault.share:
                call = {name: value for name, value in (call | fault.makes).items() if value is not None}
        return call

    def second(self, at: float) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        calls = [self.call(partner, moment) for partner in self.partners for _ in range(self.per_second)]
        send(f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")

    def run(self) -> None:
        while not self.ends.wait(1):
            with contextlib.suppress(OSError):  # An agent that is down hears nothing.
                self.second(time.time())

    def __enter__(self) -> "Traffic":
        for ago in range(BEFORE_S, 0, -1):
            self.second(time.time() - ago)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ends.set()
        self.thread.join()


class Operator:
    """Somebody with a token, who asks and acts by the API and the command line."""

    def __init__(self, installation: Installation, name: str = "ann"):
        self.installation = installation
        self.address = installation.api.address
        create = ("token", "create", "--scope", "operate", "--name", name)
        self.token = installation.command("farwatch-aggregator", *create).split()[-1]
        installation.await_token(self.token)

    def ask(self, path: str, method: str = "GET", body=None):
        """What is answered; a refusal is an error."""
        headers = {"authorization": f"Bearer {self.token}"} | ({"content_type": "application/json"} if body else {})
        status, headers, answer = send(
            self.address + path, None if body is None else json.dumps(body).encode(), method, **headers
        )
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {answer.decode(errors='replace')}")
        return json.loads(answer) if headers.get("content-type", "").endswith("json") else answer

    def farwatch(self, *arguments: str) -> str:
        environment = clean_environment() | {"FARWATCH_URL": self.address, "FARWATCH_TOKEN": self.token}
        command = [str(self.installation.bin / "farwatch"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def incidents(self, partner: str) -> list[dict]:
        """Newest first, those that nobody is told of left out."""
        found = self.ask(f"/api/v1/incidents?partner={partner}&limit=100")["data"]
        return [one for one in found if not one["quiet"]]

    def quiet(self, what: str, partner: str, lasts_s: float = 3_600, **more) -> dict:
        """A silence or a maintenance (`silences`, `maintenances`) from now on."""
        matchers = [{"dimension": "partner", "op": "=", "value": partner}]
        body = {"matchers": matchers, "ends_at": ahead(lasts_s), "comment": "for a test"} | more
        return self.ask(f"/api/v1/{what}", "POST", body)

    def status(self, partner: str) -> dict:
        """What is shown of a partner; of one that is not known yet that it has no status."""
        shown = self.installation.api.status()["partners"]
        return next((one for one in shown if one["id"] == partner), {"id": partner, "status": None})


class Hook(HTTPReceiver):
    """Webhooks of several channels, at one address with a path each."""

    def channel(self, name: str) -> str:
        """For the section `notifiers`."""
        return f"  {name}: {{type: webhook, url: '{self.url}/{name}', allow_private: true, fallback: []}}\n"

    def told(self, partner: str, channel: str | None = None) -> list[dict]:
        """What was told about a partner, each message once, in the order in which it came."""
        messages = {got.json["data"]["id"]: got.json["data"] for got in list(self.got)}
        return [
            one for one in messages.values()
            if one["labels"].get("partner") == partner and channel in (None, one["channel"])
        ]  # fmt: skip


class Beside(unittest.TestCase):
    """A case whose tests mostly wait: all of them begin when the first does, each in a thread of its own, and each then says what
    it came to. They share what `begin` makes, and must not get in each other's way."""

    @classmethod
    def begin(cls) -> None:
        """Makes what the tests share."""

    def __init_subclass__(cls):
        super().__init_subclass__()
        for name, method in list(vars(cls).items()):
            if name.startswith("test"):
                setattr(cls, name, _ends(method))

    @classmethod
    def setUpClass(cls):
        cls.begin()
        names = unittest.defaultTestLoader.getTestCaseNames(cls)
        pool = concurrent.futures.ThreadPoolExecutor(len(names))
        cls.addClassCleanup(pool.shutdown)
        cls.running = {name: pool.submit(getattr(cls, name).__wrapped__, cls(name)) for name in names}


def _ends(method):
    @functools.wraps(method)
    def test(self):
        self.running[method.__name__].result()

    return test


def ahead(seconds: float) -> str:
    """A time, so far from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
