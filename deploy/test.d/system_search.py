"""A search that is followed to its end finds each matching call once: by every filter, where many calls have one time, and while more
come in."""

import calendar
import json
import threading
import time
import unittest
from urllib.parse import quote, urlencode

from installation import Installation, as_ndjson, native_call, send

GRANT = """
redaction:
  partners:
    stripe: {mode: full, approved_by: security@example.com, until: 2099-01-01T00:00:00Z}
"""
COUNT = 420
TIMES = 6  # Of all calls: seventy to each.
FAILURES = ("reset", "response_timeout", "dns_failure")


def moment(seconds_ago: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds_ago))


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation(agent_extra=GRANT))
        cls.times = [moment(600 + 60 * number) for number in range(TIMES)]
        cls.calls = [cls.call(number) for number in range(COUNT)]
        # In pieces, so that calls of one time lie in several blocks.
        for first in range(0, COUNT, 60):
            cls.post(cls.calls[first:first + 60])
        create = ("farwatch-aggregator", "token", "create", "--scope", "admin", "--name", "reader")
        cls.token = cls.installation.command(*create).split()[-1]
        cls.installation.await_token(cls.token)
        cls.installation.wait_for(
            lambda: int(cls.installation.sql("SELECT count(*) FROM farwatch.call_rows")[0][0]) == COUNT, 60, "all are stored")  # fmt: skip

    @classmethod
    def call(cls, number: int, name: str = "p", when: str | None = None) -> dict:
        body = {"order": {"lines": [{"sku": f"A-{number % 4}"}], "note": f"needle {number % 6}"}} | ({"odd": 1} if number % 2 else {})
        request = {"method": "POST", "url": "https://api.stripe.com/v1/orders", "body": body,
                   "headers": {"content-type": "application/json", "x-request-id": f"req-{number % 5}"}}  # fmt: skip
        fields = {
            "host": f"host-{number % 3}", "service": f"service-{number % 2}", "service_version": f"{number % 5}.0",
            "region": f"region-{number % 3}", "environment": ("live", "test")[number % 2], "customer": f"customer-{number % 7}",
            "partner": "stripe", "route": f"POST /v1/orders/{number % 3}", "trace_id": f"{1 + number % 11:032x}",
        }  # fmt: skip
        status = (200, 503, 404, 201)[number % 4]
        call = native_call(number, id=f"{name}-{number}", time=when or cls.times[number % TIMES], request=request,
                           response={"status": status}, **fields)  # fmt: skip
        if number % 10 == 9:
            del call["response"]
            call["error"] = FAILURES[number // 10 % 3]
        return call

    @classmethod
    def post(cls, calls: list[dict]) -> None:
        status, _, answer = send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        assert status == 202, answer

    def follow(self, query: dict, limit: int) -> list[str]:
        """The ids of all pages, in their order."""
        found, cursor = [], {}
        while True:
            text = urlencode(query | cursor | {"limit": limit}, quote_via=quote)
            status, _, body = send(f"{self.installation.api.address}/api/v1/calls?{text}", None, "GET", authorization=f"Bearer {self.token}")
            self.assertEqual(status, 200, body[:300])
            page = json.loads(body)
            self.assertLessEqual(len(page["data"]), limit)
            found += [call["id"] for call in page["data"]]
            if page["next_cursor"] is None:
                return found
            self.assertNotEqual({"cursor": page["next_cursor"]}, cursor, "it goes on")
            cursor = {"cursor": page["next_cursor"]}

    def searches(self):
        """What is asked for, and which of the calls have it."""
        for name in ("host", "service", "service_version", "region", "environment", "customer", "route", "trace_id"):
            value = self.calls[4][name]
            yield {name: value}, lambda call, name=name, value=value: call[name] == value
        status = lambda call: call.get("response", {}).get("status")  # noqa: E731
        body = lambda call: call["request"]["body"]  # noqa: E731
        yield {"partner": "stripe"}, lambda call: True
        yield {"status": "503"}, lambda call: status(call) == 503
        yield {"status": "2xx"}, lambda call: status(call) in (200, 201)
        yield {"failure": "reset"}, lambda call: call.get("error") == "reset"
        yield {"failed": "true"}, lambda call: "error" in call or status(call) == 503
        yield {"failed": "true", "customer": "customer-2"}, lambda call: call["customer"] == "customer-2" and ("error" in call or status(call) == 503)
        yield {"since": self.times[2]}, lambda call: call["time"] >= self.times[2]
        yield {"until": self.times[2]}, lambda call: call["time"] < self.times[2]
        yield {"header": "x-request-id: req-2"}, lambda call: call["request"]["headers"]["x-request-id"] == "req-2"
        yield {"json": "$.odd"}, lambda call: "odd" in body(call)
        yield {"json": "$.order.lines[].sku=A-3"}, lambda call: body(call)["order"]["lines"][0]["sku"] == "A-3"
        yield {"text": "NEEDLE 4"}, lambda call: body(call)["order"]["note"] == "needle 4"
        yield {"text": "needle 4", "host": "host-1", "json": "$.order.note"}, lambda call: body(call)["order"]["note"] == "needle 4" and call["host"] == "host-1"

    def test_each_matching_call_is_found_once_while_calls_come_in(self):
        is_over = threading.Event()
        # Some are newer than all, some have the times of those that are looked for.
        more = [self.call(number, "later", when) for number in range(3) for when in (moment(0), self.times[number % TIMES])]

        def arrive() -> None:
            number = 0
            while not is_over.wait(0.5):
                self.post([call | {"id": f"later-{number}-{index}"} for index, call in enumerate(more)])
                number += 1

        thread = threading.Thread(target=arrive)
        thread.start()
        try:
            for query, has in self.searches():
                for limit in (7, 100):
                    with self.subTest(query=query, limit=limit):
                        expected = {call["id"] for call in self.calls if has(call)}
                        self.assertTrue(expected)
                        found = self.follow(query, limit)
                        self.assertEqual(len(found), len(set(found)), "some were found twice")
                        self.assertEqual({one for one in found if one.startswith("p-")}, expected)
        finally:
            is_over.set()
            thread.join()

    def test_a_span_before_now_does_not_move_from_page_to_page(self):
        oldest = [call["id"] for call in self.calls if call["time"] == self.times[-1]]
        age = int(time.time() - calendar.timegm(time.strptime(self.times[-1], "%Y-%m-%dT%H:%M:%SZ")))
        query = {"since": f"{age + 15}s", "customer": "customer-1"}
        found = []
        text = urlencode(query | {"limit": 20})
        page = json.loads(send(f"{self.installation.api.address}/api/v1/calls?{text}", None, "GET")[2])
        found += [call["id"] for call in page["data"]]
        time.sleep(17)  # The oldest would be out of it by now.
        while page["next_cursor"]:
            text = urlencode(query | {"limit": 20, "cursor": page["next_cursor"]})
            page = json.loads(send(f"{self.installation.api.address}/api/v1/calls?{text}", None, "GET")[2])
            found += [call["id"] for call in page["data"]]
        self.assertTrue(oldest)
        expected = {one for one in oldest if int(one.split("-")[1]) % 7 == 1}
        self.assertLessEqual(expected, set(found))


if __name__ == "__main__":
    unittest.main()
