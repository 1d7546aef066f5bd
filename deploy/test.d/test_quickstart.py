"""The parts of the quickstart: what its judge notices, and that the sample really does what the story needs."""

import gzip
import json
import os
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

QUICKSTART = Path(__file__).parents[1] / "quickstart.d"
sys.path.insert(0, str(QUICKSTART))

import truth  # noqa: E402
from comparison import compare, compare_unreported  # noqa: E402
from processes import ProgramFailed, Programs  # noqa: E402
from watch import Watch, is_normal  # noqa: E402

SPAN_KINDS = {2: "server", 3: "client"}


def made(span: str, **changes) -> dict:
    call = {"time": "2026-11-24T10:00:00.000Z", "host": "app-1", "direction": "outbound", "partner": "stripe"}
    call |= {"method": "POST", "url": "http://api.stripe.com/v1/charges", "status": 200, "error": None}
    return call | {"trace_id": "a" * 32, "span_id": span} | changes


def stored(span: str, **changes) -> dict:
    call = {"time": "2026-11-24T10:00:00.100Z", "host": "app-1", "direction": "outbound", "partner": "stripe"}
    call |= {"request": {"method": "POST", "url": "http://api.stripe.com/v1/charges"}, "response": {"status": 200}}
    return call | {"service": "shop", "trace_id": "a" * 32, "span_id": span} | changes


class Comparing(unittest.TestCase):
    def compare(self, ours: list, theirs: list):
        return compare(ours, theirs, expected={"service": "shop"})

    def test_equal_calls_are_exact(self):
        no_answer = {"response": None, "error": "connect_refused"}
        ours = [made("1"), made("2", status=None, error="ProxyError")]
        self.assertTrue(self.compare(ours, [stored("1"), stored("2", **no_answer)]).is_exact)

    def test_nothing_at_all_is_not_exact(self):
        self.assertFalse(self.compare([], []).is_exact)

    def test_a_lost_a_doubled_and_an_invented_call_are_noticed(self):
        self.assertEqual(len(self.compare([made("1"), made("2")], [stored("1")]).missing), 1)
        doubled = self.compare([made("1")], [stored("1"), stored("1")])
        self.assertEqual((doubled.twice, doubled.is_exact), (1, False))
        invented = self.compare([made("1")], [stored("1"), stored("9")])
        self.assertEqual((len(invented.invented), invented.is_exact), (1, False))

    def test_a_difference_in_any_field_is_noticed(self):
        request = {"method": "POST", "url": "http://api.stripe.com/v1/charges"}
        for change in (
            {"direction": "inbound"},
            {"partner": "slack"},
            {"host": "app-2"},
            {"service": "billing"},
            {"response": {"status": 201}},
            {"response": None},
            {"error": "reset"},
            {"request": request | {"method": "GET"}},
            {"request": request | {"url": "http://api.stripe.com/v1/refunds"}},
            {"time": "2026-11-24T10:00:09.000Z"},
        ):
            with self.subTest(change=change):
                result = self.compare([made("1")], [stored("1", **change)])
                self.assertEqual((len(result.different), result.is_exact), (1, False))


class ComparingUnreported(unittest.TestCase):
    def test_calls_without_spans_meet_by_method_url_and_status_each_as_often_as_it_was_made(self):
        self.assertEqual(compare_unreported([made("1"), made("2")], [stored("1"), stored("2")]), ({}, {}))
        failed = stored("3", response={"status": 503})
        lost, invented = compare_unreported([made("1"), made("2")], [stored("1"), failed])
        self.assertEqual(lost, {("POST", "http://api.stripe.com/v1/charges", 200): 1})
        self.assertEqual(invented, {("POST", "http://api.stripe.com/v1/charges", 503): 1})
        self.assertEqual(compare_unreported([made("1")], [stored("1"), stored("1")])[1].total(), 1)


def status(indicator: str = "none", stale: bool = False, **partners: str) -> dict:
    figures = {"hosts_affected": 0, "hosts_calling": 3}
    found = [{"id": name, "name": name, "status": value, **figures} for name, value in partners.items()]
    return {"indicator": indicator, "stale": stale, "partners": found}


class Watching(unittest.TestCase):
    def test_normal_is_fresh_calm_and_all_operational(self):
        good = {"stripe": "operational", "slack": "operational"}
        self.assertTrue(is_normal(status(**good), good))
        self.assertFalse(is_normal(status(stale=True, **good), good))
        self.assertFalse(is_normal(status(indicator="minor", **good), good))
        self.assertFalse(is_normal(status(stripe="operational"), good))
        self.assertFalse(is_normal(status(**good | {"slack": "unknown"}), good))

    def test_a_partner_put_down_for_one_look_is_remembered_until_forgotten(self):
        looks = iter([status(stripe="operational"), status(stripe="degraded_performance"), status(stripe="operational")])
        said = []
        watch = Watch(lambda: next(looks), lambda: None, said.append)
        for _ in range(3):
            watch.look_once()
        self.assertEqual(watch.put_down, {"stripe"})
        self.assertEqual(len(said), 3)  # One line for each change.
        watch.forget()
        self.assertEqual(watch.put_down, set())


class Sink(BaseHTTPRequestHandler):
    """Takes spans in as an agent would."""

    spans: list[dict] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = attributes(resource.resource.attributes)
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                ids = {"span_id": span.span_id.hex(), "kind": SPAN_KINDS.get(span.kind)}
                self.spans.append(about | attributes(span.attributes) | ids)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def attributes(pairs) -> dict:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


