"""People work on incidents: they see them, act on them, silence them, and whoever gets a message acknowledges by its link."""

import hashlib
import hmac
import json
import subprocess
import threading
import time
import unittest

from installation import Installation, clean_environment, send

INCIDENT = 7001
OTHER = 7002
PUBLIC = "https://farwatch.example"


def document(number: int, title: str) -> str:
    """As the decider writes it."""
    return json.dumps(
        {
            "id": str(number), "state": "open", "started_at": "2026-11-24T11:59:00.000Z",
            "opened_at": "2026-11-24T11:59:09.000Z", "resolved_at": None, "detected_after_s": 9, "severity": "major",
            "title": title, "trend": "steady",
            "cause": {"kind": "partner", "partners": ["stripe"], "confidence": 0.97,
                      "predicate": [{"dimension": "route", "value": "POST /v1/charges"}]},
            "explains": {"calls_failed": 812, "calls": 1000, "series": 2, "hosts": 2, "customers": 1, "routes": 1,
                         "usual_share": 0.004, "failures": {"server_error": 812}, "host_names": ["app-1", "app-2"],
                         "customer_names": ["acme"], "route_names": ["POST /v1/charges"]},
            "quiet": False, "merged_into": None, "samples": [],
            "timeline": [{"at": "2026-11-24T11:59:09.000Z", "what": "opened: 81% of calls fail"}],
        }
    )  # fmt: skip


# What the decider does with actions, in one statement: the one it is told to refuse, and the others.
DECIDE = """
WITH taken AS (
    UPDATE farwatch.incident_actions SET applied_at = now(),
        refused = CASE WHEN what = 'resolve' AND incident = {other} THEN 'calls still fail' END
    WHERE applied_at IS NULL RETURNING *)
UPDATE farwatch.incidents i SET updated_at = now(),
    state = CASE t.what WHEN 'acknowledge' THEN 'acknowledged' WHEN 'resolve' THEN 'resolved' ELSE i.state END,
    owner = CASE t.what WHEN 'assign' THEN t.detail ELSE owner END,
    acknowledged_at = CASE t.what WHEN 'acknowledge' THEN t.at ELSE acknowledged_at END,
    acknowledged_by = CASE t.what WHEN 'acknowledge' THEN t.who ELSE acknowledged_by END
FROM taken t WHERE t.incident = i.id AND t.refused IS NULL
""".format(other=OTHER)


class StandIn:
    """Decides in the place of the decider, for rows that it did not make."""

    def __init__(self, installation: Installation):
        self.installation = installation
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        while not self.ends.wait(0.2):
            self.installation.sql(DECIDE)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_) -> None:
        self.ends.set()
        self.thread.join()


