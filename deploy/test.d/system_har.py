"""A call as HAR, read as whatever reads HAR would: every field of HAR 1.2 is there and says what the call was; and as a curl command, run."""

import base64
import json
import os
import subprocess
import sys
import unittest
import urllib.parse
from pathlib import Path

import jsonschema_rs
from installation import Installation, as_ndjson, native_call, send
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "clients.d"))

from standin import StandIn  # noqa: E402

GRANT = """
redaction:
  partners:
    stripe: {mode: full, approved_by: security@example.com, until: 2099-01-01T00:00:00Z}
"""


def described(required: dict, optional: dict | None = None) -> dict:
    """An object of HAR: other members only with an underscore in front, or `comment`."""
    properties = required | (optional or {}) | {"comment": {"type": "string"}}
    return {"type": "object", "required": list(required), "properties": properties, "patternProperties": {"^_": {}}, "additionalProperties": False}


def listed(item: dict) -> dict:
    return {"type": "array", "items": item}


# Absolute. What stands for a value that was masked, `{value}`, no URI may hold: it is to be seen that it is none of the call's.
URL = {"type": "string", "pattern": "^https?://[^/ ]+/[^ ]*$"}
TEXT, WHOLE, TIME = {"type": "string"}, {"type": "integer", "minimum": -1}, {"type": "number", "minimum": -1}
PAIR = described({"name": TEXT, "value": TEXT})
# http://www.softwareishard.com/blog/har-12-spec/
HAR = described({"log": described({
    "version": {"const": "1.2"},
    "creator": described({"name": TEXT, "version": TEXT}),
    "entries": listed(described({
        "startedDateTime": {"type": "string", "format": "date-time"},
        "time": {"type": "number", "minimum": 0},
        "request": described({
            "method": TEXT, "url": URL, "httpVersion": TEXT, "cookies": listed({}), "headers": listed(PAIR),
            "queryString": listed(PAIR), "headersSize": WHOLE, "bodySize": WHOLE,
        }, {"postData": described({"mimeType": TEXT}, {"params": listed(PAIR), "text": TEXT})}),
        "response": described({
            "status": {"type": "integer", "minimum": 0}, "statusText": TEXT, "httpVersion": TEXT, "cookies": listed({}), "headers": listed(PAIR),
            "content": described({"size": WHOLE, "mimeType": TEXT}, {"compression": WHOLE, "text": TEXT, "encoding": {"const": "base64"}}),
            "redirectURL": TEXT, "headersSize": WHOLE, "bodySize": WHOLE,
        }),
        "cache": described({}, {"beforeRequest": {}, "afterRequest": {}}),
        "timings": described({"send": TIME, "wait": TIME, "receive": TIME},
                             {name: TIME for name in ("blocked", "dns", "connect", "ssl")}),
    }, {"pageref": TEXT, "serverIPAddress": TEXT, "connection": TEXT})),
}, {"browser": {}, "pages": {}})})  # fmt: skip
BINARY = bytes(range(256))
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class AsHAR(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation(agent_extra=GRANT))
        cls.address = cls.installation.api.address
        text = {"content-type": "application/json", "x-request-id": "req_1"}
        asked = {"method": "POST", "url": "https://api.stripe.com/v1/charges/ch_1?limit=10&expand=a%20b&card=4242", "headers": text}
        asked |= {"body": {"amount": 100, "name": "Ann"}, "body_bytes": 31, "http_version": "2"}
        answered = {"status": 302, "headers": text | {"location": "https://api.stripe.com/elsewhere", "retry-after": "3"}, "body": {"id": "ch_1"}}
        binary = {"headers": {"content-type": "application/octet-stream"}, "body": {"base64": base64.b64encode(BINARY).decode()}}
        form = {"headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "amount=100&name=Ann"}
        calls = [
            native_call(0, id="whole", request=asked, response=answered, duration_ms=123.456, peer_address="203.0.113.7", trace_id=TRACE),
            native_call(0, id="binary", request={"method": "PUT", "url": "https://api.stripe.com/v1/files"} | binary, response={"status": 200} | binary),
            native_call(0, id="form", request={"method": "POST", "url": "https://api.stripe.com/v1/charges"} | form, response={"status": 204}),
            native_call(0, id="unanswered", response=None, error="reset"),
            native_call(0, id="shape", request={"method": "POST", "url": "https://slack.com/api/chat?token=x"} | {"body": {"text": "hello"}}),
        ]
        status, _, answer = send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        assert status == 202, answer
        create = ("farwatch-aggregator", "token", "create", "--scope", "admin", "--name", "reader")
        cls.token = cls.installation.command(*create).split()[-1]
        cls.installation.await_token(cls.token)
        cls.installation.wait_for(lambda: len(cls.installation.api.calls()) == len(calls), 30, "the calls are stored")

    def entry(self, name: str) -> dict:
        status, headers, body = send(f"{self.address}/api/v1/calls/{name}?format=har", None, "GET", authorization=f"Bearer {self.token}")
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        har = json.loads(body)
        jsonschema_rs.Draft202012Validator(HAR, validate_formats=True).validate(har)
        self.assertEqual(har["log"]["creator"]["name"], "Farwatch")
        (entry,) = har["log"]["entries"]
        self.assertEqual(entry["_id"], name)
        return entry

    def call(self, name: str) -> dict:
        return json.loads(send(f"{self.address}/api/v1/calls/{name}", None, "GET", authorization=f"Bearer {self.token}")[2])

    @staticmethod
    def pairs(listed: list[dict]) -> dict:
        return {one["name"]: one["value"] for one in listed}

    def test_the_curl_command_sends_what_was_sent(self):
        """Run by a shell, against a stand-in on loopback: whatever a shell or curl might take for its own comes through."""
        with StandIn() as stand_in:
            odd = "it's `id` $(id) \\ \"x\" *"
            text = json.dumps({"amount": 100, "name": odd, "lines": "a\nb", "euro": "€"}, ensure_ascii=False)
            headers = {"content-type": "application/json", "x-odd": odd, "x-globs": "[a-z]{1,2}", "user-agent": "shop/1.0", "accept": "*/*"}
            plain = {"content-type": "text/plain", "user-agent": "shop/1.0", "accept": "*/*"}
            wanted = {
                "odd": ("POST", "/v1/charges/ch_1?list[]=1&b={x,y}&c=a%20b", headers, text),
                "at": ("PUT", "/v1/charges/ch_2", plain, "@/etc/passwd\nand 'more'\n"),
                "none": ("DELETE", "/status/202", {"user-agent": "shop/1.0", "accept": "*/*", "x-request-id": "req_1"}, ""),
                # What curl would add by itself is not sent, a header without a value is, and a path is left as it was.
                "bare": ("PATCH", "/v1/../v1/./charges/ch_3", {"x-empty": "", "x-request-id": "req_2"}, "no type"),
                "head": ("HEAD", "/status/200", {"accept": "text/html", "x-empty": ""}, ""),
                "empty": ("POST", "/v1/charges/ch_4", {"x-request-id": "req_3"}, ""),
                # Longer than an argument may be, and than what curl sends without asking first.
                "long": ("POST", "/v1/charges/ch_5", plain, "it's " * 40_000),
            }  # fmt: skip
            # They are of the partner for whom bodies are granted: its address alone is exchanged in the command.
            calls = []
            for name, (method, path, sent, body) in wanted.items():
                request = {"method": method, "url": f"https://api.stripe.com{path}", "headers": sent} | ({"body": body} if body else {})
                calls.append(native_call(0, id=f"curl-{name}", request=request))
            status, _, answer = send(f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
            self.assertEqual(status, 202, answer)
            for name, (method, path, sent, body) in wanted.items():
                url = f"{self.address}/api/v1/calls/curl-{name}"
                ask = lambda url=url: send(f"{url}?format=curl", None, "GET", authorization=f"Bearer {self.token}")  # noqa: E731
                self.installation.wait_for(lambda ask=ask: ask()[0] == 200, 30, "the call is stored")
                command = ask()[2].decode()
                stored = json.loads(send(url, None, "GET", authorization=f"Bearer {self.token}")[2])["request"]
                done = subprocess.run(
                    ["sh"], input=command.replace("https://api.stripe.com", stand_in.url).encode(),
                    env={"PATH": os.environ["PATH"], "HOME": str(self.installation.state)}, capture_output=True, timeout=60, check=False,
                )
                self.assertEqual((done.returncode, len(stand_in.requests)), (0, 1), (command, done.stderr))
                got = stand_in.requests.pop()
                with self.subTest(name=name, command=command):
                    self.assertEqual((got["method"], stored["method"]), (method, method))
                    self.assertEqual("https://api.stripe.com" + got["path"], stored["url"])
                    self.assertEqual(got["path"].partition("?")[0], path.partition("?")[0])
                    arrived = {key: value for key, value in got["headers"].items() if key not in ("host", "content-length")}
                    self.assertEqual(arrived, stored["headers"])
                    self.assertEqual(arrived, sent)
                    same = json.loads if name == "odd" else str
                    self.assertEqual(got["body"] and same(got["body"]), body and same(body))

    def test_it_says_what_the_call_s_own_document_says(self):
        entry, call = self.entry("whole"), self.call("whole")
        request, response = entry["request"], entry["response"]
        self.assertEqual((entry["startedDateTime"], entry["time"]), (call["time"], 123.456))
        self.assertEqual(entry["timings"], {"send": 0, "wait": 123.456, "receive": 0})
        self.assertEqual(entry["serverIPAddress"], "203.0.113.7")
        self.assertEqual((request["method"], request["url"], request["httpVersion"]), ("POST", call["request"]["url"], "HTTP/2"))
        self.assertEqual(self.pairs(request["headers"]), call["request"]["headers"])
        asked = urllib.parse.parse_qsl(call["request"]["url"].partition("?")[2])
        self.assertEqual([(one["name"], one["value"]) for one in request["queryString"]], asked)
        self.assertEqual(dict(asked)["limit"], "10")
        self.assertEqual((request["bodySize"], request["postData"]["mimeType"]), (31, "application/json"))
        self.assertEqual(json.loads(request["postData"]["text"]), {"amount": 100, "name": "Ann"})
        self.assertEqual((response["status"], response["redirectURL"]), (302, call["response"]["headers"]["location"]))
        self.assertEqual(self.pairs(response["headers"]), call["response"]["headers"])
        self.assertEqual((json.loads(response["content"]["text"]), response["content"]["mimeType"]), ({"id": "ch_1"}, "application/json"))
        told = {"_partner": "stripe", "_direction": "outbound", "_outcome": call["outcome"], "_route": call["route"], "_trace_id": TRACE}
        self.assertEqual({name: entry[name] for name in told}, told)

    def test_what_is_no_text_is_in_base64_and_comes_out_again(self):
        entry = self.entry("binary")
        content, posted = entry["response"]["content"], entry["request"]["postData"]
        self.assertEqual((content["encoding"], base64.b64decode(content["text"])), ("base64", BINARY))
        # HAR has no word for it in requests.
        self.assertEqual((posted["_encoding"], base64.b64decode(posted["text"])), ("base64", BINARY))

    def test_a_form_an_empty_answer_no_answer_and_a_shape(self):
        entry = self.entry("form")
        self.assertEqual(entry["request"]["postData"], {"mimeType": "application/x-www-form-urlencoded", "text": "amount=100&name=Ann"})
        self.assertEqual((entry["response"]["status"], entry["response"]["content"]["size"]), (204, 0))
        entry = self.entry("unanswered")
        self.assertEqual((entry["response"]["status"], entry["response"]["headers"], entry["_error"]), (0, [], "reset"))
        entry = self.entry("shape")
        self.assertIn("shape", entry["request"]["postData"]["comment"])
        self.assertNotIn("hello", json.dumps(entry))

    def test_without_the_right_to_read_bodies_it_has_none(self):
        body = send(f"{self.address}/api/v1/calls/whole?format=har", None, "GET")[2]
        jsonschema_rs.Draft202012Validator(HAR).validate(json.loads(body))
        self.assertNotIn(b"Ann", body)


if __name__ == "__main__":
    unittest.main()
