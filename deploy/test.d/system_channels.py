"""One real outage as five kinds of receivers see it, from its first message to its end; then a host of ours without a network."""

import json
import tempfile
import unittest
from pathlib import Path

from installation import Installation, send
from receivers import HTTPReceiver, MailReceiver, make_certificate
from services import ROUTING_KEY, SLACK_TOKEN, answer_as_pagerduty, answer_as_slack, start_alertmanager
from troubles import HOSTS, Hook, Operator, Traffic

PARTNERS = ("stripe", "slack", "twilio", "github", "zapier")
# One after the other, a second apart: whoever hears first has no time to answer.
CHANNELS = ("pager", "bot", "alertmanager", "mail", "hook")


class Channels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        authority, tls = make_certificate(folder)
        cls.hook = Hook()
        cls.pager, cls.slack = HTTPReceiver(answer_as_pagerduty, tls), HTTPReceiver(answer_as_slack)
        cls.mail = MailReceiver(tls)
        for receiver in (cls.hook, cls.pager, cls.slack, cls.mail):
            cls.addClassCleanup(receiver.close)
        cls.alertmanager = start_alertmanager(folder, cls.addClassCleanup)
        usual = {"allow_private": True, "fallback": []}
        notifiers = {
            "pager": {"type": "pagerduty", "routing_key": ROUTING_KEY, "url": cls.pager.url + "/v2/enqueue",
                      "ca": str(authority)},
            "bot": {"type": "slack", "token": SLACK_TOKEN, "channel": "#ops", "api": cls.slack.url + "/api"},
            "alertmanager": {"type": "alertmanager", "url": cls.alertmanager, "renew_every": "5s"},
            "mail": {"type": "email", "from": "farwatch@ops.example", "user": "watch", "password": "secret",
                     "ca": str(authority), "server": f"127.0.0.1:{cls.mail.port}", "to": ["oncall@ops.example"]},
            "hook": {"type": "webhook", "url": cls.hook.url},
        }  # fmt: skip
        settings = {
            "notifiers": {name: keys | usual for name, keys in notifiers.items()},
            "owners": {"everybody": {"matchers": ["severity =~ *"], "escalation": [
                {"channel": name, "after": f"{int(name != CHANNELS[0])}s"} for name in CHANNELS
            ]}},
        }  # fmt: skip
        cls.installation = Installation(
            aggregator_extra="".join(f"{name}: {json.dumps(section)}\n" for name, section in settings.items())
        ).__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.ann = Operator(cls.installation)
        cls.traffic = cls.enterClassContext(Traffic(cls.installation, PARTNERS))

    def wait(self, condition, within_s: float, what: str):
        return self.installation.wait_for(condition, within_s, what)

    # What each receiver has of one incident.

    def hooked(self, incident: str) -> list[dict]:
        messages = {got.json["data"]["id"]: got.json["data"] for got in list(self.hook.got)}
        return [one for one in messages.values() if one["incident"] == incident]

    def paged(self, incident: str) -> list[str]:
        return [got.json["event_action"] for got in list(self.pager.got) if got.json["dedup_key"] == f"farwatch:{incident}"]

    def alerts(self, incident: str) -> list[dict]:
        found = json.loads(send(f"{self.alertmanager}/api/v2/alerts?filter=incident={incident}", None, "GET")[2])
        return [alert for alert in found if alert["labels"]["alertname"] == "FarwatchIncident"]

    def mailed(self, incident: str) -> list:
        return [mail for mail in list(self.mail.mails) if mail["X-Farwatch-Incident"] == incident]

    def slacked(self) -> list[tuple[str, dict]]:
        return [(got.path.removeprefix("/api/chat."), got.json) for got in list(self.slack.got)]

    def test_an_outage_is_one_thing_at_each_receiver_and_a_host_without_network_another(self):
        self.traffic.fail("stripe", 0.12)
        self.wait(lambda: self.hook.got, 90, "the last of the five hears")
        incident = self.hook.got[0].json["data"]["incident"]
        self.wait(lambda: self.mailed(incident) and self.alerts(incident) and self.slacked(), 20, "everybody has heard")
        self.assertEqual(set(self.paged(incident)), {"trigger"})
        self.it_is_acknowledged(incident)
        self.it_gets_worse(incident)
        self.it_ends(incident)
        self.a_host_is_without_network(incident)

    def it_is_acknowledged(self, incident: str):
        self.ann.farwatch("incident", "ack", incident)
        self.wait(lambda: self.paged(incident)[-1] == "acknowledge", 20, "the pager knows it")
        acknowledged = lambda: [body for _, body in self.slacked() if "cknowledged" in body["text"]]  # noqa: E731
        self.wait(acknowledged, 20, "Slack knows it")

    def it_gets_worse(self, incident: str):
        before = [one["severity"] for one in self.hooked(incident)]
        self.assertEqual(set(before), {"minor"})
        self.traffic.fail("stripe", 0.6)
        major = lambda: next((one for one in self.hooked(incident) if one["severity"] == "major"), None)  # noqa: E731
        self.assertEqual(self.wait(major, 90, "the rise is told")["kind"], "escalated")
        self.wait(lambda: self.paged(incident)[-1] == "trigger", 20, "the pager hears of the rise")
        # The labels of before end: one alert, with its severity.
        self.wait(lambda: [one["labels"]["severity"] for one in self.alerts(incident)] == ["major"], 30, "one alert")
        self.assertEqual(self.alerts(incident)[0]["labels"]["scope"], "fleet")

    def it_ends(self, incident: str):
        self.traffic.mend("stripe")
        self.wait(lambda: self.paged(incident)[-1] == "resolve", 180, "the pager is told of the end")
        self.wait(lambda: self.hooked(incident)[-1]["kind"] == "resolved", 20, "the webhook is")
        self.wait(lambda: not self.alerts(incident), 30, "the alert ends")
        self.wait(lambda: "resolved" in self.mailed(incident)[-1]["Subject"], 20, "the mail is")

        # All of the pager's events have one key, and the end is the last.
        paged = self.paged(incident)
        self.assertEqual(set(paged[paged.index("resolve"):]), {"resolve"})
        self.assertEqual(len({got.json["dedup_key"] for got in self.pager.got}), 1)
        # One message at Slack, which is rewritten, and what happened in its thread.
        first, *others = self.slacked()
        self.assertEqual(first[0], "postMessage")
        updates = {body["ts"] for method, body in others if method == "update"}
        threads = {body.get("thread_ts") for method, body in others if method == "postMessage"}
        self.assertEqual((len(updates), updates), (1, threads))
        # One thread of mail.
        begins, *follow = self.mailed(incident)
        self.assertIsNone(begins["References"])
        self.assertEqual({mail["References"] for mail in follow}, {begins["Message-ID"]})

    def a_host_is_without_network(self, before: str):
        alone = f"app-{HOSTS - 1}"
        for partner in PARTNERS:
            self.traffic.fail(partner, makes={"response": None, "error": "connect_timeout"}, host=alone)
        told = self.wait(
            lambda: next((got.json["data"] for got in list(self.hook.got) if got.json["data"]["incident"] != before), None),
            90, "the host is told",
        )  # fmt: skip
        self.assertEqual((told["labels"]["scope"], told["labels"]["host"], told["labels"]["cause"]), ("host", alone, "host"))
        self.assertNotIn("partner", told["labels"])
        alert = self.wait(lambda: self.alerts(told["incident"]), 30, "its alert fires")[0]
        self.assertEqual((alert["labels"]["scope"], alert["labels"]["host"]), ("host", alone))
        for partner in PARTNERS:
            self.assertEqual(self.ann.status(partner)["status"], "operational", partner)


if __name__ == "__main__":
    unittest.main()
