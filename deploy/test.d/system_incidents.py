"""People work on incidents: they see them, act on them, silence them, and whoever gets a message acknowledges by its link."""

import base64
import hashlib
import hmac
import html
import json
import re
import subprocess
import threading
import time
import unittest

from installation import Installation, as_ndjson, clean_environment, native_call, send

INCIDENT = 7001
OTHER = 7002
# Of the API, whose section is the last of the file.
SETTINGS = """\
  public_url: https://farwatch.example
notifiers:
  siren:
    type: command
    program: /bin/true
"""


def base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


class Traffic:
    """Three hosts that call a partner, ten calls a second each, through a real agent; the partner answers 503 when told to."""

    def __init__(self, installation: Installation):
        self.installation = installation
        self.fails = False
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.sent = 0

    def run(self) -> None:
        while not self.ends.wait(1):
            self.send(time.time())

    def send(self, at: float) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        response = {"status": 503 if self.fails else 200}
        calls = [
            native_call(self.sent + number, time=moment, host=f"app-{number % 3}", customer=f"c{number % 7}",
                        response=response)
            for number in range(30)
        ]  # fmt: skip
        self.sent += len(calls)
        send(f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")

    def __enter__(self) -> "Traffic":
        for ago in range(55, 0, -1):  # What is older is not judged any more.
            self.send(time.time() - ago)
        self.thread.start()
        return self

    def stop(self) -> None:
        self.ends.set()
        self.thread.join()

    def __exit__(self, *_) -> None:
        self.stop()


class Incidents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation(aggregator_extra=SETTINGS).__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        cls.tokens = {
            scope: cls.installation.command(
                "farwatch-aggregator", "token", "create", "--scope", scope, "--name", f"ann-{scope}"
            ).split()[-1]
            for scope in ("read", "operate", "admin")
        }
        cls.installation.await_token(cls.tokens["admin"])
        cls.traffic = cls.enterClassContext(Traffic(cls.installation))
        cls.traffic.fails = True
        cls.installation.wait_for(cls.is_written, 60, "an incident opens, and what it hurts is written down")
        # Two of which nobody decides anything, with the document of the real one.
        for number in (INCIDENT, OTHER):
            cls.installation.sql(
                "INSERT INTO farwatch.incidents (id, epoch, state, severity, kind, partners, quiet, started_at, opened_at,"
                f" updated_at, document) SELECT {number}, epoch, state, severity, kind, '{{fabrikam}}', quiet, started_at,"
                f" opened_at, now(), jsonb_set(replace(document::text, 'stripe', 'fabrikam')::jsonb, '{{id}}', '\"{number}\"')"
                " FROM farwatch.incidents WHERE id = 1"
            )

    @classmethod
    def is_written(cls) -> bool:
        found = cls.ask("/api/v1/incidents?partner=stripe")[2]["data"]
        return bool(found) and found[0]["explains"]["calls_failed"] > 200

    @classmethod
    def ask(cls, path: str, method: str = "GET", body=None, token: str | None = "operate"):
        headers = {"authorization": f"Bearer {cls.tokens[token]}"} if token else {}
        if body is not None:
            headers["content_type"] = "application/json"
        status, headers, answer = send(
            cls.address + path, None if body is None else json.dumps(body).encode(), method, **headers
        )
        return status, headers, json.loads(answer) if headers.get("content-type", "").endswith("json") else answer

    def farwatch(self, *arguments: str, code: int = 0) -> str:
        environment = clean_environment() | {"FARWATCH_URL": self.address, "FARWATCH_TOKEN": self.tokens["operate"]}
        done = subprocess.run(
            [str(self.installation.bin / "farwatch"), *arguments], env=environment, capture_output=True, text=True,
            timeout=180, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_incidents_are_listed_and_told_whole(self):
        _, _, page = self.ask("/api/v1/incidents?partner=fabrikam&limit=1", token=None)
        self.assertEqual([one["id"] for one in page["data"]], [str(OTHER)])
        _, _, rest = self.ask(f"/api/v1/incidents?partner=fabrikam&limit=1&cursor={page['next_cursor']}", token=None)
        self.assertEqual([one["id"] for one in rest["data"]], [str(INCIDENT)])
        self.assertEqual(self.ask("/api/v1/incidents?partner=nobody")[2]["data"], [])
        status, _, one = self.ask(f"/api/v1/incidents/{INCIDENT}", token=None)
        self.assertEqual((status, one["cause"]["kind"], one["cause"]["partners"]), (200, "partner", ["fabrikam"]))
        self.assertEqual(one["explains"]["failures"], {"server_error": one["explains"]["calls_failed"]})
        self.assertEqual(sorted(one["explains"]["host_names"]), ["app-0", "app-1", "app-2"])
        self.assertEqual(self.ask(f"/api/v1/incidents/{INCIDENT}/why")[2], {"incident": str(INCIDENT), "decisions": []})
        self.assertEqual(self.ask("/api/v1/incidents/404404")[0], 404)

    def test_acting_is_for_those_who_may(self):
        path = f"/api/v1/incidents/{INCIDENT}/note"
        self.assertEqual(self.ask(path, "POST", {"text": "x"}, token=None)[0], 401)
        self.assertEqual(self.ask(path, "POST", {"text": "x"}, token="read")[0], 403)
        self.assertEqual(self.ask(path, "POST", {"txet": "x"})[2]["errors"][0]["pointer"], "/body/txet")

    def refused_actions(self) -> int:
        text = self.ask("/metrics")[2].decode()
        return int(re.search(r"^farwatch_decider_refused_actions_total (\d+)$", text, re.MULTILINE).group(1))

    def test_what_the_decider_knows_nothing_of_is_refused(self):
        before = self.refused_actions()
        # Again for as long as it waits to be done: a busy machine may hold up whoever decides.
        status, _, problem = self.installation.wait_for(
            lambda: (told := self.ask(f"/api/v1/incidents/{OTHER}/resolve", "POST"))[0] != 202 and told, 30, "it is decided"
        )
        self.assertEqual((status, problem["detail"]), (409, f"incident {OTHER} is over"))
        self.assertIn("is over", self.farwatch("incident", "ack", str(OTHER), code=1))
        entry = self.ask(f"/api/v1/incidents/{OTHER}")[2]["timeline"][-1]
        self.assertEqual(entry["who"], "ann-operate")
        self.assertIn("not acknowledged", entry["what"])
        self.assertGreaterEqual(self.refused_actions(), before + 2)

    def test_an_outage_is_worked_on_from_its_beginning_to_its_end(self):
        owner = {"name": "payments", "contact": "+1 555 0100", "channels": [{"channel": "siren"}]}
        self.assertEqual(self.ask("/api/v1/owners", "POST", owner)[0], 201)
        unknown = self.ask("/api/v1/owners", "POST", {"name": "x", "channels": [{"channel": "sirne"}]})
        self.assertEqual(unknown[2]["errors"][0]["pointer"], "/body/channels/0")
        number = self.open_incident()
        self.follow(number)
        # What goes on failing would open it again.
        self.traffic.stop()
        done = json.loads(self.farwatch("incident", "resolve", number, "--note", "on the other gateway", "--json"))
        if "waits to be done" in json.dumps(done):
            self.wait_until_done(number)
            done = json.loads(self.farwatch("incident", "show", number, "--json"))
        self.assertEqual(done["state"], "resolved")
        deeds = [(entry["who"], entry["what"]) for entry in done["timeline"] if "who" in entry]
        self.assertEqual(
            deeds,
            [("link", "acknowledged"), ("ann-operate", "assigned to payments"),
             ("ann-operate", "noted: switched to the second gateway"),
             ("ann-operate", "not the partner has acknowledged it (no case was sent to the partner)"),
             ("ann-operate", "the partner was told: ticket 4711"),
             ("ann-operate", "told what the partner's page says: we look into elevated errors"),
             ("ann-operate", "noted: nobody decides"),
             ("ann-operate", "resolved by hand: on the other gateway")],
        )  # fmt: skip
        self.assertEqual(
            {(sent["channel"], sent["kind"]) for sent in done["notifications"]} >= {("siren", "opened")}, True
        )
        self.assertIn("is over", self.farwatch("incident", "ack", number, code=1))
        audit = json.dumps(self.ask("/api/v1/audit", token="admin")[2])
        for words in ("acknowledged an incident", "assigned an incident", "made an owner"):
            self.assertIn(words, audit)

    def open_incident(self) -> str | None:
        found = self.ask("/api/v1/incidents?partner=stripe&state=open&limit=100")[2]["data"]
        return next((one["id"] for one in found if int(one["id"]) not in (INCIDENT, OTHER)), None)

    def follow(self, number: str) -> None:
        self.acknowledge_by_link(number)
        self.farwatch("incident", "assign", number, "payments")
        self.wait_until_done(number)
        shown = self.farwatch("incident", "show", number)
        self.assertRegex(shown, r"owner +payments")
        self.assertIn("there is no owner", self.farwatch("incident", "assign", number, "paymetns", code=1))
        self.farwatch("incident", "note", number, "switched to the second gateway")
        self.assertIn("no case was sent", self.farwatch("incident", "case", number, "acknowledged", code=1))
        self.farwatch("incident", "case", number, "sent", "--note", "ticket 4711")
        self.farwatch("incident", "partner-says", number, "we look into elevated errors")
        self.wait_until_done(number)
        shown = self.farwatch("incident", "show", number)
        self.assertRegex(shown, r"their page +we look into elevated errors")
        self.keep_what_nobody_comes_to(number)
        self.assertIn("stripe", json.dumps(self.ask(f"/api/v1/incidents/{number}/why")[2]["decisions"]))
        self.assertIn("DECISION", self.farwatch("incident", "why", number))
        _, _, page = self.ask(f"/incidents/{number}", token=None)
        self.assertIn(b"Who was told", page)

    def acknowledge_by_link(self, number: str) -> None:
        path = self.link(number)
        status, headers, page = self.ask(path, token=None)
        self.assertEqual((status, headers["cache-control"]), (200, "no-store"))
        self.assertIn(b"<button>Acknowledge</button>", page)
        self.assertIsNone(self.ask(f"/api/v1/incidents/{number}")[2]["acknowledged"])
        self.assertEqual(self.ask(path[:-1] + ("a" if path[-1] != "a" else "b"), "POST", token=None)[0], 403)
        of_another = self.link(INCIDENT).split("-")[1]
        self.assertEqual(self.ask(path.split("-")[0] + "-" + of_another, "POST", token=None)[0], 403)
        status, _, page = self.ask(path, "POST", token=None)
        # A busy machine may hold up whoever decides: then it takes effect in a few seconds.
        self.assertIn((status, b"Acknowledged." in page), ((200, True), (202, False)))
        self.wait_until_done(number)
        self.assertEqual(self.ask(f"/api/v1/incidents/{number}")[2]["acknowledged"]["by"], "link")
        self.assertIn(b"link acknowledged it", self.ask(path, token=None)[2])

    def link(self, number: int | str) -> str:
        key = bytes.fromhex(
            self.installation.sql("SELECT encode(bytes, 'hex') FROM farwatch.snapshots WHERE name = 'link-key'")[0][0]
        )
        code = base64.b32encode(hmac.new(key, f"acknowledge incident {number}".encode(), hashlib.sha256).digest())
        return f"/a/{base36(int(number))}-{code[:20].decode().lower()}"

    def keep_what_nobody_comes_to(self, number: str) -> None:
        """Another holds the lease, and does nothing."""
        self.installation.sql(
            "UPDATE farwatch.leases SET holder = 'another', epoch = epoch + 1, until = now() + interval '1 hour'"
            " WHERE name = 'decider'"
        )
        time.sleep(1.5)  # A round that had begun.
        began = time.monotonic()
        status, _, one = self.ask(f"/api/v1/incidents/{number}/note", "POST", {"text": "nobody decides"})
        self.assertEqual(status, 202)
        self.assertGreater(time.monotonic() - began, 2.5)
        self.assertIn("nobody decides (waits to be done)", [entry["what"][7:] for entry in one["timeline"]])
        self.installation.sql("UPDATE farwatch.leases SET until = now() WHERE name = 'decider'")
        self.wait_until_done(number)

    def wait_until_done(self, number: str) -> None:
        """What somebody wanted; an answer waits for it no longer than three seconds."""
        self.installation.wait_for(
            lambda: "waits to be done" not in json.dumps(self.ask(f"/api/v1/incidents/{number}")[2]), 20, "it is done"
        )

    def test_the_command_line_shows_tables(self):
        table = self.farwatch("incidents", "--partner", "fabrikam")
        real = self.ask(f"/api/v1/incidents/{OTHER}")[2]
        self.assertRegex(table, rf"(?m)^{OTHER} .* critical .* {re.escape(real['title'])}")
        self.assertRegex(self.farwatch("incident", str(OTHER)), r"customers +7: .*c[0-6]")
        shown = json.loads(self.farwatch("incident", "show", str(OTHER), "--json"))
        self.assertEqual(shown, self.ask(f"/api/v1/incidents/{OTHER}")[2])
        self.assertIn("no `404404` here", self.farwatch("incident", "show", "404404", code=1))
        self.farwatch("incidents", "--state", "closed", code=64)
        self.farwatch("incidents", "--limit", "0", code=64)

    def test_silences_are_made_listed_and_ended(self):
        made = json.loads(
            self.farwatch("silence", "add", "partner=stripe|adyen", "route=~POST /v1/*", "--until", "2h", "--comment",
                          "their upgrade", "--json")
        )  # fmt: skip
        self.assertEqual(made["matchers"][0], {"dimension": "partner", "op": "=", "value": ["stripe", "adyen"]})
        self.assertEqual((made["state"], made["created_by"]), ("active", "ann-operate"))
        self.assertIn("partner=stripe|adyen, route=~POST /v1/*", self.farwatch("silence", "list"))
        self.farwatch("silence", "end", made["id"])
        self.assertIn("There is none", self.farwatch("silence", "list"))
        self.assertIn("ended", self.farwatch("silence", "list", "--past"))
        self.assertIn("it ended", self.farwatch("silence", "end", made["id"], code=1))
        self.assertIn("ends_at", self.farwatch("silence", "add", "host=a", "--from", "2h", "--until", "1h", "--comment",
                                               "x", code=1))  # fmt: skip
        self.assertIn("no dimension `hots`", self.farwatch("silence", "add", "hots=a", "--until", "1h", "--comment", "x",
                                                           code=1))  # fmt: skip
        self.farwatch("maintenance", "add", "partner=stripe", "--until", "1h", "--comment", "x", code=64)
        made = json.loads(
            self.farwatch("maintenance", "add", "partner=stripe", "--side", "theirs", "--from", "1h", "--until", "2h",
                          "--comment", "announced", "--json")
        )  # fmt: skip
        self.assertEqual((made["kind"], made["side"], made["state"]), ("maintenance", "theirs", "pending"))
        self.farwatch("maintenance", "end", made["id"])

    def test_owners_are_shown(self):
        status, _, answer = self.ask(
            "/api/v1/owners",
            "POST",
            {"name": "support", "matchers": [{"dimension": "partner", "op": "=", "value": "zendesk"}],
             "channels": [{"channel": "siren"}, {"channel": "on-call", "after_s": 900}],
             "schedule": {"participants": [{"name": "Ann", "channel": "siren"}], "hand_over": "2026-11-23T09:00:00Z",
                          "every_s": 604800}},
        )  # fmt: skip
        self.assertEqual(status, 201, answer)
        self.assertRegex(self.farwatch("owners"), r"support +partner=zendesk +siren, then on-call after 15m")
        self.assertEqual(self.ask("/api/v1/owners/support", "DELETE")[0], 204)

    def test_the_pages_show_them(self):
        _, headers, page = self.ask("/incidents", token=None)
        self.assertIn(f'href="/incidents/{OTHER}"'.encode(), page)
        self.assertTrue(headers["content-type"].startswith("text/html"))
        _, _, page = self.ask(f"/incidents/{OTHER}", token=None)
        real = self.ask(f"/api/v1/incidents/{OTHER}")[2]
        opened = next(entry["what"] for entry in real["timeline"] if entry["what"].startswith("opened: "))
        for words in (opened, real["explains"]["route_names"][0], real["explains"]["customer_names"][0], "nobody owns it"):
            self.assertIn(words, html.unescape(page.decode()))
        self.assertEqual(self.ask("/incidents/404404", token=None)[0], 404)


if __name__ == "__main__":
    unittest.main()
