"""Random secrets, sent through every door in every disguise: none may be found in anything the agent writes, shows or sends."""

import base64
import itertools
import json
import random
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from agent import Agent  # noqa: E402
from frames import unpacked  # noqa: E402

NUMBERS = itertools.count()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SETTINGS = """\
redaction:
  partners:
    stripe: {mode: redacted, approved_by: the tests, until: 2099-01-01}
    github: {mode: none}
customer:
  - header: x-tenant
"""


def luhn(digits: str) -> str:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def secret(choose: random.Random) -> str:
    text = lambda count: "".join(choose.choice(LETTERS) for _ in range(count))  # noqa: E731
    digits = lambda count: "".join(choose.choice("0123456789") for _ in range(count))  # noqa: E731
    return choose.choice(
        [
            lambda: "sk_live_" + text(24),
            lambda: "ghp_" + text(36),
            lambda: luhn("4" + digits(14)),
            lambda: f"canary.{text(6).lower()}@{text(5).lower()}.example",
            lambda: f"eyJ{text(20)}.{text(30)}.{text(43)}",
            lambda: "xoxb-" + digits(11) + "-" + text(24),
            lambda: "AKIA" + text(16).upper(),
        ]
    )()


def disguises(text: str) -> list[str]:
    """Each once: an event that comes twice is one."""
    quoted = urllib.parse.quote(text, safe="")
    return list(dict.fromkeys([text, quoted, base64.b64encode(text.encode()).decode(), json.dumps({"inner": text})]))


def native(text: str, host: str, body) -> dict:
    quoted = urllib.parse.quote(text, safe="")
    headers = {name: text for name in ("authorization", "cookie", "x-api-key", "x-odd", "user-agent", "x-request-id", "x-tenant")}
    request = {"method": "POST", "url": f"https://u:{quoted}@{host}/v1/{quoted}/x?token={quoted}&q={quoted}&{quoted}#{quoted}"}
    request |= {"headers": headers | {"content-type": "application/json"}, "body": body}
    response = {"status": 400, "headers": {"set-cookie": text, "location": f"https://a.example/{quoted}"}}
    response["body"] = {"error": {"message": f"No such customer: {text}", text: 1}}
    names = {name: text for name in ("service", "service_version", "region", "environment")}
    # Calls of one id are one call.
    return {"time": "2026-11-24T05:00:00Z", "id": f"{text[:110]}/{next(NUMBERS)}", "request": request, "response": response, **names}


def moesif(text: str) -> dict:
    quoted = urllib.parse.quote(text, safe="")
    request = {"time": "2026-11-24T05:00:00", "verb": "POST", "uri": f"https://api.stripe.com/v1/{quoted}?t={quoted}"}
    request |= {"headers": {"Authorization": f"Bearer {text}", "X-Odd": text}}
    request |= {"body": base64.b64encode(f"note={quoted}".encode()).decode(), "transfer_encoding": "base64"}
    people = {"user_id": text, "company_id": text, "session_token": text, "metadata": {"x": text}, "tags": text}
    return {"request": request, "response": {"time": "2026-11-24T05:00:01", "status": 200, "body": text}, "direction": "Outgoing", **people}


def span(text: str, number: int) -> dict:
    quoted = urllib.parse.quote(text, safe="")
    attributes = {"http.request.method": "GET", "url.full": f"https://api.stripe.com/v1/{quoted}?k={quoted}"}
    attributes |= {"http.request.header.authorization": text, "http.route": text, "error.type": text, "tenant.id": text}
    listed = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    return {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "kind": 3, "name": text, "startTimeUnixNano": "1795495542000000000",
            "endTimeUnixNano": "1795495542100000000", "attributes": listed, "status": {"code": 2, "message": text}}  # fmt: skip


class Canaries(unittest.TestCase):
    def test_no_sink_holds_a_canary(self):
        seed = 20261127
        choose = random.Random(seed)
        with Agent(SETTINGS) as agent:
            def post(path: str, document, kind: str = "application/json") -> None:
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                request = urllib.request.Request(agent.url + path, body, {"content-type": kind})
                try:
                    urllib.request.urlopen(request, timeout=60).close()
                except urllib.error.HTTPError as refused:
                    answers.append(refused.read().decode())

            answers: list[str] = []
            secrets = [secret(choose) for _ in range(60)]
            count = natives = 0
            taps: list[str] = []
            for number, text in enumerate(secrets, 1):
                for shape in disguises(text):
                    bodies = [{"a": [shape], "note": f"pay {shape} now", shape: 1}, f"a=1&note={urllib.parse.quote(shape)}", f"<a>{shape}</a>"]
                    post("/v1/calls", [native(shape, host, choose.choice(bodies)) for host in ("api.stripe.com", "slack.com", "api.github.com")])
                post("/v1/events/batch", [moesif(shape) for shape in disguises(text)])
                post("/v1/users", {"user_id": text, "metadata": {"email": text}})
                post("/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span(text, number)]}]}]})
                # Broken on purpose: the text of the complaint is a sink, too.
                post("/v1/calls", f'{{"time":"{text}","request":{{"method":"{text}"}}}}'.encode())
                post("/v1/calls", f'{{"{text}'.encode())
                post("/v1/events", f'[{{"request":{{"time":"{text}"}}}}'.encode())
                count += 4 * len(disguises(text)) + 1
                natives += len(disguises(text))
                with urllib.request.urlopen(self.tap(agent), timeout=60) as answer:
                    taps.append(answer.read().decode())
            # A batch is sealed when its first call is a second old; only then does it wait to be sent.
            deadline = time.monotonic() + 120
            while len((waiting := agent.command("sent", "--waiting").stdout).splitlines()) < count:
                self.assertLess(time.monotonic(), deadline, f"only {len(waiting.splitlines())} calls of {count} wait")
                time.sleep(0.5)
            sinks = {"sent": waiting, "metrics": agent.health_page("/metrics"), "status": agent.health_page("/status")}
            sinks["tap"] = "\n".join(taps)
            partners = [json.loads(line)["partner"] for line in waiting.splitlines()]
            self.assertEqual({partners.count(name) for name in ("slack", "github")}, {natives}, "every call is there")
            self.assertGreater(len(sinks["tap"]), 1000)
            sinks["answers"] = "\n".join(answers)
            files = [path for path in agent.config.parent.rglob("*") if path.is_file()]
            self.assertTrue(any(path.suffix == ".log" for path in files))
            for path in files:
                sinks[str(path)] = ((content := path.read_bytes()) + unpacked(content)).decode("latin-1")
            batches = "".join(content for name, content in sinks.items() if name.endswith(".batch"))
            self.assertIn("content-type", batches, "what is compressed is looked into")
            for text in secrets:
                for form in (text, urllib.parse.quote(text, safe=""), base64.b64encode(text.encode()).decode()):
                    for name, content in sinks.items():
                        self.assertNotIn(form, content, f"seed {seed}: {form} in {name}")

    def tap(self, agent: Agent) -> urllib.request.Request:
        token = (agent.state / "local.token").read_text().strip()
        url = f"http://127.0.0.1:{agent.health}/tap?after=0"
        return urllib.request.Request(url, headers={"authorization": f"Bearer {token}"})


if __name__ == "__main__":
    unittest.main()
