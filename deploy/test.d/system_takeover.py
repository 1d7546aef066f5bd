"""Two aggregators on one database: one decides, the other takes over in the middle of an outage, and nothing is doubled or lost."""

import json
import signal
import time
import unittest

from installation import Installation, send, settings
from receivers import HTTPReceiver
from system_incidents import Traffic

TAKEN_OVER_WITHIN_S = 15
HELD_UP_S = 15  # So much a busy machine may add.


class Takeover(unittest.TestCase):
    def setUp(self):
        self.hook = HTTPReceiver()
        self.addCleanup(self.hook.close)
        channels = f"notifiers:\n  hook: {{type: webhook, url: '{self.hook.url}', allow_private: true, fallback: []}}\n"
        self.first = Installation(aggregator_extra=channels)
        self.addCleanup(self.first.close)
        self.first.start_aggregator()
        database = f"postgresql:///farwatch?host={self.first.state}/aggregator/postgres/run&user=farwatch"
        self.second = Installation(aggregator_extra=channels + f"database: {{url: '{database}'}}\n")
        self.addCleanup(self.second.close)
        self.second.start_aggregator()
        token = self.second.command("farwatch-aggregator", "token", "create").split()[-1]
        settings.write_token(self.second.state, token)
        self.second.start_agent()

    def messages(self) -> list[str]:
        """The kinds of what was told about stripe, each message once, in the order in which it came."""
        told = {}
        for request in self.hook.got:
            data = request.json["data"]
            if data["labels"].get("partner") == "stripe":
                told.setdefault(data["id"], data["kind"])
        return list(told.values())

    def holder(self) -> str:
        return self.first.sql("SELECT holder FROM farwatch.leases WHERE name = 'decider'")[0][0]

    def incidents(self) -> list[list[str]]:
        return self.first.sql("SELECT id, state FROM farwatch.incidents WHERE 'stripe' = ANY (partners) AND NOT quiet")

    def test_an_outage_that_outlives_its_decider_is_one_incident(self):
        holder = self.holder()
        with Traffic(self.second) as traffic:
            time.sleep(5)
            traffic.fails = True
            self.first.wait_for(lambda: self.messages() == ["opened"], 60, "the outage is told")
            process = self.first.programs.running["farwatch-aggregator"]
            process.send_signal(signal.SIGSTOP)
            try:
                self.first.wait_for(lambda: self.holder() != holder, TAKEN_OVER_WITHIN_S, "the other one decides", HELD_UP_S)
                self.second.wait_for(self.is_shown, 10, "it goes on showing the outage")
            finally:
                process.send_signal(signal.SIGCONT)
            time.sleep(5)  # For the first one to write what it must not.
            self.assertNotEqual(self.holder(), holder)
            self.assertEqual([state for _, state in self.incidents()], ["open"])
            traffic.fails = False
            self.second.wait_for(lambda: self.messages()[-1] == "resolved", 240, "the end is told")
        self.assertEqual(self.messages(), ["opened", "resolved"])
        self.assertEqual([state for _, state in self.incidents()], ["resolved"])
        # The one that does not decide reads every second what the other has published.
        self.first.wait_for(lambda: self.first.api.status()["partners"] == self.partners(), 10, "both show the same")
        self.first.wait_for(lambda: self.why(self.first) == self.why(self.second) != [], 15, "both say why")

    def why(self, one: Installation) -> list[dict]:
        return json.loads(send(one.api.address + "/api/v1/why?partner=stripe", None, "GET")[2])["decisions"]

    def partners(self) -> list[dict]:
        return self.second.api.status()["partners"]

    def is_shown(self) -> bool:
        status = self.second.api.status()
        stripe = next(one for one in status["partners"] if one["id"] == "stripe")
        return not status["stale"] and stripe["status"] in {"partial_outage", "major_outage"}


if __name__ == "__main__":
    unittest.main()
