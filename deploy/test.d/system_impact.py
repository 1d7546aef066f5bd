"""What a partner's trouble did to our own requests, and what partners say of their own end, from calls that came the whole way."""

import json
import time
import unittest

from installation import Installation, as_ndjson, native_call, send

REQUESTS = 200
FAILING_EVERY = 5


NOW = time.time()  # One for all calls: what lies inside what must not depend on when each was made.


def stamp(seconds_ago: float) -> str:
    moment = NOW - seconds_ago
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03}Z"


def request_with_a_call(number: int) -> list[dict]:
    """A request to us and the call to the partner that it causes; every fifth of both fails. Half of them are traced."""
    failed = number % FAILING_EVERY == 0
    begin = 300 - number
    trace = {"trace_id": f"{number + 1:032x}"} if number % 2 else {}
    ours = {"method": "POST", "url": "https://shop.example/hooks/stripe", "headers": {"stripe-signature": "t=1,v1=abc"}}
    theirs = {"method": "POST", "url": f"https://api.stripe.com/v1/charges/ch_{number}"}
    said = {"sunset": "Sat, 01 May 2027 00:00:00 GMT", "deprecation": "@1767225600"}
    where = {"host": f"app-{number % 2}", "service": "shop", "customer": f"c{number % 4}"} | trace
    status = 502 if failed else 200
    return [
        native_call(number, id=f"in-{number}", time=stamp(begin), direction="inbound", request=ours, duration_ms=400,
                    response={"status": status}, **where),
        native_call(number, id=f"out-{number}", time=stamp(begin - 0.1), request=theirs, duration_ms=200,
                    response={"status": 503 if failed else 200, "headers": said}, **where),
    ]  # fmt: skip


