"""The agent's own commands, beside a running agent and without one."""

import base64
import json
import subprocess
import sys
import threading
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from agent import PROGRAM, Agent  # noqa: E402


def post(agent: Agent, *calls: dict) -> None:
    lines = "\n".join(json.dumps(call) for call in calls).encode()
    request = urllib.request.Request(agent.url + "/v1/calls", lines, {"content-type": "application/x-ndjson"})
    urllib.request.urlopen(request, timeout=60).close()


def call(number: int = 1, **more) -> dict:
    request = {"method": "POST", "url": f"https://api.stripe.com/v1/charges/ch_{number}?receipt=ann@acme.example"}
    request["headers"] = {"authorization": "Bearer sk_live_canarycanarycanary99", "x-tenant": "acme"}
    request["body"] = {"amount": number, "receipt_email": "ann@acme.example"}
    return {"time": "2026-11-24T05:00:00Z", "request": request, "response": {"status": 200}, **more}


class Commands(unittest.TestCase):
    def test_doctor_gives_each_finding_one_remedy(self):
        with Agent() as agent:
            report = agent.command("doctor", "--json", check=False)
            findings = json.loads(report.stdout)["findings"]
            for finding in findings:
                self.assertEqual("remedy" in finding, finding["level"] != "good", finding)
            by_subject = {finding["subject"]: finding for finding in findings}
            self.assertEqual(by_subject["agent"]["level"], "good")
            self.assertEqual(by_subject["state directory"]["level"], "good")
            # Nobody to forward to: that keeps it from its work.
            self.assertEqual(by_subject["aggregator"]["level"], "bad")
            self.assertEqual(report.returncode, 1)
            text = agent.command("doctor", check=False).stdout
            self.assertEqual(text.count("\n    → "), sum("remedy" in finding for finding in findings))
            for mark in ("✓ settings: ", "✗ aggregator: "):
                self.assertIn(mark, text)

    def test_doctor_without_an_agent_says_so(self):
        with Agent() as agent:
            agent.programs.stop("agent")
            findings = json.loads(agent.command("doctor", "--json", check=False).stdout)["findings"]
            found = next(one for one in findings if one["subject"] == "agent")
            self.assertEqual(found["level"], "warning")
            self.assertEqual(agent.command("status", check=False).returncode, 1)
            self.assertEqual(agent.command("tap", "--duration", "1", check=False).returncode, 1)

    def test_status_names_partners_and_the_share_without_a_customer(self):
        with Agent('customer:\n  - header: x-tenant\nregion:\n  - value: eu-west-1\n') as agent:
            plain = call(2)
            del plain["request"]["headers"]["x-tenant"]
            post(agent, call(1), plain, call(3, response={"status": 503}), call(4))
            status = json.loads(agent.command("status", "--json").stdout)
            self.assertEqual(status["calls"]["without"]["customer"], {"calls": 1, "ratio": 0.25})
            self.assertEqual(status["calls"]["without"]["region"]["calls"], 0)
            partner = status["partners"][0]
            self.assertEqual((partner["id"], partner["calls"], partner["failure_ratio"]), ("stripe", 4, 0.25))
            text = agent.command("status").stdout
            self.assertIn("customer 25.0 %", text)
            self.assertIn("stripe", text)
            metrics = agent.health_page("/metrics")
            self.assertIn('farwatch_agent_unattributed_calls_total{name="customer"} 1', metrics)
            self.assertIn('farwatch_agent_attributed_calls_total{name="customer",rule="0"} 3', metrics)

    def test_customers_are_found_wherever_rules_say_that_they_stand_before_that_is_masked(self):
        rules = ("  - path: /tenants/{customer}/**", "  - query: tenant", "  - jwt: org.id", "  - body: account.id", "  - attribute: tenant.id")
        with Agent("\n".join(["unknown_hosts: registrable_domain", "customer:", *rules]) + "\n") as agent:
            claims = base64.urlsafe_b64encode(json.dumps({"org": {"id": "of-jwt"}}).encode()).decode().rstrip("=")
            header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            url = "https://api.partner.example/v1/orders"
            requests = [
                {"method": "GET", "url": "https://api.partner.example/tenants/of-path/orders"},
                {"method": "GET", "url": f"{url}?tenant=of-query"},
                {"method": "GET", "url": url, "headers": {"authorization": f"Bearer {header}.{claims}.c2lnbmVk"}},
                {"method": "POST", "url": url, "headers": {"content-type": "application/json"}, "body": {"account": {"id": "of-body"}}},
                {"method": "GET", "url": url},
            ]
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            post(agent, *({"time": now, "request": request, "response": {"status": 200}} for request in requests))
            deadline = time.monotonic() + 120
            while len(lines := agent.command("sent", "--waiting").stdout.splitlines()) < len(requests):
                self.assertLess(time.monotonic(), deadline, lines)
                time.sleep(0.2)
            waiting = [json.loads(line) for line in lines]
            self.assertEqual([one.get("customer") for one in waiting], ["of-path", "of-query", "of-jwt", "of-body", None])
            self.assertNotIn(claims, json.dumps(waiting))
            metrics = agent.health_page("/metrics")
            for rule in range(4):
                self.assertIn(f'farwatch_agent_attributed_calls_total{{name="customer",rule="{rule}"}} 1', metrics)

    def test_tap_shows_calls_as_they_pass_redacted(self):
        with Agent() as agent:
            stop = threading.Event()

            def keep_calling():
                while not stop.wait(0.1):
                    post(agent, call(7))

            caller = threading.Thread(target=keep_calling)
            caller.start()
            try:
                shown = agent.command("tap", "--limit", "3", "--duration", "120").stdout
            finally:
                stop.set()
                caller.join()
            calls = [json.loads(line) for line in shown.splitlines()]
            self.assertEqual(len(calls), 3)
            self.assertEqual(calls[0]["route"], "POST /v1/charges/{id}")
            for secret in ("ann@acme.example", "sk_live_"):
                self.assertNotIn(secret, shown)
            # Only who can read the agent's files may look.
            with self.assertRaises(urllib.error.HTTPError) as refused:
                agent.health_page("/tap")
            self.assertEqual(refused.exception.code, 401)

    def test_redact_shows_before_and_after(self):
        with Agent() as agent:
            shown = agent.command("redact", "--test").stdout
            before, after, masked = shown.splitlines()[:3]
            self.assertIn("ann@acme.example", before)
            for secret in ("ann@acme.example", "4242424242424242", "sk_test_", "f00ba4", "pw@"):
                self.assertNotIn(secret, after)
            self.assertIn('"body_form":"shape"', after)
            self.assertIn("mode shape", masked)
            self.assertIn("userinfo 1", masked)
            redacted = agent.command("redact", "--test", "--mode", "redacted").stdout.splitlines()[1]
            self.assertIn('"amount":1200', redacted)
            self.assertNotIn("4242", redacted)
            path = Path(agent.state.parent) / "calls.ndjson"
            path.write_text(json.dumps(call(1)) + "\n" + json.dumps(call(2)) + "\n")
            self.assertEqual(agent.command("redact", "--test", str(path)).stdout.count("after   "), 2)
            internal = json.dumps({"time": "2026-11-24T05:00:00Z", "request": {"method": "GET", "url": "http://10.0.0.1/x"}})
            path.write_text(internal)
            self.assertIn("after   nothing", agent.command("redact", "--test", str(path)).stdout)

    def test_partners_marks_what_is_not_confirmed(self):
        with Agent() as agent:
            listed = agent.command("partners").stdout.splitlines()
            self.assertGreater(len(listed), 80)
            github = agent.command("partners", "github").stdout
            self.assertIn("rate-limit headers (confirmed ", github)
            self.assertIn("of these unconfirmed: uploads.github.com, *.ghe.com", github)
            klarna = agent.command("partners", "klarna").stdout
            self.assertIn("hosts (unconfirmed)", klarna)
            self.assertIn("errors (unconfirmed):\n    else the status decides", klarna)
            self.assertEqual(agent.command("partners", "nobody", check=False).returncode, 1)

    def test_settings_beyond_loopback_need_tls_and_tokens(self):
        with Agent() as agent:
            path = agent.config.parent / "gateway.yaml"
            open_door = agent.config.read_text().replace(f"127.0.0.1:{agent.receivers}", "0.0.0.0:4318")
            path.write_text(open_door)
            command = [PROGRAM, "validate", "--config", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, env=agent.environment)
            self.assertEqual(done.returncode, 78)
            self.assertIn("so it needs TLS", done.stderr)
            self.assertIn("so senders need tokens", done.stderr)


