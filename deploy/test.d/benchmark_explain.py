"""What explanations cost: a file of a million calls, one stored call, one case of counts, and what is kept for them.

`file`: calls of `deploy/generate-traffic` whose orders, sent and answered, have 1 kB (2.1 kB a call; `--body-bytes 0`: as they come, 1.3 kB a call) are
explained as a population by `farwatch explain --calls`, on one core.
`call`: one failed call after the other of a route with 2,000 stored calls, by the API.
`counts`: cases of five dimensions and 4,000 rows with twenty minutes of baseline, by `farwatch explain --counts`, the program's
start included. `ingest`: the same calls sent with the indexes that searches and explanations use, and without them.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmark import Meter, metric, post_all, requests, unfolded
from installation import HERE, Installation, as_ndjson, built_programs, native_call, send

AIMS = {"file_s": 3.0, "file_mib": 200, "call_ms": 50, "counts_ms": 50, "ingest_percent": 5}
ROUTE_CALLS, FAILING_EVERY = 2_000, 10
EXPLAINED = 100
INDEXES = ["calls_by_route", "calls_in_trouble"]


def run(arguments: list[str]) -> tuple[float, float, float]:
    """Seconds of wall time, of CPU, and MiB at most, on one core."""
    core = min(os.sched_getaffinity(0))
    began = time.monotonic()
    with subprocess.Popen(["taskset", "-c", str(core), *arguments], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure_file(count: int, body_bytes: int, folder: Path) -> dict:
    part, path = folder / "part.ndjson", folder / "calls.ndjson"
    # A fifth of the calls, five times: the generator takes longer than what it is for. Not through our own memory, whose most
    # would count as that of the program started from here.
    with open(part, "wb") as file:
        command = [sys.executable, "-B", str(HERE.parent / "generate-traffic"), str(max(1, count // 5))]
        command += ["--body-bytes", str(body_bytes)]
        subprocess.run(command, check=True, stdout=file)
    with open(path, "wb") as file:
        for _ in range(5):
            with open(part, "rb") as source:
                shutil.copyfileobj(source, file)
    size = path.stat().st_size
    wall, cpu, mib = run([str(built_programs() / "farwatch"), "explain", "--calls", str(path), "--json"])
    print(f"file: {count} calls, {size / 1e6:.0f} MB: {wall:.1f} s, {cpu:.2f} s of CPU, {mib:.0f} MiB")
    path.unlink()
    return {"file_s": cpu, "file_mib": mib}


def order(number: int) -> dict:
    is_failing = number % FAILING_EVERY == 0
    body = {"amount": 100 + number, "currency": ("usd", "eur")[number % 2], "note": "x" * 900, "items": [{"sku": "A-1"}]}
    if not is_failing:
        body["reference"] = f"r-{number}"
    request = {"method": "POST", "url": "https://api.stripe.com/v1/orders", "body": body}
    request["headers"] = {"content-type": "application/json"}
    refused = {"status": 400, "body": {"error": {"message": "Invalid request."}}}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600 + number * 600 / ROUTE_CALLS))
    response = refused if is_failing else {"status": 200, "body": {"id": number}}
    return native_call(number, time=when, request=request, response=response, partner="stripe", route="POST /v1/orders")


def measure_call() -> dict:
    with Installation() as installation:
        for first in range(0, ROUTE_CALLS, 500):
            calls = as_ndjson([order(number) for number in range(first, first + 500)])
            send(f"{installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")
        installation.wait_for(
            lambda: int(installation.sql("SELECT count(*) FROM farwatch.call_rows")[0][0]) == ROUTE_CALLS, 60,
            "all calls are stored")  # fmt: skip
        times = []
        for round_number in range(EXPLAINED + 5):
            number = (round_number * FAILING_EVERY) % ROUTE_CALLS
            began = time.monotonic()
            status, _, answer = send(f"{installation.api.address}/api/v1/calls/t-{number}/explain", None, "GET")
            times.append((time.monotonic() - began) * 1e3)
            assert status == 200 and b"$.reference" in answer, answer[:300]
        times = sorted(times[5:])
    p95 = times[int(len(times) * 0.95)]
    print(f"call: {EXPLAINED} calls one after the other: {statistics.median(times):.0f} ms, 95 % within {p95:.0f} ms")
    return {"call_ms": p95}


def write_case(folder: Path, seed: int) -> tuple[Path, Path]:
    """One cause of two values, in rows of very different traffic; the baseline is twenty minutes before it."""
    draw = random.Random(seed)
    sizes = [4, 6, 10, 20, 30]
    rows = {tuple(min(size - 1, int(draw.expovariate(3 / size))) for size in sizes) for _ in range(20_000)}
    rows = sorted(rows)[:: max(1, len(rows) // 4_000)]
    cause = {dimension: draw.choice(rows)[dimension] for dimension in draw.sample(range(5), 2)}
    paths = folder / "counts.csv", folder / "baseline.csv"
    with open(paths[0], "w", encoding="ascii") as now, open(paths[1], "w", encoding="ascii") as before:
        for file in (now, before):
            file.write("route,region,host,customer,version,failed,total\n")
        for row in rows:
            names = ",".join(f"{'abcde'[dimension]}{value}" for dimension, value in enumerate(row))
            calls, usual = int(draw.lognormvariate(3, 1.5)) + 1, draw.uniform(0.005, 0.03)
            ratio = 0.5 if all(row[dimension] == value for dimension, value in cause.items()) else usual
            now.write(f"{names},{sum(draw.random() < ratio for _ in range(calls))},{calls}\n")
            before.write(f"{names},{round(calls * 20 * usual)},{calls * 20}\n")
    return paths


def measure_counts(cases: int, folder: Path) -> dict:
    times = []
    for seed in range(cases):
        now, before = write_case(folder, seed)
        program = str(built_programs() / "farwatch")
        times.append(run([program, "explain", "--counts", str(now), "--baseline", str(before), "--json"])[1] * 1e3)
    print(f"counts: {cases} cases: {statistics.median(times):.0f} ms of CPU each, {max(times):.0f} at most")
    return {"counts_ms": statistics.median(times)}


def ingest_cpu(count: int, with_indexes: bool) -> float:
    """CPU-seconds per million calls, of aggregator and PostgreSQL together."""
    bodies = requests(count, 7, False)
    with Installation() as installation:
        if not with_indexes:
            for name in INDEXES:
                installation.sql(f"DROP INDEX farwatch.{name}")
        time.sleep(3)
        meter = Meter(installation)
        post_all(installation.ports.receivers, bodies)
        installation.wait_for(
            lambda: metric(installation, "farwatch_forwarder_sent_calls_total") >= count, 600, "all are acknowledged")
        installation.wait_for(lambda: unfolded(installation) == 0, 600, "all are folded into the counts")
        used = meter.since()
    return (used["aggregator"] + used["postgresql"]) / count * 1e6


def measure_ingest(count: int, rounds: int) -> dict:
    """Both ways in turn, so that both meet the same machine."""
    pairs = [(ingest_cpu(count, True), ingest_cpu(count, False)) for _ in range(rounds)]
    with_them, without = (statistics.median(column) for column in zip(*pairs))
    percent = (with_them / without - 1) * 100
    print(f"ingest: {with_them:.1f} CPU-s a million with indexes, {without:.1f} without: {percent:+.1f} %")
    return {"ingest_percent": percent}


def main() -> None:
    options = argparse.ArgumentParser(prog="deploy/benchmark explain", description=__doc__)
    options.add_argument("--calls", type=int, default=1_000_000, help="of the file")
    options.add_argument("--body-bytes", type=int, default=1_000, help="of orders in the file, at least; 0: as they come")
    options.add_argument("--cases", type=int, default=20)
    options.add_argument("--ingest-calls", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--only", choices=["file", "call", "counts", "ingest"])
    arguments = options.parse_args()
    measured: dict = {}
    with tempfile.TemporaryDirectory(prefix="farwatch-explain-") as name:
        folder = Path(name)
        parts = {
            "file": lambda: measure_file(arguments.calls, arguments.body_bytes, folder), "call": measure_call,
            "counts": lambda: measure_counts(arguments.cases, folder),
            "ingest": lambda: measure_ingest(arguments.ingest_calls, arguments.rounds),
        }  # fmt: skip
        for part, measure in parts.items():
            if arguments.only in (None, part):
                measured |= measure()
    missed = [f"{name} {value:.1f}, not {AIMS[name]}" for name, value in measured.items() if value > AIMS[name]]
    print("the aims are reached" if not missed else "missed: " + "; ".join(missed))
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
