"""What a partner changes without telling reaches people: calls through a real agent, a message at a real receiver, once."""

import json
import re
import time
import unittest

import drift_states
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


class EveryKind(unittest.TestCase):
    """A partner rolls out another version to half of our hosts, and gets slow: each change of it is found, with the share that sees it."""

    HOSTS = 4
    OLD = {"headers": {"content-type": "application/json", "x-old": "1", "x-api-version": "2024-01-01"},
           "body": {"id": "ch_1", "amount": 100, "gone": "x", "same": True}}  # fmt: skip
    NEW = {"headers": {"content-type": "application/json", "x-new": "1", "x-api-version": "2026-01-01"},
           "body": {"id": "ch_1", "amount": "100.00", "fresh": {"inner": 1}, "same": True}}  # fmt: skip

    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation())
        cls.address = cls.installation.api.address
        cls.sent = 0

    def answers(self, count: int, duration_ms: float, version, extra: dict | None = None) -> None:
        """From all hosts in turn; what each gets is told by its number."""
        calls = []
        for number in range(self.sent, self.sent + count):
            host = number % self.HOSTS
            answer = version(host)
            response = {"status": 200, "headers": answer["headers"] | (extra or {}), "body": answer["body"]}
            request = {"method": "POST", "url": "https://api.stripe.com/v1/charges"}
            calls.append(native_call(number, id=f"d-{number}", request=request, response=response, host=f"app-{host}",
                                     duration_ms=duration_ms))  # fmt: skip
        self.sent += count
        status, _, answer = send(f"{self.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        self.assertEqual(status, 202, answer)
        self.await_looked_at(count)

    def await_looked_at(self, count: int) -> None:
        """Until they have been held against what is usual: some are looked at again when the state is taken up by another."""
        self.looked_at = getattr(self, "looked_at", 0)
        wanted = self.looked_at + count

        def is_there() -> bool:
            self.looked_at = self.metric("farwatch_drift_answers_total")
            return self.looked_at >= wanted

        self.installation.wait_for(is_there, WITHIN_S, "the answers are looked at")

    def metric(self, name: str) -> int:
        text = send(self.address + "/metrics", None, "GET")[2].decode()
        return int(float(re.search(rf"^{name} ([0-9.e+]+)$", text, re.MULTILINE)[1]))

    def age(self, seconds: int) -> None:
        epoch = self.installation.sql("SELECT epoch FROM farwatch.leases WHERE name = 'drift'")
        drift_states.age(self.installation, seconds)
        self.installation.wait_for(
            lambda: self.installation.sql("SELECT epoch FROM farwatch.leases WHERE name = 'drift'") != epoch, WITHIN_S, "it is taken up")  # fmt: skip

    def found(self) -> dict:
        data = json.loads(send(self.address + "/api/v1/drift?partner=stripe&limit=100", None, "GET")[2])["data"]
        return {(one["kind"], one["subject"]): one for one in data}

    def test_what_changed_is_found_with_the_share_of_the_fleet_that_sees_it(self):
        self.answers(420, 100, lambda _: self.OLD)
        # A notice is told at once; with it what was learned is kept.
        self.answers(4, 100, lambda _: self.OLD, {"sunset": "Sat, 01 May 2027 00:00:00 GMT"})
        self.installation.wait_for(lambda: ("sunset", "sunset") in self.found(), WITHIN_S, "the end is told")
        self.age(3 * 3_600)

        def mixed(host: int) -> dict:
            return self.NEW if host < self.HOSTS // 2 else self.OLD

        self.answers(300, 800, mixed)
        # A burst is no change: it has to last a minute.
        time.sleep(65)
        self.answers(300, 800, mixed)
        wanted = {
            ("key_appeared", "2xx $.fresh"), ("key_vanished", "2xx $.gone"), ("type_changed", "2xx $.amount"),
            ("header_appeared", "2xx x-new"), ("header_vanished", "2xx x-old"), ("version_changed", "x-api-version"),
        }  # fmt: skip
        self.installation.wait_for(lambda: wanted <= set(self.found()), WITHIN_S, "the changes are found")
        self.age(2 * 3_600)
        self.answers(400, 800, mixed)
        self.installation.wait_for(lambda: ("latency_step", "latency") in self.found(), WITHIN_S, "the step is found")

        found = self.found()
        self.assertEqual(set(found), wanted | {("sunset", "sunset"), ("latency_step", "latency")}, "and nothing else")
        for key in wanted:
            one = found[key]
            with self.subTest(key=key):
                self.assertEqual((one["hosts_seeing"], one["hosts_calling"], one["fleet_ratio"]), (2, 4, 0.5))
                self.assertEqual((one["route"], one["partner"]), ("POST /v1/charges", "stripe"))
                sample = json.loads(send(f"{self.address}/api/v1/calls/{one['samples'][0]}", None, "GET")[2])
                self.assertIn(sample["host"], ("app-0", "app-1"))
        changed = found["type_changed", "2xx $.amount"]
        self.assertEqual((changed["before"], changed["after"]), ("number", "string"))
        changed = found["version_changed", "x-api-version"]
        self.assertEqual((changed["before"], changed["after"]), ("2024-01-01", "2026-01-01"))
        step = found["latency_step", "latency"]
        self.assertEqual((step["before"], step["fleet_ratio"]), ("100 ms", 1))
        # The mean of what was off: the first hundred may have begun before.
        self.assertTrue(600 <= int(step["after"].removesuffix(" ms")) <= 800, step["after"])
        took = f"answers take 100 ms to {step['after']}"
        screen = self.installation.command("farwatch", "drift", "--partner", "stripe", "--url", self.address)
        for words in ("$.fresh is new in answers", "$.gone is missing", "$.amount changed from number to string", "x-new is new",
                      "x-old is missing", "x-api-version changed from 2024-01-01 to 2026-01-01", took, "2 of 4"):
            self.assertIn(words, screen)
        self.assertIn(took, send(f"{self.address}/drift", None, "GET")[2].decode())


if __name__ == "__main__":
    unittest.main()
