"""A release of ours breaks requests: no partner is blamed, and the message names the key that is missing."""

import json
import time
import unittest

from installation import Installation, as_ndjson, native_call, send
from receivers import HTTPReceiver

TOLD_WITHIN_S = 180


class Release(unittest.TestCase):
    def setUp(self):
        self.hook = HTTPReceiver()
        self.addCleanup(self.hook.close)
        channel = f"notifiers:\n  hook: {{type: webhook, url: '{self.hook.url}', allow_private: true, fallback: []}}\n"
        self.installation = Installation(aggregator_extra=channel).__enter__()
        self.addCleanup(self.installation.close)
        self.number = 0

    def second(self, at: float, releases: list[str]) -> None:
        """Twelve calls of three hosts; release 2 forgets the currency, and is answered 422."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        calls = []
        for number in range(12):
            self.number += 1
            host = number % 3
            body = {"amount": 100 + self.number, "currency": "eur", "customer": f"cus_{self.number}"}
            status = 200
            if releases[host] == "2":
                del body["currency"]
                status = 422
            request = {"method": "POST", "url": "https://api.stripe.com/v1/charges",
                       "headers": {"content-type": "application/json"}, "body": body}  # fmt: skip
            calls.append(
                native_call(self.number, time=moment, host=f"app-{host}", customer=f"c{self.number % 5}",
                            service="billing", service_version=releases[host], request=request,
                            response={"status": status})
            )  # fmt: skip
        status, _, body = send(
            f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson"
        )
        self.assertEqual(status, 202, body)

    def test_the_message_names_the_release_and_the_key(self):
        for ago in range(58, 0, -1):  # What is older is not judged any more.
            self.second(time.time() - ago, ["1", "1", "1"])
        began = time.monotonic()
        while not self.hook.got and time.monotonic() - began < TOLD_WITHIN_S:
            self.second(time.time(), ["1", "2", "2"])
            time.sleep(1)
        told = self.hook.got[0].json["data"]
        self.assertNotIn(told["document"]["cause"]["kind"], {"partner", "shared_upstream"}, told["summary"])
        sentences = " ".join(told["document"]["explanation"])
        self.assertIn("currency", sentences, told)
        self.assertIn("In common: ", told["text"])
        stripe = next(one for one in self.installation.api.status()["partners"] if one["id"] == "stripe")
        self.assertEqual(stripe["status"], "operational", stripe)

        def impact():
            _, _, body = send(f"{self.installation.api.address}/api/v1/incidents", None, "GET")
            return next((incident["impact"] for incident in json.loads(body)["data"] if "impact" in incident), None)

        found = self.installation.wait_for(impact, 30, "the impact is kept with the incident")
        self.assertEqual((found["known"], found["requests"]), (False, 0), "no request of ours was seen")
        _, _, body = send(f"{self.installation.api.address}/api/v1/incidents", None, "GET")
        incident = json.loads(body)["data"][0]["id"]
        address = self.installation.api.address
        explained = [
            json.loads(send(f"{address}/api/v1/explain?incident={incident}", None, "GET")[2]),
            json.loads(self.installation.command("farwatch", "explain", "--incident", str(incident), "--json",
                                                 "--url", address)),
        ]  # fmt: skip
        for answer in explained:
            self.assertEqual(answer["causes"][0]["predicate"][0]["path"], "$.currency")
            self.assertGreater(answer["read"]["successes"]["matching"], 0)
        one = self.installation.command("farwatch", "explain", "--incident", str(incident), "--customer", "c1",
                                        "--json", "--url", address)  # fmt: skip
        self.assertEqual(json.loads(one)["causes"][0]["predicate"][0]["path"], "$.currency")
        self.assertLess(json.loads(one)["population"]["failures"], explained[0]["population"]["failures"])
        self.assertEqual(send(f"{address}/api/v1/explain?incident=999999", None, "GET")[0], 404)

        print(f"{told['summary']}\n{sentences}")


if __name__ == "__main__":
    unittest.main()