class Sample(unittest.TestCase):
    """Shop, way out and stand-in run for real; only the agent is a sink."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        Sink.spans = []
        sink = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        self.addCleanup(sink.server_close)
        self.addCleanup(sink.shutdown)
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        self.sink_port = sink.server_port
        self.programs = Programs(self.folder)
        self.addCleanup(self.programs.stop_all)  # Runs first: a shop wants to send its last spans.

    def start(self, name: str, *arguments: str, **environment: str) -> int:
        command = [sys.executable, "-B", str(QUICKSTART / name), *arguments]
        return self.programs.start_on_port(name, command, dict(os.environ) | environment)

    def start_shop(self, egress: int, *options: str) -> int:
        return self.start(
            "shop.py",
            *("--truth", str(self.folder / "app-1.ndjson"), "--webhook-secret", "s"),
            *("--egress", f"http://127.0.0.1:{egress}"),
            *options,
            OTEL_SERVICE_NAME="shop",
            OTEL_RESOURCE_ATTRIBUTES="host.name=app-1,cloud.region=eu-west-1,service.version=1.4.0",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{self.sink_port}",
            OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
            OTEL_SEMCONV_STABILITY_OPT_IN="http",
            OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST="stripe-signature",
        )

    def ask(self, method: str, port: int, path: str, document: dict | None = None) -> dict:
        body = json.dumps(document).encode() if document is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, method=method)
        return json.load(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60))

    def test_answers_failures_webhooks_and_a_lost_network_arrive_as_the_shop_saw_them(self):
        stripe, slack = self.start("partners.py", "stripe"), 1  # Nobody listens on port 1: that partner is away.
        routes = [f"api.stripe.com=127.0.0.1:{stripe}", f"slack.com=127.0.0.1:{slack}"]
        egress = self.start("egress.py", "--route", routes[0], "--route", routes[1])
        shop = self.start_shop(egress)
        webhook = {"to": [f"http://127.0.0.1:{shop}/webhooks/stripe"], "secret": "s"}
        self.ask("PUT", stripe, "/control", {"webhooks": webhook})

        for _ in range(8):  # The stand-in sends a webhook for every second charge, and its seed is fixed.
            self.ask("POST", shop, "/orders")
        self.ask("PUT", stripe, "/control", {"failing_ratio": 1})
        self.assertEqual(self.ask("POST", shop, "/orders"), {"paid": False})
        self.programs.stop("egress.py")
        self.assertEqual(self.ask("POST", shop, "/orders"), {"paid": False})
        self.ask("GET", shop, "/products")
        time.sleep(0.3)  # The last webhook is on its way.
        self.programs.stop("shop.py")  # Sends what it still holds.

        calls = truth.read(self.folder)
        seen = [(call["direction"], call["partner"], call["status"], call["error"]) for call in calls]
        self.assertEqual(seen.count(("outbound", "stripe", 503, None)), 1)
        self.assertGreaterEqual(seen.count(("outbound", "stripe", 200, None)), 5)
        self.assertEqual(seen.count(("outbound", "slack", 502, None)), 9)
        # A webhook may come late; the orders are one after the other.
        outbound = [call for call in seen if call[0] == "outbound"]
        self.assertEqual(outbound[-2:], [("outbound", partner, None, "ProxyError") for partner in ("stripe", "slack")])
        self.assertGreaterEqual(seen.count(("inbound", "stripe", 200, None)), 1)

        spans = {span["span_id"]: span for span in Sink.spans}
        for call in calls:
            span = spans[call["span_id"]]
            self.assertEqual(span.get("http.response.status_code"), call["status"])
            self.assertEqual((span["host.name"], span["service.name"]), ("app-1", "shop"))
            if call["direction"] == "outbound":
                self.assertEqual((span["kind"], span["url.full"]), ("client", call["url"]))
                error = call["error"] or (str(call["status"]) if call["status"] >= 400 else None)
                self.assertEqual(span.get("error.type"), error)
            else:
                self.assertEqual((span["kind"], span["url.path"]), ("server", "/webhooks/stripe"))
                self.assertIn("http.request.header.stripe_signature", span)
        self.assertIn("/products", [span.get("url.path") for span in Sink.spans])

    def test_a_shop_without_an_sdk_writes_down_its_calls_and_reports_none(self):
        stripe = self.start("partners.py", "stripe")
        egress = self.start("egress.py", "--route", f"api.stripe.com=127.0.0.1:{stripe}")
        shop = self.start_shop(egress, "--without-sdk", "this-machine")
        self.assertEqual(self.ask("POST", shop, "/orders"), {"paid": True})
        self.programs.stop("shop.py")
        charge = truth.read(self.folder)[0]
        self.assertEqual((charge["host"], charge["partner"], charge["status"]), ("this-machine", "stripe", 200))
        self.assertEqual(charge["span_id"], "0" * 16)
        self.assertEqual(Sink.spans, [])

    def test_a_webhook_with_a_wrong_signature_is_refused(self):
        shop = self.start_shop(egress=1)
        with self.assertRaises(urllib.error.HTTPError) as refusal:
            self.ask("POST", shop, "/webhooks/stripe", {})
        self.assertEqual(refusal.exception.code, 400)
        refusal.exception.close()

    def test_a_program_that_ends_by_itself_is_noticed_with_its_last_words(self):
        command = [sys.executable, "-c", "import sys; print(4711, flush=True); sys.exit('out of luck')"]
        self.assertEqual(self.programs.start_on_port("brief", command, dict(os.environ)), 4711)
        self.programs.running["brief"].wait(60)
        with self.assertRaisesRegex(ProgramFailed, "ended with code 1\n.*out of luck"):
            self.programs.check()
        with self.assertRaisesRegex(ProgramFailed, "mute did not start"):
            self.programs.start_on_port("mute", [sys.executable, "-c", ""], dict(os.environ))


if __name__ == "__main__":
    unittest.main()
