"""Several partners fail beside each other, and people do what people do: they silence, announce, sleep, look away, hand over, weigh,
own, and bring the case to the partner. Who hears of what is seen at the receiver."""

import time
from datetime import UTC, datetime

from installation import Installation, send
from troubles import Beside, Hook, Operator, Traffic, ahead, moment

# Only two of them by 503: where three partners at once answer with server errors or not at all, it is taken for our own network's fault.
LIMITED, REFUSED, SLOW = {"response": {"status": 429}}, {"response": {"status": 401}}, {"duration_ms": 1_900}
ESCALATES_S, REPEATS_S = 10, 15  # The shortest `escalate_after` that can be set, and about the shortest repetition.
CHANNELS = ["all", "first", "second", "ann", "bo", "letters", "night"]
PUBLIC_URL = "https://farwatch.example"
# The section of the API is the last of the file.
SETTINGS = """  public_url: {public_url}
notifiers:
{channels}alerting:
  channels: [all]
  escalate_after: {escalates_s}s
  repeat_interval: {repeats_s}s
  update_interval: 1s
  case_reminder: 60s
  messages_per_hour_max: 36000
  weights: [{{matchers: ['customer = twilio-3'], weight: 2}}]
owners:
  steps: {{matchers: ['partner = stytch'], channels: [first, second]}}
  sleepers: {{matchers: ['partner = workos'], channels: [night], quiet_hours: {{from: '{from_}', until: '{until}'}}}}
"""


def hour(ahead_s: float) -> str:
    return datetime.fromtimestamp(time.time() + ahead_s, UTC).strftime("%H:%M")


