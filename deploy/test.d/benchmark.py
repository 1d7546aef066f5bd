"""CPU-seconds per million calls of agent, aggregator and PostgreSQL, bytes a call on the wire and stored.

Calls of `deploy/generate-traffic` are posted to one agent over loopback as NDJSON; their rate is measured until the aggregator
has acknowledged all of them, durably (`synchronous_commit = on`), CPU time until they are folded into the counts as well. The
sender is another process and is not counted. CPU time is user and system time from /proc, of all PostgreSQL processes together
for the server; what the same programs use when nothing comes in, measured at the end, is taken off.

A machine that does other things as well tells little by its seconds: `--before FOLDER` measures the programs in that folder and
those built here in turn, so that both meet the same.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from installation import HERE, Installation, send

CALLS_A_REQUEST = 1_000
SENDERS = 2
TICKS = os.sysconf("SC_CLK_TCK")
SETTLE_S = 3
QUIET_S = 10
ASK_EVERY_S = 3


def cpu_seconds(process_id: int) -> float:
    """Of the process and of its children that have ended; nothing of one that just ended."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(value) for value in fields[11:15]) / TICKS


def children(process_id: int) -> list[int]:
    listed = Path(f"/proc/{process_id}/task").glob("*/children")
    return [int(child) for path in listed for child in path.read_text().split()]


