"""A storm of failures is one message: 10,000 failing calls of 500 hosts and 20 routes, through the real programs."""

import time
import unittest

from installation import Installation, as_ndjson, native_call, send
from receivers import HTTPReceiver

ALONE = True  # For `run_tests.py`: it holds the decider to its pace.

HOSTS, ROUTES, CUSTOMERS = 500, 20, 80
STORM_CALLS, STORM_S = 10_000, 12
TOLD_WITHIN_S = 15


class Storm(unittest.TestCase):
    def setUp(self):
        self.hook = HTTPReceiver()
        self.addCleanup(self.hook.close)
        channel = f"notifiers:\n  hook: {{type: webhook, url: '{self.hook.url}', allow_private: true, fallback: []}}\n"
        self.installation = Installation(aggregator_extra=channel).__enter__()
        self.addCleanup(self.installation.close)
        self.number = 0

    def calls(self, count: int, at: float, partner: str, status: int) -> list[dict]:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        made = []
        for _ in range(count):
            number = self.number = self.number + 1
            request = {"method": "POST", "url": f"https://{partner}/v1/thing{number % ROUTES}"}
            # Numbers without a common factor, so that every route is called from every host for every customer.
            made.append(
                native_call(number, time=moment, request=request, response={"status": status},
                            host=f"app-{number * 7 % HOSTS}", customer=f"c{number * 11 % CUSTOMERS}")
            )  # fmt: skip
        return made

    def send(self, calls: list[dict]) -> None:
        status, _, body = send(
            f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson"
        )
        self.assertEqual(status, 202, body)

    def second(self, at: float, stripe: int, status: int) -> None:
        self.send(self.calls(stripe, at, "api.stripe.com", status) + self.calls(40, at, "slack.com", 200))

    def test_ten_thousand_failures_are_told_once(self):
        for ago in range(55, 0, -1):  # What is older is not judged any more.
            self.second(time.time() - ago, 80, 200)
        began = time.monotonic()
        for second in range(STORM_S):
            self.second(time.time(), STORM_CALLS // STORM_S + 1, 503)
            time.sleep(max(0.0, began + second + 1 - time.monotonic()))
        self.installation.wait_for(lambda: self.hook.got, TOLD_WITHIN_S, "somebody is told", patience_s=15)
        told_after = self.hook.got[0].at - began
        for _ in range(20):  # And goes on failing, so that whatever else would be told is told.
            self.second(time.time(), 80, 503)
            time.sleep(1)
        told = [got.json["data"] for got in self.hook.got]
        self.assertEqual([(one["kind"], one["labels"]["partner"]) for one in told], [("opened", "stripe")], told)
        cause = told[0]["document"]["cause"]
        self.assertEqual((cause["kind"], cause["partners"], cause["predicate"]), ("partner", ["stripe"], []))
        rows = self.installation.sql("SELECT count(*) FROM farwatch.incidents")
        self.assertEqual(rows, [["1"]])
        explained = self.installation.sql("SELECT document -> 'explains' ->> 'hosts' FROM farwatch.incidents")
        self.assertGreater(int(explained[0][0]), HOSTS * 0.9)
        print(f"told {told_after:.1f} s after the first failure was sent, of {explained[0][0]} hosts")


if __name__ == "__main__":
    unittest.main()
