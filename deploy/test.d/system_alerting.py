"""One outage, told by a running aggregator: what the message says, what their page says, what a change of settings,
what cannot be read and the loss of what was decided do to it."""

import json
import re
import signal
import time
import unittest

from installation import Installation, send
from receivers import HTTPReceiver
from system_incidents import Traffic

PUBLIC_URL = "https://farwatch.operations.north-bank.example"
CALM = {"status": {"indicator": "none", "description": "All Systems Operational"}, "incidents": []}
BUSY = {
    "status": {"indicator": "major", "description": "Partial System Outage"},
    "incidents": [{"name": "Elevated errors", "status": "identified", "impact": "major"}],
}


class Alerting(unittest.TestCase):
    def setUp(self):
        self.hook, self.other, self.page = HTTPReceiver(), HTTPReceiver(), HTTPReceiver()
        for receiver in (self.hook, self.other, self.page):
            self.addCleanup(receiver.close)
        self.page.answer = lambda got: (200, {}, json.dumps(CALM).encode())
        self.installation = Installation()
        self.rewrite("hook", self.hook)
        self.installation.__enter__()
        self.addCleanup(self.installation.close)

    def extra(self, name: str, receiver: HTTPReceiver) -> str:
        """The section of the API is the last of the file."""
        return (
            f"  public_url: {PUBLIC_URL}\n"
            f"notifiers:\n  {name}: {{type: webhook, url: '{receiver.url}', allow_private: true, fallback: []}}\n"
            f"owners:\n  payments: {{matchers: ['partner = stripe'], channels: [{name}], "
            f"runbook: 'https://wiki.example/{'r' * 200}'}}\n"
            f"partners: {{stripe: {{status_page: '{self.page.url}'}}}}\n"
        )

    def rewrite(self, name: str, receiver: HTTPReceiver) -> None:
        """The settings anew, with the pages of partners asked."""
        file = self.installation.state / "aggregator.yaml"
        text = re.sub(r"  public_url:.*", "", file.read_text(), flags=re.DOTALL) + self.extra(name, receiver)
        file.write_text(re.sub(r"partner_pages:\n  enabled: \w+", f"partner_pages:\n  {self.PAGES}", text))

    PAGES = "{interval: 5s, timeout: 2s, allow_private: true}"

    def told(self, receiver: HTTPReceiver) -> list[dict]:
        messages = {got.json["data"]["id"]: got.json["data"] for got in receiver.got}
        return [one for one in messages.values() if one["labels"].get("partner") == "stripe"]

    def wait(self, condition, within_s: float, what: str):
        return self.installation.wait_for(condition, within_s, what)

    def metric(self, name: str) -> float:
        text = send(self.installation.api.address + "/metrics", None, "GET")[2].decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found.group(1)) if found else 0

    def test_an_outage_from_its_first_words_to_its_end(self):
        with Traffic(self.installation) as traffic:
            time.sleep(5)
            traffic.fails = True
            self.wait(lambda: self.told(self.hook), 60, "the outage is told")
            self.all_is_said_at_the_beginning()
            self.their_page_is_told()
            self.liars_are_counted()
            self.what_cannot_be_read_is_counted()
            self.other_settings_are_in_force_at_once()
            self.what_was_decided_is_lost()

    def all_is_said_at_the_beginning(self):
        first = self.told(self.hook)[0]
        self.assertEqual(first["kind"], "opened")
        beginning = first["summary"][:300]
        link = rf"{PUBLIC_URL}/a/[0-9a-z]+-[a-z2-7]{{20}}"
        self.assertRegex(beginning, rf"^Stripe's fault.*% sure\. Since .*customers.*Next: .*Runbook, ack: {link}$")
        path = first["acknowledge_url"].removeprefix(PUBLIC_URL)
        status, _, page = send(self.installation.api.address + path, None, "GET")
        self.assertEqual((status, b"https://wiki.example/rrr" in page, b"<button>" in page), (200, True, True))

    def their_page_is_told(self):
        self.wait(lambda: self.page.got, 10, "their page is asked")
        self.assertEqual((self.page.got[0].method, self.page.got[0].path), ("GET", "/api/v2/summary.json"))
        self.wait(lambda: self.says() == "All Systems Operational", 10, "what it says is shown")
        self.page.answer = lambda got: (200, {}, json.dumps(BUSY).encode())
        words = "Partial System Outage: Elevated errors (identified)"
        self.wait(lambda: self.says() == words, 15, "what it says now is shown")

    def says(self) -> str | None:
        return next(one for one in self.installation.api.status()["partners"] if one["id"] == "stripe")["partner_says"]

    def liars_are_counted(self):
        elsewhere = self.other.url + "/elsewhere"
        answers = [
            lambda got: (302, {"location": elsewhere}, b""), lambda got: (200, {}, b"x" * 3_000_000),
            lambda got: (200, {}, b"<html>down</html>"), lambda got: (time.sleep(4), (200, {}, b"{}"))[1],
        ]  # fmt: skip
        failed = 'farwatch_partner_page_reads_total{result="failed"}'
        for answer in answers:
            self.page.answer = answer
            before = self.metric(failed)
            self.reload()  # Waits double with each failure; with settings read again they begin anew.
            self.wait(lambda: self.metric(failed) > before, 25, "the liar is counted")
        self.assertFalse(self.other.got, "a redirect was followed")
        self.assertEqual(self.says(), "Partial System Outage: Elevated errors (identified)")

    def what_cannot_be_read_is_counted(self):
        """A silence and an owner of a newer release, and damage among the counts: each costs itself alone."""
        later = """'[{"dimension":"mood","op":"=","value":"bad"}]'"""
        self.installation.sql(
            "INSERT INTO farwatch.quiets "
            "(kind, matchers, starts_at, ends_at, comment, created_at, created_by, updated_at) "
            f"VALUES ('silence', {later}, now(), now() + interval '1 hour', '', now(), 'later', now()); "
            f"""INSERT INTO farwatch.owners VALUES ('later', '{{"matchers":7}}', now(), 'later'); """
            "WITH w AS (INSERT INTO farwatch.writers (name, started_at) VALUES ('damaged', now()) RETURNING id) "
            "INSERT INTO farwatch.rollup_blocks (received_at, writer, flush, bytes) "
            "SELECT now(), id, 1, 'damaged' FROM w"
        )
        for name in ("decider_unreadable_quiets", "decider_unreadable_owners", "rollup_damaged_blocks_total"):
            self.wait(lambda: self.metric("farwatch_" + name) == 1, 20, name)  # noqa: B023
        folded = "SELECT count(*) FROM farwatch.compacted c JOIN farwatch.writers w ON w.id = c.writer AND c.flush > 0"
        self.wait(lambda: self.installation.sql(folded) == [["2"]], 20, "the counts behind it are folded")

    def reload(self):
        log = self.installation.state / "logs/farwatch-aggregator.log"
        before = log.read_text().count("settings read again")
        self.installation.programs.running["farwatch-aggregator"].send_signal(signal.SIGHUP)
        self.wait(lambda: log.read_text().count("settings read again") > before, 10, "the settings are read again")

    def other_settings_are_in_force_at_once(self):
        self.rewrite("new", self.other)
        self.reload()
        # From now on the new channel tells it, the end included; the old one is gone from the settings.
        incident = self.told(self.hook)[0]["incident"]
        token = self.installation.command(
            "farwatch-aggregator", "token", "create", "--scope", "operate", "--name", "ann"
        ).split()[-1]
        self.installation.await_token(token)
        status, _, body = send(
            f"{self.installation.api.address}/api/v1/incidents/{incident}/assign", b'{"to":"payments"}',
            authorization=f"Bearer {token}", content_type="application/json",
        )  # fmt: skip
        self.assertIn(status, (200, 202), body)  # Done, or soon.
        self.wait(lambda: self.told(self.other), 20, "the new channel is told")
        self.assertIn("assigned to payments by ann", self.told(self.other)[0]["reason"])

    def what_was_decided_is_lost(self):
        """Most of the saved state is gone: whoever heard that it began hears that it is over, with the reason."""
        incident = self.told(self.hook)[0]["incident"]
        # In the order in which a round locks them.
        self.installation.sql(
            "UPDATE farwatch.leases SET holder = 'another', epoch = epoch + 1, until = now() WHERE name = 'decider'; "
            "UPDATE farwatch.snapshots SET bytes = substring(bytes from 1 for 40) WHERE name = 'decided'"
        )
        ended = lambda: [one for one in self.told(self.other) if one["kind"] == "resolved"]  # noqa: E731
        self.wait(ended, 40, "the end is told")
        self.assertEqual(ended()[0]["incident"], incident)
        self.assertIn("lost at a restart", ended()[0]["reason"])
        goes_on = lambda: [one for one in self.told(self.other) if one["incident"] != incident]  # noqa: E731
        self.wait(goes_on, 60, "what goes on is told anew")
        self.assertEqual(goes_on()[0]["kind"], "opened")


if __name__ == "__main__":
    unittest.main()
