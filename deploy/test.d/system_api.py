"""What the API says of itself is true, and bad questions get good answers."""

import json
import subprocess
import unittest

import jsonschema_rs
from installation import Installation, as_ndjson, native_call, send

EXAMPLES_MAX = 60
RUN_WAIT_S = 900  # Three minutes where nothing else runs.
# Its own bounds are for what a server and a generator take; a busy machine may hold up both.
HELD_UP = ["--request-timeout", "60", "--suppress-health-check", "too_slow"]


class API(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().__enter__()
        cls.addClassCleanup(cls.installation.close)
        calls = [native_call(number) for number in range(300)]
        calls += [native_call(number, response={"status": 503}) for number in range(300, 330)]
        calls += [native_call(330, response=None, error="reset")]
        send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        address = cls.installation.api.address
        cls.address = address
        cls.installation.wait_for(lambda: len(cls.installation.api.calls()) == 331, 30, "the calls are stored")

    def get(self, path: str, **headers) -> tuple[int, dict, bytes]:
        return send(self.address + path, None, "GET", **headers)

    def test_it_keeps_to_its_own_description(self):
        command = ["schemathesis", "run", f"{self.address}/openapi.json", "--url", self.address]
        # That answer has no end; `system_queries` and `system_explain` read it.
        command += ["--exclude-path", "/api/v1/calls/stream"]
        # Large, and the same for whoever asks: looked at once, below.
        command += ["--exclude-path", "/api/v1/catalogue"]
        command += ["--checks", "all", "--max-examples", str(EXAMPLES_MAX), "--seed", "1"]
        command += HELD_UP
        # One worker: CPython 3.11 fails in `ast.parse` when two threads are in it (gh-106905), and Hypothesis calls it.
        command += ["--workers", "1"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_WAIT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])

    def test_the_catalogue_keeps_to_its_description(self):
        description = json.loads(self.get("/openapi.json")[2])
        answers = description["paths"]["/api/v1/catalogue"]["get"]["responses"]
        schema = answers["200"]["content"]["application/json"]["schema"] | {"components": description["components"]}
        status, _, catalogue = self.get("/api/v1/catalogue")
        self.assertEqual(status, 200)
        jsonschema_rs.Draft202012Validator(schema).validate(json.loads(catalogue))

    def test_it_keeps_to_it_for_those_who_may_act(self):
        """What else than a field's form makes a request wrong, such as an end before its beginning, no schema can say."""
        token = self.installation.command("farwatch-aggregator", "token", "create", "--scope", "operate", "--name", "st")
        self.installation.await_token(token.split()[-1])
        command = ["schemathesis", "run", f"{self.address}/openapi.json", "--url", self.address]
        command += ["--header", f"Authorization: Bearer {token.split()[-1]}"]
        command += ["--include-path-regex", "/(incidents|silences|maintenances|owners|why|evidence|shares)"]
        command += ["--checks", "all", "--exclude-checks", "positive_data_acceptance,ignored_auth"]
        command += ["--max-examples", "20", "--seed", "1", "--workers", "1", *HELD_UP]
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_WAIT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])

    def test_a_call_is_found_again_as_it_was_sent(self):
        status, _, body = self.get("/api/v1/calls/t-7")
        call = json.loads(body)
        self.assertEqual(status, 200)
        self.assertEqual((call["id"], call["partner"], call["direction"]), ("t-7", "stripe", "outbound"))
        self.assertEqual(call["route"], "POST /v1/charges/{id}")
        self.assertEqual((call["response"]["status"], call["duration_ms"]), (200, 12.5))
        failed = self.installation.api.calls(outcome="no_answer")
        self.assertEqual([(call["id"], call["error"]) for call in failed], [("t-330", "reset")])

    def test_wrong_questions_get_a_problem_that_says_what_is_wrong(self):
        for path, status, words in (
            ("/api/v1/calls?limit=0", 400, "limit"),
            ("/api/v1/calls?limit=many", 400, "limit"),
            ("/api/v1/calls?colour=red", 400, "colour"),
            ("/api/v1/calls?since=yesterday", 400, "since"),
            ("/api/v1/calls?cursor=%00%ff", 400, "cursor"),
            ("/api/v1/calls?outcome=bad", 400, "outcome"),
            ("/api/v1/calls/nobody", 404, "nobody"),
            ("/api/v1/partners/nobody", 404, "nobody"),
            ("/api/v9/status", 404, "/api/v9/status"),
            ("/api/v1/calls?json=items", 400, "json"),
            ("/api/v1/traces/xyz", 404, "xyz"),
            ("/api/v1/volume?by=colour", 400, "by"),
        ):
            with self.subTest(path=path):
                got, headers, body = self.get(path)
                self.assertEqual((got, headers["content-type"]), (status, "application/problem+json"))
                self.assertIn(words, json.loads(body)["detail"])

    def test_a_method_that_is_not_there_is_told_which_are(self):
        status, headers, _ = send(f"{self.address}/api/v1/status", b"{}", "POST")
        self.assertEqual((status, "GET" in headers["allow"]), (405, True))

    def test_the_operator_s_commands_say_the_same(self):
        address = ("--url", self.address)
        self.installation.wait_for(
            lambda: json.loads(self.installation.command("farwatch", "status", "--json", *address))["partners"],
            20,
            "the status names partners",
        )
        partners = json.loads(self.installation.command("farwatch", "partners", "--json", *address))
        self.assertIn("stripe", json.dumps(partners))
        table = self.installation.command("farwatch", "search", "--partner", "stripe", "--limit", "3", *address)
        self.assertGreaterEqual(len(table.splitlines()), 3)

    def test_a_host_that_reports_is_listed(self):
        def hosts():
            return json.loads(self.get("/api/v1/hosts")[2])["data"]

        self.installation.wait_for(hosts, 30, "a heartbeat arrives")
        self.assertEqual(hosts()[0]["state"], "reporting")


if __name__ == "__main__":
    unittest.main()
