"""What an answer of the status API costs while calls come in, how long it takes, and how soon a call is seen in it.

One agent stands for a fleet: calls of many hosts to many partners are posted to it until the status lists them all, and go on at
a steady rate. `h2load` asks for the status meanwhile; what the same stretch of time costs without it is taken off.
"""

import argparse
import json
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from benchmark import Meter
from installation import Installation, as_ndjson, native_call, send

CALLS_A_REQUEST = 500
QUIET_S = 10
SETTINGS = "unknown_hosts: registrable_domain\n"


def fleet_call(number: int, partners: int, hosts: int) -> dict:
    # Both numbers are taken apart, so that every partner is called by many hosts.
    request = {"method": "GET", "url": f"https://api.vendor-{number % partners}.example/v1/items/{number}"}
    host = f"app-{(number * 7) % hosts}"
    return native_call(number, id=f"s-{number}-{time.time_ns()}", request=request, host=host, region=f"r{number % 3}")


class Fleet:
    """Posts calls to the agent, at a rate or as fast as it takes them."""

    def __init__(self, installation: Installation, options: argparse.Namespace):
        self.url, self.options = f"{installation.receivers}/v1/calls", options
        self._number = 0
        self._isOver = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def post(self, calls: list[dict]) -> None:
        while (answer := send(self.url, as_ndjson(calls), content_type="application/x-ndjson"))[0] != 202:
            if answer[0] != 503:
                raise SystemExit(f"the agent answered {answer[0]}: {answer[2][:300]!r}")
            time.sleep(0.1)

    def post_next(self) -> None:
        numbers = range(self._number, self._number + CALLS_A_REQUEST)
        self.post([fleet_call(number, self.options.partners, self.options.hosts) for number in numbers])
        self._number += CALLS_A_REQUEST

    def introduce(self) -> None:
        while self._number < max(self.options.partners, self.options.hosts):
            self.post_next()

    def __enter__(self) -> "Fleet":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._isOver.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._isOver.wait(CALLS_A_REQUEST / self.options.rate):
            self.post_next()


def answers(installation: Installation, count: int, *headers: str) -> dict:
    """CPU time of the aggregator an answer, and how long they took."""
    address = f"{installation.api.address}/api/v1/status"
    words = [word for header in headers for word in ("-H", header)]
    meter, began = Meter(installation), time.monotonic()
    time.sleep(QUIET_S)
    quiet_per_s = meter.since()["aggregator"] / (time.monotonic() - began)
    with tempfile.NamedTemporaryFile(prefix="farwatch-h2load-", suffix=".tsv") as log:
        Path(log.name).unlink()  # It wants to make it itself.
        meter, began = Meter(installation), time.monotonic()
        command = ["h2load", "-n", str(count), "-c", "4", "-m", "1", "--log-file", log.name, *words, address]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds, cpu = time.monotonic() - began, meter.since()["aggregator"]
        lines = [line.split("\t") for line in Path(log.name).read_text().splitlines()]
        Path(log.name).touch()  # And its end is ours.
    took_us = sorted(int(line[2]) for line in lines)
    if any(line[1] not in ("200", "304") for line in lines) or len(lines) != count:
        raise SystemExit(told)
    return {
        "cpu_us_an_answer": round((cpu - quiet_per_s * seconds) / count * 1e6),
        "p50_ms": took_us[len(took_us) // 2] / 1_000,
        "p99_ms": took_us[len(took_us) * 99 // 100] / 1_000,
    }


def seconds_until_seen(installation: Installation, fleet: Fleet, partner: str) -> float:
    """From a call's request being sent to the first status that lists its partner."""
    began = time.monotonic()
    request = {"method": "GET", "url": f"https://api.{partner}.example/"}
    fleet.post([native_call(0, id=partner, request=request, host="app-0")])
    installation.wait_for(lambda: partner.encode() in status(installation), 60, "a call is visible in the status")
    return time.monotonic() - began


def status(installation: Installation) -> bytes:
    return send(f"{installation.api.address}/api/v1/status", None, "GET")[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="deploy/benchmark status", description=__doc__)
    parser.add_argument("--partners", type=int, default=1_000)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=1_000, help="calls a second that come in meanwhile")
    parser.add_argument("--answers", type=int, default=2_000)
    options = parser.parse_args()
    with Installation(agent_extra=SETTINGS) as installation:
        fleet = Fleet(installation, options)
        fleet.introduce()
        installation.wait_for(
            lambda: status(installation).count(b'"id":"vendor-') >= options.partners, 120, "every partner is listed"
        )
        with fleet:
            size = {"document_bytes": len(status(installation))}
            print(json.dumps({"status": size | answers(installation, options.answers)}), flush=True)
            zipped = answers(installation, options.answers, "accept-encoding: gzip")
            print(json.dumps({"status_gzip": zipped}), flush=True)
            seen = sorted(round(seconds_until_seen(installation, fleet, f"fresh-{n}"), 2) for n in range(5))
            print(json.dumps({"seconds_until_seen": seen}), flush=True)


if __name__ == "__main__":
    main()