class Incidents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation(aggregator_extra=f"  public_url: {PUBLIC}\n").__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        cls.tokens = {
            scope: cls.installation.command(
                "farwatch-aggregator", "token", "create", "--scope", scope, "--name", f"ann-{scope}"
            ).split()[-1]
            for scope in ("read", "operate", "admin")
        }
        time.sleep(3)  # Tokens are read every two seconds.
        for number, title in ((INCIDENT, "Stripe fails: POST /v1/charges"), (OTHER, "Stripe fails")):
            cls.installation.sql(
                "INSERT INTO farwatch.incidents (id, epoch, state, severity, kind, partners, quiet, started_at, opened_at,"
                f" updated_at, document) VALUES ({number}, 1, 'open', 'major', 'partner', '{{stripe}}', false,"
                f" '2026-11-24T11:59:00Z', '2026-11-24T11:59:09Z', now(), $json${document(number, title)}$json$)"
            )

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
            timeout=60, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_incidents_are_listed_and_told_whole(self):
        _, _, page = self.ask("/api/v1/incidents?partner=stripe&limit=1", token=None)
        self.assertEqual([one["id"] for one in page["data"]], [str(OTHER)])
        _, _, rest = self.ask(f"/api/v1/incidents?partner=stripe&limit=1&cursor={page['next_cursor']}", token=None)
        self.assertEqual([one["id"] for one in rest["data"]], [str(INCIDENT)])
        self.assertEqual(self.ask("/api/v1/incidents?partner=nobody")[2]["data"], [])
        status, _, one = self.ask(f"/api/v1/incidents/{INCIDENT}", token=None)
        self.assertEqual((status, one["cause"]["kind"], one["explains"]["calls_failed"]), (200, "partner", 812))
        self.assertEqual(self.ask(f"/api/v1/incidents/{INCIDENT}/why")[2], {"incident": str(INCIDENT), "decisions": []})
        self.assertEqual(self.ask("/api/v1/incidents/1")[0], 404)

    def test_acting_is_for_those_who_may(self):
        path = f"/api/v1/incidents/{INCIDENT}/note"
        self.assertEqual(self.ask(path, "POST", {"text": "x"}, token=None)[0], 401)
        self.assertEqual(self.ask(path, "POST", {"text": "x"}, token="read")[0], 403)
        self.assertEqual(self.ask(path, "POST", {"txet": "x"})[2]["errors"][0]["pointer"], "/body/txet")

    def test_what_no_decider_comes_to_is_kept(self):
        began = time.monotonic()
        status, _, one = self.ask(f"/api/v1/incidents/{OTHER}/note", "POST", {"text": "no answer from them"})
        self.assertEqual(status, 202)
        self.assertGreater(time.monotonic() - began, 2.5)
        self.assertIn("waits to be done", one["timeline"][-1]["what"])
        with StandIn(self.installation):
            self.installation.wait_for(
                lambda: self.ask(f"/api/v1/incidents/{OTHER}")[2]["timeline"][-1]["what"].endswith("from them"), 10,
                "it is done",
            )  # fmt: skip

    def test_people_act_through_api_and_command_line(self):
        with StandIn(self.installation):
            self.assertEqual(self.ask("/api/v1/owners", "POST", {"name": "payments", "contact": "#pay"})[0], 201)
            status, _, one = self.ask(f"/api/v1/incidents/{INCIDENT}/acknowledge", "POST")
            self.assertEqual((status, one["state"], one["acknowledged"]["by"]), (200, "acknowledged", "ann-operate"))
            shown = self.farwatch("incident", "assign", str(INCIDENT), "payments")
            self.assertRegex(shown, r"owner +payments")
            self.assertIn("there is no owner", self.farwatch("incident", "assign", str(INCIDENT), "paymetns", code=1))
            self.farwatch("incident", "note", str(INCIDENT), "switched to the second gateway")
            status, _, problem = self.ask(f"/api/v1/incidents/{OTHER}/resolve", "POST")
            self.assertEqual((status, problem["detail"]), (409, "calls still fail"))
            done = json.loads(self.farwatch("incident", "resolve", str(INCIDENT), "--note", "mended", "--json"))
        self.assertEqual(done["state"], "resolved")
        deeds = [(entry["who"], entry["what"]) for entry in done["timeline"] if "who" in entry]
        self.assertEqual(
            deeds,
            [("ann-operate", "acknowledged"), ("ann-operate", "assigned to payments"),
             ("ann-operate", "noted: switched to the second gateway"), ("ann-operate", "resolved by hand: mended")],
        )  # fmt: skip
        audit = json.dumps(self.ask("/api/v1/audit", token="admin")[2])
        for words in ("acknowledged an incident", "assigned an incident", "made an owner"):
            self.assertIn(words, audit)

    def test_the_command_line_shows_tables(self):
        table = self.farwatch("incidents", "--partner", "stripe")
        self.assertRegex(table, rf"(?m)^{OTHER} .* major .* Stripe fails")
        self.assertRegex(self.farwatch("incident", str(OTHER)), r"customers +1: acme")
        self.assertIn("no `1` here", self.farwatch("incident", "show", "1", code=1))
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
        self.assertIn("did you mean `host`", self.farwatch("silence", "add", "hots=a", "--until", "1h", "--comment", "x",
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
             "channels": [{"channel": "slack"}, {"channel": "on-call", "after_s": 900}]},
        )  # fmt: skip
        self.assertEqual(status, 201, answer)
        self.assertRegex(self.farwatch("owners"), r"support +partner=zendesk +slack, then on-call after 15m")
        self.assertEqual(self.ask("/api/v1/owners/support", "DELETE")[0], 204)

    def test_a_link_acknowledges_by_its_button_alone(self):
        number = 7003
        self.installation.sql(
            "INSERT INTO farwatch.incidents SELECT 7003, epoch, 'open', severity, kind, '{adyen}', quiet, started_at, opened_at,"
            f" NULL, now(), NULL, NULL, NULL, document FROM farwatch.incidents WHERE id = {OTHER}"
        )
        key = bytes.fromhex(
            self.installation.sql("SELECT encode(bytes, 'hex') FROM farwatch.snapshots WHERE name = 'link-key'")[0][0]
        )
        code = hmac.new(key, f"acknowledge incident {number}".encode(), hashlib.sha256).hexdigest()
        path = f"/incidents/{number}/acknowledge?key={code}"
        status, headers, page = self.ask(path, token=None)
        self.assertEqual((status, headers["cache-control"]), (200, "no-store"))
        self.assertIn(b"<button>Acknowledge</button>", page)
        self.assertIsNone(self.ask(f"/api/v1/incidents/{number}")[2]["acknowledged"])
        self.assertEqual(self.ask(path[:-1] + ("0" if path[-1] != "0" else "1"), "POST", token=None)[0], 403)
        self.assertEqual(self.ask(path.replace("7003", "7002"), "POST", token=None)[0], 403)
        with StandIn(self.installation):
            status, _, page = self.ask(path, "POST", token=None)
        self.assertEqual((status, b"Acknowledged." in page), (200, True))
        self.assertEqual(self.ask(f"/api/v1/incidents/{number}")[2]["acknowledged"]["by"], "link")

    def test_the_pages_show_them(self):
        _, headers, page = self.ask("/incidents", token=None)
        self.assertIn(f'href="/incidents/{OTHER}"'.encode(), page)
        self.assertTrue(headers["content-type"].startswith("text/html"))
        _, _, page = self.ask(f"/incidents/{OTHER}", token=None)
        for words in (b"opened: 81% of calls fail", b"POST /v1/charges", b"acme", b"nobody owns it"):
            self.assertIn(words, page)
        self.assertEqual(self.ask("/incidents/1", token=None)[0], 404)


if __name__ == "__main__":
    unittest.main()
