"""Partners that only the aggregator's settings define are named by its agents; a document that is broken changes nothing."""

import gzip
import json
import signal
import unittest

from installation import Installation, as_ndjson, native_call, send

AGENT = "catalogue:\n  interval: 1s\nredaction:\n  partners:\n    north-bank: {mode: full, approved_by: t@example.com, until: 2099-01-01}\n"
PARTNERS = """
partners:
  north-bank:
    name: North Bank
    hosts: ["api.north-bank.example", "10.1.2.3"]
    webhook_paths: ["/**"]
    routes: ["/accounts/{account}/**"]
    errors:
      - {status: 200-299, body: fault, outcome: rejected}
"""
FETCHES = "farwatch_agent_catalogue_fetches_total"


class PublishedCatalogue(unittest.TestCase):
    def setUp(self):
        self.installation = Installation(agent_extra=AGENT).__enter__()
        self.addCleanup(self.installation.close)
        self.kept = self.installation.state / "agent" / "published-catalogue.json"
        self.sent = 0

    def agent(self, path: str) -> str:
        return send(f"http://127.0.0.1:{self.installation.ports.health}{path}", None, "GET")[2].decode()

    def fetches(self, result: str) -> int:
        line = f'{FETCHES}{{result="{result}"}} '
        return next(int(float(each.removeprefix(line))) for each in self.agent("/metrics").splitlines() if each.startswith(line))

    def fetch(self, **headers):
        """As agents of this release and of the one before do: they tell who they are, and nothing of a form."""
        return self.fetch_whole(farwatch_agent="a-test", **headers)

    def fetch_whole(self, **headers):
        token = (self.installation.state / "agent.token").read_text().strip()
        headers = {"authorization": f"Bearer {token}"} | headers
        return send(f"http://127.0.0.1:{self.installation.ports.ingest}/v1/catalogue", None, "GET", **headers)

    def send_one(self, url: str = "https://api.north-bank.example/accounts/de-7/orders/4", **changes) -> dict | None:
        """What is stored of a call; None where a later one is and this is not."""
        self.sent += 1
        response = {"status": 200, "headers": {"content-type": "application/json"}, "body": {"fault": "canary-body"}}
        calls = [native_call(self.sent, request={"method": "GET", "url": url}, response=response) | changes]
        self.sent += 1
        calls.append(native_call(self.sent))
        send(f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        wanted, last = f"t-{self.sent - 1}", f"t-{self.sent}"

        def stored():
            found = {call["id"]: call for call in self.installation.api.calls()}
            return found if last in found else None

        return self.installation.wait_for(stored, 60, "the calls are stored").get(wanted)

    def write(self, partners: str):
        path = self.installation.state / "aggregator.yaml"
        path.write_text(path.read_text().split("\npartners:")[0] + "\n" + partners)

    def hang_up(self):
        """As `systemctl reload` does."""
        self.installation.programs.running["farwatch-aggregator"].send_signal(signal.SIGHUP)

    def reloads(self, result: str) -> int:
        text = send(f"{self.installation.api.address}/metrics", None, "GET")[2].decode()
        line = f'farwatch_settings_reloads_total{{result="{result}"}} '
        self.refused = "\nfarwatch_settings_refused 1\n" in text
        return next(int(float(each.removeprefix(line))) for each in text.splitlines() if each.startswith(line))

    def republish(self, partners: str):
        self.write(partners)
        before = self.fetches("new")
        self.hang_up()
        self.installation.wait_for(lambda: self.fetches("new") > before, 60, "the agent takes what is published")

    def test_partners_of_the_aggregator(self):
        self.assertEqual(self.send_one()["partner"], "north-bank.example")
        own_version = json.loads(self.agent("/status"))["catalogue_version"]
        self.republish(PARTNERS)
        self.named_by_the_aggregator()
        self.assertNotEqual(json.loads(self.agent("/status"))["catalogue_version"], own_version)
        self.never_wider()
        self.answers_by_entity_tag()
        self.everybody_else_gets_the_whole()
        self.broken_settings_change_nothing()
        self.a_broken_document_changes_nothing()

    def named_by_the_aggregator(self):
        call = self.send_one()
        self.assertEqual((call["partner"], call["route"]), ("north-bank", "GET /accounts/{account}/orders/{id}"))
        self.assertEqual(call["outcome"], "rejected")
        # A grant is for partners the host itself knows.
        self.assertNotIn("canary-body", json.dumps(call))

    def never_wider(self):
        self.assertIsNone(self.send_one("http://10.1.2.3/x"))
        self.assertIsNone(self.send_one("https://us.example/login", direction="inbound"))

    def answers_by_entity_tag(self):
        status, headers, body = self.fetch()
        self.assertEqual((status, list(json.loads(body)["partners"])), (200, ["north-bank"]))
        tag = headers["etag"]
        self.assertEqual(tag, f'"{json.loads(body)["version"]}"')
        for known in (tag, f'"other", W/{tag}', "*"):
            status, headers, body = self.fetch(if_none_match=known)
            self.assertEqual((status, headers["etag"], body), (304, tag, b""), known)
        self.assertEqual(self.fetch(if_none_match='"other"')[0], 200)
        self.assertEqual(self.fetch(authorization="Bearer nobody")[0], 401)
        before = self.fetches("unchanged")
        self.installation.wait_for(lambda: self.fetches("unchanged") > before, 30, "304 is no news")

    def everybody_else_gets_the_whole(self):
        status, headers, body = self.fetch_whole()
        whole = json.loads(body)
        self.assertEqual((status, whole["format"], "com.au" in whole["public_suffixes"]["registries"]), (200, 2, True))
        self.assertGreater(len(whole["partners"]), 150)
        self.assertIn("/accounts/{account}/**", whole["partners"]["north-bank"]["routes"])
        self.assertEqual(whole["partners"]["north-bank"]["facts"]["state"], "settings")
        for partner in whole["partners"].values():
            self.assertEqual(partner["facts"]["state"] == "confirmed", not partner["facts"]["unconfirmed"] and "farwatch" in partner["defined_by"])
        status, zipped, packed = self.fetch_whole(accept_encoding="gzip")
        self.assertEqual((status, zipped["content-encoding"], gzip.decompress(packed)), (200, "gzip", body))
        self.assertLess(len(packed), len(body) // 3)
        for tag, encoding in ((headers["etag"], "identity"), (zipped["etag"], "gzip")):
            self.assertEqual(self.fetch_whole(if_none_match=tag, accept_encoding=encoding)[0], 304)
        self.assertNotEqual(headers["etag"], zipped["etag"])
        status, told, same = send(f"{self.installation.api.address}/api/v1/catalogue", None, "GET")
        self.assertEqual((status, same, told["etag"]), (200, body, headers["etag"]))
        self.the_partner_s_document_and_page_say_what_is_confirmed(whole["partners"])

    def the_partner_s_document_and_page_say_what_is_confirmed(self, known: dict):
        api = self.installation.api.address
        partner = self.installation.wait_for(
            lambda: (answer := send(f"{api}/api/v1/partners/stripe", None, "GET"))[0] == 200 and json.loads(answer[2]), 30, "stripe is shown"
        )
        self.assertEqual(partner["facts"], known["stripe"]["facts"])
        self.assertEqual((partner["facts"]["state"], partner["facts"]["unconfirmed"]), ("in_part", ["rate_limits", "uploads.stripe.com"]))
        page = send(f"{api}/partners/stripe", None, "GET")[2].decode()
        screen = self.installation.command("farwatch", "partners", "stripe", "--url", api)
        for words in ("webhooks", "hosts", "uploads.stripe.com", partner["facts"]["verified"], "stripe-node"):
            self.assertIn(words, page.split("What is known of it")[1])
            self.assertIn(words, screen)
        self.assertRegex(screen, r"unconfirmed +rate limits, uploads\.stripe\.com")
        for shown, words in ((screen, "nothing told"), (page, "Nothing told of")):
            self.assertEqual(words in shown, bool(partner["facts"]["unknown"]))
        self.assertIn("FACTS", self.installation.command("farwatch", "partners", "--url", api))

    def broken_settings_change_nothing(self):
        tag = self.fetch()[1]["etag"]
        for wrong in (
            'partners: {north-bank: {hosts: ["https://a.example/x"]}}\n',
            "partners: [\n",
            "partners: {south-bank: {mode: full}}\n",
        ):
            before = self.reloads("refused")
            self.write(wrong)
            self.hang_up()
            self.installation.wait_for(lambda b=before: self.reloads("refused") > b, 30, "the settings are refused")
            self.assertTrue(self.refused)
            self.assertEqual(self.fetch()[1]["etag"], tag, "what was published stays")
        self.assertEqual(self.send_one()["partner"], "north-bank")
        before = self.reloads("done")
        self.republish(PARTNERS.replace("North Bank", "Bank of the North"))
        self.installation.wait_for(lambda: self.reloads("done") > before, 30, "the settings are taken")
        self.assertFalse(self.refused)
        self.assertNotEqual(self.fetch()[1]["etag"], tag)
        names = [each["name"] for each in self.installation.api.status()["partners"]]
        self.installation.wait_for(
            lambda: "Bank of the North" in json.dumps(self.installation.api.status()), 30, f"named: {names}"
        )

    def a_broken_document_changes_nothing(self):
        """On disk: it is fetched again. Without an aggregator the whole one serves."""
        whole = self.kept.read_bytes()
        self.installation.stop("farwatch-agent")
        self.kept.write_bytes(whole[:-9])
        self.installation.start_agent()
        self.installation.wait_for(lambda: self.fetches("new") == 1, 30, "it is fetched again")
        self.assertEqual(self.kept.read_bytes(), whole)
        self.assertEqual(self.send_one()["partner"], "north-bank")
        version = json.loads(self.agent("/status"))["catalogue_version"]
        self.installation.stop("farwatch-aggregator")
        self.installation.stop("farwatch-agent")
        self.installation.start_agent()
        self.assertEqual(json.loads(self.agent("/status"))["catalogue_version"], version)
        self.installation.wait_for(lambda: self.fetches("failed") > 0, 30, "nobody answers")
        self.assertEqual(json.loads(self.agent("/status"))["catalogue_version"], version)
        self.installation.start_aggregator()
        self.assertEqual(self.send_one()["partner"], "north-bank")


if __name__ == "__main__":
    unittest.main()
