"""Real clients, unchanged but for the address, against a real agent: what they did is compared with what it would send."""

import json
import os
import re
import subprocess
import sys
import time
import unittest
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from agent import Agent  # noqa: E402
from recorder import Recorder  # noqa: E402
from standin import StandIn  # noqa: E402

# The stand-in is a partner, with its bodies in full, so that they can be compared.
PARTNERS = """\
partners:
  standin:
    hosts: ["127.0.0.1:{port}"]
listed_routes:
  - {{path: "/orders/{{status}}", partner: our-customers}}
redaction:
  partners:
    standin: {{mode: full, approved_by: the tests, until: 2099-01-01}}
    our-customers: {{mode: full, approved_by: the tests, until: 2099-01-01}}
customer:
  - {{attribute: company_id}}
  - {{attribute: tenant.id}}
"""


def run_client(name: str, *arguments: str, **environment: str):
    command = [sys.executable, "-B", str(Path(__file__).parent / name), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=240, env={"PATH": os.environ["PATH"], **environment}
    )
    if done.returncode != 0:
        raise AssertionError(f"{name} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def lower(headers: dict) -> dict:
    return {name.lower(): value for name, value in headers.items()}


def between(start: str, end: str) -> int:
    """Milliseconds."""
    start, end = datetime.fromisoformat(start), datetime.fromisoformat(end)
    return (end - start) // timedelta(milliseconds=1)


class Clients(unittest.TestCase):
    maxDiff = None

    def both(self):
        stand_in = self.enterContext(StandIn())
        agent = self.enterContext(Agent(PARTNERS.format(port=stand_in.port)))
        return stand_in, agent

    def test_moesifapi_field_by_field(self):
        stand_in, agent = self.both()
        told = run_client("client_moesifapi.py", agent.url, stand_in.url)
        calls = sorted(agent.spooled(5), key=lambda call: call["weight"])
        self.assertEqual(len(calls), 5, "each once, though four were sent twice")
        # In this order they were made, one after the other: what the stand-in saw is what has to be told.
        self.assertEqual([len(stand_in.requests), len(told["events"])], [5, 5])
        routes = ["POST /v1/charges/{id}", "PUT /v1/charges/{id}", "POST /status/{id}", "GET /drop", "DELETE /status/{id}"]
        outcomes = ["success", "success", "server_error", "no_answer", "success"]
        for number, (one, event, call) in enumerate(zip(stand_in.requests, told["events"], calls)):
            headers = {name: value for name, value in one["headers"].items() if name != "host"}  # Added below requests.
            wanted = {
                "id": event["transaction_id"], "time": event["request"]["time"] + "Z", "direction": "outbound", "partner": "standin",
                "route": routes[number], "host": "app-1", "customer": one["headers"]["x-company"],
                "request": {"method": one["method"], "url": stand_in.url + one["path"], "headers": headers},
                "outcome": outcomes[number], "weight": number + 1, "source": "moesif",
            }  # fmt: skip
            if one["body"]:
                wanted["request"]["body"] = json.loads(one["body"])
            end = call["time"]
            if one["path"] == "/drop":
                wanted["error"] = "other"
            else:
                status = int(one["path"].split("/")[2].split("?")[0]) if "/status/" in one["path"] else 200
                wanted["response"] = {"status": status, "headers": one["answer_headers"], "body": {"id": "ch_1", "status": status}}
                end = event["response"]["time"] + "Z"
                wanted["duration_ms"] = between(call["time"], end)
                self.assertLessEqual(one["at"], datetime.fromisoformat(end).timestamp() + 0.002)
            self.assertEqual(call, wanted)
            self.assertLessEqual(datetime.fromisoformat(call["time"]).timestamp() - 0.002, one["at"])
        # What the SDK asked for beside: it samples everything, blocks nothing, and knows its copy again.
        self.assertEqual(told["config"]["sample_rate"], 100)
        self.assertEqual(told["rules"], [])
        self.assertTrue(told["config_etag"])
        self.assertEqual(told["etags"], [told["config_etag"]] * 2)
        # Of people nothing is kept.
        self.assertNotIn("ann@", json.dumps(calls))
        self.assertNotIn("nobody's business", json.dumps(calls))

    def compare_application(self, client: str):
        stand_in, agent = self.both()
        told = run_client(client, agent.url, stand_in.url)
        hooks = [one for one in told["inbound"] if "/hooks/" in one["url"]]
        orders = [one for one in told["inbound"] if "/orders/" in one["url"]]
        calls = agent.spooled(len(hooks) + 2 * len(orders))
        inbound = {call["request"]["url"]: call for call in calls if call["direction"] == "inbound"}
        outbound = [call for call in calls if call["direction"] == "outbound"]
        events = {event["id"]: event for event in told["events"]}
        for one in hooks + orders:
            call = inbound.pop(one["url"])
            self.assertEqual(call, self.taken(one, events[call["id"]], told["added_below"]))
        self.assertEqual(inbound, {})
        # The partner's calls: exactly what the stand-in was asked and answered.
        asked = {stand_in.url + one["path"]: one for one in stand_in.requests}
        self.assertEqual(sorted(call["request"]["url"] for call in outbound), sorted(asked))
        for call in outbound:
            one, event = asked[call["request"]["url"]], events[call["id"]]
            self.assertEqual(call, self.made(one, event, call["request"]["url"]))
            # The SDK's times are those of the call: it was underway when the partner was asked.
            start = datetime.fromisoformat(call["time"]).timestamp()
            self.assertTrue(start - 0.002 <= one["at"] <= start + call["duration_ms"] / 1_000 + 0.002, (call["time"], one["at"]))
        # A user's own page concerns no partner: it does not leave the host.
        self.assertNotIn("/account/", json.dumps(calls))
        status = json.loads(agent.command("status", "--json").stdout)
        self.assertGreaterEqual(status["calls"]["not_ours"]["unlisted_route"], 1)
        self.assertIn("standin", [partner["id"] for partner in status["partners"]])

    @staticmethod
    def seen_by(event: dict, direction: str) -> dict:
        """What the agent and the SDK add to a call that was seen."""
        start, end = event["times"]
        return {
            "id": event["id"], "time": start, "duration_ms": between(start, end), "direction": direction, "host": "app-1",
            "weight": 1, "source": "moesif",
        }  # fmt: skip

    def taken(self, one: dict, event: dict, added_below: list[str]) -> dict:
        """An inbound call as it has to be: of customers in full, of a partner of the catalogue as its shape."""
        # The SDK's own mark of the call, which it writes into both messages.
        mark = {"x-moesif-transaction-id": one["answer_headers"]["x-moesif-transaction-id"]}
        answered = {name: value for name, value in one["answer_headers"].items() if name not in added_below}
        request = {"method": "POST", "url": one["url"], "headers": one["headers"] | mark, "body": one["body"]}
        response = {"status": one["status"], "headers": answered, "body": json.loads(one["answer"])}
        call = self.seen_by(event, "inbound") | {"outcome": "success", "peer_address": "127.0.0.1"}
        if "/orders/" in one["url"]:
            call |= {"partner": "our-customers", "route": "POST /orders/{status}", "customer": one["headers"]["x-company"]}
            return call | {"request": request, "response": response}
        masked = {"stripe-signature": "{secret}", "x-moesif-transaction-id": "{value}", "x-answered-by": "{value}"}
        for message in (request, response):
            message["headers"] |= {name: mask for name, mask in masked.items() if name in message["headers"]}
        request |= {"body": {"type": "string/13/word"}, "body_form": "shape"}
        response |= {"body": {"received": "bool"}, "body_form": "shape"}
        return call | {"partner": "stripe", "route": "POST /hooks/stripe", "request": request, "response": response}

    def made(self, one: dict, event: dict, url: str) -> dict:
        # HTTP's own `host` is added below the place where the SDK looks.
        headers = {name: value for name, value in one["headers"].items() if name != "host"}
        status = int(url.rsplit("/", 1)[1])
        return self.seen_by(event, "outbound") | {
            "partner": "standin", "route": "POST /status/{id}", "customer": "acme",
            "request": {"method": one["method"], "url": url, "headers": headers, "body": json.loads(one["body"])},
            "response": {"status": status, "headers": one["answer_headers"], "body": {"id": "ch_1", "status": status}},
            "outcome": "success" if status < 400 else "server_error",
        }  # fmt: skip

    def test_moesifwsgi_field_by_field(self):
        self.compare_application("client_wsgi.py")

    def test_moesifdjango_field_by_field(self):
        self.compare_application("client_django.py")

    def test_opentelemetry_in_both_encodings_and_all_naming_modes(self):
        stand_in, agent = self.both()
        recorder = self.enterContext(Recorder(agent.receivers))
        expected = {}
        for encoding in ("protobuf", "json"):
            for mode in ("", "http", "http/dup"):
                environment = {"OTEL_SEMCONV_STABILITY_OPT_IN": mode}
                address = agent.url
                if mode == "http":  # Compressed, and looked at on the way.
                    environment["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip"
                    address = recorder.url
                told = run_client("client_otlp.py", address, stand_in.url, encoding, **environment)
                expected |= {one["span_id"]: one | {"mode": mode, "encoding": encoding} for one in told}
            self.assertEqual({post.encoding for post in recorder.posts}, {"gzip"}, encoding)
            self.assertEqual(len(recorder.posts), 6, "each span by itself, the one that is no call as well")
            recorder.posts.clear()
        # The stand-in was asked just these, in this order, each by the span that is told of it.
        self.assertEqual(len(stand_in.requests), 30)
        for one, asked in zip(expected.values(), stand_in.requests):
            told = (one["method"], one["url"], f"00-{one['trace_id']}-{one['span_id']}")
            by = asked["headers"]["traceparent"].rpartition("-")[0]  # Without its flags.
            self.assertEqual((asked["method"], stand_in.url + asked["path"], by), told)
            started, ended = (nanoseconds / 1e9 for nanoseconds in one["times"])
            self.assertTrue(started - 0.002 <= asked["at"] <= ended + 0.002, (one["times"], asked["at"]))
        self.assertEqual(len(expected), 30)
        calls = {call["span_id"]: call for call in agent.spooled(30)}
        self.assertEqual(set(calls), set(expected), "every call once, and no span that is none")
        for span, one in expected.items():
            with self.subTest(encoding=one["encoding"], mode=one["mode"], url=one["url"]):
                call = calls[span]
                self.assertEqual(call["trace_id"], one["trace_id"])
                started, ended = one["times"]
                milliseconds_of_second = started // 1_000_000 % 1_000
                moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(started // 1_000_000_000))
                self.assertEqual(call["time"], f"{moment}.{milliseconds_of_second:03}Z")
                # The native form tells durations in milliseconds with three decimals.
                self.assertIn(round(call["duration_ms"] * 1_000), ((ended - started) // 1_000, (ended - started + 500) // 1_000))
                self.assertEqual((call["partner"], call["direction"]), ("standin", "outbound"))
                self.assertEqual(call["request"]["method"], one["method"])
                self.assertEqual(call["request"]["url"], one["url"])
                self.assertEqual((call.get("response") or {}).get("status"), one["status"])
                self.assertEqual((call["service"], call["service_version"]), ("shop", "2.3.1"))
                self.assertEqual((call["environment"], call["customer"]), ("test", "acme"))
                if one["status"] is None:
                    self.assertIn(call["error"], ("reset", "other"))

        for encoding in ("protobuf", "json"):
            self.partial_success(agent, encoding)

    def partial_success(self, agent: Agent, encoding: str):
        """One span of two can be no call: the exporter is told so with its success, and does not send them again."""

        def rejected() -> int:
            lines = re.findall(r"^farwatch_agent_receiver_rejected_calls_total(.*) (\d+)$", agent.health_page("/metrics"), re.MULTILINE)
            return sum(int(value) for labels, value in lines if "otlp" in labels and "bad_method" in labels)

        before = rejected()
        told = run_client("client_otlp_unwell.py", agent.url, encoding, "60")
        self.assertEqual((told["result"], told["answers"]), ("SUCCESS", [{"status": 200, "retry_after": None}]))
        self.assertEqual(rejected(), before + 1)

    def test_calls_of_no_partner_never_reach_the_disk(self):
        stand_in, agent = self.both()
        canary = "canary-2f7d1c"
        words = "%s.example-customer-page" % canary
        body = [
            {"time": "2026-11-24T05:00:00Z", "direction": "inbound", "request": {"method": "POST", "url": f"https://us.example/{canary}", "body": words}},
            {"time": "2026-11-24T05:00:00Z", "request": {"method": "GET", "url": f"http://10.0.0.7/{canary}", "headers": {"x-a": words}}},
            {"time": "2026-11-24T05:00:00Z", "request": {"method": "GET", "url": f"http://billing.internal/{canary}"}},
            {"time": "2026-11-24T05:00:00Z", "request": {"method": "GET", "url": f"{stand_in.url}/v1/charges/ch_9"}},
        ]
        import urllib.request

        request = urllib.request.Request(
            agent.url + "/v1/calls", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        self.assertEqual((told["accepted"], told["not_ours"]), (4, 3))
        self.assertEqual(len(agent.spooled(1)), 1)
        for path in [*agent.state.rglob("*"), *Path(agent.config).parent.glob("*.log")]:
            if path.is_file():
                self.assertNotIn(canary.encode(), path.read_bytes(), path)
        metrics = agent.health_page("/metrics")
        self.assertNotIn(canary, metrics)
        self.assertIn('farwatch_agent_not_ours_calls_total{reason="unlisted_route"} 1', metrics)
        self.assertIn('farwatch_agent_not_ours_calls_total{reason="internal_host"} 2', metrics)


if __name__ == "__main__":
    unittest.main()
