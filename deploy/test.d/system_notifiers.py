"""Messages in the outbox of a running aggregator reach every kind of receiver: real ones, and ones that lie."""

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import pagerduty
from installation import Installation, send
from receivers import HTTPReceiver, MailReceiver, make_certificate
from services import ROUTING_KEY, SLACK_TOKEN, answer_as_pagerduty, answer_as_slack, start_alertmanager
from settings import free_port
from slack_sdk.models.blocks import Block
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from system import clean_environment

SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
WITHIN_S = 20


def message(incident: int, channel: str, sequence: int, kind: str, **changes) -> dict:
    """As the decider writes it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "id": f"{incident}-{channel}-{sequence}", "incident": str(incident), "sequence": sequence, "channel": channel,
        "kind": kind, "at": now, "severity": "major", "title": f"Störung bei Stripe <{incident}>",
        "summary": "Stripe's fault (97 % sure) since 19:02, 3 customers & growing.", "text": ".a line with a dot\nthe end",
        "reason": "it began", "owner": "payments", "incident_url": f"https://farwatch.example/incidents/{incident}",
        "acknowledge_url": "https://farwatch.example/acknowledge/abc", "runbook_url": None,
        "labels": {"partner": "stripe", "cause": "partner", "scope": "fleet"},
        "document": {"id": str(incident), "started_at": now, "severity": "major"},
    } | changes  # fmt: skip


def channel_settings(name: str, **keys) -> str:
    return f"  {name}: {json.dumps(keys)}\n"


class Outbox:
    """What the tests do with the database of a running aggregator."""

    installation: Installation

    def append(self, incident: int, channel: str, sequence: int = 1, kind: str = "opened", **changes) -> str:
        content = message(incident, channel, sequence, kind, **changes)
        text = json.dumps(content).replace("'", "''")
        self.installation.sql(
            "INSERT INTO farwatch.outbox (incident, channel, sequence, kind, message, created_at) "
            f"VALUES ({incident}, '{channel}', {sequence}, '{kind}', '{text}', now())"
        )
        return content["id"]

    def row(self, incident: int, channel: str, sequence: int = 1) -> dict:
        """State, attempts and last error."""
        found = self.installation.sql(
            "SELECT json_build_object('state', state, 'attempts', attempts, 'error', last_error)::text "
            f"FROM farwatch.outbox WHERE incident = {incident} AND channel = '{channel}' AND sequence = {sequence}"
        )
        # The rows come as CSV: one column of JSON, quoted.
        return json.loads(",".join(found[0])[1:-1].replace('""', '"'))

    def wait(self, condition, what: str, within_s: float = WITHIN_S):
        return self.installation.wait_for(condition, within_s, what)

    def wait_for_state(self, state: str, incident: int, channel: str, sequence: int = 1, within_s: float = WITHIN_S):
        try:
            self.wait(lambda: self.row(incident, channel, sequence)["state"] == state, f"becomes {state}", within_s)
        except AssertionError as error:
            raise AssertionError(f"{incident} {channel} {sequence}: {self.row(incident, channel, sequence)}") from error

    def metric(self, name: str, channel: str) -> float:
        text = send(self.installation.api.address + "/metrics", None, "GET")[2].decode()
        found = re.search(rf'^{name}{{channel="{channel}"}} (\S+)$', text, re.MULTILINE)
        return float(found.group(1)) if found else 0

    def try_channel(self, channel: str) -> tuple[int, str]:
        """What `farwatch-aggregator notify --test` says."""
        command = [str(self.installation.bin / "farwatch-aggregator"), "notify", "--test", channel]
        command += ["--config", str(self.installation.state / "aggregator.yaml")]
        done = subprocess.run(
            command, env=clean_environment(), capture_output=True, text=True, timeout=180, check=False
        )
        return done.returncode, done.stdout + done.stderr


class Notifiers(Outbox, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.folder.chmod(0o755)
        authority, tls = make_certificate(cls.folder)
        cls.trust = ssl.create_default_context(cafile=authority)
        cls.receivers: dict[str, HTTPReceiver] = {}
        for name, answer, context in (
            ("hook", None, None), ("flaky", None, None), ("slow", None, None), ("redirecting", None, None),
            ("huge", None, None), ("untrusted", None, tls), ("trusted", None, tls), ("pager", None, tls),
            ("slack", None, None), ("bot", None, None), ("broken", None, None), ("outside", None, None),
        ):  # fmt: skip
            cls.receivers[name] = receiver = HTTPReceiver(tls=context)
            cls.addClassCleanup(receiver.close)
        cls.mail, cls.submission = MailReceiver(tls), MailReceiver(tls, implicit=True)
        cls.addClassCleanup(cls.mail.close)
        cls.addClassCleanup(cls.submission.close)
        hang = threading.Event()
        cls.addClassCleanup(hang.set)
        never = lambda got: (hang.wait(60), (200, {}, b""))[1]  # noqa: E731
        cls.receivers["slow"].answer = never
        elsewhere = cls.receivers["outside"].url + "/elsewhere"
        cls.receivers["redirecting"].answer = lambda got: (302, {"location": elsewhere}, b"")
        cls.receivers["huge"].answer = lambda got: (200, {}, b"x" * 5_000_000)
        cls.receivers["pager"].answer = answer_as_pagerduty
        cls.receivers["bot"].answer = answer_as_slack
        cls.alertmanager = start_alertmanager(cls.folder, cls.addClassCleanup)
        program = cls.folder / "tell"
        program.write_text(f"#!/bin/sh\ncat >> {cls.folder}/told; echo >> {cls.folder}/told; echo noted\n")
        program.chmod(0o755)
        hook = {"type": "webhook", "allow_private": True, "timeout": "30s", "fallback": []}
        urls = {name: receiver.url + "/in/s3cret" for name, receiver in cls.receivers.items()}
        mail = {"type": "email", "from": "farwatch@ops.example", "user": "watch", "password": "secret",
                "allow_private": True, "ca": str(authority), "fallback": []}  # fmt: skip
        settings = "notifiers:\n" + "".join(
            [
                channel_settings("hook", **hook, url=urls["hook"], secrets=SECRETS),
                channel_settings("flaky", **hook, url=urls["flaky"]),
                channel_settings("slow", **(hook | {"timeout": "3s"}), url=urls["slow"]),
                channel_settings("redirecting", **hook, url=urls["redirecting"]),
                channel_settings("huge", **hook, url=urls["huge"]),
                channel_settings("untrusted", **hook, url=urls["untrusted"]),
                channel_settings("trusted", **hook, url=urls["trusted"], ca=str(authority)),
                channel_settings("private", **(hook | {"allow_private": False}), url=urls["outside"]),
                channel_settings("nobody", **hook, url=f"http://127.0.0.1:{free_port()}/in/s3cret"),
                channel_settings(
                    "broken", **(hook | {"fallback": ["pager", "hook"], "fallback_after": "2s"}), url=urls["broken"]
                ),
                channel_settings(
                    "pager", type="pagerduty", routing_key=ROUTING_KEY, url=cls.receivers["pager"].url + "/v2/enqueue",
                    allow_private=True, ca=str(authority), fallback=[],
                ),  # fmt: skip
                channel_settings("slack", type="slack", url=urls["slack"], allow_private=True, fallback=[]),
                channel_settings(
                    "bot", type="slack", token=SLACK_TOKEN, channel="#ops", api=cls.receivers["bot"].url + "/api",
                    allow_private=True, fallback=[],
                ),  # fmt: skip
                channel_settings(
                    "alertmanager", type="alertmanager", url=cls.alertmanager, renew_every="5s", allow_private=True,
                    fallback=[],
                ),  # fmt: skip
                channel_settings(
                    "mail", **mail, server=f"127.0.0.1:{cls.mail.port}", to=["oncall@ops.example", "unknown@ops.example"]
                ),
                channel_settings(
                    "submission", **mail, tls="implicit", server=f"127.0.0.1:{cls.submission.port}", to=["a@ops.example"]
                ),
                channel_settings(
                    "wrong-password", **(mail | {"password": "wr0ng"}), server=f"127.0.0.1:{cls.mail.port}",
                    to=["a@ops.example"],
                ),  # fmt: skip
                channel_settings("command", type="command", program=str(program), fallback=[]),
            ]
        )
        settings += f"heartbeat: {{url: {cls.receivers['outside'].url}/beat, every: 5s, stale_after: 5s, "
        settings += "allow_private: true}\n"
        cls.installation = Installation(aggregator_extra=settings)
        cls.addClassCleanup(cls.installation.close)
        cls.installation.start_aggregator()

    # Receivers that do as they should.

    def test_a_webhook_is_signed_by_each_secret_and_a_ready_library_believes_it(self):
        self.append(100, "hook")
        self.wait_for_state("delivered", 100, "hook")
        got = next(got for got in self.receivers["hook"].got if got.headers["webhook-id"] == "100-hook-1")
        for secret in SECRETS:
            body = Webhook(secret).verify(got.body, got.headers)
            self.assertEqual((body["type"], body["data"]["document"]["id"]), ("incident.opened", "100"))
        with self.assertRaises(WebhookVerificationError):
            Webhook("whsec_" + "A" * 32).verify(got.body, got.headers)
        with self.assertRaises(WebhookVerificationError):
            Webhook(SECRETS[0]).verify(got.body.replace(b"100", b"101"), got.headers)
        self.wait(lambda: self.metric("farwatch_notifier_delivered_messages_total", "hook") > 0, "it is counted")

    def test_pagerduty_sees_one_alert_from_its_beginning_to_its_end(self):
        for sequence, kind in enumerate(["opened", "escalated", "acknowledged", "resolved"], start=1):
            self.append(200, "pager", sequence, kind, severity="critical")
        self.wait_for_state("delivered", 200, "pager", 4)
        events = [got.json for got in self.receivers["pager"].got if got.json["dedup_key"] == "farwatch:200"]
        self.assertEqual([e["event_action"] for e in events], ["trigger", "trigger", "acknowledge", "resolve"])
        self.assertEqual(events[0]["payload"]["severity"], "critical")

        # The members are those that PagerDuty's own client sends.
        before = len(self.receivers["pager"].got)
        client = pagerduty.EventsApiV2Client(
            ROUTING_KEY, base_url=self.receivers["pager"].url, verify=self.trust, trust_env=False
        )
        client.trigger("summary", "source", dedup_key="theirs", severity="critical", custom_details={"a": 1})
        client.resolve("theirs")
        theirs = [got.json for got in self.receivers["pager"].got[before:]]
        self.assertLessEqual(set(theirs[0]), set(events[0]))
        self.assertLessEqual(set(theirs[0]["payload"]), set(events[0]["payload"]))
        self.assertEqual(set(events[3]), {"routing_key", "event_action", "dedup_key"})
        self.assertLessEqual(set(events[3]), set(theirs[1]))

    def test_what_pagerduty_calls_invalid_is_never_sent_again(self):
        self.append(400, "pager")
        self.wait_for_state("dead", 400, "pager")
        row = self.row(400, "pager")
        self.assertEqual(row["attempts"], 1)
        self.assertIn("HTTP 400", row["error"])
        self.wait(lambda: self.metric("farwatch_notifier_dead_messages_total", "pager") == 1, "it is counted")
        # And is found among all incidents.
        address = self.installation.api.address
        listed = json.loads(send(f"{address}/api/v1/notifications?state=dead&channel=pager", None, "GET")[2])["data"]
        self.assertEqual([(one["incident"], one["attempts"]) for one in listed], [("400", 1)])
        self.assertIn("HTTP 400", listed[0]["last_error"])
        self.assertEqual(send(f"{address}/api/v1/notifications?state=deaf", None, "GET")[0], 400)
        self.assertRegex(self.farwatch("notifications", "--dead", "--url", address).stdout, r"400 .* pager .* dead")
        # Sent anew by hand it is refused again: it was told once more, and who did that is kept.
        token = self.installation.command("farwatch-aggregator", "token", "create", "--scope", "operate", "--name", "ann").split()[-1]
        may = {"authorization": f"Bearer {token}"}
        retry = f"{address}/api/v1/notifications/999999/retry"
        self.wait(lambda: send(retry, b"{}", **may)[0] == 404, "the token is known; the message is not")
        done = self.farwatch("notifications", "retry", listed[0]["id"], "--url", address, "--token", token)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.wait(lambda: self.row(400, "pager")["attempts"] == 2, "it is sent anew")
        self.wait_for_state("dead", 400, "pager")
        count = "SELECT count(*) FROM farwatch.audit WHERE what = 'sent a message anew' AND detail ->> 'message' = "
        self.wait(lambda: self.installation.sql(f"{count}'{listed[0]['id']}'") == [["1"]], "it is written into the audit")
        self.append(401, "hook")
        self.wait_for_state("delivered", 401, "hook")
        told = json.loads(send(f"{address}/api/v1/notifications?state=delivered&channel=hook", None, "GET")[2])["data"]
        self.assertEqual(send(f"{address}/api/v1/notifications/{told[0]['id']}/retry", b"{}", **may)[0], 409)
        self.assertEqual(send(f"{address}/api/v1/notifications/{told[0]['id']}/retry", b"{}")[0], 401)

    def farwatch(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(self.installation.bin / "farwatch"), *arguments], env=clean_environment(), capture_output=True, text=True,
            timeout=180, check=False,
        )  # fmt: skip

    def test_slack_takes_the_blocks_of_a_webhook_and_of_a_bot(self):
        self.append(300, "slack", text="x" * 10_000)
        for sequence, kind in enumerate(["opened", "escalated", "resolved"], start=1):
            self.append(300, "bot", sequence, kind)
        self.wait_for_state("delivered", 300, "slack")
        self.wait_for_state("delivered", 300, "bot", 3)
        bodies = [got.json for got in self.receivers["slack"].got + self.receivers["bot"].got]
        for body in bodies:
            self.assertTrue(body["text"])
            for block in Block.parse_all(body.get("blocks", [])):
                block.validate_json()
        calls = [(got.path, got.json) for got in self.receivers["bot"].got]
        self.assertEqual(
            [path.removeprefix("/api/chat.") for path, _ in calls],
            ["postMessage", "update", "postMessage", "update", "postMessage"],
        )
        first, threads = calls[1][1]["ts"], [body.get("thread_ts") for _, body in calls]
        self.assertEqual(threads, [None, None, first, None, first])
        self.assertEqual(calls[0][1]["channel"], "#ops")
        self.assertEqual({body["channel"] for _, body in calls[1:]}, {"C024BE91L"})

    def test_the_real_alertmanager_fires_inhibits_renews_and_resolves(self):
        host = {"partner": "stripe", "host": "app-1", "scope": "host"}
        self.append(500, "alertmanager", severity="minor")
        self.append(501, "alertmanager", labels=host)
        # With a document that began a while ago.
        self.wait_for_state("delivered", 500, "alertmanager")
        self.wait_for_state("delivered", 501, "alertmanager")

        def alerts(incident: int) -> list[dict]:
            found = json.loads(send(f"{self.alertmanager}/api/v2/alerts?filter=incident={incident}", None, "GET")[2])
            return [alert for alert in found if alert["labels"]["alertname"] == "FarwatchIncident"]

        fleet = self.wait(lambda: alerts(500), "the alert fires")[0]
        self.assertEqual((fleet["labels"]["scope"], fleet["labels"]["severity"]), ("fleet", "minor"))
        self.assertEqual(fleet["annotations"]["owner"], "payments")
        suppressed = self.wait(lambda: [a for a in alerts(501) if a["status"]["state"] == "suppressed"], "inhibited")
        self.assertEqual(suppressed[0]["status"]["inhibitedBy"], [fleet["fingerprint"]])

        self.wait(lambda: any(alert["endsAt"] > fleet["endsAt"] for alert in alerts(500)), "the alert is renewed")
        self.append(500, "alertmanager", 2, "escalated", severity="critical")
        self.wait_for_state("delivered", 500, "alertmanager", 2)
        self.wait(lambda: [a["labels"]["severity"] for a in alerts(500)] == ["critical"], "the former labels end")
        self.append(500, "alertmanager", 3, "resolved", severity="critical")
        self.append(501, "alertmanager", 2, "resolved", labels=host)
        self.wait(lambda: not alerts(500) and not alerts(501), "both are resolved")
        renewed = self.metric("farwatch_notifier_renewed_messages_total", "alertmanager")
        time.sleep(7)
        self.assertFalse(alerts(500) or alerts(501), "a renewal has brought a resolved alert back")
        self.assertGreater(renewed, 0)

    def test_mail_goes_by_starttls_with_a_password_in_one_thread(self):
        self.append(600, "mail")
        self.append(600, "mail", 2, "resolved")
        self.wait_for_state("delivered", 600, "mail", 2)
        first, second = [mail for mail in self.mail.mails if mail["X-Farwatch-Incident"] == "600"]
        self.assertEqual(first["Subject"], "[farwatch] [major opened] Störung bei Stripe <600>")
        self.assertEqual((second["References"], second["In-Reply-To"]), (first["Message-ID"],) * 2)
        self.assertIn("\n.a line with a dot\nthe end\n", first.get_content().replace("\r\n", "\n"))
        self.assertIn("https://farwatch.example/acknowledge/abc", first.get_content())
        self.assertFalse(first.defects)
        self.assertEqual(self.mail.envelopes[0].rcpt_tos, ["oncall@ops.example"])

    def test_mail_goes_by_tls_from_the_first_byte(self):
        status, said = self.try_channel("submission")
        self.assertEqual((status, "queued as 1" in said), (0, True), said)

    def test_a_command_gets_the_message_on_its_input(self):
        self.append(700, "command")
        self.wait_for_state("delivered", 700, "command")
        told = [json.loads(line) for line in (self.folder / "told").read_text().splitlines()]
        self.assertIn("700-command-1", [one["data"]["id"] for one in told])

    def test_a_certificate_of_the_named_authority_is_trusted(self):
        self.assertEqual(self.try_channel("trusted")[0], 0)

    def test_the_heartbeat_is_heard(self):
        beats = lambda: [got for got in self.receivers["outside"].got if got.path == "/beat"]  # noqa: E731
        self.wait(lambda: len(beats()) >= 2, "two heartbeats")
        self.assertEqual(beats()[0].method, "GET")

    def test_the_heartbeat_stops_while_nobody_would_be_told(self):
        beats = lambda: [got for got in self.receivers["outside"].got if got.path == "/beat"]  # noqa: E731
        self.wait(beats, "a heartbeat")
        # Messages wait in a table that nobody can read: the process lives, decides, and alerts nobody.
        hold = "BEGIN; LOCK TABLE farwatch.outbox IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600); COMMIT"
        end = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE%' AND wait_event = 'PgSleep'"

        def lock() -> None:
            with contextlib.suppress(AssertionError):  # It is cancelled.
                self.installation.sql(hold)

        withheld = self.withheld()
        locked = threading.Thread(target=lock)
        locked.start()
        try:
            self.wait(lambda: self.withheld() > withheld, "a heartbeat is withheld")
            time.sleep(5.5)  # Whatever was sent before has come, and one more is withheld.
            before = len(beats())
            time.sleep(5.5)
            self.assertEqual(len(beats()), before)
        finally:
            self.wait(lambda: self.installation.sql(end) == [["t"]], "the table can be read again")
            locked.join()
        self.wait(lambda: len(beats()) > before, "it goes on")

    def withheld(self) -> float:
        text = send(self.installation.api.address + "/metrics", None, "GET")[2].decode()
        found = re.search(r'^farwatch_heartbeat_calls_total\{result="withheld"\} (\S+)$', text, re.MULTILINE)
        return float(found.group(1)) if found else 0

    # Receivers that do not.

    def test_every_liar_is_a_clear_error_and_no_secret_is_told(self):
        cases = {
            "slow": "no whole answer within", "redirecting": "redirects are not followed", "huge": "larger than",
            "untrusted": "its certificate is not trusted", "private": "loopback", "nobody": "Connection refused",
            "wrong-password": "refuses the credentials",
        }  # fmt: skip
        for number, channel in enumerate(cases, start=800):
            self.append(number, channel)
        for number, (channel, words) in enumerate(cases.items(), start=800):
            with self.subTest(channel):
                self.wait(lambda: self.row(number, channel)["error"], f"{channel} fails")
                row = self.row(number, channel)
                self.assertEqual(row["state"], "pending")
                self.assertIn(words, row["error"])
                self.assertNotRegex(row["error"], "s3cret|wr0ng")
                status, said = self.try_channel(channel)
                self.assertEqual(status, 1)
                self.assertIn(words, said)
                self.assertNotRegex(said, "s3cret|wr0ng")
        self.assertFalse([got for got in self.receivers["outside"].got if got.path != "/beat"])
        log = (self.installation.state / "logs/farwatch-aggregator.log").read_text()
        self.assertNotRegex(log, "s3cret|wr0ng")
        failing = [line["channel"] for line in map(json.loads, log.splitlines()) if line["message"] == "a channel fails"]
        for channel in cases:
            self.assertEqual(failing.count(channel), 1, f"{channel}: one line when it begins to fail")

    def test_a_slow_receiver_delays_nobody_else(self):
        for number in range(900, 910):
            self.append(number, "slow")
        ids = [self.append(number, "hook") for number in range(900, 905)]
        began = time.monotonic()
        self.wait(lambda: set(ids) <= set(self.receivers["hook"].ids()), "the others are told")
        # One after the other the slow ones take thirty seconds, and are then tried again.
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(self.row(909, "slow")["state"], "pending")

    def test_messages_of_an_incident_keep_their_order_and_news_that_is_old_is_let_go(self):
        flaky = self.receivers["flaky"]
        flaky.answer = lambda got: (500, {}, b"not now")
        self.append(1000, "flaky")
        self.wait(lambda: flaky.got, "it is tried")
        for sequence, kind in ((2, "updated"), (3, "escalated"), (4, "updated"), (5, "resolved")):
            self.append(1000, "flaky", sequence, kind)
        self.wait(lambda: len(flaky.got) >= 3, "it is tried again")
        self.assertEqual(set(flaky.ids()), {"1000-flaky-1"}, "a later message has overtaken the first")
        flaky.answer = lambda got: (204, {}, b"")
        self.wait_for_state("delivered", 1000, "flaky", 5, within_s=40)
        seen = list(dict.fromkeys(flaky.ids()))
        self.assertEqual(seen, ["1000-flaky-1", "1000-flaky-3", "1000-flaky-5"])
        self.assertEqual([self.row(1000, "flaky", n)["state"] for n in (2, 4)], ["superseded"] * 2)

    def test_where_a_channel_fails_for_long_the_next_one_tells_it_and_its_end(self):
        broken, pager = self.receivers["broken"], self.receivers["pager"]
        broken.answer = lambda got: (503, {"retry-after": "1"}, b"down")
        events = lambda: [got.json for got in pager.got if got.json["dedup_key"] == "farwatch:1100"]  # noqa: E731
        self.append(1100, "broken")
        self.wait_for_state("delivered", 1100, "broken")
        self.assertEqual([event["event_action"] for event in events()], ["trigger"])
        self.assertIn("told here because `broken` fails: HTTP 503", events()[0]["payload"]["custom_details"]["reason"])
        self.assertIn("told through pager", self.row(1100, "broken")["error"])
        broken.answer = lambda got: (200, {}, b"")
        self.append(1100, "broken", 2, "resolved")
        self.wait(lambda: len(events()) == 2, "who told of the beginning hears of the end")
        self.assertEqual(events()[1]["event_action"], "resolve")
        self.wait_for_state("delivered", 1100, "broken", 2)
        self.assertIn("1100-broken-2", broken.ids())

    def test_a_channel_that_is_gone_from_the_settings_costs_no_message(self):
        self.append(1200, "former")
        self.wait_for_state("delivered", 1200, "former")
        self.assertIn("told through hook", self.row(1200, "former")["error"])
        self.assertIn("1200-former-1", self.receivers["hook"].ids())

    def test_rows_that_are_no_messages_are_dead_and_cost_no_other(self):
        self.installation.sql(
            "INSERT INTO farwatch.outbox (incident, channel, sequence, kind, message, created_at) "
            "VALUES (1300, 'hook', 1, 'opened', '{\"id\":1}', now())"
        )
        self.append(1301, "hook")
        self.wait_for_state("delivered", 1301, "hook")
        self.wait_for_state("dead", 1300, "hook")

    def test_zz_killed_in_the_middle_nothing_is_lost_and_repetitions_have_the_same_id(self):
        hook = self.receivers["hook"]
        before = len(hook.got)

        killed = threading.Event()

        def slowly(got):
            if len(hook.got) - before > 6:
                killed.wait(300)  # Whatever is held up, it is killed in the middle.
            return 200, {}, b"ok"

        hook.answer = slowly
        ids = {self.append(number, "hook") for number in range(2000, 2030)}
        self.wait(lambda: len(hook.got) - before >= 6, "some are told")
        self.installation.kill("farwatch-aggregator")
        told = len(hook.got) - before
        killed.set()
        self.assertLess(told, len(ids))
        self.installation.start_aggregator()
        self.wait(lambda: ids <= set(hook.ids()[before:]), "all are told", 60)
        pending = "SELECT count(*) FROM farwatch.outbox WHERE channel = 'hook' AND state <> 'delivered' AND incident >= 2000"
        self.wait(lambda: self.installation.sql(pending) == [["0"]], "all are written down", 60)
        # Those under way at the kill, four at most, were told twice: by their id a receiver knows.
        self.assertLessEqual(len(hook.got) - before - len(ids), 4)


class TwoAggregators(Outbox, unittest.TestCase):
    """On one database; the second has the lease only when the first is silent."""

    def test_another_takes_over_and_nothing_is_lost_or_told_needlessly_twice(self):
        hook = HTTPReceiver(answer=lambda got: (time.sleep(0.2), (200, {}, b"ok"))[1])
        self.addCleanup(hook.close)
        settings = "notifiers:\n" + channel_settings(
            "hook", type="webhook", url=hook.url, allow_private=True, timeout="15s", fallback=[]
        )
        self.installation = first = Installation(aggregator_extra=settings)
        self.addCleanup(first.close)
        first.start_aggregator()
        address = f"postgresql:///farwatch?host={first.state}/aggregator/postgres/run&user=farwatch"
        second = Installation(aggregator_extra=settings + f"database: {{url: '{address}'}}\n")
        self.addCleanup(second.close)
        second.start_aggregator()

        ids = [self.append(number, "hook") for number in range(1, 21)]
        self.wait(lambda: set(ids) <= set(hook.ids()), "all are told")
        self.assertEqual(sorted(hook.ids()), sorted(ids), "while both run each is told once")

        ids += [self.append(number, "hook") for number in range(21, 61)]
        self.wait(lambda: len(hook.got) >= 30, "some are told")
        process = first.programs.running["farwatch-aggregator"]
        process.send_signal(signal.SIGSTOP)
        try:
            self.wait(lambda: set(ids) <= set(hook.ids()), "the other one tells the rest", 60)
        finally:
            process.send_signal(signal.SIGCONT)
        pending = "SELECT count(*) FROM farwatch.outbox WHERE state <> 'delivered'"
        self.wait(lambda: self.installation.sql(pending) == [["0"]], "all are written down", 60)
        time.sleep(3)
        # Those whose answers the first one slept through, four at most.
        self.assertLessEqual(len(hook.got) - len(ids), 4)


class Settings(unittest.TestCase):
    """What `validate` says of the section `notifiers`."""

    def validate(self, text: str) -> tuple[int, str]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "aggregator.yaml"
            file.write_text(f"state_directory: {folder}\n" + text)
            program = str(Path(os.environ.get("PROGRAMS", ".build/release")) / "farwatch-aggregator")
            done = subprocess.run(
                [program, "validate", "--config", str(file)], capture_output=True, text=True, env=clean_environment(),
                timeout=60, check=False,
            )  # fmt: skip
            return done.returncode, done.stdout + done.stderr

    def test_one_channel_or_none_is_a_warning(self):
        status, said = self.validate("")
        self.assertEqual((status, "nobody is told" in said), (0, True), said)
        one = "notifiers:\n  a: {type: webhook, url: 'https://a.example/'}\n"
        status, said = self.validate(one)
        self.assertEqual((status, "only one channel" in said), (0, True), said)
        two = one + "  b: {type: slack, url: 'https://b.example/'}\n"
        status, said = self.validate(two)
        self.assertEqual((status, "there is no `heartbeat`" in said), (0, True), said)
        status, said = self.validate(two + "heartbeat: {url: 'https://c.example/'}\n")
        self.assertEqual((status, "warning" in said), (0, False), said)

    def test_every_mistake_is_pointed_at(self):
        cases = {
            "a: {type: webhok, url: 'https://a.example/'}": "did you mean `webhook`",
            "a: {url: 'https://a.example/'}": "has no type",
            "a: {type: webhook}": "`url` is missing",
            "a: {type: webhook, url: 'ftp://a'}": "an http or https URL",
            "a: {type: webhook, url: 'https://u:p@a.example/'}": "without a user",
            "a: {type: webhook, url: 'https://a.example/', secrets: [short]}": "whsec_",
            "a: {type: webhook, url: 'https://a.example/', routing_key: x}": "unknown key `routing_key` in `notifiers.a`",
            "a: {type: webhook, url: 'https://a.example/', fallback: [b]}": "there is no channel `b`",
            "a: {type: webhook, url: 'https://a.example/', fallback: [a]}": "cannot stand in for itself",
            "a: {type: webhook, url: 'https://a.example/', ca: /nonexistent}": "no file /nonexistent",
            "'a b': {type: webhook, url: 'https://a.example/'}": "letters, digits",
            "a: {type: slack, token: x}": "`channel`",
            "a: {type: pagerduty, routing_key: short}": "32 characters",
            "a: {type: alertmanager}": "URLs are wanted",
            "a: {type: email, server: mail.example, from: x, to: [a@b.example]}": "`x` is no mail address",
            "a: {type: email, server: mail.example, from: a@b.example, to: ['a@b.example>']}": "no mail address",
            "a: {type: email, server: mail.example, from: a@b.example, to: [a@b.example], user: u}": "belong together",
            "a: {type: email, server: m, from: a@b.example, to: [a@b.example], user: u, password: p, tls: none}": (
                "not sent without TLS"
            ),
            "a: {type: command, program: relative}": "absolute path",
            "a: {type: command, program: /nonexistent}": "no file /nonexistent",
            "a: {type: webhook, url: 'env:NOT_SET_ANYWHERE'}": "is not set",
        }
        for text, words in cases.items():
            with self.subTest(text):
                status, said = self.validate(f"notifiers:\n  {text}\n")
                self.assertEqual(status, 78, said)
                self.assertIn(words, said)
        status, said = self.validate("heartbeat: {url: nonsense, every: 1s}\n")
        self.assertEqual((status, "heartbeat" in said), (78, True), said)


if __name__ == "__main__":
    unittest.main()
