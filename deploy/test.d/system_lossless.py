"""Acknowledged means stored once: programs are killed at random moments, and the set of stored ids must equal the input's.

The moments come from a seed, which is printed; `SEED` sets it, `ROUNDS` how often something is killed.
"""

import os
import random
import subprocess
import sys
import time
import unittest
from pathlib import Path

from installation import HERE, Installation
from system import clean_environment

CALLS = 100_000
SEED = int(os.environ.get("SEED", "20261127"))
ROUNDS = int(os.environ.get("ROUNDS", "4"))
DRAINED_WITHIN_S = 300


def write_calls(path: Path, count: int) -> None:
    """The benchmark's traffic, each call with an id of its own."""
    command = [sys.executable, "-B", str(HERE.parent / "generate-traffic"), str(count), "11"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as generator, open(path, "wb") as file:
        for number, line in enumerate(generator.stdout):
            file.write(b'{"id":"r-%d",' % number + line[1:])


class Lossless(unittest.TestCase):
    def stored_ids(self, installation: Installation, prefix: str) -> list[str]:
        return [row[0] for row in installation.sql(f"SELECT id FROM farwatch.calls WHERE id LIKE '{prefix}%'")]

    def assert_stored_once(self, installation: Installation, prefix: str, wanted: set[str]) -> None:
        """Waits until all are there, then looks whether any is there twice, or that nobody sent."""
        deadline = time.monotonic() + DRAINED_WITHIN_S
        while len(ids := self.stored_ids(installation, prefix)) < len(wanted) and time.monotonic() < deadline:
            time.sleep(1)
        self.assertEqual(len(wanted - set(ids)), 0, f"calls were lost (seed {SEED})")
        self.assertEqual(len(set(ids) - wanted), 0, f"calls were invented (seed {SEED})")
        self.assertEqual(len(ids), len(wanted), f"calls were stored twice (seed {SEED})")

    def test_a_replay_survives_kills_of_agent_and_aggregator(self):
        draw = random.Random(SEED)
        with Installation() as installation:
            file = installation.state / "calls.ndjson"
            write_calls(file, CALLS)
            config = ("--config", str(installation.state / "agent.yaml"))
            replay = [str(installation.bin / "farwatch-agent"), "replay", str(file), *config]
            kills = {"replay": 0, "farwatch-aggregator": 0}
            for number in range(ROUNDS):
                victim = list(kills)[number % 2]
                if "replay" not in installation.programs.running:
                    installation.programs.start("replay", replay, clean_environment())
                time.sleep(draw.uniform(0.05, 1.2))
                if installation.programs.running["replay"].poll() is not None:
                    break  # It was done before it could be killed again.
                installation.kill(victim)
                kills[victim] += 1
                if victim == "farwatch-aggregator":
                    installation.start_aggregator()
            self.assertGreater(min(kills.values()), 0, f"each was to be killed at least once (seed {SEED}): {kills}")
            if "replay" not in installation.programs.running:
                installation.programs.start("replay", replay, clean_environment())
            code = installation.programs.running.pop("replay").wait(DRAINED_WITHIN_S)
            self.assertEqual(code, 0, installation.programs.last_lines("replay"))
            self.assert_stored_once(installation, "r-", {f"r-{number}" for number in range(CALLS)})

            # Everything is there again after an orderly restart, and the counts agree with the calls.
            installation.stop("farwatch-aggregator")
            installation.start_aggregator()
            self.assertEqual(len(self.stored_ids(installation, "r-")), CALLS)
            self.assert_counts_agree(installation)

    def assert_counts_agree(self, installation: Installation) -> None:
        """The minutes, once folded, hold what the rows hold, partner by partner."""
        by_rows = "SELECT partner, sum(weight)::bigint FROM farwatch.call_rows GROUP BY 1 ORDER BY 1"
        by_minutes = "SELECT partner, sum(calls)::bigint FROM farwatch.minute_counts WHERE dimension = 0 GROUP BY 1 ORDER BY 1"
        rows = installation.sql(by_rows)
        self.assertGreater(len(rows), 100)
        installation.wait_for(lambda: installation.sql(by_minutes) == rows, 120, "the counts agree with the calls")

    @unittest.skipUnless(os.geteuid() == 0, "namespaces for networks and mounts want root")
    def test_nothing_is_lost_by_what_breaks_on_real_machines(self):
        """A few rounds of `deploy/lossless`, which runs a hundred, with faults that the other test has not."""
        command = ["unshare", "--mount", "--net", "--propagation", "private", "--"]
        command += [sys.executable, "-B", str(HERE / "lossless.py"), "--seed", str(SEED)]
        command += ["--faults", "disk_of_the_spool_full,disk_of_the_database_full,agent_killed", "--partition", "12", "--batch-age", "250ms"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        print(done.stdout, file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
