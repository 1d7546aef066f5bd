"""Random secrets, sent through every door in every disguise: none may be found in anything the agent writes, shows or sends."""

import base64
import collections
import itertools
import json
import os
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
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SETTINGS = """\
redaction:
  partners:
    stripe: {mode: redacted, approved_by: the tests, until: 2099-01-01}
    github: {mode: none}
    twilio: {mode: full, approved_by: the tests, until: 2099-01-01}
customer:
  - header: x-tenant
"""


def random_seed() -> int:
    return int(os.environ.get("CANARY_SEED") or random.SystemRandom().randrange(1 << 32))


def luhn(digits: str) -> str:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def iban(choose: random.Random) -> str:
    bban = "".join(choose.choice(DIGITS) for _ in range(18))
    check = 98 - int(bban + "131400") % 97  # ISO 13616: D is 13, E is 14.
    return f"DE{check:02}{bban}"


def private_key(choose: random.Random) -> str:
    """So short that it fits into a name, which has at most 256 bytes."""
    lines = [letters(choose, 40, LETTERS + "+/") for _ in range(2)]
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])


def letters(choose: random.Random, count: int, of: str = LETTERS) -> str:
    return "".join(choose.choice(of) for _ in range(count))


# What opens or pays something: in no mode does it leave the host.
CREDENTIALS = {
    "stripe": lambda choose: "sk_live_" + letters(choose, 24),
    "github": lambda choose: "ghp_" + letters(choose, 36),
    "slack": lambda choose: "xoxb-" + letters(choose, 11, DIGITS) + "-" + letters(choose, 24),
    "sendgrid": lambda choose: "SG." + letters(choose, 22) + "." + letters(choose, 43),
    "webhook": lambda choose: "whsec_" + letters(choose, 32),
    "aws": lambda choose: "AKIA" + letters(choose, 16).upper(),
    "jwt": lambda choose: f"eyJ{letters(choose, 20)}.{letters(choose, 30)}.{letters(choose, 43)}",
    "card": lambda choose: luhn("4" + letters(choose, 14, DIGITS)),
    "private key": private_key,
}
# Of people: they stay where a partner's bodies were granted in full.
PERSONAL = {
    "email": lambda choose: f"canary.{letters(choose, 6).lower()}@{letters(choose, 5).lower()}.example",
    "iban": iban,
    "social security": lambda choose: "-".join(letters(choose, count, DIGITS) for count in (3, 2, 4)),
}
KINDS = CREDENTIALS | PERSONAL


def secrets_of_each_kind(choose: random.Random, count: int) -> list[tuple[str, str]]:
    """Kind and secret, the kinds in turn."""
    return [(kind, KINDS[kind](choose)) for kind in itertools.islice(itertools.cycle(KINDS), count)]


def forms(text: str) -> list[str]:
    """In which it could be found again: of a private key every line would do."""
    parts = text.split("\n")[1:-1] if "\n" in text else [text]
    return [form for part in parts for form in (part, urllib.parse.quote(part, safe=""), base64.b64encode(part.encode()).decode())] + [
        base64.b64encode(text.encode()).decode()]  # fmt: skip


def disguises(text: str) -> list[str]:
    """Each once: an event that comes twice is one."""
    quoted = urllib.parse.quote(text, safe="")
    return list(dict.fromkeys([text, quoted, base64.b64encode(text.encode()).decode(), json.dumps({"inner": text})]))


def native(text: str, host: str, body, kind: str = "application/json") -> dict:
    quoted = urllib.parse.quote(text, safe="")
    headers = {name: text for name in ("authorization", "cookie", "x-api-key", "x-odd", "user-agent", "x-request-id", "x-tenant")}
    request = {"method": "POST", "url": f"https://u:{quoted}@{host}/v1/{quoted}/x?token={quoted}&q={quoted}&{quoted}#{quoted}"}
    request |= {"headers": headers | {"content-type": kind, "x-plain": "a plain value"}, "body": body}
    response = {"status": 400, "headers": {"set-cookie": text, "location": f"https://a.example/{quoted}"}}
    response["body"] = {"error": {"message": f"No such customer: {text}", text: 1}}
    names = {name: text for name in ("service", "service_version", "region", "environment")}
    # Calls of one id are one call.
    return {"time": "2026-11-24T05:00:00Z", "id": f"{text[:110]}/{next(NUMBERS)}", "request": request, "response": response, **names}


def multipart(text: str) -> str:
    return (f'--b\r\ncontent-disposition: form-data; name="{text}"; filename="{text}.txt"\r\n\r\n{text}\r\n'
            f'--b\r\ncontent-disposition: form-data; name="note"\r\n\r\npay {text} now\r\n--b--\r\n')  # fmt: skip


