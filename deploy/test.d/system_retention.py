"""At its bound the database gives up the bodies of successful calls first, and goes on answering."""

import json
import secrets
import unittest

from installation import Installation, as_ndjson, native_call, send

BOUND = "16MiB"
COPIES = 30
# Bodies as they are: only they are large enough to reach the bound within a test.
REDACTION = """
redaction:
  partners:
    stripe:
      mode: full
      approved_by: test@example.com
      until: 2099-01-01
"""


class Retention(unittest.TestCase):
    def setUp(self):
        self.installation = Installation(agent_extra=REDACTION).__enter__()
        self.addCleanup(self.installation.close)

    def get(self, path: str):
        return json.loads(send(self.installation.api.address + path, None, "GET")[2])

    def day(self, days_ago: int) -> str:
        return self.installation.sql(
            f"SELECT to_char((now() - interval '{days_ago} days') AT TIME ZONE 'UTC', 'YYYYMMDD')"
        )[0][0]

    def test_bodies_of_successes_go_first_and_everything_else_stays(self):
        calls = [native_call(number, request=request(number)) for number in range(900)]
        calls += [native_call(number, request=request(number), response={"status": 500}) for number in range(900, 1000)]
        send(f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        self.installation.wait_for(lambda: len(self.installation.api.calls()) == 1000, 60, "the calls are stored")
        self.make_yesterday()
        with open(self.installation.state / "aggregator.yaml", "a", encoding="utf-8") as file:
            file.write(f"retention:\n  max_bytes: {BOUND}\n")
        self.assertIn("bodies are being given up", self.installation.command("farwatch-aggregator", "doctor"))
        self.installation.stop("farwatch-aggregator")
        self.installation.start_aggregator()
        yesterday = self.day(1)
        self.installation.wait_for(
            lambda: self.installation.sql(
                f"SELECT obj_description('farwatch.payload_blocks_{yesterday}'::regclass, 'pg_class')"
            ) == [["bodies of failures only"]], 300, "yesterday is thinned",
        )  # fmt: skip
        # Calls of yesterday: all there, the failed ones whole, the others without headers.
        found = {call["id"]: call for call in self.get("/api/v1/calls?since=2d&until=20h&limit=1000&status=5xx")["data"]}
        self.assertEqual(len(found), 100)
        self.assertTrue(all(call["request"]["headers"] for call in found.values()))
        found = self.get("/api/v1/calls?since=2d&until=20h&limit=1000&status=2xx")["data"]
        self.assertEqual(len(found), 900)
        self.assertFalse([call for call in found if call["request"]["headers"]])
        self.assertTrue(all(call["request"]["url"].startswith("https://api.stripe.com/") for call in found))
        # Today's are untouched, and the figures say so.
        today = self.get("/api/v1/calls?since=1h&limit=1000")["data"]
        self.assertEqual(len([call for call in today if call["request"]["headers"]]), 1000)
        metrics = send(f"{self.installation.api.address}/metrics", None, "GET")[2].decode()
        self.assertIn(f"farwatch_storage_max_bytes {16 << 20}", metrics)
        self.assertRegex(metrics, r"farwatch_storage_reclaims_total [1-9]")
        self.assertRegex(metrics, r'farwatch_storage_bytes\{table="payload_blocks"\} [1-9]')

    def make_yesterday(self):
        """A copy of today a day ago, and copies of its blocks that nobody refers to, until the bound is exceeded."""
        yesterday, today = self.day(1), self.day(0)
        for table in ("call_rows", "payload_blocks"):
            self.installation.sql(
                f"CREATE TABLE farwatch.{table}_{yesterday} PARTITION OF farwatch.{table} "
                f"FOR VALUES FROM ('{yesterday} 00:00Z') TO ('{today} 00:00Z')"
            )
        columns = "block, duration_us, trace_id, span_id, partner, route, origin, customer, weight, shard, row, flags, outcome"
        self.installation.sql(
            f"INSERT INTO farwatch.call_rows (received_at, time, {columns}, status, supplied_id) SELECT "
            f"received_at - interval '1 day', time - interval '1 day', {columns}, status, 'y' || supplied_id "
            "FROM farwatch.call_rows"
        )
        self.installation.sql(
            "INSERT INTO farwatch.payload_blocks SELECT received_at - interval '1 day', block + g * 1000000, shard, "
            f"call_count, bytes FROM farwatch.payload_blocks, generate_series(0, {COPIES}) g"
        )
        size = int(self.installation.sql(f"SELECT pg_total_relation_size('farwatch.payload_blocks_{yesterday}')")[0][0])
        self.assertGreater(size, 16 << 20, "the test needs more than the bound")


def request(number: int) -> dict:
    body = {"random": secrets.token_hex(1_000)}
    url = f"https://api.stripe.com/v1/charges/ch_{number}"
    return {"method": "POST", "url": url, "headers": {"content-type": "application/json"}, "body": body}


if __name__ == "__main__":
    unittest.main()
