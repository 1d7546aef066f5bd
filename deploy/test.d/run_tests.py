"""Runs test files beside one another, each in a process of its own, and tells at the end what all of them came to.

    run_tests.py [--workers N] [--also NAME=COMMAND]… FILE…

Most of these tests wait: for a second that has to pass, for a program that starts. So six run at a time (`--workers`), the longest
first; each takes ports and folders nobody else has. A file that measures, or that looks at the whole machine, says so by a line
`ALONE = True` with its reason: such files run by themselves, after the others. `--also` takes any other command into the same
queue; what it comes to is its exit status.

What a file prints is shown when it ends, so that no two are mixed. The last line counts; the exit status is 1 if anything
failed, if a file did not end in time, or if it held no test at all. Some tests need root and are skipped without: where everything
has to run, `FARWATCH_TEST_SKIPS=fail` makes a failure of it.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

FILE_WAIT_S = 2_400  # The longest takes some minutes on two cores that do nothing else.
ENDING_WAIT_S = 60
# What takes long, in seconds, so that it starts first. What is not named counts as short: this is for speed only.
LONG = {
    "system_packets": 120, "system_key_log": 100, "system_endpoints": 155, "system_api": 150, "system_takeover": 120, "system_drift": 150, "system_notifiers": 100,
    "system_queries": 75,
    "system_dashboard": 70, "system_probes": 60, "system_lossless": 50, "system_alarm": 50, "system_canaries": 45,
    "system_accuracy": 60, "system_disk": 45, "system_alerting": 40, "system_incidents": 35, "system_storm": 35, "test_clients": 30,
    "system_retention": 150, "system_upgrade": 60, "test_sampling": 40, "system_channels": 165, "system_silent": 115,
    "system_people": 125, "system_handover": 135, "system_restart": 195,
}  # fmt: skip
SHORT_S = 20


@dataclass
class Job:
    name: str
    command: list[str]
    folder: Path
    is_alone: bool = False
    counts_tests: bool = True
    expected_s: float = SHORT_S


@dataclass
class Result:
    job: Job
    status: int | None  # None: it did not end in time.
    output: str
    took_s: float

    @property
    def tests(self) -> int:
        return sum(int(number) for number in re.findall(r"^Ran (\d+) tests? in ", self.output, re.MULTILINE))

    @property
    def skipped(self) -> int:
        return self._count("skipped")

    @property
    def failures(self) -> int:
        """At least one, where the status says that something went wrong and the output does not."""
        told = self._count("failures") + self._count("errors") + self._count("unexpected successes")
        if os.environ.get("FARWATCH_TEST_SKIPS") == "fail":
            told += self.skipped
        return told if self.status == 0 and self.is_whole else max(told, 1)

    @property
    def is_whole(self) -> bool:
        return not self.job.counts_tests or self.tests > 0

    def line(self) -> str:
        ending = "ok" if self.failures == 0 else "did not end in time" if self.status is None else "FAILED"
        if self.status == 0 and not self.is_whole:
            ending = "held no test"
        elif self.status == 0 and self.failures:
            ending = f"FAILED: {self.skipped} skipped"
        count = f"{self.tests} tests, " if self.job.counts_tests else ""
        return f"{self.job.name}: {ending} ({count}{self.took_s:.0f} s)"

    def _count(self, what: str) -> int:
        verdicts = re.findall(r"^(?:OK|FAILED) \((.*)\)$", self.output, re.MULTILINE)
        return sum(int(n) for verdict in verdicts for n in re.findall(rf"(?<!\w ){what}=(\d+)", verdict))


class Queue:
    """Hands out jobs to workers and collects what they came to."""

    def __init__(self, jobs: list[Job], show):
        self.waiting = sorted(jobs, key=lambda job: -job.expected_s)
        self.results: list[Result] = []
        self.show = show
        self.lock = threading.Lock()
        self.running: dict[int, subprocess.Popen] = {}
        self.is_over = False

    def work_off(self, workers: int) -> None:
        threads = [threading.Thread(target=self._work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def end(self) -> None:
        """Nothing more is begun, and what runs is asked to end."""
        with self.lock:
            self.is_over = True
            for process in self.running.values():
                process.send_signal(signal.SIGINT)

    def _work(self) -> None:
        while job := self._next():
            result = self._run(job)
            with self.lock:
                self.results.append(result)
                self.show(result)

    def _next(self) -> Job | None:
        with self.lock:
            return None if self.is_over or not self.waiting else self.waiting.pop(0)

    def _run(self, job: Job) -> Result:
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                job.command, cwd=job.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
            with self.lock:
                self.running[process.pid] = process
            status = self._wait(process)
            with self.lock:
                del self.running[process.pid]
            output.seek(0)
            text = output.read().decode(errors="replace")
        return Result(job, status, text, time.monotonic() - started)

    @staticmethod
    def _wait(process: subprocess.Popen) -> int | None:
        """None when it did not end in time. An interrupt first: by it a test still ends the programs it has started."""
        try:
            return process.wait(FILE_WAIT_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(ENDING_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return None


def job_of(path: Path) -> Job:
    is_alone = re.search(r"^ALONE = True\b", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
    command = [sys.executable, "-B", "-m", "unittest", "--verbose", path.stem]
    return Job(path.stem, command, path.parent.resolve(), is_alone, expected_s=LONG.get(path.stem, SHORT_S))


def other_job(text: str) -> Job:
    name, _, command = text.partition("=")
    expected_s = LONG.get(name, SHORT_S)
    return Job(name, ["bash", "-c", command], Path.cwd(), counts_tests=False, expected_s=expected_s)


def run(jobs: list[Job], workers: int, show=print) -> list[Result]:
    results = []
    for is_alone in (False, True):
        queue = Queue([job for job in jobs if job.is_alone == is_alone], show)
        try:
            queue.work_off(1 if is_alone else workers)
        except KeyboardInterrupt:
            queue.end()
            raise
        results += queue.results
    return results


def summary(results: list[Result], took_s: float) -> str:
    failed = [result.job.name for result in results if result.failures]
    tests, skipped = sum(result.tests for result in results), sum(result.skipped for result in results)
    failures = sum(result.failures for result in results)
    line = f"{len(results)} files and commands, {tests} tests, {failures} failures, {skipped} skipped, {took_s:.0f} s"
    return line + (f"; FAILED: {', '.join(sorted(failed))}" if failed else "")


def show(result: Result) -> None:
    print(f"\n==> {result.line()}\n{result.output.rstrip()}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=6, help="how many files run at a time (6)")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    started = time.monotonic()
    jobs = [job_of(path) for path in arguments.files] + [other_job(text) for text in arguments.also]
    results = run(jobs, max(arguments.workers, 1), show)
    print("\nWhere the time went:")
    for result in sorted(results, key=lambda result: -result.took_s):
        print(f"  {result.line()}")
    print(summary(results, time.monotonic() - started), flush=True)
    return 1 if not results or any(result.failures for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
