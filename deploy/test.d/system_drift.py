"""What a partner changes without telling reaches people: calls through a real agent, a message at a real receiver, once."""

import re
import time
import unittest

from installation import Installation, as_ndjson, native_call, send
from receivers import HTTPReceiver

# Changes of two minutes are told together.
WITHIN_S = 240


def call(number: int, host: int) -> dict:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    request = {"method": "POST", "url": f"https://api.stripe.com/v1/charges/ch_{number}"}
    response = {"status": 200, "headers": {"sunset": "Sat, 01 May 2027 00:00:00 GMT", "deprecation": "@1767225600"}}
    return native_call(number, time=moment, request=request, response=response, host=f"app-{host}")


class Drift(unittest.TestCase):
    def setUp(self):
        self.hook = HTTPReceiver()
        self.addCleanup(self.hook.close)
        self.installation = Installation()
        file = self.installation.state / "aggregator.yaml"
        # The section of the API is the last of the file.
        text = re.sub(r"  public_url:.*", "", file.read_text(), flags=re.DOTALL)
        file.write_text(
            text + "  public_url: https://farwatch.example\n"
            f"notifiers:\n  hook: {{type: webhook, url: '{self.hook.url}', allow_private: true, fallback: []}}\n"
            "owners:\n  payments: {matchers: ['partner = stripe'], channels: [hook]}\n"
        )
        self.installation.__enter__()
        self.addCleanup(self.installation.close)

    def told(self) -> list[dict]:
        messages = {got.json["data"]["id"]: got.json["data"] for got in self.hook.got}
        return [one for one in messages.values() if one["labels"].get("cause") == "drift"]

    def send(self, first: int) -> None:
        calls = as_ndjson([call(first + number, number % 2) for number in range(40)])
        status, _, answer = send(f"{self.installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")
        self.assertEqual(status, 202, answer)

    def test_changes_of_one_partner_are_one_message_to_its_owner_and_are_told_once(self):
        self.send(0)
        message = self.installation.wait_for(lambda: (self.told() or [None])[0], WITHIN_S, "the change is told")
        self.assertEqual(message["labels"]["partner"], "stripe")
        self.assertLess(int(message["incident"]), 0)
        text = str(message)
        self.assertIn("2027-05-01", text)
        # Deprecation and end are two changes of one partner.
        self.assertEqual(len(self.told()), 1)
        found = self.installation.sql("SELECT kind, told_at IS NOT NULL FROM farwatch.drifts ORDER BY kind")
        self.assertEqual(found, [["deprecation", "t"], ["sunset", "t"]])
        self.assertIn(b"farwatch_drift_messages_total 1", send(self.installation.api.address + "/metrics", None, "GET")[2])
        # The same answers again change nothing.
        self.send(1_000)
        self.installation.wait_for(
            lambda: int(self.installation.sql("SELECT count(*) FROM farwatch.call_rows")[0][0]) == 80, 30, "they came")
        self.assertEqual(self.installation.sql("SELECT count(*) FROM farwatch.drifts WHERE told_at IS NULL"), [["0"]])
        self.assertEqual(len(self.told()), 1)


if __name__ == "__main__":
    unittest.main()