class Impact(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        calls = [call for number in range(REQUESTS) for call in request_with_a_call(number)]
        status, _, answer = send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls),
                                 content_type="application/x-ndjson")  # fmt: skip
        assert status == 202, answer
        cls.installation.wait_for(lambda: len(cls.installation.api.calls()) >= 100, 30, "the calls are stored")

    def get(self, path: str):
        status, _, body = send(self.address + path, None, "GET")
        return status, json.loads(body)

    def command(self, *arguments: str) -> str:
        return self.installation.command("farwatch", *arguments, "--url", self.address)

    def test_requests_that_failed_by_a_call_inside_are_counted_by_route_and_customer(self):
        def impact():
            found = self.get("/api/v1/impact?partner=stripe&since=10m")[1]["inbound"]
            return found if found["requests"] == REQUESTS else None

        inbound = self.installation.wait_for(impact, 30, "all calls are stored")
        self.assertTrue(inbound["known"] and inbound["complete"])
        self.assertEqual(inbound["linked"]["by_trace"], REQUESTS // 2)
        self.assertEqual(inbound["linked"]["by_timing"], REQUESTS // 2)
        because = inbound["failed_because"]
        self.assertEqual((because["requests"], because["ratio"]), (40, 0.2))
        self.assertGreater(because["confidence"], 0.99)
        self.assertEqual(sum(each["failed_because"]["requests"] for each in inbound["customers"]), 40)
        self.assertEqual([each["name"] for each in inbound["partners"]], ["stripe"])
        self.assertIn("20.0% of our own requests failed", self.command("impact", "--partner", "stripe", "--since", "10m"))
        self.assertEqual(self.get("/api/v1/impact?partner=nobody")[1]["inbound"]["known"], False)
        status, problem = self.get("/api/v1/impact?custmer=c1")
        self.assertEqual((status, problem["hint"]), (400, "did you mean `customer`?"))

    def test_a_partner_that_says_when_it_ends_is_heard(self):
        def heard():
            data = self.get("/api/v1/drift?partner=stripe")[1]["data"]
            return {each["kind"]: each for each in data} if len(data) >= 2 else None

        found = self.installation.wait_for(heard, 30, "drift is found")
        self.assertEqual(found["sunset"]["effective_at"], "2027-05-01T00:00:00.000Z")
        self.assertEqual(found["deprecation"]["effective_at"], "2026-01-01T00:00:00.000Z")
        self.assertGreater(found["sunset"]["fleet_ratio"], 0)
        self.assertEqual(self.get("/api/v1/drift?kind=latency_step")[1]["data"], [])
        self.assertEqual(self.get("/api/v1/drift?kind=sunsett")[0], 400)
        self.assertFalse(self.get("/api/v1/drift")[1]["certificates"]["known"])
        self.assertIn("will be gone at 2027-05-01", self.command("drift", "--partner", "stripe"))
        self.assertIn(b"will be gone at 2027-05-01", send(f"{self.address}/drift", None, "GET")[2])
        self.assertEqual(self.installation.sql("SELECT count(*) FROM farwatch.snapshots WHERE name = 'drift'"), [["1"]])


class Slowed(unittest.TestCase):
    """A partner that answers all the same, and late: for one customer of two, on one route of two, and nobody's request fails."""

    EACH = 40
    USUAL_MS, EXTRA_MS, OWN_MS = 100, 700, 50

    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation())
        cls.address = cls.installation.api.address
        calls = []
        for number in range(4 * cls.EACH):
            # Before: all take their usual time. A second for each request, so that no two of a host are under way at once.
            calls += cls.request(f"before-{number}", 15 * 60 + number, number, 0)
            customer, route = cls.kind(number)
            is_late = (customer, route) == ("slow", "orders")
            calls += cls.request(f"now-{number}", 120 + number, number, cls.EXTRA_MS if is_late else 0)
        status, _, answer = send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        assert status == 202, answer
        cls.installation.wait_for(
            lambda: int(cls.installation.sql("SELECT count(*) FROM farwatch.call_rows")[0][0]) == len(calls), 60, "all are stored")  # fmt: skip

    @staticmethod
    def kind(number: int) -> tuple[str, str]:
        return ("slow", "quick")[number % 2], ("orders", "refunds")[number // 2 % 2]

    @classmethod
    def request(cls, name: str, ago: float, number: int, extra_ms: int) -> list[dict]:
        customer, route = cls.kind(number)
        # Every other two of each kind share a trace; the others are put together by their times alone.
        trace = {"trace_id": f"{int.from_bytes(name.encode()):032x}"} if number // 4 % 2 else {}
        where = {"host": "app-1", "service": "shop", "customer": customer} | trace
        ours = {"method": "POST", "url": f"https://shop.example/{route}", "headers": {"stripe-signature": "t=1,v1=abc"}}
        theirs = {"method": "POST", "url": "https://api.stripe.com/v1/charges"}
        took = cls.USUAL_MS + extra_ms
        return [
            native_call(0, id=f"in-{name}", time=stamp(ago), direction="inbound", request=ours, route=f"POST /{route}",
                        duration_ms=took + cls.OWN_MS, **where),
            native_call(0, id=f"out-{name}", time=stamp(ago - 0.02), request=theirs, duration_ms=took, **where),
        ]  # fmt: skip

    def test_requests_that_were_slowed_are_told_in_percent_and_milliseconds_by_customer_and_route(self):
        status, _, body = send(f"{self.address}/api/v1/impact?partner=stripe&since=10m", None, "GET")
        self.assertEqual(status, 200)
        inbound = json.loads(body)["inbound"]
        count = 4 * self.EACH
        self.assertEqual((inbound["requests"], inbound["complete"], inbound["failed_because"]["requests"]), (count, True, 0))
        self.assertEqual((inbound["linked"]["by_trace"], inbound["linked"]["by_timing"]), (count // 2, count // 2))
        slowed = inbound["slowed"]
        self.assertEqual((slowed["requests"], slowed["ratio"]), (self.EACH, 0.25))
        self.assertAlmostEqual(slowed["extra_ms"], self.EXTRA_MS, delta=1)
        self.assertAlmostEqual(slowed["mean_ms_with"], self.USUAL_MS + self.EXTRA_MS + self.OWN_MS, delta=1)
        self.assertAlmostEqual(slowed["mean_ms_without"], self.USUAL_MS + self.OWN_MS, delta=1)
        for list_name, name in (("customers", "slow"), ("routes", "POST /orders")):
            (part,) = inbound[list_name]
            self.assertEqual((part["name"], part["requests"], part["slowed"]["ratio"]), (name, 2 * self.EACH, 0.5))
            self.assertAlmostEqual(part["slowed"]["extra_ms"], self.EXTRA_MS, delta=1)
        self.assertEqual([part["name"] for part in inbound["partners"]], ["stripe"])
        self.assertIn(f"25.0% were slowed, by {self.EXTRA_MS} ms on average", inbound["text"])
        screen = self.installation.command("farwatch", "impact", "--partner", "stripe", "--since", "10m", "--url", self.address)
        self.assertIn(f"25.0% were slowed, by {self.EXTRA_MS} ms on average", screen.replace("\n", " "))
        self.assertRegex(screen, rf"slow +{2 * self.EACH} +0.* 50.* {self.EXTRA_MS} ms")
        self.assertRegex(screen, rf"POST /orders +{2 * self.EACH} +0.* 50.* {self.EXTRA_MS} ms")

    def test_of_one_customer_or_route_alone(self):
        for query, ratio in (("customer=slow", 0.5), ("customer=quick", 0), ("route=POST%20/orders", 0.5), ("route=POST%20/refunds", 0)):
            with self.subTest(query=query):
                body = send(f"{self.address}/api/v1/impact?partner=stripe&since=10m&{query}", None, "GET")[2]
                slowed = json.loads(body)["inbound"]["slowed"]
                self.assertEqual(slowed["ratio"], ratio)


if __name__ == "__main__":
    unittest.main()
