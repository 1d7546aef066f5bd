"""The key that broke the call is found by the API and by the operator's client, in calls that came through a real agent."""

import json
import re
import subprocess
import time
import unittest
import urllib.parse

from installation import Installation, as_ndjson, native_call, send

GOOD = 200
FAILING = 40
SECRET = "94107-secret"


def at(seconds_ago: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds_ago))


def order(number: int, is_failing: bool, seconds_ago: int) -> dict:
    """An order; those that fail lack the zip and are refused with an answer that does not say why."""
    shipping = {"name": f"Person {number}", "city": "Springfield"}
    if not is_failing:
        shipping["zip"] = SECRET
    body = {"amount": 100 + number, "currency": ("usd", "eur")[number % 2], "shipping": shipping}
    request = {"method": "POST", "url": "https://api.stripe.com/v1/orders", "body": body}
    request["headers"] = {"content-type": "application/json"}
    response = {"status": 400, "body": {"error": {"message": "Invalid request."}}} if is_failing else {"status": 200}
    return native_call(
        number, time=at(seconds_ago), request=request, response=response, partner="stripe", route="POST /v1/orders",
        customer=f"c{number % 5}", host=f"app-{number % 3}", service_version="2.0" if is_failing else "1.9",
    )  # fmt: skip


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        # In the order of their numbers, one every second; every sixth fails.
        calls = [order(number, number % 6 == 5, 300 - number) for number in range(GOOD + FAILING)]
        assert sum(call["response"]["status"] == 400 for call in calls) == FAILING
        calls += [native_call(1_000 + number) for number in range(50)]
        status, _, answer = send(
            f"{cls.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson"
        )
        assert status == 202, answer
        cls.installation.wait_for(
            lambda: len(cls.get("/api/v1/calls?limit=1000")[1]["data"]) == len(calls), 30, "the calls are stored"
        )

    @classmethod
    def get(cls, path: str, **headers) -> tuple[int, dict]:
        status, _, body = send(cls.address + path, None, "GET", **headers)
        return status, json.loads(body)

    def command(self, *arguments: str) -> str:
        return self.installation.command("farwatch", *arguments, "--url", self.address)

    def assert_zip_is_missing(self, place: dict):
        found = (place["path"], place["where"], place["test"])
        self.assertEqual(found, ("$.shipping.zip", "request.body", "missing"))

    def test_the_key_that_one_call_lacks_is_named_first(self):
        status, answer = self.get("/api/v1/calls/t-101/explain")
        self.assertEqual((status, answer["id"]), (200, "t-101"))
        self.assert_zip_is_missing(answer["ranked"][0])
        self.assertGreater(answer["ranked"][0]["confidence"], 0.5)
        read = answer["read"]
        self.assertEqual((read["failures"]["read"], read["successes"]["read"]), (FAILING, GOOD))
        self.assertTrue(read["complete"])
        self.assertIn("$.shipping.zip", self.command("explain", "t-101"))
        self.assert_zip_is_missing(json.loads(self.command("explain", "t-101", "--json"))["ranked"][0])

    def test_a_call_that_did_not_fail_says_so_and_one_that_is_not_there_is_not_found(self):
        status, answer = self.get("/api/v1/calls/t-100/explain")
        self.assertEqual((status, answer["ranked"], answer["note"]), (200, [], "This call did not fail."))
        self.assertEqual(self.get("/api/v1/calls/nobody/explain")[0], 404)

    def test_the_key_that_a_population_lacks_is_its_first_cause(self):
        answers = [
            self.get("/api/v1/explain?partner=stripe&since=1h")[1],
            self.get("/api/v1/explain?route=POST%20/v1/orders")[1],
            json.loads(self.command("explain", "--partner", "stripe", "--since", "15m", "--json")),
        ]
        for answer in answers:
            cause = answer["causes"][0]
            self.assert_zip_is_missing(cause["predicate"][0])
            self.assertEqual((cause["failures_with"], cause["failures_total"]), (FAILING, FAILING))
            self.assertTrue(cause["chosen"])
            self.assertLess(cause["successes_with"], 1)
            self.assertTrue(cause["samples"]["failing"] and cause["samples"]["succeeding"])
            self.assertEqual(answer["population"]["failures"], FAILING)
            self.assertEqual(answer["read"]["failures"]["matching"], FAILING)
        screen = self.command("explain", "--partner", "stripe")
        self.assertIn("$.shipping.zip missing", screen)
        self.assertIn(f"read: {FAILING} of {FAILING} failures", screen)

    def test_a_failing_and_a_succeeding_call_stand_side_by_side_with_the_key_marked(self):
        screen = self.command("explain", "--partner", "stripe", "--since", "1h")
        head = re.search(r"PLACE +FAILS t-(\d+) +SUCCEEDS t-(\d+)", screen)
        self.assertIsNotNone(head, screen)
        self.assertEqual((int(head[1]) % 6 == 5, int(head[2]) % 6 == 5), (True, False), screen)
        table = screen[head.end():].split("\n\n")[0]
        rows = {row[-3]: row for row in (line.split() for line in table.splitlines()) if len(row) in (3, 4)}
        marked = rows["$.shipping.zip"]
        self.assertEqual(marked[0], "▶", screen)
        self.assertEqual(marked[2], "–", screen)
        self.assertTrue(marked[3].startswith("string/"), screen)
        # What both have is shown and not marked.
        self.assertEqual(len(rows["$.shipping.city"]), 3, screen)
        self.assertEqual(rows["status"], ["status", "400", "200"])
        self.assertEqual(screen.count("▶"), screen.count("PLACE"))
        self.assertNotIn(SECRET, screen)

    def test_what_changed_between_two_versions_is_the_key_and_the_status(self):
        a, b = "service_version=1.9&partner=stripe", "service_version=2.0&partner=stripe"
        query = urllib.parse.urlencode({"a": a, "b": b}, quote_via=urllib.parse.quote)
        answers = [
            self.get(f"/api/v1/compare?{query}")[1],
            json.loads(self.command("compare", "--a", a, "--b", b, "--json")),
        ]
        for answer in answers:
            self.assertEqual((answer["population"]["a"], answer["population"]["b"]), (GOOD, FAILING))
            changed = {(c["path"], c["where"]) for cause in answer["causes"] for c in cause["predicate"]}
            self.assertIn(("$.shipping.zip", "request.body"), changed)
        self.assertIn("$.shipping.zip", self.command("compare", "--a", a, "--b", b))
        # The same calls on both sides: nothing changed.
        same = urllib.parse.urlencode({"a": a, "b": a}, quote_via=urllib.parse.quote)
        self.assertEqual(self.get(f"/api/v1/compare?{same}")[1]["causes"], [])

    def test_while_calls_stream_the_key_that_broke_each_is_named(self):
        """Comes behind those that count failures, by its name: it makes one more."""
        shown = ""
        for patience_s in (4, 10, 30):  # It opens, and learns what is usual: nothing tells when it has.
            shown += self.streamed(patience_s)
            if "body $.shipping.zip" in shown:
                break
        self.assertIn("body $.shipping.zip", shown)
        self.assertNotIn(SECRET, shown)

    def streamed(self, patience_s: float) -> str:
        """What is shown of a call that fails so long after somebody began to look; nothing where it began too late."""
        customer = f"streamed-{patience_s}"
        tail = [str(self.installation.bin / "farwatch"), "tail", "--limit", "1", "--customer", customer, "--url", self.address]
        with subprocess.Popen(tail, stdout=subprocess.PIPE, text=True) as process:
            time.sleep(patience_s)
            call = order(101, True, 0) | {"id": f"t-{customer}", "customer": customer}
            send(f"{self.installation.receivers}/v1/calls", as_ndjson([call]), content_type="application/x-ndjson")
            try:
                return process.communicate(timeout=30)[0]
            except subprocess.TimeoutExpired:
                process.kill()
                return ""

    def test_of_a_file_of_many_calls_some_are_compared_and_the_answer_says_how_many(self):
        count = 60_000
        file = self.installation.state / "many.ndjson"
        with open(file, "w", encoding="utf-8") as target:
            for number in range(count):
                is_new = number >= count // 10
                body = {"amount": number % 90, "kind": "b"} | ({"zone": "x"} if is_new else {})
                request = {"method": "POST", "url": "https://api.stripe.com/v1/orders", "body": body}
                call = native_call(number, time=at(1000 if is_new else 5000), request=request, partner="stripe",
                                   route="POST /v1/orders", service_version="2.0" if is_new else "1.9")  # fmt: skip
                target.write(json.dumps(call) + "\n")
        sides = ["--a", "service_version=1.9", "--b", "service_version=2.0"]
        answer = json.loads(self.installation.command("farwatch", "compare", "--calls", str(file), *sides, "--json"))
        read = answer["read"]
        self.assertEqual((read["a"]["matching"], read["a"]["read"]), (count // 10, count // 10))
        self.assertEqual(read["b"]["matching"], count - count // 10)
        self.assertTrue(20_000 <= read["b"]["read"] <= read["b"]["read_max"] == 50_000)
        self.assertFalse(read["complete"])
        self.assertIn("$.zone", {c["path"] for cause in answer["causes"] for c in cause["predicate"]})
        screen = self.installation.command("farwatch", "compare", "--calls", str(file), *sides)
        self.assertIn(f"of {count - count // 10} b", screen)

    def test_a_comparison_tells_how_far_it_is(self):
        query = urllib.parse.urlencode({"a": "service_version=1.9", "b": "service_version=2.0"})
        _, headers, body = send(f"{self.address}/api/v1/compare?progress=true&{query}", None, "GET")
        self.assertEqual(headers["content-type"], "text/event-stream")
        names = [line.split(": ")[1] for line in body.decode().splitlines() if line.startswith("event: ")]
        self.assertEqual((names[0], names[-1], names.count("result")), ("progress", "result", 1))

    def test_nobody_without_the_scope_sees_a_value_of_a_body(self):
        for path in ("calls/t-101/explain", "explain?partner=stripe", "compare?a=failed=false%26since=1h&b=status=4xx"):
            _, _, body = send(f"{self.address}/api/v1/{path}", None, "GET")
            self.assertNotIn(SECRET.encode(), body)
            self.assertNotIn(b"Springfield", body)

    def test_wrong_questions_are_told_what_is_wrong_and_what_was_meant(self):
        for path, pointer, words in (
            ("/api/v1/compare?a=customr=acme&b=since=1h", "/query/a", "did you mean `customer`?"),
            ("/api/v1/compare?a=since=1h", "/query/b", None),
            ("/api/v1/compare?a=since=yesterday&b=since=1h", "/query/a", None),
            ("/api/v1/compare?a=since=1h%26since=2h&b=since=1h", "/query/a", None),
            ("/api/v1/compare?a=failed&b=since=1h", "/query/a", None),
            ("/api/v1/explain?partnr=stripe", "/query/partnr", "did you mean `partner`?"),
            ("/api/v1/explain?since=soon", "/query/since", None),
            ("/api/v1/calls/t-101/explain?since=1h", "/query/since", None),
        ):
            with self.subTest(path=path):
                status, problem = self.get(path)
                self.assertEqual((status, problem["errors"][0]["pointer"]), (400, pointer))
                if words:
                    self.assertEqual(problem["hint"], words)

    def test_a_population_of_nobody_has_no_causes(self):
        for path in ("/api/v1/explain?partner=nobody", "/api/v1/explain?since=1h&until=2h"):
            answer = self.get(path)[1]
            self.assertEqual((answer["causes"], answer["population"]["failures"]), ([], 0))


class BadBodies(unittest.TestCase):
    """Bodies that are cut off, huge, deep, of thousands of keys and of endless values: an answer from what is there, in time."""

    KEYS = 3_000
    GOOD = 120

    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().__enter__()
        cls.addClassCleanup(cls.installation.close)
        calls = [cls.call(number, cls.wide(0, number), 200) for number in range(cls.GOOD)]
        calls += [
            cls.call(cls.GOOD + index, body, 400)
            for index, body in enumerate([
                cls.wide(cls.KEYS // 2, 7), '{"key_0": 1, "key_1": {"a": [1, 2', '{"a":' * 400 + "1" + "}" * 400,
                {"rows": [{"id": number, "text": "x"} for number in range(5_000)]}, "<a>" * 50, ["\u0000", None] * 500,
            ])
        ]  # fmt: skip
        for first in range(0, len(calls), 30):
            some = as_ndjson(calls[first:first + 30])
            status, _, answer = send(f"{cls.installation.receivers}/v1/calls", some, content_type="application/x-ndjson")
            assert status == 202, answer
        cls.installation.wait_for(
            lambda: int(cls.installation.sql("SELECT count(*) FROM farwatch.call_rows")[0][0]) == len(calls), 60,
            "all are stored")  # fmt: skip
        cls.failed = len(calls) - cls.GOOD

    @classmethod
    def wide(cls, first: int, value: int) -> dict:
        return {f"key_{number}": value * 7919 + number for number in range(first, first + cls.KEYS)}

    @staticmethod
    def call(number: int, body, status: int) -> dict:
        request = {"method": "POST", "url": "https://api.stripe.com/v1/wide", "body": body}
        request["headers"] = {"content-type": "application/json"}
        response = {"status": status, "body": {"error": {"message": "Invalid request."}}} if status >= 400 else {"status": 200}
        return native_call(number, time=at(200 - number), request=request, response=response, route="POST /v1/wide")

    def test_each_of_them_is_explained(self):
        for index in range(self.failed):
            with self.subTest(index=index):
                began = time.monotonic()
                status, _, body = send(f"{self.installation.api.address}/api/v1/calls/t-{self.GOOD + index}/explain", None, "GET")
                self.assertEqual(status, 200, body[:300])
                answer = json.loads(body)
                # Of the wide one only a part is known, as of all that succeeded: what others have may be there, and nothing is made up.
                self.assertIn(len(answer["ranked"]), range(1, 6) if index > 0 else range(0, 6), answer)
                self.assertTrue(answer["note"].startswith("The answer refused the request."), answer)
                # What a statement may take at most; a loaded machine stays far below it.
                self.assertLess(time.monotonic() - began, 30)

    def explained(self, index: int) -> dict:
        return json.loads(send(f"{self.installation.api.address}/api/v1/calls/t-{self.GOOD + index}/explain", None, "GET")[2])

    def test_of_the_wide_one_it_is_told_how_much_was_looked_at_and_nothing_is_missing(self):
        answer = self.explained(0)
        # Its shape has the first keys alone, as those of the others have: what is not among them may be there, and none is missing.
        self.assertFalse([place for place in answer["ranked"] if place["test"] in ("missing", "renamed")])
        self.assertTrue(answer["values_cut"])
        self.assertIn(f"Only the first {answer['values_read']} values of this request were looked at.", answer["note"])
        screen = self.installation.command("farwatch", "explain", f"t-{self.GOOD}", "--url", self.installation.api.address)
        self.assertIn(answer["note"], screen)

    def test_of_the_whole_one_the_keys_that_all_others_have_are_missing(self):
        ranked = self.explained(3)["ranked"]
        self.assertIn(("request.body", "missing"), {(place["where"], place["test"]) for place in ranked})

    def test_of_the_one_that_is_cut_off_the_body_is_named(self):
        place = self.explained(1)["ranked"][0]
        self.assertEqual((place["path"], place["where"], place["test"]), ("$", "request.body", "type"))

    def test_together_they_are_explained_and_compared(self):
        for path in ("explain?route=POST%20/v1/wide", "compare?a=status=200&b=status=400"):
            status, _, body = send(f"{self.installation.api.address}/api/v1/{path}", None, "GET")
            self.assertEqual(status, 200, body[:300])
            self.assertTrue(json.loads(body)["causes"], path)
        population = json.loads(body)["population"]
        self.assertEqual((population["routes_left_out"], population["values_left_out"]), (0, 0))
        # Two samples side by side, of which thirty places are shown.
        screen = self.installation.command("farwatch", "explain", "--route", "POST /v1/wide", "--url", self.installation.api.address)
        self.assertRegex(screen, r"[1-9]\d+ further places are not shown")


if __name__ == "__main__":
    unittest.main()
