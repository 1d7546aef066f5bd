"""Whose, of what and where a call is, by the rules of the agent's settings: through a running agent, from each kind of sender."""

import json
import sys
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from agent import Agent  # noqa: E402

# Each list in the order in which it is tried; what the sender itself says stands where `attribute` does, or last.
SETTINGS = """\
unknown_hosts: registrable_domain
service:
  - {header: x-service, direction: outbound}
  - {path: "/services/{service}/**"}
  - attribute: service.name
  - value: nobody-said
service_version:
  - header: x-release
region:
  - {host: "api.{region}.partner.example", partner: partner.example}
  - query: region
environment:
  - body: meta.environment
"""
OWN = "host: {name: app-1, region: eu-west-1, environment: own}\n"
FIELDS = ("service", "service_version", "region", "environment")


def native(number: int, url: str, headers: dict | None = None, body=None, **said) -> dict:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    request = {"method": "POST", "url": url, "headers": {"content-type": "application/json"} | (headers or {})}
    return {"id": f"a-{number}", "time": now, "request": request | ({"body": body} if body else {}), "response": {"status": 200}, **said}


class Attribution(unittest.TestCase):
    def post(self, agent: Agent, path: str, document) -> None:
        request = urllib.request.Request(agent.url + path, json.dumps(document).encode(), {"content-type": "application/json"})
        urllib.request.urlopen(request, timeout=60).close()

    def test_the_first_rule_that_finds_something_names_it_and_is_counted(self):
        agent = Agent(SETTINGS)
        agent.config.write_text(agent.config.read_text().replace("host: {name: app-1}\n", OWN))
        with agent:
            url = "https://api.partner.example/v1/orders"
            self.post(agent, "/v1/calls", [
                native(0, url, {"x-service": "by-header", "x-release": "7.1"}, service="said"),
                native(1, "https://api.partner.example/services/by-path/orders", service="said"),
                native(2, url, service="said", service_version="said", region="said", environment="said"),
                native(3, url),
                native(4, "https://api.us-east-1.partner.example/v1/orders?region=ignored", region="said"),
                native(5, f"{url}?region=by-query", body={"meta": {"environment": "by-body"}}, environment="said"),
                native(6, "https://api.us-east-1.other.example/v1/orders"),
            ])  # fmt: skip
            expected = {
                "a-0": ("by-header", "7.1", "eu-west-1", "own"), "a-1": ("by-path", None, "eu-west-1", "own"),
                "a-2": ("said", "said", "said", "said"), "a-3": ("nobody-said", None, "eu-west-1", "own"),
                "a-4": ("nobody-said", None, "us-east-1", "own"), "a-5": ("nobody-said", None, "by-query", "by-body"),
                "a-6": ("nobody-said", None, "eu-west-1", "own"),
            }  # fmt: skip
            calls = {call["id"]: call for call in agent.spooled(len(expected))}
            self.assertEqual({id: tuple(call.get(field) for field in FIELDS) for id, call in calls.items()}, expected)
            # What rules looked at is masked all the same.
            self.assertEqual(calls["a-0"]["request"]["headers"]["x-service"], "{value}")
            self.assertNotIn("by-query", calls["a-5"]["request"]["url"])
            metrics = agent.health_page("/metrics")
            for name, rule, count in (
                ("service", 0, 1), ("service", 1, 1), ("service", 2, 1), ("service", 3, 4), ("service_version", 0, 1),
                ("region", 0, 1), ("region", 1, 1), ("environment", 0, 1),
            ):  # fmt: skip
                self.assertIn(f'farwatch_agent_attributed_calls_total{{name="{name}",rule="{rule}"}} {count}\n', metrics)
            self.assertIn('farwatch_agent_unattributed_calls_total{name="service_version"} 5\n', metrics)

    def test_attributes_of_spans_and_fields_of_events_take_part_in_the_order(self):
        resource = {"service.name": "of-the-resource", "service.version": "1.2", "cloud.region": "of-the-cloud",
                    "deployment.environment.name": "of-the-deployment"}  # fmt: skip
        attributes = {"http.request.method": "GET", "url.full": "https://api.partner.example/v1/orders?region=by-query",
                      "http.request.header.x-service": "by-header", "http.response.status_code": 200}  # fmt: skip

        def listed(values: dict) -> list[dict]:
            return [{"key": key, "value": {"intValue": value} if isinstance(value, int) else {"stringValue": value}}
                    for key, value in values.items()]  # fmt: skip

        started = time.time_ns()
        spans = []
        for number, own in enumerate((attributes, {key: attributes[key] for key in ("http.request.method", "http.response.status_code")}), 1):
            own = {"url.full": "https://api.partner.example/v1/orders"} | own
            spans.append({"traceId": f"{number:032x}", "spanId": f"{number:016x}", "kind": 3, "name": "GET", "startTimeUnixNano": str(started),
                          "endTimeUnixNano": str(started + 1_000_000), "attributes": listed(own)})  # fmt: skip
        with Agent(SETTINGS) as agent:
            self.post(agent, "/v1/traces", {"resourceSpans": [{"resource": {"attributes": listed(resource)}, "scopeSpans": [{"spans": spans}]}]})
            calls = sorted(agent.spooled(2), key=lambda call: call["trace_id"])
            self.assertEqual([tuple(call.get(field) for field in FIELDS) for call in calls], [
                ("by-header", "1.2", "by-query", "of-the-deployment"), ("of-the-resource", "1.2", "of-the-cloud", "of-the-deployment"),
            ])  # fmt: skip


if __name__ == "__main__":
    unittest.main()