def bodies_with(text: str) -> list[tuple]:
    """Each with its type."""
    quoted = urllib.parse.quote(text)
    return [
        ({"a": [text], "note": f"pay {text} now", text: 1, "plain": "just a word"}, "application/json"),
        ({"card": {"number": text, "cvc": "737"}, "password": text, "deep": {"list": [{"x": text}]}}, "application/json"),
        (f"a=1&note={quoted}&{quoted}=2", "application/x-www-form-urlencoded"), (f"<a b='{text}'><c>{text}</c></a>", "text/xml"),
        (multipart(text), "multipart/form-data; boundary=b"), (f"the charge failed for {text}", "text/plain"),
    ]  # fmt: skip


def received(text: str, signature: str, body, kind: str = "application/json") -> dict:
    """A webhook that a partner sends to us, known by the header of its signature; everything else in it is the sender's."""
    quoted = urllib.parse.quote(text, safe="")
    call = native(text, "shop.example", body, kind)
    call["request"]["url"] = f"https://shop.example/hooks/{quoted}?token={quoted}&{quoted}"
    call["request"]["headers"] |= {signature: f"t=1,v1={text}", "cookie": f"session={text}", "webhook-id": text}
    if signature == "x-hub-signature-256":
        call["request"]["headers"] |= {"x-github-event": "push", "x-github-delivery": text}
    told = {"event_type": text, "delivery_id": text, "subscription": text, "recipient": f"https://shop.example/{quoted}?k={quoted}"}
    return call | {"direction": "inbound", "webhook": told, "peer_address": "203.0.113.7"}


# By mode: redacted, shape, none, full.
SIGNATURES = {"stripe-signature": "stripe", "x-slack-signature": "slack", "x-hub-signature-256": "github", "x-twilio-signature": "twilio"}
HOSTS = ("api.stripe.com", "slack.com", "api.github.com")
FULL = "api.twilio.com"


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


# What concerns no partner, by the address and whether it was asked of us: it stays on the host.
NOBODYS = (("http://10.0.0.7", False), ("http://billing.internal", False), ("https://shop.example", True))


def nobodys_spans(text: str, number: int) -> list[dict]:
    """With ids of their own, beside those of `span`."""
    made = []
    for place, (address, is_inbound) in enumerate(NOBODYS, 1):
        one = span(text, number + place * 100_000)
        for attribute in one["attributes"]:
            if attribute["key"] == "url.full":
                attribute["value"]["stringValue"] = attribute["value"]["stringValue"].replace("https://api.stripe.com", address)
        made.append(one | {"kind": 2} if is_inbound else one)
    return made


def nobodys_events(text: str) -> list[dict]:
    made = []
    for address, is_inbound in NOBODYS:
        one = moesif(text)
        one["request"]["uri"] = one["request"]["uri"].replace("https://api.stripe.com", address)
        made.append(one | {"direction": "Incoming" if is_inbound else "Outgoing"})
    return made


