"""What the agent costs its host at a steady rate: its share of one core, and its resident memory as time passes.

Calls of `deploy/generate-traffic` are posted in requests of a fifth of a second's calls, as SDKs send them. The memory is told at
the start, at each tenth of the time, and at the end; the agent forwards to an aggregator that runs beside it.
"""

import argparse
import http.client
import json
import time

from benchmark import cpu_seconds, metric, requests, resident_mib
from installation import Installation

REQUESTS_A_SECOND = 5
SETTLE_S = 3


def bodies_of(count: int, seed: int, calls_a_request: int) -> list[bytes]:
    lines = [line for body in requests(count, seed, False) for line in body.splitlines(keepends=True)]
    return [b"".join(lines[at : at + calls_a_request]) for at in range(0, len(lines), calls_a_request)]


def measure(rate: int, seconds: int, seed: int) -> dict:
    bodies = bodies_of(rate * seconds, seed, max(1, rate // REQUESTS_A_SECOND))
    with Installation() as installation:
        agent = installation.programs.running["farwatch-agent"].pid
        time.sleep(SETTLE_S)
        idle, used, began = resident_mib(agent), cpu_seconds(agent), time.monotonic()
        memory = []
        connection = http.client.HTTPConnection("127.0.0.1", installation.ports.receivers)
        for number, body in enumerate(bodies):
            if number % max(1, len(bodies) // 10) == 0:
                memory.append(round(resident_mib(agent), 1))
            connection.request("POST", "/v1/calls", body, {"content-type": "application/x-ndjson"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 202:
                raise SystemExit(f"the agent answered {answer.status}")
            time.sleep(max(0.0, began + (number + 1) * seconds / len(bodies) - time.monotonic()))
        connection.close()
        elapsed, cpu = time.monotonic() - began, cpu_seconds(agent) - used
        installation.wait_for(
            lambda: metric(installation, "farwatch_forwarder_sent_calls_total") >= rate * seconds, 120, "all are sent"
        )
        return {
            "calls_a_second": rate,
            "seconds": round(elapsed, 1),
            "percent_of_one_core": round(100 * cpu / elapsed, 2),
            "resident_mib": {"idle": round(idle, 1), "while_running": memory, "after": round(resident_mib(agent), 1)},
        }


def main() -> None:
    options = argparse.ArgumentParser(prog="deploy/benchmark-steady", description=__doc__)
    options.add_argument("--rate", type=int, default=50, help="calls a second")
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--seed", type=int, default=7)
    arguments = options.parse_args()
    print(json.dumps(measure(arguments.rate, arguments.seconds, arguments.seed), indent=2), flush=True)


if __name__ == "__main__":
    main()