def resident_mib(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


class Meter:
    """Differences of CPU time, from when it was made."""

    def __init__(self, installation: Installation):
        running = installation.programs.running
        self.aggregator = running["farwatch-aggregator"].pid
        self.agent = running["farwatch-agent"].pid if "farwatch-agent" in running else self.aggregator
        pid_file = next(installation.state.glob("aggregator/**/postmaster.pid"))
        self.server = int(pid_file.read_text().split("\n", 1)[0])
        self.before = self._now()

    def _now(self) -> dict[str, float]:
        server = sum(cpu_seconds(one) for one in [self.server, *children(self.server)])
        return {
            "agent": cpu_seconds(self.agent),
            # PostgreSQL is the aggregator's child, but its time counts there only when it ends.
            "aggregator": cpu_seconds(self.aggregator),
            "postgresql": server,
        }

    def since(self) -> dict[str, float]:
        now = self._now()
        return {name: now[name] - self.before[name] for name in now}


def requests(count: int, seed: int, metadata: bool) -> list[bytes]:
    command = [sys.executable, "-B", str(HERE.parent / "generate-traffic"), str(count), str(seed)]
    text = subprocess.run(command + (["--metadata"] if metadata else []), check=True, capture_output=True).stdout
    lines = text.splitlines(keepends=True)
    return [b"".join(lines[at : at + CALLS_A_REQUEST]) for at in range(0, len(lines), CALLS_A_REQUEST)]


def post_all(port: int, bodies: list[bytes]) -> None:
    """Over a few kept connections, each request once; a 503 is a request to come again."""
    failures = []

    def work(mine: list[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for body in mine:
            while True:
                connection.request("POST", "/v1/calls", body, {"content-type": "application/x-ndjson"})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status == 202:
                    break
                if answer.status != 503:
                    failures.append((answer.status, text[:200]))
                    return
                time.sleep(0.05)
        connection.close()

    threads = [threading.Thread(target=work, args=(bodies[number::SENDERS],)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(f"the agent refused calls: {failures[0]}")


def metric(installation: Installation, name: str) -> float:
    text = send(f"http://127.0.0.1:{installation.ports.health}/metrics", None, "GET")[2].decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if re.match(rf"{name}[{{ ]", line))


def unfolded(installation: Installation) -> int:
    """Blocks of counts that are not yet added to the minutes and hours."""
    return int(
        installation.sql(
            "SELECT count(*) FROM farwatch.rollup_blocks b LEFT JOIN farwatch.compacted c ON c.writer = b.writer "
            "WHERE b.flush > coalesce(c.flush, 0)"
        )[0][0]
    )


def await_folding(installation: Installation) -> None:
    """Asks seldom: each question starts a process of PostgreSQL's, which is counted with the others."""
    deadline = time.monotonic() + 600
    while unfolded(installation):
        if time.monotonic() > deadline:
            raise SystemExit("what was counted is not folded after ten minutes")
        time.sleep(ASK_EVERY_S)


def quiet_per_second(installation: Installation) -> dict[str, float]:
    """What the programs use when nothing comes in, which is no cost of a call."""
    meter, began = Meter(installation), time.monotonic()
    time.sleep(QUIET_S)
    return {name: value / (time.monotonic() - began) for name, value in meter.since().items()}


def stored_bytes(installation: Installation) -> dict[str, int]:
    """Tables with their indexes and TOAST; what VACUUM could give back is not taken off."""
    installation.sql("CHECKPOINT")
    rows = installation.sql(
        "SELECT split_part(relname, '_p', 1), sum(pg_total_relation_size(oid))::bigint FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'farwatch'::regnamespace AND relispartition GROUP BY 1"
    )
    return {name: int(size) for name, size in rows}


def measure(count: int, seed: int, metadata: bool) -> dict:
    bodies = requests(count, seed, metadata)
    json_bytes = sum(map(len, bodies))
    # The traffic names its own hosts.
    extra = "unknown_hosts: registrable_domain\nredaction:\n  default: shape\n"
    with Installation() as installation:
        text = (installation.state / "agent.yaml").read_text()
        (installation.state / "agent.yaml").write_text(text + extra)
        installation.stop("farwatch-agent")
        installation.start_agent()
        time.sleep(SETTLE_S)
        idle = resident_mib(installation.programs.running["farwatch-agent"].pid)
        empty = stored_bytes(installation)
        meter, began = Meter(installation), time.monotonic()
        post_all(installation.ports.receivers, bodies)
        installation.wait_for(
            lambda: metric(installation, "farwatch_forwarder_sent_calls_total") >= count, 600, "all are acknowledged"
        )
        seconds = time.monotonic() - began
        resident = resident_mib(meter.agent)
        await_folding(installation)
        cpu, whole = meter.since(), time.monotonic() - began
        quiet = quiet_per_second(installation)
        cpu = {name: max(0, value - quiet[name] * whole) for name, value in cpu.items()}
        wire = metric(installation, "farwatch_forwarder_sent_bytes_total")
        stored = installation.sql("SELECT count(*) FROM farwatch.call_rows")[0][0]
        if int(stored) != count:
            raise SystemExit(f"{stored} calls are stored, {count} were sent")
        tables = stored_bytes(installation)
        size = {name: (tables[name] - empty.get(name, 0)) / count for name in tables}
        per_million = {name: round(value / count * 1e6, 2) for name, value in cpu.items()}
        return {
            "calls": count,
            "kind": "metadata" if metadata else "full",
            "calls_on_the_short_way": round(metric(installation, "farwatch_agent_express_calls_total")),
            "json_bytes_a_call": round(json_bytes / count),
            "cpu_s_per_million": per_million,
            "aggregator_and_postgresql_cpu_s_per_million": round(
                per_million["aggregator"] + per_million["postgresql"], 2
            ),
            "wire_bytes_a_call": round(wire / count, 1),
            "stored_bytes_a_call": round(sum(size.values()), 1),
            "of_them": {name: round(value, 1) for name, value in sorted(size.items()) if value >= 0.1},
            "calls_a_second": round(count / seconds),
            "quiet_cpu_percent": {name: round(value * 100, 1) for name, value in quiet.items()},
            "agent_resident_mib": {"idle": round(idle, 1), "after": round(resident, 1)},
        }


def main() -> None:
    options = argparse.ArgumentParser(prog="deploy/benchmark", description=__doc__)
    options.add_argument("--calls", type=int, default=200_000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--metadata", action="store_true", help="only without headers and bodies")
    options.add_argument("--full", action="store_true", help="only with headers and bodies")
    options.add_argument("--before", type=Path, metavar="FOLDER", help="programs to measure in turn with those built")
    options.add_argument("--rounds", type=int, default=1, help="how often each is measured")
    arguments = options.parse_args()
    built = os.environ.get("PROGRAMS")
    kinds = [kind for kind, wanted in ((False, arguments.full), (True, arguments.metadata)) if wanted] or [False, True]
    for metadata in kinds:
        for _ in range(arguments.rounds):
            for folder in ([arguments.before] if arguments.before else []) + [built]:
                if folder:
                    os.environ["PROGRAMS"] = str(folder)
                measured = measure(arguments.calls, arguments.seed, metadata)
                print(json.dumps({"programs": str(folder or "built"), **measured}, indent=2), flush=True)


if __name__ == "__main__":
    main()
