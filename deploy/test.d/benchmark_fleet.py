"""What many agents cost one aggregator: memory and CPU time per agent, connected and idle, and with a batch every few seconds.

`farwatch-fleet` plays the agents: each has a connection of its own, over loopback and without TLS, whose buffers in the kernel
are not counted. What is counted is the aggregator's process and all PostgreSQL processes together.
"""

import argparse
import json
import subprocess
import time

from benchmark import Meter, resident_mib
from installation import Installation

CONNECT_S = 20
SETTLE_S = 5


class FleetRun:
    def __init__(self, installation: Installation, options: argparse.Namespace):
        self.installation, self.options = installation, options
        self.token = installation.command("farwatch-aggregator", "token", "create", "--scope", "ingest").split()[-1]
        self.aggregator = installation.programs.running["farwatch-aggregator"].pid

    def start(self, **options: int) -> subprocess.Popen:
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        endpoint = f"http://127.0.0.1:{self.installation.ports.ingest}"
        command = [str(self.installation.bin / "farwatch-fleet"), "--endpoint", endpoint, "--token", self.token, *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def idle(self) -> dict:
        """Connected, with one small request behind them."""
        before = resident_mib(self.aggregator)
        fleet = self.start(agents=self.options.agents, batches=0, linger=CONNECT_S + 20)
        time.sleep(CONNECT_S)
        meter, began = Meter(self.installation), time.monotonic()
        time.sleep(10)
        resident, cpu = resident_mib(self.aggregator), meter.since()
        answer = json.loads(fleet.communicate()[0])
        return {
            "answered": answer["answered"],
            "resident_mib": {"before": round(before, 1), "connected": round(resident, 1)},
            "kib_an_agent": round((resident - before) * 1024 / self.options.agents, 1),
            "aggregator_cpu_percent": round(cpu["aggregator"] / (time.monotonic() - began) * 100, 1),
        }

    def busy(self) -> dict:
        before = resident_mib(self.aggregator)
        meter, highest = Meter(self.installation), before
        fleet = self.start(
            agents=self.options.agents, calls=self.options.calls, period=self.options.period, batches=self.options.batches
        )
        while fleet.poll() is None:
            highest = max(highest, resident_mib(self.aggregator))
            time.sleep(0.2)
        answer, cpu = json.loads(fleet.communicate()[0]), meter.since()
        batches = self.options.agents * self.options.batches
        return answer | {
            "resident_mib": {"before": round(before, 1), "highest": round(highest, 1)},
            "kib_an_agent": round((highest - before) * 1024 / self.options.agents, 1),
            "cpu_us_a_batch": {name: round(cpu[name] / batches * 1e6) for name in ("aggregator", "postgresql")},
        }

    def check_stored(self) -> None:
        """Every batch that was answered for is there."""
        stored = int(self.installation.sql("SELECT count(*) FROM farwatch.ledger")[0][0])
        print(json.dumps({"batches_in_the_ledger": stored}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="deploy/benchmark fleet", description=__doc__)
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=4, help="in each batch")
    parser.add_argument("--period", type=int, default=2, help="seconds between two batches of an agent")
    parser.add_argument("--batches", type=int, default=15, help="of each agent")
    options = parser.parse_args()
    with Installation() as installation:
        installation.stop("farwatch-agent")
        run = FleetRun(installation, options)
        time.sleep(SETTLE_S)
        print(json.dumps({"idle": run.idle()}), flush=True)
        print(json.dumps({"busy": run.busy()}), flush=True)
        run.check_stored()


if __name__ == "__main__":
    main()
