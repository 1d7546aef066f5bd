"""The benchmark traffic is the same for the same arguments, and is what its description says."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "generate-traffic"


def generate(*arguments) -> bytes:
    command = [sys.executable, "-B", str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


class GenerateTraffic(unittest.TestCase):
    def test_same_arguments_give_the_same_bytes_and_another_seed_others(self):
        self.assertEqual(generate(300, 5), generate(300, 5))
        self.assertNotEqual(generate(300, 5), generate(300, 6))

    def test_a_longer_run_begins_as_a_shorter_one(self):
        self.assertTrue(generate(2_500, 5).startswith(generate(2_100, 5)))

    def test_the_fleet_is_as_described(self):
        calls = [json.loads(line) for line in generate(40_000, 7).splitlines()]
        self.assertEqual(len(calls), 40_000)
        self.assertEqual(len({call["host"] for call in calls}), 200)
        self.assertEqual(len({call["partner"] for call in calls}), 120)
        failed = sum("error" in call or call["response"]["status"] >= 400 for call in calls)
        self.assertAlmostEqual(failed / len(calls), 0.08, delta=0.01)
        times = [call["time"] for call in calls]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len({call["trace_id"] for call in calls}), len(calls))
        # 40,000 calls in 8 s: 5,000 a second.
        self.assertEqual((times[0][:19], times[-1][:19]), ("2026-11-18T11:06:40", "2026-11-18T11:06:48"))

    def test_metadata_leaves_headers_and_bodies_out_and_keeps_their_sizes(self):
        for line in generate(200, 7, "--metadata").splitlines():
            call = json.loads(line)
            for message in (call["request"], call.get("response", call["request"])):
                self.assertEqual(message["headers"], {})
                self.assertNotIn("body", message)
                self.assertGreaterEqual(message["body_bytes"], 0)
        full = generate(2_000, 7)
        self.assertAlmostEqual(len(full) / 2_000, 1_270, delta=60)

    def test_orders_are_as_large_as_they_are_asked_to_be(self):
        calls = [json.loads(line) for line in generate(500, 7, "--body-bytes", 1_000).splitlines()]
        sent = [call["request"]["body_bytes"] for call in calls if "body" in call["request"]]
        self.assertGreater(len(sent), 150)
        self.assertTrue(all(1_000 <= size < 1_100 for size in sent), sent)
        self.assertEqual(len(calls), 500)


if __name__ == "__main__":
    unittest.main()