class Canaries(unittest.TestCase):
    def test_no_sink_holds_a_canary(self):
        self.no_sink_holds_a_canary(SETTINGS, seed=20261127)

    def test_no_sink_holds_a_canary_that_was_never_tried_before(self):
        """Others each time; `CANARY_SEED` brings those of a failure back."""
        seed = random_seed()
        print(f"CANARY_SEED={seed}", flush=True)
        self.no_sink_holds_a_canary(SETTINGS, seed=seed)

    def test_no_sink_holds_a_canary_or_the_key_where_hashes_are_wanted(self):
        key = "00f1e2d3c4b5a69788796a5b4c3d2e1f"
        hashed = SETTINGS.replace("redaction:\n", f'redaction:\n  hash_key: "{key}"\n  hash_codes: true\n')
        self.no_sink_holds_a_canary(hashed, seed=20261129, key=key)

    def no_sink_holds_a_canary(self, settings: str, seed: int, key: str = ""):
        choose = random.Random(seed)
        with Agent(settings) as agent:
            def post(path: str, document, kind: str = "application/json") -> None:
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                request = urllib.request.Request(agent.url + path, body, {"content-type": kind})
                try:
                    urllib.request.urlopen(request, timeout=60).close()
                except urllib.error.HTTPError as refused:
                    answers.append(refused.read().decode())

            answers: list[str] = []
            secrets = secrets_of_each_kind(choose, 60)
            count = 0
            expected: collections.Counter[str] = collections.Counter()
            taps: list[str] = []
            for number, (kind, text) in enumerate(secrets, 1):
                for shape in disguises(text):
                    bodies = bodies_with(shape)
                    hosts = [*HOSTS, FULL] if kind in CREDENTIALS else HOSTS
                    post("/v1/calls", [native(shape, host, *choose.choice(bodies)) for host in hosts])
                    hooks = {name: partner for name, partner in SIGNATURES.items() if kind in CREDENTIALS or partner != "twilio"}
                    post("/v1/calls", [received(shape, name, *choose.choice(bodies)) for name in hooks])
                    expected.update(["stripe", "slack", "github", *(["twilio"] if kind in CREDENTIALS else [])])
                    expected.update(hooks.values())
                    count += len(hosts) + len(hooks) + 1
                post("/v1/events/batch", [moesif(shape) for shape in disguises(text)])
                post("/v1/users", {"user_id": text, "metadata": {"email": text}})
                post("/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span(text, number)]}]}]})
                count += 1
                post("/v1/events/batch", nobodys_events(text))
                post("/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": nobodys_spans(text, number)}]}]})
                # Broken on purpose: the text of the complaint is a sink, too.
                broken = json.dumps(text)
                post("/v1/calls", f'{{"time":{broken},"request":{{"method":{broken}}}}}'.encode())
                post("/v1/calls", f'{{"{text}'.encode())
                post("/v1/events", f'[{{"request":{{"time":{broken}}}}}'.encode())
                with urllib.request.urlopen(self.tap(agent), timeout=60) as answer:
                    taps.append(answer.read().decode())
            # A batch is sealed when its first call is a second old; only then does it wait to be sent.
            deadline = time.monotonic() + 120
            while len((waiting := agent.command("sent", "--waiting").stdout).splitlines()) < count:
                self.assertLess(time.monotonic(), deadline, f"only {len(waiting.splitlines())} calls of {count} wait")
                time.sleep(0.5)
            sinks = {"sent": waiting, "metrics": agent.health_page("/metrics"), "status": agent.health_page("/status")}
            sinks["tap"] = "\n".join(taps)
            # What is no partner's came through both doors and stayed here.
            reasons = {"internal_host": 4 * len(secrets), "unlisted_route": 2 * len(secrets)}
            for reason, wanted in reasons.items():
                self.assertIn(f'farwatch_agent_not_ours_calls_total{{reason="{reason}"}} {wanted}\n', sinks["metrics"])
            self.assertEqual(len(waiting.splitlines()), count)
            calls = [json.loads(line) for line in waiting.splitlines()]
            partners = collections.Counter(call["partner"] for call in calls if call["source"] == "json")
            self.assertEqual(partners, expected, "every call is there, those we make and those we receive")
            inbound = [call for call in calls if call["direction"] == "inbound"]
            self.assertEqual({call["partner"] for call in inbound}, set(SIGNATURES.values()))
            self.what_was_granted_is_there([call for call in calls if call["partner"] == "twilio"])
            if key:
                self.assertRegex(waiting, r"\{email:[0-9a-f]{16}\}")
                self.assertRegex(waiting, r"\{private_key:[0-9a-f]{16}\}")
            self.assertGreater(len(sinks["tap"]), 1000)
            sinks["answers"] = "\n".join(answers)
            files = [path for path in agent.config.parent.rglob("*") if path.is_file()]
            self.assertTrue(any(path.suffix == ".log" for path in files))
            for path in files:
                if path != agent.config:  # What the operator wrote: the key stands there.
                    sinks[str(path)] = ((content := path.read_bytes()) + unpacked(content)).decode("latin-1")
            batches = "".join(content for name, content in sinks.items() if name.endswith(".batch"))
            self.assertIn("content-type", batches, "what is compressed is looked into")
            for kind, text in [*secrets, *([("hash key", key)] if key else [])]:
                for form in forms(text):
                    for name, content in sinks.items():
                        self.assertNotIn(form, content, f"seed {seed}: {kind} {form} in {name}")

    def what_was_granted_is_there(self, calls: list[dict]):
        """In full, that is without what opens or pays something: the words beside it stay."""
        self.assertTrue(any("just a word" in json.dumps(call["request"].get("body")) for call in calls), calls[:2])
        self.assertEqual({call["request"]["headers"]["x-plain"] for call in calls}, {"a plain value"})
        self.assertEqual({call["request"]["headers"]["cookie"].split(":")[0].strip("{}") for call in calls}, {"secret"})

    def tap(self, agent: Agent) -> urllib.request.Request:
        token = (agent.state / "local.token").read_text().strip()
        url = f"http://127.0.0.1:{agent.health}/tap?after=0"
        return urllib.request.Request(url, headers={"authorization": f"Bearer {token}"})


if __name__ == "__main__":
    unittest.main()
