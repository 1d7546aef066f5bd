"""Questions about stored calls get the right answers: search, streams, traces, history, volume, evidence; and who may ask."""

import datetime
import gzip
import hashlib
import http.client
import json
import subprocess
import time
import unittest
import urllib.parse

from installation import Installation, as_ndjson, native_call, send

TRACE = "0af7651916cd43dd8448eb211c80319c"
# Webhooks of our own make: these two of their headers tell what we send and to which subscription.
SENDS = """
sent_webhooks:
  - headers: [x-shop-signature]
    event_type: x-shop-event
    delivery_id: x-shop-delivery
    subscription: x-shop-subscription
    retry: x-shop-retry
"""


class Queries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation(agent_extra=SENDS).__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        body = {"shipping": {"zip": "94107"}, "items": [{"sku": "A-1"}, {"sku": "B-2"}]}
        calls = [native_call(number, customer=f"c{number % 3}", host=f"app-{number % 2}") for number in range(200)]
        for number in range(200, 220):
            request = {"method": "POST", "url": "https://api.stripe.com/v1/orders", "body": body}
            request["headers"] = {"content-type": "application/json", "idempotency-key": f"k{number}"}
            response = {"status": 503, "headers": {"retry-after": "30"}, "body": {"error": {"code": "busy"}}}
            calls.append(native_call(number, request=request, response=response, customer="acme"))
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        hook = {"method": "POST", "url": "https://hooks.example.com/stripe"}
        hook["headers"] = {"stripe-signature": "t=1,v1=abc", "content-type": "application/json"}
        calls += [
            native_call(300, time=f"{now}.000Z", direction="inbound", partner="stripe", request=hook, duration_ms=500,
                        trace_id=TRACE, span_id="00000000000000a1", host="app-1",
                        webhook={"event_type": "charge.failed", "delivery_id": "evt_1", "attempt": 2}),
            native_call(301, time=f"{now}.100Z", trace_id=TRACE, span_id="00000000000000a3",
                        parent_span_id="00000000000000a2", host="app-1"),
        ]  # fmt: skip
        cls.sent = len(calls)
        status, _, answer = send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls),
                                 content_type="application/x-ndjson")  # fmt: skip
        assert status == 202, answer
        cls.installation.wait_for(
            lambda: cls.total("/api/v1/calls?limit=1000") == cls.sent, 30, "the calls are stored"
        )
        cls.tokens = {
            scope: cls.installation.command(
                "farwatch-aggregator", "token", "create", "--scope", scope, "--name", scope
            ).split()[-1]
            for scope in ("read", "operate", "admin", "ingest")
        }
        cls.installation.await_token(cls.tokens["ingest"])

    @classmethod
    def get(cls, path: str, token: str | None = None, method: str = "GET", body=None, **headers):
        if token:
            headers["authorization"] = f"Bearer {cls.tokens[token]}"
        if body is not None:
            headers.setdefault("content_type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, headers, answer = send(cls.address + path, body, method, **headers)
        is_json = headers.get("content-type", "").endswith("json")
        return status, headers, json.loads(answer) if is_json and answer else answer

    @classmethod
    def total(cls, path: str) -> int:
        return len(cls.get(path)[2]["data"])

    def test_a_search_looks_into_headers_and_the_shape_of_bodies(self):
        for query, count in (
            ("header=retry-after", 20),
            ("header=retry-after:%2030", 20),
            ("header=retry-after:%2031", 0),
            ("header=idempotency-key&partner=stripe", 20),
            ("json=$.shipping.zip", 20),
            ("json=$.items[].sku", 20),
            ("json=$.items[1].sku=string/3/word", 20),
            ("json=$.items[2].sku", 0),
            ("json=$.error.code", 20),
            ("text=shipping", 20),
            ("text=94107", 0),
            ("id=t-205", 1),
            ("id=nobody", 0),
            ("status=5xx&customer=acme", 20),
            ("delivery_id=evt_1", 1),
            ("event_type=charge.failed&direction=inbound", 1),
            ("slower_than_ms=400", 1),
            ("method=PUT", 0),
            ("source=packets", 0),
        ):
            with self.subTest(query=query):
                self.assertEqual(self.total(f"/api/v1/calls?limit=1000&{query}"), count)

    def test_pages_join_without_gap_or_repetition(self):
        for query in ("limit=37", "limit=7&header=retry-after"):
            ids, cursor = [], ""
            while cursor is not None:
                page = self.get(f"/api/v1/calls?{query}" + (f"&cursor={cursor}" if cursor else ""))[2]
                ids += [call["id"] for call in page["data"]]
                cursor = page["next_cursor"]
            self.assertEqual(len(ids), len(set(ids)))
            if "header" in query:
                self.assertEqual(len(ids), 20)
            else:  # Other tests may have sent more.
                self.assertGreaterEqual(set(ids), {f"t-{number}" for number in (*range(220), 300, 301)})

    def test_one_call_can_be_taken_elsewhere(self):
        status, headers, command = self.get("/api/v1/calls/t-205?format=curl")
        self.assertEqual((status, headers["content-type"]), (200, "text/plain; charset=utf-8"))
        self.assertIn("--request 'POST'", command.decode())
        self.assertEqual(subprocess.run(["bash", "-n"], input=command, check=False).returncode, 0)
        har = self.get("/api/v1/calls/t-205?format=har")[2]
        self.assertEqual(har["log"]["entries"][0]["response"]["status"], 503)

    def test_a_trace_is_a_chain_with_its_gaps_named(self):
        trace = self.get(f"/api/v1/traces/{TRACE}")[2]
        links = [(node["call"]["id"], node["parent"], node["linked_by"]) for node in trace["calls"]]
        self.assertEqual(links, [("t-300", None, None), ("t-301", "t-300", "time")])
        self.assertEqual(self.get("/api/v1/traces/" + "1" * 32)[0], 404)
        by_delivery = self.get("/api/v1/traces/evt_1")[2]
        self.assertEqual([node["call"]["id"] for node in by_delivery["calls"]], ["t-300", "t-301"])
        self.assertIn("attempt 1 of delivery evt_1 is not stored", [gap["detail"] for gap in by_delivery["gaps"]])
        by_key = self.get("/api/v1/traces/k201")[2]
        self.assertEqual([node["call"]["id"] for node in by_key["calls"]], ["t-201"])
        screen = self.installation.command("farwatch", "trace", TRACE, "--url", self.address)
        self.assertIn("← stripe", screen)

    def test_a_webhook_we_send_is_told_by_subscription_and_recipient(self):
        ours = {"x-shop-signature": "v1=ab", "x-shop-event": "order.paid", "x-shop-delivery": "del_7", "x-shop-subscription": "sub_9"}
        standard = {"webhook-id": "msg_1", "webhook-signature": "v1,ab", "webhook-timestamp": "1"}
        sent = [
            ("hooks.one.example", ours | {"x-shop-retry": "1"}, 503),
            ("hooks.two.example:8443", standard, 200),
        ]
        ids = [
            self.send_call(request={"method": "POST", "url": f"https://{host}/in/{number}", "headers": headers}, response={"status": status})
            for number, (host, headers, status) in enumerate(sent)
        ]
        query = "/api/v1/calls?partner=sent-webhooks"
        self.installation.wait_for(lambda: self.total(query) == 2, 20, "both are stored")
        calls = {call["id"]: call for call in self.get(query)[2]["data"]}
        first, second = (calls[each] for each in ids)
        told = {"event_type": "order.paid", "delivery_id": "del_7", "attempt": 2, "subscription": "sub_9", "recipient": "hooks.one.example"}
        self.assertEqual((first["webhook"], first["outcome"], first["route"]), (told, "server_error", "POST {recipient}"))
        self.assertEqual(second["webhook"], {"delivery_id": "msg_1", "recipient": "hooks.two.example:8443"})
        self.assertEqual(self.total("/api/v1/calls?delivery_id=del_7"), 1)
        names = [row["name"] for row in self.get("/api/v1/volume?by=partner")[2]["data"]]
        self.assertFalse([name for name in names if "one.example" in name or "two.example" in name], "recipients are no partners")

    def test_volume_and_impact_add_up(self):
        def volume(by, **query):
            query = "".join(f"&{name}={value}" for name, value in query.items())
            return self.get(f"/api/v1/volume?by={by}{query}")[2]["data"]

        def total(by):
            return sum(row["calls"] for row in volume(by))

        # Other tests may have sent more: every grouping must still say the same.
        self.installation.wait_for(lambda: total("partner") >= self.sent, 60, "counts are folded")
        self.installation.wait_for(
            lambda: len({total(by) for by in ("partner", "route", "host", "region", "time")}) == 1, 60, "sums are equal"
        )
        self.assertEqual({row["name"]: row["calls"] for row in volume("customer")}["acme"], 20)
        self.installation.wait_for(
            lambda: len({
                row[0]
                for table in ("minute_counts", "hour_counts")
                for dimension in (0, 4)
                for row in self.installation.sql(f"SELECT sum(calls) FROM farwatch.{table} WHERE dimension = {dimension}")
            }) == 1, 30, "minutes and hours say the same",
        )  # fmt: skip
        impact = self.get("/api/v1/impact?partner=stripe&since=1h")[2]
        hit = {row["name"]: row["calls_failed"] for row in impact["customers"]}
        self.assertEqual((hit["acme"], impact["customers_affected"]), (20, len(hit)))

    def test_a_partner_has_a_history(self):
        def history():
            status, _, answer = self.get("/api/v1/partners/stripe/history")
            return answer if status == 200 and answer["periods"][0]["calls"] else None

        found = self.installation.wait_for(history, 90, "the history is read")
        self.assertEqual([period["period"] for period in found["periods"]], ["24h", "7d", "30d", "90d"])
        self.assertEqual((len(found["days"]), len(found["quarter_hours"])), (90, 96))
        self.assertIn("30d", self.installation.command("farwatch", "partners", "stripe", "--history", "--url",
                                                       self.address))  # fmt: skip

    def test_the_same_answer_is_not_sent_twice(self):
        for path in ("/openapi.json", "/api/v1/calls/t-7", "/dashboard.css"):
            status, headers, _ = self.get(path)
            self.assertEqual(status, 200, path)
            self.assertEqual(self.get(path, if_none_match=headers["etag"])[0], 304, path)
            self.assertEqual(self.get(path, if_none_match='"another"')[0], 200, path)
        tag = self.get("/api/v1/calls/t-7")[1]["etag"]
        self.assertEqual(self.get("/api/v1/calls/t-7", if_none_match=f'"x", W/{tag}')[0], 304)

    def test_other_origins_may_read_the_status_and_nothing_else(self):
        ask = {"origin": "https://a.example", "access_control_request_method": "GET"}
        status, headers, _ = self.get("/api/v1/status", method="OPTIONS", **ask)
        self.assertEqual((status, headers["access-control-allow-origin"]), (204, "*"))
        status, headers, _ = self.get("/api/v1/calls", method="OPTIONS", **ask)
        self.assertEqual((status, "access-control-allow-origin" in headers), (405, False))
        for path, allowed in (("/api/v1/status", "*"), ("/api/v1/calls", None)):
            status, headers, _ = self.get(path, origin="https://a.example")
            self.assertEqual((status, headers.get("access-control-allow-origin")), (200, allowed), path)

    def test_scopes_are_kept_and_told(self):
        for token, path, method, expected in (
            ("ingest", "/api/v1/calls", "GET", 403),
            ("read", "/api/v1/calls", "GET", 200),
            ("operate", "/api/v1/calls", "GET", 200),
            ("read", "/api/v1/audit", "GET", 403),
            (None, "/api/v1/audit", "GET", 401),
            ("admin", "/api/v1/audit", "GET", 200),
            (None, "/api/v1/evidence", "POST", 401),
            ("read", "/api/v1/evidence", "POST", 403),
        ):
            with self.subTest(token=token, path=path):
                body = {"title": "x", "partner": "stripe"} if method == "POST" else None
                status, _, answer = self.get(path, token, method, body)
                self.assertEqual(status, expected)
                if status == 403:
                    self.assertIn("token create --scope", answer["hint"])

    def test_evidence_is_made_kept_shown_and_removed_and_all_that_is_written_down(self):
        status, headers, made = self.get(
            "/api/v1/evidence", "operate", "POST", {"title": "What <you> sent us", "delivery_id": "evt_1"}
        )
        self.assertEqual((status, made["calls"]), (201, 1))
        har = self.get(headers["location"])[2]
        self.assertEqual(har["log"]["entries"][0]["_webhook"]["delivery_id"], "evt_1")
        page = self.get(headers["location"] + "?format=html")[2].decode()
        self.assertIn("What &lt;you&gt; sent us", page)
        self.assertIn("attempt 2", page)
        self.assertEqual(self.get(headers["location"], "operate", "DELETE")[0], 204)
        self.assertEqual(self.get(headers["location"])[0], 404)
        def written() -> list[dict] | None:
            log = [e for e in self.get("/api/v1/audit", "admin")[2]["data"] if "evidence" in e["what"]][:2]
            # The audit is written behind the answer.
            return log if log and log[0]["what"] == "removed evidence" else None

        log = self.installation.wait_for(written, 20, "the audit has both")
        self.assertEqual([(entry["who"], entry["what"]) for entry in log],
                         [("operate", "removed evidence"), ("operate", "made evidence")])  # fmt: skip

    def test_the_hash_of_a_call_in_evidence_is_of_its_request_and_answer_as_they_stand_there(self):
        made = self.get("/api/v1/evidence", "operate", "POST", {"title": "x", "delivery_id": "evt_1"})[2]
        self.assertIs(made["complete"], True)
        answer = send(f"{self.address}/api/v1/evidence/{made['id']}", None, "GET")[2]
        self.assertEqual(hashlib.sha256(answer).hexdigest(), made["sha256"])
        text = answer.decode()

        def member(name: str) -> str:
            start = text.index(f'"{name}":', text.index('"entries":')) + len(name) + 3
            return text[start : json.JSONDecoder().raw_decode(text, start)[1]]

        entry = json.loads(text)["log"]["entries"][0]
        self.assertEqual((json.loads(member("request")), json.loads(member("response"))),
                         (entry["request"], entry["response"]))  # fmt: skip
        digest = hashlib.sha256((member("request") + member("response")).encode()).hexdigest()
        self.assertEqual(entry["_sha256"], digest)

    def test_evidence_of_a_time_has_the_calls_of_that_time_alone(self):
        def at(text: str) -> datetime.datetime:
            return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))

        times = [call["time"] for call in self.get("/api/v1/calls?limit=1000&partner=stripe")[2]["data"]]
        last = max(times, key=at)
        for fields, expected in (
            ({}, len(times)),
            ({"since": last}, sum(at(each) >= at(last) for each in times)),
            ({"until": last}, sum(at(each) < at(last) for each in times)),
        ):
            with self.subTest(fields=fields):
                body = {"title": "x", "partner": "stripe"} | fields
                made = self.get("/api/v1/evidence", "operate", "POST", body)[2]
                self.assertEqual((made["calls"], made["complete"]), (expected, True))
                self.assertGreater(expected, 0)
        body = {"title": "x", "partner": "stripe", "until": "2020-01-01T00:00:00Z", "since": "2019-12-31T00:00:00Z"}
        self.assertEqual(self.get("/api/v1/evidence", "operate", "POST", body)[0], 404)

    def test_links_for_outsiders_are_off_until_they_are_allowed(self):
        made = self.get("/api/v1/evidence", "operate", "POST", {"title": "x", "delivery_id": "evt_1"})[2]
        self.assertEqual(len(made["sha256"]), 64)
        har = self.get(f"/api/v1/evidence/{made['id']}")[2]
        self.assertEqual(len(har["log"]["entries"][0]["_sha256"]), 64)
        body = {"evidence": made["id"], "recipient": "x", "preview": made["sha256"]}
        status, _, answer = self.get("/api/v1/shares", "operate", "POST", body)
        self.assertEqual((status, "api.shares" in answer["hint"]), (403, True))
        self.assertEqual(self.get("/shared/fwshare_" + "0" * 64)[0], 404)

    def test_a_path_that_is_not_there_is_told_with_what_was_meant(self):
        status, _, answer = self.get("/api/v1/partner")
        self.assertEqual((status, answer["hint"]), (404, "did you mean `/api/v1/partners`?"))

    def test_bad_bodies_are_told_where_they_are_bad(self):
        def post(body, **headers):
            return self.get("/api/v1/evidence", "operate", "POST", body, **headers)

        status, _, answer = post({"titel": "x", "trace_id": "zz"})
        self.assertEqual(status, 400)
        self.assertEqual({error["pointer"] for error in answer["errors"]},
                         {"/body/titel", "/body/trace_id", "/body/title"})  # fmt: skip
        self.assertEqual(answer["hint"], "did you mean `title`?")
        self.assertEqual(post({"title": "everything"})[0], 400)
        self.assertEqual(post({"title": "x", "partner": "nobody"})[0], 404)
        self.assertEqual(post(b"{}", content_type="text/plain")[0], 415)
        self.assertEqual(post(b'{"title":"' + b"x" * 1_100_000 + b'"}')[0], 413)
        self.assertEqual(post(b"\xff\xfe")[0], 400)

    # MARK: Streams

    def open_stream(self, query: str = "", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.ports.api, timeout=120)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/calls/stream" + query, headers=headers)
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.getheader("content-type")), (200, "text/event-stream"))
        return events(answer)

    def send_call(self, **changes):
        call = native_call(int(time.time_ns()), **changes)
        send(f"{self.installation.receivers}/v1/calls", as_ndjson([call]), content_type="application/x-ndjson")
        return call["id"]

    def test_a_stream_shows_what_arrives_and_goes_on_where_it_was(self):
        stream = self.open_stream("?customer=live&status=2xx")
        self.assertEqual(next(stream)["event"], "open")
        time.sleep(1)
        self.send_call(customer="other")
        self.send_call(customer="live", response={"status": 500})
        first = self.send_call(customer="live")
        event = next(stream)
        self.assertEqual((event["event"], json.loads(event["data"])["id"]), ("call", first))
        second = self.send_call(customer="live")
        self.assertEqual(json.loads(next(stream)["data"])["id"], second)
        again = self.open_stream("?customer=live&status=2xx", **{"Last-Event-ID": event["id"]})
        self.assertEqual(next(again)["event"], "open")
        self.assertEqual(json.loads(next(again)["data"])["id"], second)
        inside = self.open_stream("?customer=live&json=$.shipping.zip&header=x-kind")
        self.assertEqual(next(inside)["event"], "open")
        third = self.send_call(customer="live")
        self.assertEqual([json.loads(next(s)["data"])["id"] for s in (stream, again)], [third, third])
        request = {"method": "POST", "url": "https://api.stripe.com/v1/charges/ch_1", "body": {"shipping": {"zip": "1"}}}
        request["headers"] = {"content-type": "application/json", "x-kind": "odd"}
        fourth = self.send_call(customer="live", request=request)
        self.assertEqual(json.loads(next(inside)["data"])["id"], fourth)

    def test_under_load_a_stream_is_sampled_and_says_so(self):
        stream = self.open_stream("?customer=busy")
        next(stream)
        calls = [native_call(10**6 + number, customer="busy") for number in range(1_500)]
        send(f"{self.installation.receivers}/v1/calls", gzip.compress(as_ndjson(calls)),
             content_type="application/x-ndjson", content_encoding="gzip")  # fmt: skip
        shown = 0
        for event in stream:
            if event["event"] == "sampling":
                break
            shown += 1
        told = json.loads(event["data"])
        self.assertLess(told["ratio"], 1)
        self.assertEqual(told["sent"], shown)

    def test_tail_prints_calls_as_they_arrive(self):
        command = [str(self.installation.bin / "farwatch"), "tail", "--json", "--limit", "1", "--customer", "tailed"]
        tail = subprocess.Popen([*command, "--url", self.address], stdout=subprocess.PIPE, text=True)
        sent = []

        def is_over() -> bool:
            time.sleep(1)  # Nothing tells when it has opened its stream.
            sent.append(self.send_call(customer="tailed"))
            return tail.poll() is not None

        self.addCleanup(tail.kill)
        self.installation.wait_for(is_over, 30, "a call is printed")
        output, _ = tail.communicate(timeout=30)
        self.assertEqual((tail.returncode, json.loads(output)["id"] in sent), (0, True), output)

    # MARK: Commands

    def test_the_commands_say_what_is_wrong_by_their_exit_code(self):
        farwatch = str(self.installation.bin / "farwatch")
        for arguments, code in (
            (["status", "--url", self.address], 0),
            (["incidents", "--url", self.address], 0),
            (["hosts", "--json", "--url", self.address], 0),
            (["search", "--partner", "stripe", "--header", "retry-after", "--url", self.address], 0),
            (["search", "--status", "9", "--url", self.address], 1),
            (["trace", "1" * 32, "--url", self.address], 1),
            (["status", "--url", "http://127.0.0.1:1"], 1),
            (["status", "--url", "nowhere"], 78),
            (["search", "--limit", "0"], 64),
            (["stattus"], 64),
            (["--generate-completion-script", "bash"], 0),
        ):
            with self.subTest(arguments=arguments):
                done = subprocess.run([farwatch, *arguments], capture_output=True, text=True, timeout=180, check=False)
                self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                self.assertNotIn("\x1b", done.stdout)

    def test_the_doctor_has_a_remedy_for_everything_that_is_not_well(self):
        findings = self.installation.command("farwatch-aggregator", "doctor").splitlines()
        marks = [line for line in findings if not line.startswith("    → ")]
        self.assertTrue(all(line[0] in "✓!✗" for line in marks), findings)
        self.assertFalse([line for line in marks if line.startswith("✗")], findings)
        for index, line in enumerate(findings):
            if line.startswith("!"):
                self.assertTrue(findings[index + 1].startswith("    → "), line)


