"""Each masking is counted by its rule, exactly, through a running agent: by the short way of a call and by the general one."""

import json
import re
import sys
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from agent import Agent  # noqa: E402

SETTINGS = """\
redaction:
  partners:
    stripe: {mode: redacted, approved_by: the tests, until: 2099-01-01}
    twilio: {mode: full, approved_by: the tests, until: 2099-01-01}
    github: {mode: none}
"""
KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n-----END PRIVATE KEY-----"
SLACK, STRIPE, TWILIO, GITHUB = (f"https://{host}/api/orders" for host in ("slack.com", "api.stripe.com", "api.twilio.com", "api.github.com"))


def call(url: str = SLACK, headers: dict | None = None, body=None, answered: dict | None = None, **more) -> dict:
    request = {"method": "GET", "url": url} | ({"headers": headers} if headers else {}) | ({"body": body} if body is not None else {})
    return {"request": request, "response": {"status": 200} | (answered or {})} | more


# A call, and how often each rule masks something in it.
CASES = [
    (call(), {}),
    (call(customer="acme", service="billing"), {}),
    (call(customer="eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln"), {"jwt": 1}),
    (call(customer="ann@acme.example", service="bob@acme.example"), {"email": 2}),
    (call(service="paid by 4242 4242 4242 4242"), {"card": 1}),
    (call(service="DE89370400440532013000"), {"iban": 1}),
    (call(service="AKIAIOSFODNN7EXAMPLE"), {"access_key": 1}),
    (call(service="123-45-6789"), {"social_security": 1}),
    (call(service=KEY), {"private_key": 1}),
    (call(service="sk_live_abcdef123456 and ghp_abcdefabcdef123456"), {"token": 2}),
    (call(service="YW5uQGFjbWUuZXhhbXBsZQ=="), {"encoded": 1}),
    (call(url=SLACK.replace("://", "://user:word@")), {"userinfo": 1}),
    (call(url=SLACK + "/sk_live_abcdef123456"), {"path": 1, "token": 1}),
    (call(url=SLACK + "?q=1&r=2&limit=3"), {"query": 2}),
    (call(url=SLACK + "?cus_NffrFeUfNV2Hib=1"), {"key": 1, "query": 1}),
    (call(headers={"authorization": "x", "x-odd": "y", "accept": "*/*"}), {"header": 2}),
    (call(headers={"accept": "ann@acme.example"}), {"email": 1}),
    (call(body={"a": 1}, answered={"body": {"b": "ann@acme.example"}}), {"body": 2}),
    (call(url=STRIPE, body={"a": 1, "password": "x", "zip": "3000", "to": "ann@acme.example"}), {"body": 1, "named": 2, "email": 1}),
    (call(url=STRIPE, body={"users": {"4f3c2a9b7d": 1}}), {"body": 1, "key": 1}),
    (call(url=TWILIO, body={"a": 1, "to": "ann@acme.example"}), {}),
    (call(url=TWILIO, body={"cvc": "737", "number": "4242424242424242"}, headers={"cookie": "a"}), {"named": 1, "card": 1, "header": 1}),
    (call(url=GITHUB, body={"a": 1}, headers={"x-odd": "y"}), {}),
]
RULES = {"jwt", "email", "card", "iban", "access_key", "social_security", "private_key", "token", "userinfo", "header", "query", "body",
         "path", "key", "encoded", "named"}  # fmt: skip


class Redactions(unittest.TestCase):
    def counts(self, agent: Agent) -> dict[str, int]:
        found = re.findall(r'^farwatch_agent_redactions_total\{rule="(\w+)"\} (\d+)$', agent.health_page("/metrics"), re.MULTILINE)
        return {rule: int(count) for rule, count in found}

    def post(self, agent: Agent, calls: list[dict], kind: str) -> None:
        lines = b"".join(json.dumps(call).encode() + b"\n" for call in calls)
        body = lines if kind == "application/x-ndjson" else json.dumps(calls).encode()
        request = urllib.request.Request(agent.url + "/v1/calls", body, {"content-type": kind})
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        self.assertEqual((told["accepted"], told.get("not_ours", 0)), (len(calls), 0), told)

    def test_each_rule_that_fired_is_counted_exactly(self):
        self.assertEqual({rule for _, expected in CASES for rule in expected}, RULES, "every rule is tried")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with Agent(SETTINGS) as agent:
            before = self.counts(agent)
            self.assertEqual(before, dict.fromkeys(RULES, 0), "all are shown from the start")
            total = dict(before)
            for number, (one, expected) in enumerate(CASES, 1):
                # So many of each that no two rules are confused.
                for kind in ("application/x-ndjson", "application/json"):
                    self.post(agent, [one | {"time": now}] * number, kind)
                    after = self.counts(agent)
                    grown = {rule: after[rule] - before[rule] for rule in RULES if after[rule] != before[rule]}
                    self.assertEqual(grown, {rule: count * number for rule, count in expected.items()}, one)
                    before = after
                    for rule, count in expected.items():
                        total[rule] += count * number
            self.assertEqual(before, total)
            ways = re.findall(r"^farwatch_agent_express_(left_)?calls_total (\d+)$", agent.health_page("/metrics"), re.MULTILINE)
            self.assertEqual(len(ways), 2)
            self.assertTrue(all(int(count) > 0 for _, count in ways), f"both ways were taken: {ways}")


if __name__ == "__main__":
    unittest.main()
