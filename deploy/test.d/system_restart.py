"""The only aggregator ends in the middle of incidents, killed and asked to: it goes on where it was, and history counts once."""

import time
import unittest

from installation import Installation
from troubles import Hook, Operator, Traffic

CALM_S = 15  # Within which what nobody has acknowledged is told again, and an outage that fails whole is told.


class Restart(unittest.TestCase):
    def setUp(self):
        self.hook = Hook()
        self.addCleanup(self.hook.close)
        settings = "notifiers:\n" + self.hook.channel("all") + "alerting: {repeat_interval: 10s, update_interval: 1s}\n"
        self.installation = Installation(aggregator_extra=settings).__enter__()
        self.addCleanup(self.installation.close)
        self.ann = Operator(self.installation)
        self.traffic = self.enterContext(Traffic(self.installation))

    def wait(self, condition, within_s: float, what: str):
        return self.installation.wait_for(condition, within_s, what)

    def incidents(self) -> dict[str, dict]:
        """By id, all that anybody could be told of."""
        found = self.ann.ask("/api/v1/incidents?limit=100")["data"]
        return {one["id"]: one for one in found if not one["quiet"]}

    def told(self) -> list[tuple[str, str]]:
        return [(one["id"], one["kind"]) for one in (got.json["data"] for got in list(self.hook.got))]

    def test_killed_and_stopped_it_goes_on_where_it_was(self):
        self.traffic.fail("stripe")
        self.traffic.fail("twilio", 0.12)
        silence = self.ann.quiet("silences", "webflow")
        self.traffic.fail("webflow", makes={"response": {"status": 429}})
        for partner in ("stripe", "twilio"):
            self.wait(lambda: self.hook.told(partner), 90, f"{partner} is told")  # noqa: B023
            self.ann.farwatch("incident", "ack", self.hook.told(partner)[0]["incident"])
        self.wait(lambda: self.ann.incidents("webflow"), 60, "what is silenced is known")
        known = lambda: sorted((id, one["state"]) for id, one in self.incidents().items())  # noqa: E731
        self.wait(lambda: sorted(state for _, state in known()) == ["acknowledged", "acknowledged", "open"], 20, "acknowledged")
        before, told = known(), self.told()

        for end in (self.installation.kill, self.installation.stop):
            end("farwatch-aggregator")
            self.installation.start_aggregator()
            self.goes_on(before, told, silence["id"])

        self.traffic.mend("stripe")
        self.traffic.mend("twilio")
        ended = lambda: {kind for _, kind in self.told()[len(told):]}  # noqa: E731
        self.wait(lambda: len(self.told()) >= len(told) + 2, 240, "the ends are told")
        self.assertEqual(ended(), {"resolved"})
        self.the_history_counts_once()
        # Calm minutes have opened nothing.
        self.assertEqual(sorted(self.incidents()), [id for id, _ in before])
        self.assertEqual([kind for _, kind in self.told()].count("opened"), 2)

    def goes_on(self, before: list, told: list, silence: str):
        """As it was, in the figures of calls that came since."""
        failed = {id: one["explains"]["calls_failed"] for id, one in self.incidents().items()}
        self.wait(
            lambda: all(one["explains"]["calls_failed"] > failed[id] for id, one in self.incidents().items()), 60, "it goes on"
        )
        time.sleep(CALM_S)
        self.assertEqual(sorted((id, one["state"]) for id, one in self.incidents().items()), before)
        self.assertEqual(self.told(), told)
        self.assertEqual(self.ann.ask(f"/api/v1/silences/{silence}")["state"], "active")

    def the_history_counts_once(self):
        def day(partner: str) -> dict:
            return self.ann.ask(f"/api/v1/partners/{partner}/history")["periods"][0]

        # Made once a minute.
        self.wait(lambda: day("stripe")["time_to_recover_mean_s"], 90, "the history knows the end")
        down = day("stripe")
        self.assertEqual((down["outages"], down["degradations"]), (1, 0))
        self.assertGreater(down["down_s"], 2 * CALM_S)
        self.assertAlmostEqual(down["down_s"], down["time_to_recover_mean_s"], delta=1)
        self.assertLess(down["uptime_ratio"], 1)
        self.assertTrue(0 < down["time_to_detect_mean_s"] < down["down_s"], down)
        self.assertGreater(down["calls_failed"], 0)
        degraded = day("twilio")
        counts = [degraded[name] for name in ("outages", "degradations", "down_s", "uptime_ratio", "time_to_recover_mean_s")]
        self.assertEqual(counts, [0, 1, 0, 1, None])
        self.assertGreater(degraded["degraded_s"], 2 * CALM_S)
        self.assertEqual(day("webflow")["outages"] + day("webflow")["degradations"], 0, "a rate limit is no fault of theirs")


if __name__ == "__main__":
    unittest.main()
