"""Whatever arrives at the aggregator's door for agents: documented answers, all counted, memory bounded, good batches go on being stored.

A real agent first sends one batch and its heartbeats to a recording server. Both are then sent to a real aggregator: as they were,
with one thing wrong at a time, and some thousand times damaged at random, with heads that are damaged as well.
"""

import contextlib
import http.client
import json
import random
import re
import socket
import threading
import unittest

from benchmark import resident_mib
from earlier import FOLDER
from installation import Installation, as_ndjson, native_call, send, settings
from recorded_aggregator import UNKNOWN_VERSION, RecordedAggregator, version_of

SEED = 4712
MUTATIONS = 4_000
CONNECTIONS = 4
CALLS = 200
# What agents know how to take, by path; whatever the body is.
DOCUMENTED = {"/v1/batches": {200, 400, 401, 403, 409, 413, 415, 503}, "/v1/heartbeat": {204, 400, 401, 403, 413}}
BATCH_BYTES_MAX, HEARTBEAT_BYTES_MAX = 32 << 20, 64 << 10
GROWN_MIB_MAX = 64
SPOOL = "0123456789abcdef0123456789abcdef"
# Each batch that was taken is a row of the aggregator's ledger.
TAKEN = "SELECT count(*) FROM farwatch.ledger WHERE sequence IN ({})"


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation()
        cls.addClassCleanup(cls.installation.close)
        cls.identity, cls.batch, cls.beat = cls.sent_by_an_agent()
        cls.installation.start_aggregator()
        cls.token, cls.reader = (
            cls.installation.command("farwatch-aggregator", "token", "create", "--scope", scope, "--name", scope).split()[-1]
            for scope in ("ingest", "read")
        )
        settings.write_token(cls.installation.state, cls.token)
        cls.installation.await_token(cls.reader)
        cls.address = f"http://127.0.0.1:{cls.installation.ports.ingest}"

    @classmethod
    def sent_by_an_agent(cls) -> tuple[tuple[str, str, str], bytes, bytes]:
        """Who sent, the sealed batch, and a heartbeat. The agent stops with nothing left to send."""
        installation = cls.installation
        settings.write_token(installation.state, "a-token")
        with RecordedAggregator(FOLDER / "schema-6", installation.ports.ingest) as recorded:
            recorded.reads = set(range(UNKNOWN_VERSION))
            installation.start_agent()
            calls = as_ndjson([native_call(number) for number in range(CALLS)])
            status, _, answer = send(f"{installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")
            assert status == 202, answer
            installation.wait_for(lambda: recorded.batches and recorded.heartbeats, 30, "the agent sends and reports")
            waiting = lambda: installation.command("farwatch-agent", "sent", "--waiting")  # noqa: E731
            installation.wait_for(lambda: not waiting(), 30, "all is acknowledged")
            installation.stop("farwatch-agent")
            ((identity, batch),) = recorded.batches.items()
            return identity, batch, json.dumps(recorded.heartbeats[-1]).encode()

    def headers(self, sequence: object = 1, **changes: str | None) -> dict[str, str]:
        """Those of a batch from an agent of this test's; None leaves one out."""
        known = {
            "authorization": f"Bearer {self.token}", "content-type": "application/vnd.farwatch.batch", "farwatch-agent": "bad-input",
            "farwatch-spool": SPOOL, "farwatch-sequence": str(sequence), "farwatch-floor": "1",
        }  # fmt: skip
        known |= {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in known.items() if value is not None}

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict, bytes]:
        return send(self.address + path, body, **{name.replace("-", "_"): value for name, value in headers.items()})

    def metric(self, name: str, labels: str = "") -> float:
        """All series of the metric together that have these labels."""
        text = send(f"{self.installation.api.address}/metrics", None, "GET", authorization=f"Bearer {self.reader}")[2].decode()
        lines = [line for line in text.splitlines() if re.match(rf"{name}[{{ ]", line) and labels in line]
        self.assertTrue(lines, f"there is no {name} {labels}")
        return sum(float(line.split()[-1]) for line in lines)

    def assert_refused(self, status: int, reason: str, path: str, body: bytes, headers: dict[str, str]) -> dict:
        """With that status, as a problem, and counted under that reason."""
        counted = ("farwatch_ingest_refused_requests_total", f'reason="{reason}"')
        before = self.metric(*counted)
        got, answered, text = self.post(path, body, headers)
        self.assertEqual((got, answered["content-type"]), (status, "application/problem+json"), text)
        self.assertEqual(self.metric(*counted) - before, 1, f"{reason} is counted")
        return answered

    def test_each_refusal_has_its_status_and_its_count(self):
        batch, beat = self.batch, self.beat
        for path, body in (("/v1/batches", batch), ("/v1/heartbeat", beat)):
            for wrong in (None, "", "Bearer", "Bearer nobody's", f"Basic {self.token}", f"Bearer {self.token}x", "Bearer " + "x" * 4_000):
                with self.subTest(path=path, authorization=wrong):
                    answered = self.assert_refused(401, "unauthorized", path, body, self.headers(authorization=wrong))
                    self.assertIn("Bearer", answered["www-authenticate"])
            self.assert_refused(403, "forbidden", path, body, self.headers(authorization=f"Bearer {self.reader}"))
            for agent in (None, "", "a b", "a\xe9", "x" * 5_000):
                with self.subTest(path=path, agent=agent):
                    self.assert_refused(400, "identity", path, body, self.headers(farwatch_agent=agent))
        for sequence in ("0", "-1", "", "one", "1.5", "0x1", str(2**63), str(2**64), "9" * 100, None):
            with self.subTest(sequence=sequence):
                self.assert_refused(400, "identity", "/v1/batches", batch, self.headers(farwatch_sequence=sequence))
        for spool in (None, "", "spool", SPOOL[:-1], SPOOL + "0", "g" + SPOOL[1:]):
            with self.subTest(spool=spool):
                self.assert_refused(400, "identity", "/v1/batches", batch, self.headers(farwatch_spool=spool))
        later = bytes([batch[0], UNKNOWN_VERSION]) + batch[2:]
        answered = self.assert_refused(415, "version", "/v1/batches", later, self.headers(7))
        self.assertIn(str(version_of(batch)), answered["farwatch-versions"])
        for body in (b"", batch[:2], batch[: len(batch) // 2], b"\xff" * 1_000, b"PRI * HTTP/2.0\r\n", beat):
            with self.subTest(batch=body[:20]):
                self.assert_refused(400, "malformed", "/v1/batches", body, self.headers(8))
        for body in (b"", b"[]", b'"x"', b"{", beat[:-1], b'{"a":"\\u0000"}', b"[" * 10_000, batch[:1_000]):
            with self.subTest(heartbeat=body[:20]):
                self.assert_refused(400, "malformed", "/v1/heartbeat", body, self.headers())
        self.assertEqual(self.installation.sql(TAKEN.format("7, 8")), [["0"]])

    def test_what_is_too_large_is_refused_before_it_is_held(self):
        counted = "farwatch_ingest_server_requests_rejected_too_large_total"
        before = self.metric(counted)
        for path, most in (("/v1/batches", BATCH_BYTES_MAX), ("/v1/heartbeat", HEARTBEAT_BYTES_MAX)):
            with self.subTest(path=path):
                connection = http.client.HTTPConnection("127.0.0.1", self.installation.ports.ingest, timeout=60)
                self.addCleanup(connection.close)
                # Told by its length alone; no byte of it is sent.
                connection.putrequest("POST", path)
                for name, value in (self.headers(9) | {"content-length": str(most + 1)}).items():
                    connection.putheader(name, value)
                connection.endheaders()
                answer = connection.getresponse()
                self.assertEqual((answer.status, answer.headers["content-type"]), (413, "application/problem+json"))
        self.assertEqual(self.metric(counted) - before, 2)
        # Of just the size that is taken it is read, and found to be no JSON.
        self.assert_refused(400, "malformed", "/v1/heartbeat", b" " * HEARTBEAT_BYTES_MAX, self.headers())

    def test_a_batch_again_is_answered_again_and_another_of_its_identity_is_refused(self):
        known = self.headers(20)
        for _ in range(3):
            self.assertEqual(self.post("/v1/batches", self.batch, known)[0], 200)
        self.assertEqual(self.installation.sql(TAKEN.format(20)), [["1"]])
        # A field that nobody knows, at its end: whole, and not the same.
        self.assert_refused(409, "conflict", "/v1/batches", self.batch + b"\xfa\x7f\x01x", known)
        self.assertEqual(self.post("/v1/batches", self.batch, known)[0], 200)

    def test_unknown_paths_and_methods(self):
        self.assert_refused(404, "unknown_path", "/v1/batch", self.batch, self.headers())
        before = self.metric("farwatch_ingest_refused_requests_total", 'reason="method"')
        status, answered, _ = send(f"{self.address}/v1/batches", None, "GET", authorization=f"Bearer {self.token}")
        self.assertEqual((status, answered["allow"]), (405, "POST"))
        self.assertEqual(self.metric("farwatch_ingest_refused_requests_total", 'reason="method"') - before, 1)

    def test_heartbeats_that_a_database_would_not_take_hold_up_no_other(self):
        """They are kept in memory and stored together: one that could not be stored would keep all others out."""
        odd = ('{"a":1e400}', '{"a":1e999999}', '{"a":-1e-999999}', '{"a":"\\ud800"}', '{"a":"\\udc00\\ud800"}', '{"a":1,"a":2}',
               '{"a":' + "9" * 50_000 + "}", '{"a":' + "[" * 500 + "]" * 500 + "}", '{"host":7,"sent_at":"9999-99-99","version":{}}',
               '{"sent_at":"9999-12-31T23:59:59Z"}', '{"sent_at":"0001-01-01T00:00:00Z"}')  # fmt: skip
        for number, body in enumerate((*odd, '{"a":"\xff"}')):
            content = body.encode("latin-1" if "\xff" in body else "utf-8")
            with self.subTest(body=body[:40]):
                self.assertIn(self.post("/v1/heartbeat", content, self.headers(farwatch_agent=f"odd-{number}"))[0], (204, 400))
        self.assertEqual(self.post("/v1/heartbeat", self.beat, self.headers(farwatch_agent="even"))[0], 204)
        self.installation.wait_for(self.is_beat_stored, 30, "the good one is stored")
        self.assertGreater(self.metric("farwatch_refused_reports_total"), 0)

    def test_what_is_no_http_is_answered_and_counted(self):
        counted = "farwatch_ingest_server_requests_rejected_malformed_total"
        for head in (b"POST /v1/batches HTTP/1.1\r\nhost: a\r\nfarwatch-agent: \x7f\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
                     b"POST /v1/heartbeat HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n"):  # fmt: skip
            with self.subTest(head=head), socket.create_connection(("127.0.0.1", self.installation.ports.ingest), 60) as connection:
                before = self.metric(counted)
                connection.sendall(head)
                self.assertRegex(connection.makefile("rb").readline(), rb"HTTP/1.1 400 ")
                self.assertEqual(self.metric(counted) - before, 1)

    def is_beat_stored(self) -> bool:
        statement = "SELECT 1 FROM farwatch.agents a JOIN farwatch.names n ON n.kind = 9 AND n.id = a.agent WHERE n.name = 'even'"
        return self.installation.sql(statement) == [["1"]]

    def test_while_the_database_takes_nothing_senders_are_told_when_to_come_back(self):
        away, back = (f"ALTER TABLE farwatch.{one} RENAME TO {other}" for one, other in (("ledger", "mislaid"), ("mislaid", "ledger")))
        self.installation.sql(away)
        try:
            answered = self.assert_refused(503, "database", "/v1/batches", self.batch, self.headers(30))
        finally:
            self.installation.sql(back)
        self.assertGreaterEqual(int(answered["retry-after"]), 1)
        self.assertEqual(self.installation.sql(TAKEN.format(30)), [["0"]])
        self.installation.wait_for(lambda: self.post("/v1/batches", self.batch, self.headers(30))[0] == 200, 30, "it is taken")
        self.assertEqual(self.installation.sql(TAKEN.format(30)), [["1"]])

    def test_thousands_of_mutations_get_only_documented_answers_and_do_no_harm(self):
        aggregator = self.installation.programs.running["farwatch-aggregator"].pid
        # Buffers that any load needs are there before memory is looked at.
        self.send_mutations(SEED + 1, 400, first=1_000)
        before = resident_mib(aggregator)
        refused = self.refusals()
        counts = self.send_mutations(SEED, MUTATIONS, first=10_000)
        grown = resident_mib(aggregator) - before
        self.assertLess(grown, GROWN_MIB_MAX, f"memory went from {before:.0f} MiB up by {grown:.0f}")
        # Of each kind there were some; and each that was refused is counted, once.
        for status in (200, 204, 400, 401, 403, 409, 413, 415):
            self.assertGreater(counts.get(status, 0), 0, f"seed {SEED}: {counts}")
        self.assertEqual(self.refusals() - refused, sum(count for status, count in counts.items() if status >= 400), counts)
        self.installation.programs.check()
        self.a_good_batch_is_stored_and_counted()

    def refusals(self) -> float:
        names = ["farwatch_ingest_refused_requests_total"]
        names += [f"farwatch_ingest_server_requests_rejected_{why}_total" for why in ("malformed", "too_large", "headers_too_large")]
        return sum(map(self.metric, names))

    def send_mutations(self, seed: int, count: int, first: int) -> dict[int, int]:
        """Statuses and how often each was answered. Several connections send, each a part that the seed decides."""
        counts: dict[int, int] = {}
        problems: list[str] = []
        lock = threading.Lock()

        def work(part: int) -> None:
            draw = random.Random(seed * CONNECTIONS + part)
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.installation.ports.ingest, timeout=120)) as connection:
                for number in range(part, count, CONNECTIONS):
                    path, body, headers = self.mutation(draw, first + number)
                    try:
                        connection.request("POST", path, body, headers)
                        answer = connection.getresponse()
                        text = answer.read()
                        status = answer.status
                    except (OSError, http.client.HTTPException) as error:
                        status, text = 0, repr(error).encode()
                        connection.close()
                    with lock:
                        counts[status] = counts.get(status, 0) + 1
                        if status not in DOCUMENTED[path] or (status == 503 and not answer.headers["retry-after"]):
                            problems.append(f"seed {seed}, number {number}: {path} {headers} -> {status} {text[:300]!r}")

        threads = [threading.Thread(target=work, args=(part,)) for part in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems[:3], [])
        return counts

    def mutation(self, draw: random.Random, sequence: int) -> tuple[str, bytes, dict[str, str]]:
        path = draw.choice(["/v1/batches", "/v1/batches", "/v1/heartbeat"])
        body = self.batch if path == "/v1/batches" else self.beat
        headers = self.headers(sequence)
        if draw.random() < 0.75:
            body = mutated(bytearray(body), draw)
        if draw.random() < 0.02:  # Too large, by what no reader needs to look at.
            body += bytes(HEARTBEAT_BYTES_MAX if path == "/v1/heartbeat" else BATCH_BYTES_MAX - len(body) + 1)
        if draw.random() < 0.1:  # One that was there before, mostly with other contents.
            headers["farwatch-sequence"] = str(draw.randint(max(1, sequence - 50), sequence))
        if draw.random() < 0.4:
            self.damage(headers, draw)
        return path, body, headers

    def damage(self, headers: dict[str, str], draw: random.Random) -> None:
        name = draw.choice(list(headers))
        odd = {
            "authorization": ["", "Bearer", "Bearer x", f"Bearer {self.reader}", f"Basic {self.token}", f"bearer {self.token}"],
            "content-type": ["", "text/html", "application/json", "application/x-protobuf; charset=utf-7", "\xff", "x" * 9_000],
            "farwatch-agent": ["", "a b", "\t", "x" * 200, "'; DROP TABLE farwatch.calls; --", "\xc3\xa9"],
            "farwatch-spool": ["", "0", SPOOL[1:], SPOOL.upper(), "-" * 32],
            "farwatch-sequence": ["", "0", "-1", "one", "+1", " 5", str(2**63), str(2**64 - 1), "1e3"],
            "farwatch-floor": ["", "0", "-1", "one", str(2**64 - 1), "9" * 40],
        }
        match draw.randrange(4):
            case 0:
                del headers[name]
            case 1:
                headers[draw.choice(["content-encoding", "accept-encoding", "farwatch-sent", "expect-ct", "x"])] = draw.choice(
                    ["gzip", "zstd", "lzma", "-1", str(2**63 - 1), str(-(2**63)), "x" * 3_000]
                )
            case _:
                headers[name] = draw.choice(odd[name])

    def a_good_batch_is_stored_and_counted(self) -> None:
        """By the way of all calls: an agent's own."""
        stored, taken = (self.metric(f"farwatch_ingest_stored_{what}_total") for what in ("calls", "batches"))
        self.installation.start_agent()
        calls = as_ndjson([native_call(0, id=f"good-{number}") for number in range(30)])
        status, _, answer = send(f"{self.installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")
        self.assertEqual(status, 202, answer)
        good = "SELECT count(DISTINCT supplied_id), count(*) FROM farwatch.call_rows WHERE supplied_id LIKE 'good-%'"
        self.installation.wait_for(lambda: self.installation.sql(good) == [["30", "30"]], 60, "the good calls are stored, once")
        self.assertEqual(self.metric("farwatch_ingest_stored_calls_total") - stored, 30)
        self.assertGreater(self.metric("farwatch_ingest_stored_batches_total"), taken)
        self.installation.stop("farwatch-agent")


def mutated(body: bytearray, draw: random.Random) -> bytes:
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(body) + 1)
        match draw.randrange(6):
            case 0:
                body = body[:at]
            case 1:
                body[at:at] = draw.randbytes(draw.randint(1, 8))
            case 2:
                del body[at : at + draw.randint(1, 8)]
            case 3:
                body += draw.randbytes(draw.choice([1, 16, 4_000]))
            case 4:
                # The head of it, where lengths and the version stand.
                if body:
                    body[draw.randrange(min(len(body), 24))] = draw.randrange(256)
            case _:
                if body:
                    body[at % len(body)] ^= 1 << draw.randrange(8)
    return bytes(body)


if __name__ == "__main__":
    unittest.main()
