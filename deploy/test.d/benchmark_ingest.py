"""What the aggregator takes when nothing else limits it: batches that an agent sealed before are replayed to it at full rate.

Calls of `deploy/generate-traffic` go through one agent first, which keeps a copy of every batch that it sent. Those are posted to the
aggregator again and again, each time under another identity, so that the ledger takes them for new, by a few connections that
send the next as soon as the last is acknowledged, durably. CPU time counts until everything is folded into the lasting counts. Then more
connections offer what the aggregator cannot take, without ever waiting as it asks them to: what counts there is that its memory
does not grow with what is offered.
"""

import argparse
import http.client
import itertools
import json
import threading
import time
import uuid

from benchmark import Meter, await_folding, metric, post_all, quiet_per_second, requests, resident_mib
from installation import Installation

EXTRA = "unknown_hosts: registrable_domain\nredaction:\n  default: shape\n"
LOOK_EVERY_S = 0.1


class Replay:
    """Posts the batches in turn for some seconds."""

    def __init__(self, installation: Installation, batches: list[bytes], calls_a_batch: float):
        self.port = installation.ports.ingest
        self.token = (installation.state / "agent.token").read_text()
        self.aggregator = installation.programs.running["farwatch-aggregator"].pid
        self.batches, self.calls_a_batch = batches, calls_a_batch
        self.counts = {"acknowledged": 0, "pushed_back": 0}
        self.problems: list[str] = []
        self.lock = threading.Lock()

    def run(self, connections: int, seconds: float) -> dict:
        self.counts = dict.fromkeys(self.counts, 0)
        before = highest = resident_mib(self.aggregator)
        began = time.monotonic()
        senders = [threading.Thread(target=self._send, args=(began + seconds,)) for _ in range(connections)]
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders):
            highest = max(highest, resident_mib(self.aggregator))
            time.sleep(LOOK_EVERY_S)
        elapsed = time.monotonic() - began
        if self.problems:
            raise SystemExit(f"the aggregator did not take a batch: {self.problems[0]}")
        offered = sum(self.counts.values())
        return {
            "connections": connections,
            "seconds": round(elapsed, 1),
            "calls": round(self.counts["acknowledged"] * self.calls_a_batch),
            "calls_a_second": round(self.counts["acknowledged"] * self.calls_a_batch / elapsed),
            "offered_calls_a_second": round(offered * self.calls_a_batch / elapsed),
            "batches": dict(self.counts),
            "aggregator_resident_mib": {"before": round(before, 1), "highest": round(highest, 1)},
        }

    def _send(self, until: float) -> None:
        """One agent: a spool and a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        spool = uuid.uuid4().hex
        sequences = itertools.count(1)
        sequence = next(sequences)
        while time.monotonic() < until and not self.problems:
            headers = {
                "authorization": f"Bearer {self.token}",
                "content-type": "application/vnd.farwatch.batch",
                "farwatch-agent": f"replay-{spool[:8]}",
                "farwatch-spool": spool,
                "farwatch-sequence": str(sequence),
                "farwatch-floor": str(sequence),
            }
            connection.request("POST", "/v1/batches", self.batches[sequence % len(self.batches)], headers)
            answer = connection.getresponse()
            text = answer.read()
            with self.lock:
                if answer.status == 200:
                    self.counts["acknowledged"] += 1
                    sequence = next(sequences)
                elif answer.status in (429, 503):
                    self.counts["pushed_back"] += 1
                else:
                    self.problems.append(f"{answer.status} {text[:200]!r}")
        connection.close()


def sealed(installation: Installation, calls: int, seed: int, metadata: bool) -> list[bytes]:
    """What the agent sent of so many calls."""
    text = (installation.state / "agent.yaml").read_text()
    (installation.state / "agent.yaml").write_text(text + EXTRA)
    installation.stop("farwatch-agent")
    installation.start_agent()
    post_all(installation.ports.receivers, requests(calls, seed, metadata))
    installation.wait_for(
        lambda: metric(installation, "farwatch_forwarder_sent_calls_total") >= calls, 600, "all are acknowledged"
    )
    installation.stop("farwatch-agent")
    return [path.read_bytes() for path in sorted((installation.state / "agent").glob("**/*.sent"))]


def measure(options: argparse.Namespace) -> dict:
    with Installation() as installation:
        batches = sealed(installation, options.calls, options.seed, options.metadata)
        await_folding(installation)
        replay = Replay(installation, batches, options.calls / len(batches))
        meter, began = Meter(installation), time.monotonic()
        sustained = replay.run(options.connections, options.seconds)
        await_folding(installation)
        cpu, whole = meter.since(), time.monotonic() - began
        quiet = quiet_per_second(installation)
        taken = sustained["calls"]
        sustained["cpu_s_per_million"] = {
            name: round(max(0, cpu[name] - quiet[name] * whole) / taken * 1e6, 2) for name in ("aggregator", "postgresql")
        }
        return {
            "kind": "metadata" if options.metadata else "full",
            "wire_bytes_a_call": round(sum(map(len, batches)) / options.calls, 1),
            "sustained": sustained,
            "overloaded": replay.run(options.overload, options.seconds),
        }


def main() -> None:
    options = argparse.ArgumentParser(prog="deploy/benchmark ingest", description=__doc__)
    options.add_argument("--calls", type=int, default=100_000, help="calls of which the batches are made")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--metadata", action="store_true", help="without headers and bodies")
    options.add_argument("--seconds", type=float, default=20, help="of each of the two parts")
    options.add_argument("--connections", type=int, default=8, help="that send what is taken")
    options.add_argument("--overload", type=int, default=200, help="connections that offer more than is taken")
    print(json.dumps(measure(options.parse_args()), indent=2), flush=True)


if __name__ == "__main__":
    main()
