"""Bodies that a host's operator let travel whole are seen by those alone who may read bodies, and each time it is written down."""

import json
import unittest

from installation import Installation, as_ndjson, native_call, send

GRANT = """
redaction:
  partners:
    stripe: {mode: full, approved_by: security@example.com, until: 2099-01-01T00:00:00Z}
"""
WORDS = "a-word-of-the-body"


class Bodies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation(agent_extra=GRANT))
        request = {"method": "POST", "url": "https://api.stripe.com/v1/charges", "body": {"note": WORDS}}
        request["headers"] = {"content-type": "application/json"}
        calls = as_ndjson([native_call(0, id="whole", request=request)])
        status, _, answer = send(f"{cls.installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")
        assert status == 202, answer
        cls.installation.wait_for(cls.installation.api.calls, 30, "the call is stored")
        cls.reader = cls.token("reader", "read")
        cls.trusted = cls.token("trusted", "read", "read:bodies")
        cls.auditor = cls.token("auditor", "admin")
        cls.installation.await_token(cls.auditor)

    @classmethod
    def token(cls, name: str, *scopes: str) -> str:
        words = [word for scope in scopes for word in ("--scope", scope)]
        return cls.installation.command("farwatch-aggregator", "token", "create", *words, "--name", name).split()[-1]

    def ask(self, path: str, token: str | None):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        status, _, answer = send(self.installation.api.address + path, None, "GET", **headers)
        self.assertEqual(status, 200, answer)
        return answer.decode()

    def reads(self) -> list[str]:
        return [entry["who"] for entry in json.loads(self.ask("/api/v1/audit", self.auditor))["data"] if entry["what"] == "read a body"]

    def test_who_may_not_read_bodies_sees_none_and_finds_nothing_by_them(self):
        for token in (None, self.reader):
            for path in ("/api/v1/calls", "/api/v1/calls/whole", "/api/v1/calls/whole?format=har", "/api/v1/calls/whole?format=curl"):
                self.assertNotIn(WORDS, self.ask(path, token), path)
            for question in (f"text={WORDS}", f"json=$.note%3D{WORDS}"):
                self.assertEqual(json.loads(self.ask(f"/api/v1/calls?{question}", token))["data"], [], question)

    def test_who_may_is_shown_them_and_it_is_written_down(self):
        before = len(self.reads())
        self.assertIn(WORDS, self.ask("/api/v1/calls/whole", self.trusted))
        for question in (f"text={WORDS}", f"json=$.note%3D{WORDS}"):
            self.assertIn(WORDS, self.ask(f"/api/v1/calls?{question}", self.trusted), question)
        self.installation.wait_for(lambda: len(self.reads()) >= before + 3, 10, "all of it is in the audit")
        self.assertEqual(set(self.reads()), {"trusted"})


if __name__ == "__main__":
    unittest.main()
