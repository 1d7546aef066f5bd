"""What an outsider is shown: one piece of evidence behind a link, until it expires or is ended; and what hosts and limits tell."""

import json
import subprocess
import time
import unittest

from installation import Installation, clean_environment, as_ndjson, native_call, send

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Shares(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation(
            agent_extra="\nlisted_routes:\n- {path: '/canaryours/{rest}', host: shop.example, partner: own-shop}\n",
            aggregator_extra="  shares: true\n").__enter__()  # Under api, the last there.
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        calls = [native_call(number, customer="acme", host="app-1") for number in range(20)]
        limits = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "1250", "x-ratelimit-resource": "core"}
        limits["x-ratelimit-reset"] = str(int(time.time()) + 600)
        calls.append(
            native_call(20, trace_id=TRACE, request={"method": "GET", "url": "https://api.github.com/user"},
                        response={"status": 200, "headers": limits})
        )  # fmt: skip
        status, _, answer = send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls),
                                 content_type="application/x-ndjson")  # fmt: skip
        assert status == 202, answer
        cls.installation.wait_for(lambda: len(cls.installation.api.calls()) == 21, 30, "the calls are stored")
        cls.tokens = {
            scope: cls.installation.command(
                "farwatch-aggregator", "token", "create", "--scope", scope, "--name", scope
            ).split()[-1]
            for scope in ("read", "operate", "admin")
        }
        cls.installation.await_token(cls.tokens["admin"])

    def ask(self, path: str, token: str | None = None, method: str = "GET", body=None):
        headers = {"authorization": f"Bearer {self.tokens[token]}"} if token else {}
        if body is not None:
            headers["content_type"] = "application/json"
            body = json.dumps(body).encode()
        status, headers, answer = send(self.address + path, body, method, **headers)
        is_json = headers.get("content-type", "").endswith("json")
        return status, headers, json.loads(answer) if is_json and answer else answer

    def evidence(self) -> str:
        status, _, made = self.ask("/api/v1/evidence", "operate", "POST", {"title": "Calls <of> today", "partner": "stripe"})
        self.assertEqual((status, made["calls"]), (201, 20))
        return made["id"]

    def share(self, evidence: str, **fields) -> dict:
        preview = self.ask(f"/api/v1/evidence/{evidence}/preview", "operate")[2]
        fields = {"evidence": evidence, "recipient": "Stripe support", "preview": preview["preview"]} | fields
        status, headers, made = self.ask("/api/v1/shares", "operate", "POST", fields)
        self.assertEqual((status, made["state"], made["views"]), (201, "open", 0))
        self.assertEqual(headers["location"], f"/api/v1/shares/{made['id']}")
        return made

    def test_an_outsider_sees_one_evidence_until_the_link_is_ended(self):
        share = self.share(self.evidence(), expires_in_hours=2)
        status, headers, page = self.ask(share["path"])
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertEqual((headers["cache-control"], headers["referrer-policy"]), ("no-store", "no-referrer"))
        self.assertIn("Calls &lt;of&gt; today", page.decode())
        for secret in ("acme", "app-1", "operate"):  # Customers, hosts and colleagues are nobody's business.
            self.assertNotIn(secret, page.decode())
        status, _, har = self.ask(share["path"] + "?format=har")
        self.assertEqual((status, len(har["log"]["entries"])), (200, 20))
        self.assertNotIn("acme", json.dumps(har))

        told = self.ask(f"/api/v1/shares/{share['id']}")[2]
        self.assertEqual((told["views"], told["recipient"]), (2, "Stripe support"))
        key = share["path"].rsplit("/", 1)[1]
        self.assertNotIn(key, json.dumps(self.ask("/api/v1/shares")[2]))
        self.assertEqual(self.installation.sql("SELECT count(*) FROM farwatch.shares s WHERE s::text LIKE "
                                               f"'%{key}%' OR s::text LIKE '%{key.encode().hex()}%'"), [["0"]])  # fmt: skip
        self.assertFalse(
            [log for log in (self.installation.state / "logs").iterdir() if key in log.read_text(errors="replace")]
        )

        self.assertEqual(self.ask(f"/api/v1/shares/{share['id']}", "operate", "DELETE")[0], 204)
        self.assertEqual(self.ask(share["path"])[0], 404, "at once")
        told = self.ask(f"/api/v1/shares/{share['id']}")[2]
        self.assertEqual((told["state"], told["ended_by"], told["views"]), ("ended", "operate", 2))
        self.assertEqual(self.ask(f"/api/v1/shares/{share['id']}", "operate", "DELETE")[0], 404)
        changed = self.ask(f"/api/v1/shares/{share['id']}", "operate", "PATCH", {"expires_in_hours": 1})
        self.assertEqual(changed[0], 409, "what is over stays over")

        def audit():
            entries = self.ask("/api/v1/audit", "admin")[2]["data"]
            return [entry for entry in entries if entry["detail"].get("share") == share["id"]]

        previewed = [e["what"] for e in self.ask("/api/v1/audit", "admin")[2]["data"] if "previewed" in e["what"]]
        self.assertTrue(previewed)
        entries = self.installation.wait_for(lambda: (found := audit()) and len(found) == 4 and found, 10, "the audit")
        self.assertEqual([entry["what"] for entry in entries],
                         ["ended a share", "viewed evidence", "viewed evidence", "shared evidence"])  # fmt: skip
        self.assertEqual((entries[1]["who"], entries[1]["detail"]["address"]), (f"share {share['id']}", "127.0.0.1"))

    def test_a_share_expires_can_be_changed_and_goes_with_its_evidence(self):
        evidence = self.evidence()
        share = self.share(evidence)
        days = self.installation.sql(f"SELECT (extract(epoch FROM expires_at - created_at) / 86400)::int "
                                     f"FROM farwatch.shares WHERE id = '{share['id']}'")  # fmt: skip
        self.assertEqual(days, [["3"]])
        # However often it is changed, a week from its making is the end of it.
        self.installation.sql(f"UPDATE farwatch.shares SET created_at = created_at - interval '6 days' WHERE id = '{share['id']}'")
        _, _, prolonged = self.ask(f"/api/v1/shares/{share['id']}", "operate", "PATCH", {"expires_in_hours": 168})
        self.assertLess(prolonged["expires_at"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_500)))
        status, _, changed = self.ask(f"/api/v1/shares/{share['id']}", "operate", "PATCH",
                                      {"recipient": "Anna", "expires_in_hours": 1})  # fmt: skip
        self.assertEqual((status, changed["recipient"]), (200, "Anna"))
        self.assertLess(changed["expires_at"], share["expires_at"])
        self.assertEqual(changed["views"], 0)
        self.installation.sql(f"UPDATE farwatch.shares SET expires_at = now() WHERE id = '{share['id']}'")
        self.assertEqual(self.ask(share["path"])[0], 404)
        self.assertEqual(self.ask(f"/api/v1/shares/{share['id']}")[2]["state"], "expired")

        used_up = self.share(evidence)
        self.installation.sql(f"UPDATE farwatch.shares SET view_count = 10000 WHERE id = '{used_up['id']}'")
        self.assertEqual((self.ask(used_up["path"])[0], self.ask(f"/api/v1/shares/{used_up['id']}")[2]["state"]),
                         (404, "used_up"))  # fmt: skip

        open_share = self.share(evidence)
        self.assertEqual(self.ask(f"/api/v1/evidence/{evidence}", "operate", "DELETE")[0], 204)
        self.assertEqual(self.ask(open_share["path"])[0], 404)
        self.assertEqual(self.ask(f"/api/v1/shares/{open_share['id']}")[0], 404)

    def test_a_bundle_for_one_partner_shows_nothing_of_another_in_the_same_trace(self):
        """One trace: our own request, calls of two partners. What is the other's and what is ours bears a canary in every field."""
        trace = "4bf92f3577b34da6a3ce929d0e0e4777"
        json_type = {"content-type": "application/json"}

        def call(name: str, canary: str, host: str, **changes) -> dict:
            # Headers that are kept as they are, a path, a body's key: what the stored call shows of itself.
            request = {"method": "POST", "url": f"https://{host}/{canary}/x", "body": {f"key_{canary}": 1}}
            request["headers"] = json_type | {"user-agent": f"agent-{canary}", "x-request-id": f"req-{canary}"}
            response = {"status": 200, "headers": json_type | {"server": f"server-{canary}"}, "body": {f"got_{canary}": 1}}
            fields = {"trace_id": trace, "customer": f"customer-{canary}", "host": f"host-{canary}", "service": f"service-{canary}"}
            return native_call(0, id=f"{name}-{canary}", request=request, response=response, **(fields | changes))

        calls = [
            call("in", "canaryours", "shop.example", direction="inbound"),
            call("out", "canarymine", "api.twilio.com"),
            call("out", "canarytheirs", "api.github.com"),
        ]
        send(f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        stored = lambda: self.ask(f"/api/v1/traces/{trace}", "read")  # noqa: E731
        found = self.installation.wait_for(lambda: (a := stored())[0] == 200 and len(a[2]["calls"]) == 3 and a, 30, "the trace")
        text = json.dumps(found[2])
        for canary in ("canarymine", "canarytheirs", "canaryours"):
            self.assertIn(canary, text)

        # Whose they are has to be said.
        status, _, refused = self.ask("/api/v1/evidence", "operate", "POST", {"title": "x", "trace_id": trace})
        self.assertEqual((status, refused["errors"][0]["pointer"]), (409, "/body/partner"))
        self.assertIn("github (1), own-shop (1), twilio (1)", refused["detail"])
        status, _, made = self.ask("/api/v1/evidence", "operate", "POST", {"title": "x", "trace_id": trace, "partner": "twilio"})
        self.assertEqual((status, made["calls"], made["scope"]["partner"]), (201, 1, "twilio"))

        har = self.ask(f"/api/v1/evidence/{made['id']}", "read")[2]
        page = self.ask(f"/api/v1/evidence/{made['id']}?format=html", "read")[2].decode()
        preview = self.ask(f"/api/v1/evidence/{made['id']}/preview", "operate")[2]
        self.assertEqual(preview["partners"], ["twilio"])
        share = self.share(made["id"])
        shown = self.ask(share["path"])[2].decode()
        shown_har = self.ask(share["path"] + "?format=har")[2]
        for name, text in (("HAR", json.dumps(har)), ("page", page), ("preview", json.dumps(preview)), ("link", shown),
                           ("link's HAR", json.dumps(shown_har))):  # fmt: skip
            with self.subTest(name=name):
                self.assertIn("out-canarymine", text)
                for other in ("canarytheirs", "canaryours", "customer-canarymine", "host-canarymine", "service-canarymine", "github"):
                    self.assertNotIn(other, text)

        # All of them only where that is what was asked for.
        status, _, everything = self.ask("/api/v1/evidence", "operate", "POST",
                                         {"title": "x", "trace_id": trace, "partners": "all"})  # fmt: skip
        self.assertEqual((status, everything["scope"]["partners"]), (201, "all"))
        self.assertIn("canarytheirs", json.dumps(self.ask(f"/api/v1/evidence/{everything['id']}", "read")[2]))
        farwatch = [str(self.installation.bin / "farwatch"), "evidence", "add", "x", "--trace-id", trace, "--url", self.address]
        environment = clean_environment() | {"FARWATCH_TOKEN": self.tokens["operate"]}
        done = subprocess.run(farwatch, capture_output=True, text=True, timeout=60, check=False, env=environment)
        self.assertEqual((done.returncode, "github (1), own-shop (1), twilio (1)" in done.stderr), (1, True), done.stderr)

    def test_evidence_of_several_partners_from_before_goes_behind_no_link(self):
        evidence = self.evidence()
        entry = json.dumps({"_partner": "github"})
        self.installation.sql(
            "UPDATE farwatch.evidence SET har = convert_to(replace(convert_from(har, 'UTF8'), '\"entries\":[', "
            f"'\"entries\":[{entry},'), 'UTF8') WHERE id = '{evidence}'")  # fmt: skip
        preview = self.ask(f"/api/v1/evidence/{evidence}/preview", "operate")[2]
        self.assertEqual(preview["partners"], ["github", "stripe"])
        body = {"evidence": evidence, "recipient": "x", "preview": preview["preview"]}
        status, _, refused = self.ask("/api/v1/shares", "operate", "POST", body)
        self.assertEqual((status, refused["title"]), (409, "Several partners"))

    def test_who_may_share_and_what_is_refused(self):
        evidence = self.evidence()
        preview = self.ask(f"/api/v1/evidence/{evidence}/preview", "operate")[2]
        self.assertEqual(len(preview["har"]["log"]["entries"]), 20)
        self.assertIn("Calls &lt;of&gt; today", preview["page"])
        self.assertEqual(self.ask(f"/api/v1/evidence/{evidence}/preview", "read")[0], 403)
        body = {"evidence": evidence, "recipient": "x", "preview": preview["preview"]}
        for token, expected in ((None, 401), ("read", 403), ("operate", 201), ("admin", 201)):
            self.assertEqual(self.ask("/api/v1/shares", token, "POST", body)[0], expected, token)
        for wrong, status in (
            (body | {"evidence": "ev_none"}, 404),
            ({"evidence": body["evidence"], "preview": body["preview"]}, 400),
            ({"evidence": body["evidence"], "recipient": "x"}, 400),
            (body | {"preview": "0" * 64}, 409),
            (body | {"expires_in_hours": 0}, 400),
            (body | {"expires_in_hours": 169}, 400),
            (body | {"views": 3}, 400),
        ):
            self.assertEqual(self.ask("/api/v1/shares", "operate", "POST", wrong)[0], status, wrong)
        for path in ("/shared/", "/shared/x", "/shared/fwshare_" + "0" * 64, "/shared/" + "a" * 5_000):
            status, headers, _ = self.ask(path)
            self.assertEqual((status, headers["content-type"]), (404, "application/problem+json"), path[:40])

    def farwatch(self, *arguments: str):
        """What a command prints as JSON, for somebody who may act."""
        environment = clean_environment() | {"FARWATCH_TOKEN": self.tokens["operate"]}
        command = [str(self.installation.bin / "farwatch"), *arguments, "--json", "--url", self.address]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=180, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return json.loads(done.stdout) if done.stdout else None

    def test_the_commands_do_the_same_and_print_json(self):
        made = self.farwatch("evidence", "add", "Calls of today", "--partner", "stripe")
        self.assertEqual(made["calls"], 20)
        self.assertIn(made["id"], [each["id"] for each in self.farwatch("evidence", "list")["data"]])
        har = self.farwatch("evidence", "show", made["id"])
        self.assertEqual(har, self.ask(f"/api/v1/evidence/{made['id']}")[2])
        preview = self.farwatch("share", "preview", made["id"])
        share = self.farwatch("share", "add", made["id"], "--recipient", "Stripe", "--preview", preview["preview"], "--hours", "2")
        self.assertEqual(self.ask(share["path"])[0], 200)
        listed = {each["id"]: each["state"] for each in self.farwatch("share", "list")["data"]}
        self.assertEqual(listed[share["id"]], "open")
        self.farwatch("share", "end", share["id"])
        self.assertEqual(self.ask(share["path"])[0], 404)
        self.farwatch("evidence", "remove", made["id"])
        self.assertEqual(self.ask(f"/api/v1/evidence/{made['id']}")[0], 404)
        self.assertEqual(self.farwatch("impact", "--partner", "stripe")["partner"], "stripe")
        self.assertEqual(self.farwatch("drift"), self.ask("/api/v1/drift")[2])
        self.assertEqual([node["call"]["id"] for node in self.farwatch("trace", TRACE)["calls"]], ["t-20"])

    def test_hosts_come_in_pages(self):
        page = self.installation.wait_for(lambda: (p := self.ask("/api/v1/hosts?limit=1")[2])["data"] and p, 30, "a host")
        self.assertIsNone(page["next_cursor"])
        cursor = page["data"][0]["agent"].encode().hex()
        self.assertEqual(self.ask(f"/api/v1/hosts?cursor={cursor}")[2]["data"], [])
        self.assertEqual(self.ask("/api/v1/hosts?state=silent")[2]["data"], [])
        self.assertEqual(self.ask("/api/v1/hosts?cursor=zz")[0], 400)
        host = page["data"][0]
        self.assertEqual((host["coverage"]["probes"], host["lost"]["refused_calls"]), ("off", 0))
        self.assertIn("receivers", self.installation.command("farwatch", "hosts", "--url", self.address))

    def test_limits_are_told_of_a_call_and_of_a_partner(self):
        told = self.ask("/api/v1/calls/t-20")[2]["rate_limit"]["limits"][0]
        self.assertEqual((told["limit"], told["remaining"], told["used_ratio"], told["reason"]), (5000, 1250, 0.75, "core"))
        self.assertNotIn("rate_limit", self.ask("/api/v1/calls/t-1")[2])
        limits = self.ask("/api/v1/partners/github/rate-limits")[2]
        self.assertEqual([(each["call"], each["remaining"]) for each in limits["data"]], [("t-20", 1250)])
        screen = self.installation.command("farwatch", "partners", "github", "--limits", "--url", self.address)
        self.assertIn("75.0%", screen)
        self.assertEqual(self.ask("/api/v1/partners/stripe/rate-limits")[2]["data"], [])


if __name__ == "__main__":
    unittest.main()