class People(Beside):
    @classmethod
    def begin(cls):
        cls.hook = Hook()
        cls.addClassCleanup(cls.hook.close)
        settings = SETTINGS.format(
            channels="".join(cls.hook.channel(name) for name in CHANNELS), escalates_s=ESCALATES_S, repeats_s=REPEATS_S,
            public_url=PUBLIC_URL, from_=hour(-3_600), until=hour(7_200),
        )  # fmt: skip
        cls.installation = Installation(aggregator_extra=settings).__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.ann = Operator(cls.installation)
        cls.traffic = cls.enterClassContext(Traffic(cls.installation))

    def wait(self, condition, within_s: float, what: str):
        return self.installation.wait_for(condition, within_s, what)

    def opened(self, partner: str, **where) -> dict:
        """The incident about a partner, which opens whether anybody is told or not."""
        return self.wait(
            lambda: next(
                (one for one in self.ann.incidents(partner) if all(one[name] == value for name, value in where.items())), None
            ), 60, f"an incident of {partner}: {where}",
        )  # fmt: skip

    def told(self, partner: str, what: str, kind: str | None = None, channel: str | None = None, **where) -> dict:
        """Waits for a message and returns it."""
        where |= {} if kind is None else {"kind": kind}
        return self.wait(
            lambda: next(
                (one for one in self.hook.told(partner, channel) if all(one[name] == value for name, value in where.items())),
                None,
            ), 90, f"{partner}: {what}",
        )  # fmt: skip

    def nothing_is_told(self, partner: str, for_s: float) -> None:
        """There is an incident, and there is time to tell of it: a round takes a second."""
        time.sleep(for_s)
        self.assertEqual(self.hook.told(partner), [])

    # Times in which nobody is told.

    def test_what_is_silenced_is_told_when_the_silence_ends_by_itself(self):
        silence = self.ann.quiet("silences", "webflow")
        self.traffic.fail("webflow", makes=LIMITED)
        incident = self.opened("webflow")
        self.nothing_is_told("webflow", 10)
        silence = self.ann.ask(f"/api/v1/silences/{silence['id']}", "PATCH", {"ends_at": ahead(15)})
        first = self.told("webflow", "told after the silence")
        self.assertEqual((first["kind"], first["incident"]), ("opened", incident["id"]))
        self.assertGreaterEqual(moment(first["at"]), moment(silence["ends_at"]))
        self.assertEqual(self.ann.ask(f"/api/v1/silences/{silence['id']}")["ended_by"], None)

    def test_silenced_while_it_is_open_only_its_end_is_told(self):
        self.traffic.fail("figma", makes=REFUSED)
        self.told("figma", "it is told", "opened")
        silence = self.ann.quiet("silences", "figma")
        time.sleep(5)  # Silences are read every three seconds.
        before = len(self.hook.told("figma"))
        self.traffic.mend("figma")
        self.told("figma", "its end is told", "resolved")
        # Which took longer than several repetitions would have.
        self.assertEqual([one["kind"] for one in self.hook.told("figma")[before:]], ["resolved"])
        self.assertEqual(self.ann.ask(f"/api/v1/silences/{silence['id']}")["state"], "active")

    def test_a_maintenance_of_ours_holds_back_until_it_is_ended(self):
        maintenance = self.ann.quiet("maintenances", "miro", side="ours")
        self.traffic.fail("miro", makes=LIMITED)
        incident = self.opened("miro")
        self.nothing_is_told("miro", 2 * ESCALATES_S)
        self.ann.ask(f"/api/v1/maintenances/{maintenance['id']}", "DELETE")
        self.assertEqual(self.told("miro", "told after it", "opened")["incident"], incident["id"])

    def test_a_maintenance_of_theirs_is_told_with_its_announcement(self):
        self.ann.quiet("maintenances", "aircall", side="theirs", comment="they move house")
        self.wait(lambda: self.ann.status("aircall")["status"] == "under_maintenance", 20, "the status says so")
        self.traffic.fail("aircall")
        first = self.told("aircall", "it is told", "opened")
        self.assertIn("Announced maintenance until ", first["summary"])
        self.assertIn("Maintenance: announced, they move house", first["text"])
        self.assertEqual(first["labels"]["maintenance"], "partner")
        self.assertEqual(self.ann.status("aircall")["status"], "under_maintenance")

    def test_what_is_minor_waits_in_quiet_hours_until_it_rises(self):
        self.traffic.fail("workos", 0.12, LIMITED)
        self.opened("workos", severity="minor")
        self.nothing_is_told("workos", 5)
        self.traffic.fail("workos", 0.6, LIMITED)
        first = self.told("workos", "its rise is told")
        self.assertEqual((first["kind"], first["severity"], first["channel"]), ("opened", "major", "night"))

    # Those who answer, and those who do not.

    def test_whom_nobody_answers_calls_the_next_and_calls_again_and_is_reminded_of_the_case(self):
        self.traffic.fail("stytch", makes=SLOW)
        opened = self.told("stytch", "the first step hears", "opened")
        self.assertEqual((opened["channel"], opened["owner"]), ("first", "steps"))
        escalated = self.told("stytch", "the second step hears", "escalated", "second", reason="nobody has acknowledged it")
        apart = (moment(escalated["at"]) - moment(opened["at"])).total_seconds()
        self.assertGreaterEqual(apart, ESCALATES_S)
        again = {"reason": "still open, and nobody has acknowledged it"}
        repeated = [self.told("stytch", "it is told again", "updated", channel, **again) for channel in ("first", "second")]
        for one in repeated:
            self.assertGreaterEqual((moment(one["at"]) - moment(escalated["at"])).total_seconds(), REPEATS_S)

        incident = opened["incident"]
        self.ann.farwatch("incident", "ack", incident)
        self.wait(lambda: self.ann.ask(f"/api/v1/incidents/{incident}")["acknowledged"], 20, "it is acknowledged")
        sent_at = datetime.now(UTC)
        self.ann.farwatch("incident", "case", incident, "sent", "--note", "ticket 4711")
        heard = lambda: [one for one in self.hook.told("stytch", "first") if moment(one["at"]) > sent_at]  # noqa: E731
        self.wait(heard, 90, "the reminder comes")
        # Four times the time after which it would have been told again, and nothing else came.
        reminder, *others = heard()
        self.assertEqual(others, [])
        self.assertIn("the partner has not acknowledged the case sent ", reminder["reason"])
        self.assertGreater((moment(reminder["at"]) - sent_at).total_seconds(), 3 * REPEATS_S)
        self.ann.farwatch("incident", "case", incident, "acknowledged")

    def test_acknowledged_is_not_deaf_to_another_region_nor_a_rise_nor_a_second_trouble(self):
        self.traffic.fail("stripe", 0.12, region="eu")
        opened = self.told("stripe", "it is told", "opened")
        self.assertEqual((opened["severity"], opened["labels"]["region"]), ("minor", "eu"))
        path = opened["acknowledge_url"].removeprefix(PUBLIC_URL)
        status, _, page = send(self.installation.api.address + path, b"", "POST")
        self.assertIn(status, (200, 202), page)
        incident = f"/api/v1/incidents/{opened['incident']}"
        self.wait(lambda: self.ann.ask(incident)["acknowledged"], 20, "the link has acknowledged it")
        told = lambda: len(self.hook.told("stripe"))  # noqa: E731
        before = told()

        self.traffic.fail("stripe", 0.12, region="us")
        wider = self.next_told("stripe", before, "another region is told", lambda one: "it reached us" in one["reason"])
        self.assertEqual((wider["kind"], wider["severity"], "region" in wider["labels"]), ("updated", "minor", False))
        self.assertIn("Regions (2): eu and us", wider["text"])

        before = told()
        self.traffic.fail("stripe", 0.6)
        worse = self.next_told("stripe", before, "the rise is told", lambda one: one["kind"] == "escalated")
        self.assertEqual((worse["severity"], worse["document"]["state"]), ("major", "acknowledged"))

        before = told()
        self.traffic.fail("stripe", makes=SLOW)
        second = self.next_told("stripe", before, "the second trouble is told", lambda one: "were slow, too" in one["reason"])
        self.assertEqual((second["kind"], second["document"]["state"]), ("updated", "acknowledged"))
        # Neither of them was told because nobody had acknowledged it, and all of them are one incident.
        one = self.ann.ask(incident)
        self.assertEqual((one["state"], one["acknowledged"]["by"]), ("acknowledged", "link"))
        self.assertEqual({message["incident"] for message in self.hook.told("stripe")}, {opened["incident"]})

    def next_told(self, partner: str, before: int, what: str, is_it) -> dict:
        return self.wait(lambda: next(filter(is_it, self.hook.told(partner)[before:]), None), 120, what)

    def test_whoever_goes_on_call_hears_of_what_is_open(self):
        def rota(until_s: float) -> dict:
            override = {"from": ahead(-3_600), "until": ahead(until_s), "name": "Ann", "channel": "ann"}
            schedule = {"participants": [{"name": "Bo", "channel": "bo"}], "hand_over": ahead(-86_400),
                        "every_s": 7 * 86_400, "overrides": [override]}  # fmt: skip
            matchers = [{"dimension": "partner", "op": "=", "value": "slack"}]
            return {"matchers": matchers, "channels": [{"channel": "on-call"}], "schedule": schedule}

        self.ann.ask("/api/v1/owners", "POST", {"name": "rota"} | rota(3_600))
        self.traffic.fail("slack", makes=REFUSED)
        first = self.told("slack", "whoever is on call hears")
        self.assertEqual((first["channel"], first["owner"]), ("ann", "rota"))
        self.assertIn("Owner: rota, on call: Ann", first["text"])
        self.assertEqual(self.hook.told("slack", "bo"), [])
        self.ann.ask("/api/v1/owners/rota", "PUT", rota(8))
        next_one = self.told("slack", "the next one hears", channel="bo")
        self.assertEqual((next_one["kind"], next_one["reason"]), ("updated", "on call from now: Bo"))
        self.assertEqual(next_one["incident"], first["incident"])

    def test_a_customer_of_weight_lifts_the_severity(self):
        self.traffic.fail("twilio", 0.45, LIMITED)
        first = self.told("twilio", "it is told", "opened")
        self.assertEqual((first["severity"], first["labels"]["severity"]), ("critical", "critical"))
        self.assertIn("Severity: critical, one severer for twilio-3", first["text"])
        self.assertEqual(first["document"]["severity"], "critical")

    def test_what_nobody_owns_goes_to_the_fallback_and_then_to_whoever_owns_it(self):
        self.traffic.fail("lob", makes=REFUSED)
        first = self.told("lob", "the fallback hears", "opened")
        self.assertEqual((first["channel"], first["owner"], first["labels"]["owner"]), ("all", None, "unowned"))
        self.assertIn("Nobody owns it", first["text"])
        matchers = [{"dimension": "partner", "op": "=", "value": "lob"}]
        owner = {"name": "letters", "matchers": matchers, "channels": [{"channel": "letters"}]}
        self.ann.ask("/api/v1/owners", "POST", owner)
        now_theirs = self.told("lob", "the new owner hears", channel="letters")
        self.assertEqual((now_theirs["kind"], now_theirs["reason"]), ("updated", "letters owns it from now on"))
        self.assertEqual((now_theirs["labels"]["owner"], now_theirs["incident"]), ("letters", first["incident"]))


if __name__ == "__main__":
    import unittest

    unittest.main()
