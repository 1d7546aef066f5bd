"""At its bound the database gives up the bodies of successful calls first, and goes on answering; before it says when that is."""

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
        failed = sorted(found)
        found = self.get("/api/v1/calls?since=2d&until=20h&limit=1000&status=2xx")["data"]
        self.assertEqual(len(found), 900)
        self.assertFalse([call for call in found if call["request"]["headers"]])
        self.assertTrue(all(call["request"]["url"].startswith("https://api.stripe.com/") for call in found))
        # A failed one is not told to differ by having a body and headers.
        explanation = self.get(f"/api/v1/calls/{failed[0]}/explain")
        self.assertFalse([place for place in explanation["ranked"] if place["where"] in ("request.body", "request.header")])
        self.assertRegex(
            explanation["note"], r"Of \d{3} successful calls that it was held against 0 had their bodies kept and 0 their headers"
        )
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

    # MARK: The forecast

    def test_it_says_when_it_is_full_and_then_gives_up_the_oldest(self):
        """Fifteen mebibytes are left where a day takes ten; then so many calls come that the oldest day has to go."""
        self.fill(2, 2)
        self.fill(1, 10)
        bound = self.held() + (15 << 20)
        with open(self.installation.state / "aggregator.yaml", "a", encoding="utf-8") as file:
            file.write(f"retention:\n  max_bytes: {bound}\n")
        self.installation.stop("farwatch-aggregator")
        self.installation.start_aggregator()
        a_day = sum(self.size(f"{table}_{self.day(1)}") for table in ("call_rows", "rollup_blocks", "payload_blocks"))
        told = self.installation.wait_for(lambda: (value := self.full_in_seconds()) > 0 and value, 60, "it is foreseen")
        wanted = (bound - self.held()) / a_day * 86_400
        self.assertAlmostEqual(told, wanted, delta=wanted / 10)
        self.assertAlmostEqual(told / 86_400, 1.5, delta=0.3)
        said = self.installation.command("farwatch-aggregator", "doctor")
        self.assertRegex(said, r"full in (2[89]|3\d|4[0-3]) h, then bodies of successful calls go first")

        sent = self.send_until(lambda: self.held() > bound - (6 << 20), 0)
        self.installation.wait_for(lambda: 0 < self.full_in_seconds() < told / 2, 130, "it comes nearer as calls come in")
        self.assertEqual(self.metric("farwatch_storage_reclaims_total"), 0)
        sent = self.send_until(lambda: self.held() > bound, sent)
        oldest = f"farwatch.payload_blocks_{self.day(2)}"
        self.installation.wait_for(lambda: not self.exists(oldest), 130, "the oldest day's bodies are dropped")
        self.installation.wait_for(lambda: self.held() <= bound, 60, "it is within its bound")
        self.assertTrue(self.exists(f"farwatch.call_rows_{self.day(2)}"), "single calls go after the bodies")
        self.assertTrue(self.exists(f"farwatch.payload_blocks_{self.day(1)}"), "no more goes than has to")
        # Two days were looked through for bodies of successes, then one was dropped.
        self.installation.wait_for(lambda: self.metric("farwatch_storage_reclaims_total") == 3, 60, "it is counted")
        counted = self.get("/api/v1/volume?by=partner&since=1h")["data"]
        self.installation.wait_for(
            lambda: [row["calls"] for row in self.get("/api/v1/volume?by=partner&since=1h")["data"]] == [sent], 60, f"all counts stay: {counted}"
        )

    def fill(self, days_ago: int, mebibytes: int):
        """A day whose blocks cannot be thinned: nobody can read them."""
        name = f"{self.day(days_ago)}"
        for table in ("call_rows", "rollup_blocks", "payload_blocks"):
            if not self.exists(f"farwatch.{table}_{name}"):
                self.installation.sql(
                    f"CREATE TABLE farwatch.{table}_{name} PARTITION OF farwatch.{table} "
                    f"FOR VALUES FROM ('{name} 00:00Z') TO ('{self.day(days_ago - 1)} 00:00Z')"
                )
        noise = "(SELECT decode(string_agg(md5(random()::text || g || i), ''), 'hex') FROM generate_series(1, 4096) i)"
        self.installation.sql(
            "INSERT INTO farwatch.payload_blocks (received_at, block, shard, call_count, bytes) "
            f"SELECT timestamptz '{name} 12:00Z', g, 0, 1, {noise} FROM generate_series(1, {mebibytes * 16}) g"
        )

    def send_until(self, condition, sent: int) -> int:
        while not condition():
            calls = [native_call(number, request=request(number)) for number in range(sent, sent + 500)]
            sent += len(calls)
            status = send(f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")[0]
            self.assertEqual(status, 202)
            count = "SELECT count(*) FROM farwatch.call_rows WHERE received_at > now() - interval '1 hour'"
            self.installation.wait_for(lambda: int(self.installation.sql(count)[0][0]) == sent, 60, f"{sent} are stored")
        return sent

    def held(self) -> int:
        return int(
            self.installation.sql(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'farwatch' WHERE c.relkind = 'r'"
            )[0][0]
        )

    def size(self, table: str) -> int:
        return int(self.installation.sql(f"SELECT pg_total_relation_size('farwatch.{table}')")[0][0])

    def exists(self, table: str) -> bool:
        return self.installation.sql(f"SELECT to_regclass('{table}') IS NOT NULL") == [["t"]]

    def metric(self, name: str) -> float:
        page = send(f"{self.installation.api.address}/metrics", None, "GET")[2].decode()
        return float(next(line.split(" ")[1] for line in page.splitlines() if line.startswith(name + " ")))

    def full_in_seconds(self) -> float:
        return self.metric("farwatch_storage_full_in_seconds")


def request(number: int) -> dict:
    body = {"random": secrets.token_hex(1_000)}
    url = f"https://api.stripe.com/v1/charges/ch_{number}"
    return {"method": "POST", "url": url, "headers": {"content-type": "application/json"}, "body": body}


if __name__ == "__main__":
    unittest.main()