class SearchedFields(unittest.TestCase):
    """Every field that a call is found by, among calls of many hosts, services, versions, regions and environments."""

    FAILURES = ("reset", "response_timeout", "dns_failure")
    COUNT = 60

    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.calls = [cls.call(number) for number in range(cls.COUNT)]
        status, _, answer = send(f"{cls.installation.receivers}/v1/calls", as_ndjson(cls.calls),
                                 content_type="application/x-ndjson")  # fmt: skip
        assert status == 202, answer
        cls.installation.wait_for(lambda: len(cls.found("")) == cls.COUNT, 60, "the calls are stored")

    @classmethod
    def call(cls, number: int) -> dict:
        """Of thirty origins, by what they are: each has two of the calls."""
        fields = {
            "host": f"host-{number % 30}", "service": f"service-{number % 10}", "service_version": f"{number % 5}.0",
            "region": f"region-{number % 3}", "environment": ("live", "test")[number % 2],
            "customer": f"customer-{number % 15}", "partner": "stripe", "route": f"POST /v1/fields/{number % 4}",
            "trace_id": f"{1 + number // 3:032x}",
        }  # fmt: skip
        call = native_call(number, **fields)
        if number % 10 == 9:
            del call["response"]
            call["error"] = cls.FAILURES[number // 10 % 3]
        return call

    @classmethod
    def found(cls, query: str) -> list[str]:
        _, _, body = send(f"{cls.installation.api.address}/api/v1/calls?limit=1000&{query}", None, "GET")
        return sorted(call["id"] for call in json.loads(body)["data"])

    def assert_found(self, **fields):
        expected = sorted(c["id"] for c in self.calls if all(c.get(name) == value for name, value in fields.items()))
        query = {{"error": "failure"}.get(name, name): value for name, value in fields.items()}
        with self.subTest(fields=fields):
            found = self.found(urllib.parse.urlencode(query, quote_via=urllib.parse.quote))
            self.assertEqual(found, expected)
        return len(expected)

    def test_each_value_of_each_field_finds_its_calls_and_no_others(self):
        for name in ("host", "service", "service_version", "region", "environment", "customer", "partner", "route",
                     "trace_id", "error"):  # fmt: skip
            values = {call[name] for call in self.calls if name in call}
            self.assertEqual(sum(self.assert_found(**{name: value}) for value in values),
                             sum(name in call for call in self.calls))  # fmt: skip

    def test_a_value_that_no_call_has_finds_none(self):
        for name in ("host", "service", "service_version", "region", "environment", "customer", "partner", "route"):
            self.assertEqual(self.assert_found(**{name: "nobody"}), 0)
        self.assertEqual(self.assert_found(trace_id="f" * 32), 0)
        self.assertEqual(self.assert_found(error="tls_failure"), 0)

    def test_fields_hold_together(self):
        self.assertEqual(self.assert_found(service="service-3", region="region-0"), 2)
        self.assertEqual(self.assert_found(environment="live", service_version="2.0", customer="customer-7"), 2)
        self.assertEqual(self.assert_found(environment="test", error="reset"), 2)
        self.assertEqual(self.assert_found(host="host-3", environment="live"), 0)
        self.assertEqual(self.assert_found(route="POST /v1/fields/1", region="region-1", environment="test"), 5)


def events(answer):
    """Server-sent events as they come; comments are passed over."""
    event = {}
    while line := answer.readline().decode():
        line = line.rstrip("\n")
        if not line and event:
            yield event
            event = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value


if __name__ == "__main__":
    unittest.main()
