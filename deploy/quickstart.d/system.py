"""Everything the quickstart runs: the aggregator, an agent, a shop of three hosts, and three stand-ins for partners.

As root there is a fourth host, whose shop has no SDK: the agent reads its calls from the packets of its way out.
"""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import settings
import truth
from api import API, WITHOUT_PROXY, is_ready
from processes import ProgramFailed, Programs, end_database_left_behind

HOSTS = {"app-1": "eu-west-1", "app-2": "eu-west-1", "app-3": "eu-central-1"}
PARTNERS = {"stripe": "api.stripe.com", "zendesk": "*.zendesk.com", "slack": "slack.com"}
WEBHOOK_HOSTS = ("app-1", "app-2")
# This machine as the agent calls it: the shop that runs there is not instrumented.
WIRE_HOST, WIRE_REGION = "quickstart", "eu-west-1"
SERVICE, VERSION = "shop", "1.4.0"
WEBHOOK_SECRET = "whsec_quickstart"
PAGER_SECRET = "whsec_" + base64.b64encode(b"the quickstart's pager, 32 bytes!").decode()
READY_WAIT_S = 180
HERE = Path(__file__).parent


class System:
    def __init__(self, state: Path, programs: Path, say):
        self.state, self.say, self.bin = state, say, programs
        for folder in ("logs", "truth"):
            (state / folder).mkdir(exist_ok=True)
        self.programs = Programs(state / "logs")
        self.ports = settings.Ports.choose(say)
        self.api = API(f"http://127.0.0.1:{self.ports.api}")
        self.partner_ports: dict[str, int] = {}
        self.egress_ports: dict[str, int] = {}
        self.started = ""
        self.reason_without_packets = why_no_packets()
        if not self.reason_without_packets:
            self.egress_ports[WIRE_HOST] = settings.free_port()  # The agent has to know it beforehand.

    def start(self) -> None:
        self.started = truth.now()
        command = script("pager.py", "--file", str(self._paged), "--secret", PAGER_SECRET)
        pager = self.programs.start_on_port("pager", command, clean_environment())
        settings.write(self.state, self.ports, pager, PAGER_SECRET, watched=self.egress_ports.get(WIRE_HOST))
        self.say("starting the aggregator, with a PostgreSQL of its own")
        self._start_farwatch("farwatch-aggregator", "aggregator.yaml", self.api.address)
        settings.write_token(self.state, self._make_token())
        self.say("starting one agent")
        self._start_farwatch("farwatch-agent", "agent.yaml", f"http://127.0.0.1:{self.ports.health}")
        self.say(f"starting the stand-ins for {', '.join(PARTNERS)} and a shop on the hosts {', '.join(HOSTS)}")
        self._start_sample()
        if self.reason_without_packets:
            self.say(f"no application without an SDK is watched: {self.reason_without_packets}")

    def stop(self) -> None:
        self.programs.stop_all()
        end_database_left_behind(self.state / "aggregator")

    def fail(self, partner: str, ratio: float) -> None:
        """From now on the partner answers 503 to that share of its requests."""
        self._control(partner, {"failing_ratio": ratio})

    def take_network_from(self, host: str) -> None:
        self.programs.stop(f"egress-{host}")

    def give_network_to(self, host: str) -> None:
        """On the port it had before, if it had one: the shop knows no other."""
        routes = [f"{name}=127.0.0.1:{self.partner_ports[partner]}" for partner, name in PARTNERS.items()]
        command = script("egress.py", "--port", str(self.egress_ports.get(host, 0)))
        command += [word for route in routes for word in ("--route", route)]
        self.egress_ports[host] = self.programs.start_on_port(f"egress-{host}", command, clean_environment())

    def calls_made(self) -> list[dict]:
        return truth.read(self.state / "truth")

    def pages(self) -> list[dict]:
        """What the pager got, oldest first."""
        complete, _, _ = self._paged.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in complete.splitlines()]

    @property
    def _paged(self) -> Path:
        return self.state / "pages.ndjson"

    def _start_farwatch(self, program: str, config: str, ready_address: str) -> None:
        command = [str(self.bin / program), "run", "--config", str(self.state / config)]
        self.programs.start(program, command, clean_environment())
        deadline = time.monotonic() + READY_WAIT_S
        while not is_ready(ready_address):
            self.programs.check()
            if time.monotonic() > deadline:
                last = self.programs.last_lines(program)
                raise ProgramFailed(f"{program} was not ready after {READY_WAIT_S} s\n{last}")
            time.sleep(0.1)

    def _make_token(self) -> str:
        command = [str(self.bin / "farwatch-aggregator"), "token", "create", "--scope", "ingest"]
        command += ["--name", "quickstart", "--config", str(self.state / "aggregator.yaml")]
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=120)
        if done.returncode != 0 or not done.stdout.strip():
            raise ProgramFailed(f"no token was created:\n{done.stdout}{done.stderr}")
        return done.stdout.split()[-1]

    def _start_sample(self) -> None:
        for partner in PARTNERS:
            command = script("partners.py", partner)
            self.partner_ports[partner] = self.programs.start_on_port(partner, command, clean_environment())
        shops = {}
        for number, (host, region) in enumerate(HOSTS.items()):
            self.give_network_to(host)
            shops[host] = f"http://127.0.0.1:{self._start_shop(host, region, seed=number)}"
        if not self.reason_without_packets:
            self.say("starting the same shop without an SDK: its calls are read from packets")
            self.give_network_to(WIRE_HOST)
            shops[WIRE_HOST] = f"http://127.0.0.1:{self._start_shop(WIRE_HOST, WIRE_REGION, seed=len(HOSTS))}"
        endpoints = [f"{shops[host]}/webhooks/stripe" for host in WEBHOOK_HOSTS]
        self._control("stripe", {"webhooks": {"to": endpoints, "secret": WEBHOOK_SECRET}})
        addresses = [word for address in shops.values() for word in ("--shop", address)]
        self.programs.start("customers", script("customers.py", *addresses), clean_environment())

    def _control(self, partner: str, wish: dict) -> None:
        url = f"http://127.0.0.1:{self.partner_ports[partner]}/control"
        WITHOUT_PROXY.open(urllib.request.Request(url, json.dumps(wish).encode(), method="PUT"), timeout=10).read()

    def _start_shop(self, host: str, region: str, seed: int) -> int:
        way_out = f"http://127.0.0.1:{self.egress_ports[host]}"
        command = script("shop.py", "--truth", str(self.state / "truth" / f"{host}.ndjson"), "--egress", way_out)
        command += ["--webhook-secret", WEBHOOK_SECRET, "--seed", str(seed)]
        if host == WIRE_HOST:
            return self.programs.start_on_port(f"shop-{host}", [*command, "--without-sdk", host], clean_environment())
        resource = {"host.name": host, "cloud.region": region, "service.version": VERSION}
        resource["deployment.environment.name"] = "quickstart"
        environment = clean_environment() | {
            "OTEL_SERVICE_NAME": SERVICE,
            "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{name}={value}" for name, value in resource.items()),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.ports.receivers}",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "60",  # Seconds, here. No call is to be missing because something was held up.
            "OTEL_BSP_SCHEDULE_DELAY": "500",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http",  # The stable names; the older ones are this SDK's default.
            "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": "stripe-signature",
        }
        return self.programs.start_on_port(f"shop-{host}", command, environment)


def why_no_packets() -> str | None:
    """Why the agent is not asked to read packets here; None where it is, and then it must be able to."""
    if reason := os.environ.get("FARWATCH_TEST_WITHOUT_PACKETS"):
        return f"FARWATCH_TEST_WITHOUT_PACKETS: {reason}"
    return None if os.geteuid() == 0 else "reading packets needs root"


def script(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-B", str(HERE / name), *arguments]


def clean_environment() -> dict[str, str]:
    """Ours, without what would change the settings of the programs behind our back."""

    def changes_settings(name: str) -> bool:
        return name.startswith(("FARWATCH_", "OTEL_")) or name.lower().endswith("_proxy")

    return {name: value for name, value in os.environ.items() if not changes_settings(name)}
