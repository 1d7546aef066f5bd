"""Three partners fail in three ways in one minute: people hear of the first at once, and of the others together."""

import time
import unittest

from installation import Installation, as_ndjson, native_call, send
from receivers import HTTPReceiver

GROUP_S = 12
FAILS = {"api.stripe.com": 503, "slack.com": 429, "api.twilio.com": 401}
SETTINGS = """notifiers:
  people: {{type: slack, url: '{url}', allow_private: true, fallback: []}}
alerting: {{group_interval: {group_s}s}}
"""


class Group(unittest.TestCase):
    def setUp(self):
        self.people = HTTPReceiver()
        self.addCleanup(self.people.close)
        settings = SETTINGS.format(url=self.people.url, group_s=GROUP_S)
        self.installation = Installation(aggregator_extra=settings).__enter__()
        self.addCleanup(self.installation.close)
        self.number = 0

    def second(self, at: float, fails: bool) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        made = []
        for host, status in FAILS.items():
            for _ in range(30):
                self.number += 1
                request = {"method": "GET", "url": f"https://{host}/v1/things"}
                made.append(
                    native_call(self.number, time=moment, request=request, response={"status": status if fails else 200},
                                host=f"app-{self.number % 5}", customer=f"c{self.number % 7}")
                )  # fmt: skip
        status, _, body = send(
            f"{self.installation.receivers}/v1/calls", as_ndjson(made), content_type="application/x-ndjson"
        )
        self.assertEqual(status, 202, body)

    def test_the_first_is_told_at_once_and_the_others_together(self):
        for ago in range(55, 0, -1):  # What is older is not judged any more.
            self.second(time.time() - ago, False)
        began = time.monotonic()
        while len(self.people.got) < 2 and time.monotonic() - began < 240:
            self.second(time.time(), True)
            time.sleep(1)
        pending = "SELECT count(*) FROM farwatch.outbox WHERE channel = 'people' AND kind = 'opened' AND state = 'pending'"
        self.installation.wait_for(lambda: self.installation.sql(pending) == [["0"]], 20, "all is written down")
        rows = self.installation.sql(
            "SELECT incident, state, coalesce(last_error, '') FROM farwatch.outbox "
            "WHERE channel = 'people' AND kind = 'opened' ORDER BY incident"
        )
        self.assertEqual(len(self.people.got), 2, rows)
        # By when it was decided: how long each was on its way is another matter.
        apart = self.installation.sql(
            "SELECT extract(epoch FROM max(at) - min(at)) FROM "
            "(SELECT (message ->> 'at')::timestamptz AS at FROM farwatch.outbox WHERE channel = 'people' AND state = 'delivered') told"
        )
        self.assertGreaterEqual(float(apart[0][0]), GROUP_S - 1)
        group = self.people.got[1].body.decode()
        self.assertIn("1 more incident opened with it.", group)
        self.assertIn("Opened with it: incident ", group)
        # Each has its row, and the one that was told with another names it.
        self.assertEqual([row[0] for row in rows], ["1", "2", "3"])
        self.assertEqual(sorted(row[1] for row in rows), ["delivered", "delivered", "superseded"])
        self.assertTrue(any(row[2].startswith("told with ") for row in rows), rows)


if __name__ == "__main__":
    unittest.main()