class Gateway(unittest.TestCase):
    def test_senders_with_a_token_are_taken_over_tls(self):
        import ssl
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                check=True, capture_output=True,
            )
            with Agent() as agent:
                agent.programs.stop("agent")
                tls = f"""  tls: {{certificate: {folder}/cert.pem, key: {folder}/key.pem}}
  tokens: {{functions: 0123456789abcdef0123}}
"""
                text = agent.config.read_text().replace("receive:\n", "receive:\n" + tls)
                agent.config.write_text(text.replace(f"127.0.0.1:{agent.receivers}", f"0.0.0.0:{agent.receivers}"))
                agent.__enter__()
                trust = ssl.create_default_context(cafile=f"{folder}/cert.pem")
                body = json.dumps(call(1)).encode()

                def send(headers: dict) -> int:
                    request = urllib.request.Request(
                        f"https://127.0.0.1:{agent.receivers}/v1/calls", body,
                        {"content-type": "application/json", **headers},
                    )
                    try:
                        with urllib.request.urlopen(request, timeout=60, context=trust) as answer:
                            return answer.status
                    except urllib.error.HTTPError as refused:
                        return refused.code

                self.assertEqual(send({}), 401)
                self.assertEqual(send({"authorization": "Bearer wrong"}), 401)
                self.assertEqual(send({"authorization": "Bearer 0123456789abcdef0123"}), 202)
                self.assertEqual(send({"x-moesif-application-id": "0123456789abcdef0123"}), 202)
                self.assertEqual(len(agent.spooled(2)), 2)


if __name__ == "__main__":
    unittest.main()
