"""What a small, full, read-only or damaged disk does to an agent: its senders are answered, it goes on, and what was taken is counted."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from installation import HERE, Installation, as_ndjson, clean_environment, native_call, send

REFUSED = "farwatch_agent_receiver_rejected_requests_total"
SEED = 20261127
DISK = "3m"
SMALL, LARGE = "spool:\n  max_bytes: 1MiB\n", "spool:\n  max_bytes: 64MiB\n"
ANSWER_WAIT_S = 20  # An application that reports must not be held up by a disk; by a busy machine it may.


@unittest.skipUnless(os.geteuid() == 0, "mounting a file system needs root")
class SmallDisk(unittest.TestCase):
    """One agent whose state lies on a file system of its own, through everything that can happen to it."""

    def setUp(self):
        self.random = random.Random(SEED)
        self.installation = Installation(agent_extra=SMALL)
        self.addCleanup(self.installation.close)
        self.folder = self.installation.state / "agent"
        self.folder.mkdir()
        self.mount("-t", "tmpfs", "-o", f"size={DISK},mode=700", "farwatch-test", str(self.folder))
        self.addCleanup(self.leave_the_disk)
        self.installation.__enter__()
        self.settings = self.installation.state / "agent.yaml"
        self.seen = self.failed = self.number = 0

    def mount(self, *arguments: str):
        subprocess.run(["mount", *arguments], check=True, capture_output=True)

    def leave_the_disk(self):
        self.installation.programs.stop_all()
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def remount(self, how: str):
        self.mount("-o", f"remount,{how}", str(self.folder))

    def health(self, path: str):
        status, _, body = send(f"http://127.0.0.1:{self.installation.ports.health}{path}", None, "GET")
        return status, body.decode()

    def metric(self, name: str) -> int:
        lines = self.health("/metrics")[1].splitlines()
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines if line.split(" ")[0].split("{")[0] == name)

    def calls(self, count: int) -> list[dict]:
        """One in ten fails; each stands for up to five; ids and bodies do not compress."""
        made = []
        for _ in range(count):
            self.number += 1
            text = self.random.randbytes(55).hex()
            status = 503 if self.number % 10 == 0 else 200
            made.append(native_call(self.number, id=f"{self.number}-{text}", trace_id=self.random.randbytes(16).hex(), weight=self.number % 5 + 1,
                                    response={"status": status, "body": {text: text}}))  # fmt: skip
        return made

    def send(self, calls: list[dict]) -> int:
        """The answer's status: taken, or to come again later, and soon in any case."""
        started = time.monotonic()
        status, headers, body = send(
            f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson"
        )
        self.assertLess(time.monotonic() - started, ANSWER_WAIT_S)
        self.assertIn(status, (202, 503), body)
        if status == 202:
            self.assertEqual(json.loads(body)["accepted"], len(calls))
            self.seen += sum(call["weight"] for call in calls)
            self.failed += sum(call["weight"] for call in calls if call["response"]["status"] == 503)
        else:
            self.assertIn("retry-after", headers)
        return status

    def fill(self, count: int) -> list[int]:
        return [self.send(self.calls(500)) for _ in range(count)]

    def counted(self) -> tuple[int, int]:
        """Calls and failures of the partner, as the API adds them up."""
        rows = json.loads(send(f"{self.installation.api.address}/api/v1/volume?by=partner", None, "GET")[2])["data"]
        return next(((row["calls"], row["calls_failed"]) for row in rows if row["name"] == "stripe"), (0, 0))

    def drain(self):
        """The aggregator is there again: whatever was taken has to be in its counts, and not one call more."""
        self.installation.start_aggregator()
        self.installation.wait_for(lambda: self.counted() == (self.seen, self.failed), 60,
                                   f"{self.seen} calls, {self.failed} failed, are counted")  # fmt: skip
        self.installation.wait_for(lambda: json.loads(self.health("/status")[1])["spool"]["waiting_calls"] == 0, 30, "nothing waits")

    def hang_up(self, settings: str, result: str):
        """As `systemctl reload` does, with other bounds."""
        text = self.settings.read_text()
        self.settings.write_text(text[: text.index("spool:")] + settings)
        name = f'farwatch_settings_reloads_total{{result="{result}"}} '

        def count() -> int:
            return next(int(float(line.removeprefix(name))) for line in self.health("/metrics")[1].splitlines() if line.startswith(name))

        was = count()
        self.installation.programs.running["farwatch-agent"].send_signal(signal.SIGHUP)
        self.installation.wait_for(lambda: count() > was, 15, f"the settings are {result}")

    def test_an_agent_on_a_small_disk(self):
        self.installation.stop("farwatch-aggregator")
        self.shed_calls_stay_counted()
        self.bad_settings_change_nothing()
        self.a_full_disk_pushes_back()
        self.a_damaged_batch_is_put_away()
        self.a_read_only_disk_is_waited_for()

    def shed_calls_stay_counted(self):
        """stored × weight + shed = seen, from a real spool at its bound to the aggregator's answers."""
        shed = 0
        while shed < 500:
            self.assertEqual(self.fill(4), [202] * 4, "nobody is pushed back while counts can be kept")
            self.assertLess(self.number, 200_000, "the bound is never reached")
            shed = self.metric("farwatch_spool_shed_calls_total")
        self.assertLessEqual(json.loads(self.health("/status")[1])["spool"]["bytes"], 1 << 20)
        self.assertGreater(self.metric("farwatch_spool_shed_payload_calls_total"), 0)
        self.drain()
        rows = self.installation.sql("SELECT count(*), sum(weight), count(*) FILTER (WHERE status >= 500) FROM farwatch.call_rows")
        stored, weighed, failures = (int(value) for value in rows[0])
        shed = self.metric("farwatch_spool_shed_calls_total")  # Some were let go when the last was written down.
        self.assertEqual(stored + shed, self.number)
        self.assertLess(weighed, self.seen)
        self.assertEqual(failures, self.number // 10, "failures are the last to go")

    def bad_settings_change_nothing(self):
        self.hang_up("spool:\n  max_bytes: 9 bananas\n", "refused")
        self.assertEqual(self.metric("farwatch_settings_refused"), 1)
        self.assertEqual(json.loads(self.health("/status")[1])["spool"]["bytes_max"], 1 << 20)
        self.hang_up(LARGE, "done")
        self.assertEqual(self.metric("farwatch_settings_refused"), 0)
        self.assertEqual(json.loads(self.health("/status")[1])["spool"]["bytes_max"], 64 << 20)

    def a_full_disk_pushes_back(self):
        """The bound lies beyond the disk: senders are asked to come again, and everything taken arrives."""
        self.installation.stop("farwatch-aggregator")
        answers = []
        while answers[-3:] != [503] * 3:
            answers += self.fill(2)
            self.assertLess(len(answers), 500, "the disk is never full")
        self.assertEqual(self.health("/livez")[0], 200)
        self.assertEqual(self.health("/readyz")[0], 503)
        doctor = [str(self.installation.bin / "farwatch-agent"), "doctor", "--config", str(self.settings)]
        findings = subprocess.run(doctor, env=clean_environment(), capture_output=True, text=True, check=False)
        self.assertIn("→", findings.stdout, f"a remedy; {findings.stderr}")
        refused = self.metric(REFUSED)
        exporters = [self.export(encoding) for encoding in ("protobuf", "json")]
        self.seen += len(exporters)
        self.installation.wait_for(lambda: self.metric(REFUSED) >= refused + len(exporters), 20, "both are asked to come again")
        self.drain()
        for exporter in exporters:
            told = json.loads(exporter.communicate(timeout=400)[0])
            self.assertEqual(told["result"], "SUCCESS")
            statuses = [answer["status"] for answer in told["answers"]]
            self.assertEqual((set(statuses[:-1]), statuses[-1]), ({503}, 200), "and they come again, until they are heard")
            self.assertTrue(all(answer["retry_after"] for answer in told["answers"][:-1]))
        self.installation.wait_for(lambda: self.send(self.calls(1)) == 202, 30, "there is room again")
        self.assertEqual(self.health("/readyz")[0], 200)

    def export(self, encoding: str) -> subprocess.Popen:
        """A real OpenTelemetry exporter with one call of the partner, which may try for minutes."""
        client = HERE.parent / "clients.d" / "client_otlp_unwell.py"
        command = [sys.executable, "-B", str(client), self.installation.receivers, encoding, "400"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def a_damaged_batch_is_put_away(self):
        """One batch on disk is not what was written: it is counted and put aside, the others arrive."""
        self.installation.stop("farwatch-aggregator")
        posts = []
        for _ in range(3):
            before, sealed = (self.seen, self.failed), set(self.batches())
            self.fill(1)
            posts.append((self.seen - before[0], self.failed - before[1]))
            # Each is sealed into a batch of its own.
            self.installation.wait_for(lambda s=sealed: set(self.batches()) - s, 10, "a batch is sealed")
        batches = self.batches()
        self.assertGreaterEqual(len(batches), 3)
        victim = batches[-2]
        content = bytearray(victim.read_bytes())
        for at in range(len(content) // 4, len(content)):
            content[at] ^= 0x5A
        victim.write_bytes(content)
        self.installation.start_aggregator()
        self.installation.wait_for(lambda: self.metric("farwatch_spool_damaged_batches_total") == 1, 30, "it is found out")
        self.installation.wait_for(lambda: json.loads(self.health("/status")[1])["spool"]["waiting_batches"] == 0, 30, "the others went")
        self.assertIn("set_aside", self.health("/status")[1])
        without_one = {(self.seen - calls, self.failed - failed) for calls, failed in posts}
        self.seen, self.failed = self.installation.wait_for(
            lambda: (told := self.counted()) in without_one and told, 60, f"all but one are counted, one of {without_one}"
        )

    def batches(self) -> list[Path]:
        return sorted(path for path in (self.folder / "spool").iterdir() if path.name.endswith(".batch"))

    def a_read_only_disk_is_waited_for(self):
        """An agent that starts on it says so and pushes back; when the disk can be written again, it goes on by itself."""
        self.installation.stop("farwatch-agent")
        self.remount("ro")
        command = [str(self.installation.bin / "farwatch-agent"), "run", "--config", str(self.settings)]
        self.installation.programs.start("farwatch-agent", command, clean_environment())
        health = f"http://127.0.0.1:{self.installation.ports.health}"

        def is_up() -> bool:
            self.installation.programs.check()
            try:
                return send(f"{health}/livez", None, "GET")[0] == 200
            except OSError:
                return False

        self.installation.wait_for(is_up, 30, "it starts all the same")
        self.assertEqual(self.health("/readyz")[0], 503)
        self.assertEqual(self.send(self.calls(1)), 503)
        self.remount("rw")
        self.installation.wait_for(lambda: self.send(self.calls(1)) == 202, 30, "the disk is written again")
        self.installation.wait_for(lambda: self.counted() == (self.seen, self.failed), 30, "the call is counted")


if __name__ == "__main__":
    unittest.main()
