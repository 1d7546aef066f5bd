"""Every command of `farwatch` prints the API's JSON with --json: the list is the program's own, so that none is left out."""

import json
import subprocess
import threading
import time
import unittest

from installation import Installation, as_ndjson, clean_environment, native_call, send

INCIDENT_WITHIN_S = 90
MORE = """  shares: true
owners:
  releases: {matchers: ["kind = deploy"]}
"""  # Under api, the last there.
LINES = ("search", "tail")  # A call a line.


class JSON(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation(aggregator_extra=MORE))
        cls.address = cls.installation.api.address
        cls.token = cls.installation.command("farwatch-aggregator", "token", "create", "--scope", "admin", "--name", "all").split()[-1]
        cls.installation.await_token(cls.token)
        cls.sent = 0
        cls.is_over = threading.Event()
        thread = threading.Thread(target=cls.keep_failing)
        thread.start()
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(cls.is_over.set)
        cls.incident = cls.installation.wait_for(cls.incidents, INCIDENT_WITHIN_S, "what fails is an incident")[0]["id"]

    @classmethod
    def keep_failing(cls):
        while not cls.is_over.wait(0.5):
            calls = []
            for _ in range(6):
                cls.sent += 1
                calls.append(native_call(cls.sent, trace_id=f"{cls.sent:032x}", response={"status": 503}))
            send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")

    @classmethod
    def incidents(cls) -> list[dict]:
        return json.loads(send(f"{cls.address}/api/v1/incidents", None, "GET", authorization=f"Bearer {cls.token}")[2])["data"]

    def setUp(self):
        self.tried: set[str] = set()

    def ask(self, command: str, *arguments: str):
        """What `--json` prints: one document, or one a line."""
        self.tried.add(command)
        words = [str(self.installation.bin / "farwatch"), *command.split(), *arguments, "--json", "--url", self.address, "--token", self.token]
        done = subprocess.run(words, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stdout[-500:]}{done.stderr}")
        if command in LINES:
            return [json.loads(line) for line in done.stdout.splitlines()]
        return json.loads(done.stdout)

    def commands(self) -> set[str]:
        """Those that know `--json`, as the program itself lists them."""
        dump = subprocess.run(
            [str(self.installation.bin / "farwatch"), "--experimental-dump-help"], capture_output=True, text=True, check=True)
        found = set()

        def look(command: dict, path: list[str]) -> None:
            inner = [one for one in command.get("subcommands", []) if one["commandName"] != "help"]
            options = {name["name"] for argument in command.get("arguments", []) for name in argument.get("names", [])}
            if not inner and "json" in options:
                found.add(" ".join(path))
            for one in inner:
                look(one, [*path, one["commandName"]])

        look(json.loads(dump.stdout)["command"], [])
        return found

    def test_every_command_prints_json(self):
        self.what_shows()
        self.what_acts_on_an_incident()
        self.what_keeps_quiet()
        self.what_hands_over()
        self.assertEqual(self.tried, self.commands())

    def what_shows(self):
        self.assertEqual(self.ask("status")["partners"][0]["id"], "stripe")
        self.assertEqual(self.ask("partners")["data"][0]["id"], "stripe")
        self.assertEqual(self.ask("partners", "stripe")["id"], "stripe")
        self.assertIn("data", self.ask("partners", "stripe", "--limits"))
        self.assertEqual(self.ask("incidents")["data"][0]["id"], self.incident)
        shown = self.ask("incident show", self.incident)
        self.assertEqual((shown["id"], shown["cause"]["partners"]), (self.incident, ["stripe"]))
        self.assertIn("timeline", shown)
        self.ask("incident why", self.incident)
        self.assertIn("decisions", self.ask("why"))
        self.assertIn("data", self.ask("notifications list"))
        given_up = self.installation.sql(
            "INSERT INTO farwatch.outbox (incident, channel, sequence, kind, message, created_at, state, finished_at) "
            f"VALUES ({self.incident}, 'gone', 1, 'opened', '{{}}', now(), 'dead', now()) RETURNING id")[0][0]
        self.assertEqual(self.ask("notifications retry", given_up)["id"], given_up)
        self.assertIn("data", self.ask("owners"))
        self.assertEqual(self.ask("hosts")["data"][0]["state"], "reporting")
        self.assertIn("data", self.ask("drift"))
        self.assertIn("inbound", self.ask("impact", "--partner", "stripe"))
        calls = self.ask("search", "--limit", "3")
        self.assertEqual(len(calls), 3)
        trace = self.ask("trace", calls[0]["trace_id"])
        self.assertEqual([node["call"]["id"] for node in trace["calls"]], [calls[0]["id"]])
        self.assertEqual(len(self.ask("tail", "--limit", "2")), 2)
        self.assertIn("causes", self.ask("explain", "--partner", "stripe"))
        compared = self.ask("compare", "--a", "partner=stripe&failed=true", "--b", "partner=stripe&failed=false")
        self.assertIn("population", compared)

    def what_acts_on_an_incident(self):
        for command, arguments in (("ack", []), ("assign", ["releases"]), ("note", ["seen"]), ("partner-says", ["we look into it"]),
                                   ("case", ["sent"]), ("resolve", [])):  # fmt: skip
            self.assertEqual(self.ask(f"incident {command}", self.incident, *arguments)["id"], self.incident, command)

    def what_keeps_quiet(self):
        until = ("--until", "2h", "--comment", "a test")
        for kind, more in (("silence", []), ("maintenance", ["--side", "theirs"])):
            made = self.ask(f"{kind} add", "partner=adyen", *until, *more)
            self.assertIn(made["id"], [one["id"] for one in self.ask(f"{kind} list")["data"]])
            self.ask(f"{kind} end", str(made["id"]))

    def what_hands_over(self):
        evidence = self.ask("evidence add", "of a test", "--partner", "stripe", "--since", "1h")["id"]
        self.assertIn(evidence, [one["id"] for one in self.ask("evidence list")["data"]])
        self.assertEqual(self.ask("evidence show", str(evidence))["log"]["version"], "1.2")
        preview = self.ask("share preview", str(evidence))["preview"]
        share = self.ask("share add", str(evidence), "--recipient", "x", "--preview", preview)
        self.assertIn(share["id"], [one["id"] for one in self.ask("share list")["data"]])
        self.ask("share end", str(share["id"]))
        self.ask("evidence remove", str(evidence))


if __name__ == "__main__":
    unittest.main()
