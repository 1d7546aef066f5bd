"""A stream whose reader comes and goes: each call that matched is sent once, or told as left out, while calls go on arriving."""

import gzip
import http.client
import json
import random
import socket
import threading
import time
import unittest

from installation import Installation, as_ndjson, native_call, send

PATIENCE_S = 300


class Reader:
    """One person over all connections: what came, how often, and what was told as left out."""

    def __init__(self, port: int, query: str) -> None:
        self.port, self.query = port, query
        self.calls: dict[str, int] = {}
        self.left_out = self.unseen = 0
        self.in_part = False
        self.last: str | None = None

    def read(self, is_over) -> None:
        """Until `is_over` says so of an event. Ends without a goodbye."""
        deadline = time.monotonic() + PATIENCE_S
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request("GET", f"/api/v1/calls/stream?{self.query}", headers={"last-event-id": self.last} if self.last else {})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        event: dict[str, str] = {}
        try:
            while True:
                raw = answer.readline()
                assert raw and time.monotonic() < deadline, "the stream ended, or went on without what was waited for"
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                    continue
                self.take(event)
                if is_over(event):
                    return
                event = {}
        finally:
            if connection.sock:
                connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()

    def take(self, event: dict[str, str]) -> None:
        # An event counts as a whole: its id with its data.
        if "id" in event:
            self.last = event["id"]
        if event.get("event") == "call":
            name = json.loads(event["data"])["id"]
            self.calls[name] = self.calls.get(name, 0) + 1
        elif event.get("event") == "sampling":
            told = json.loads(event["data"])
            self.left_out += told["matched"] - told["sent"]
            self.unseen += told["arrived_unseen"]
            self.in_part |= told.get("resumed_in_part", False)


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation())

    def post(self, calls: list[dict]) -> None:
        body = gzip.compress(as_ndjson(calls), 1)
        status, _, answer = send(f"{self.installation.receivers}/v1/calls", body, content_type="application/x-ndjson",
                                 content_encoding="gzip")  # fmt: skip
        self.assertEqual(status, 202, answer)

    def run_reader(self, customer: str, batches: int, size: int, pause: float) -> tuple[Reader, int]:
        """Calls arrive all the while; every few events the reader is cut off and comes back."""
        draw = random.Random(customer)
        reader = Reader(self.installation.ports.api, f"customer={customer}")
        reader.read(lambda event: event.get("event") == "open")
        sent = batches * size
        is_sent = threading.Event()

        def store() -> None:
            for batch in range(batches):
                wanted = [native_call(0, id=f"{customer}-{batch * size + number}", customer=customer) for number in range(size)]
                # Others' calls lie between them.
                others = [native_call(0, id=f"{customer}-x-{batch}-{number}", customer="other") for number in range(5)]
                self.post(wanted + others)
                time.sleep(pause)
            is_sent.set()

        thread = threading.Thread(target=store)
        thread.start()
        deadline = time.monotonic() + PATIENCE_S
        connections = 0
        while len(reader.calls) + reader.left_out + reader.unseen < sent and time.monotonic() < deadline:
            connections += 1
            # Once all are stored he stays, so that he can be told the rest.
            left = [draw.randint(1, 40) if connections <= 4 or not is_sent.is_set() else 10**9]

            def is_over(event: dict, left=left) -> bool:
                left[0] -= event.get("event") in ("call", "sampling")
                return left[0] <= 0 or len(reader.calls) + reader.left_out + reader.unseen >= sent

            reader.read(is_over)
        thread.join()
        self.assertGreater(connections, 3)
        return reader, sent

    def assert_each_once(self, reader: Reader, customer: str, sent: int) -> None:
        self.assertEqual({name: count for name, count in reader.calls.items() if count != 1}, {}, "sent twice")
        self.assertLessEqual(set(reader.calls), {f"{customer}-{number}" for number in range(sent)})
        self.assertEqual((len(reader.calls) + reader.left_out + reader.unseen, reader.in_part), (sent, False))

    def test_a_reader_who_comes_and_goes_gets_every_call_once(self):
        reader, sent = self.run_reader("steady", batches=60, size=3, pause=0.2)
        self.assert_each_once(reader, "steady", sent)
        self.assertEqual((reader.left_out, reader.unseen), (0, 0), "so few are all sent")

    def test_what_a_sample_leaves_out_is_told_once_however_often_he_comes_back(self):
        reader, sent = self.run_reader("busy", batches=20, size=700, pause=0.3)
        self.assert_each_once(reader, "busy", sent)
        self.assertGreater(reader.left_out, 0)

    def test_who_was_away_gets_thousands_and_is_told_the_rest(self):
        reader = Reader(self.installation.ports.api, "customer=away&json=$.n")
        reader.read(lambda event: event.get("event") == "open")
        with_body = {"method": "POST", "url": "https://api.stripe.com/v1/away", "body": {"n": 1}, "headers": {"content-type": "application/json"}}
        for first in range(0, 3_000, 1_000):
            # Many more of others', which no filter on a body has to look at.
            self.post([native_call(0, id=f"away-{first + number}", customer="away", request=with_body) for number in range(1_000)])
            self.post([native_call(0, id=f"aside-{first + number}", customer="aside") for number in range(2_000)])
        self.installation.wait_for(
            lambda: int(self.installation.sql("SELECT count(*) FROM farwatch.call_rows WHERE supplied_id LIKE 'away-%'")[0][0]) == 3_000,
            120, "all are stored")  # fmt: skip
        reader.read(lambda _: len(reader.calls) + reader.left_out + reader.unseen >= 3_000)
        self.assert_each_once(reader, "away", 3_000)
        self.assertGreater(len(reader.calls), 2_000, "more than a page")

    def test_an_id_that_is_none_is_told(self):
        reader = Reader(self.installation.ports.api, "customer=nobody")
        reader.last = "nonsense"
        reader.read(lambda event: event.get("event") == "sampling")
        self.assertTrue(reader.in_part)


if __name__ == "__main__":
    unittest.main()
