"""What each real client sends, damaged ten thousand times and sent to a real agent: documented answers alone, and it goes on as before."""

import gzip
import json
import os
import random
import re
import socket
import sys
import time
import unittest
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from agent import Agent  # noqa: E402
from pipeline import Pipeline, request  # noqa: E402
from recorder import Recorded, Recorder  # noqa: E402
from standin import StandIn  # noqa: E402
from test_clients import PARTNERS, run_client  # noqa: E402

SEED = 20261128
VARIANTS = 10_000
HEADS = 500
CHUNK = 400
# What an agent that takes requests one after the other never needs: twice what it takes with thousands of hosts' calls.
RESIDENT_BYTES_MAX = 256 << 20
JSON_TYPE = {"content-type": "application/json"}
REFUSED = {400, 413, 415}
# RFC 9110: of requests whose head is damaged, too.
REFUSED_HEADS = REFUSED | {404, 405, 408, 411, 417, 431, 501, 505}
COME_AGAIN = {429, 503}


# What no client means to send, where it means something else.
ODD = (None, True, -1, 0, 1e308, 2**63, 2**70, "", "\x00", "-1", "NaN", "2026-13-45T99:99:99Z", "é" * 5_000, "http://[::1", [], {}, [[[]]], {"": {}})


def altered(original: bytes, draw: random.Random) -> bytes:
    """JSON in which something has become something else, or is missing; what is no JSON is damaged."""
    try:
        document = json.loads(original)
    except ValueError:
        return damaged(original, draw)
    places = []

    def collect(value) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            collect(value[key])

    collect(document)
    for _ in range(draw.randint(1, 2)):
        parent, key = draw.choice(places)
        if key not in parent if isinstance(parent, dict) else key >= len(parent):
            continue  # Gone by the first change.
        if draw.random() < 0.25:
            del parent[key]
        else:
            parent[key] = draw.choice(ODD)
    return json.dumps(document).encode()


def damaged(original: bytes, draw: random.Random) -> bytes:
    body = bytearray(original)
    for _ in range(draw.choice((1, 1, 1, 2, 6))):
        if not body:
            break
        place, kind = draw.randrange(len(body)), draw.randrange(7)
        if kind == 0:
            body[place] = draw.randrange(256)
        elif kind == 1:
            del body[place]
        elif kind == 2:
            body.insert(place, draw.randrange(256))
        elif kind == 3:
            del body[place : place + draw.randint(1, 32)]
        elif kind == 4:
            del body[place:]
        elif kind == 5:
            at = draw.randrange(len(body) + 1)
            body[at:at] = body[place : place + draw.randint(1, 64)]
        else:
            body[place] ^= 1 << draw.randrange(8)
    return bytes(body)


def native(number: int) -> dict:
    asked = {"method": "POST", "url": f"https://api.stripe.com/v1/charges/ch_{number}?expand=x", "headers": {"content-type": "application/json"}}
    answered = {"status": 402, "headers": {"retry-after": "3"}, "body": {"base64": "aGk="}, "body_bytes": 2}
    now = time.strftime("%Y-%m-%dT%H:%M:%S.125Z", time.gmtime())
    call = {"id": f"n-{number}", "time": now, "direction": "outbound", "request": asked | {"body": {"amount": number, "items": [1, "x", None]}}}
    call |= {"response": answered, "duration_ms": 12.5, "weight": 2, "trace_id": f"{number:032x}", "customer": "acme"}
    return call | {"webhook": {"attempt": 1, "delivery_id": f"evt_{number}"}}


class Malformed(unittest.TestCase):
    def variants_of(self, posts: list[Recorded], agent: Agent, taken: int):
        """Sends them all, and then what was not damaged."""
        self.assertGreater(len(posts), 0)
        draw = random.Random(SEED)
        pid = agent.programs.running["agent"].pid
        refused, answered = 0, 0
        with Pipeline(agent.receivers) as pipeline:
            for start in range(0, VARIANTS, CHUNK):
                chosen = [draw.choice(posts) for _ in range(CHUNK)]
                bodies = [draw.choice((damaged, altered))(one.body, draw) for one in chosen]
                sent = [request("POST", one.path, *self.packed(one, body, draw)) for one, body in zip(chosen, bodies)]
                answers = pipeline.ask(sent)
                while again := [index for index, answer in enumerate(answers) if answer.status in COME_AGAIN]:
                    for index in again:
                        self.assertIn("retry-after", answers[index].headers)
                    time.sleep(1)
                    for index, answer in zip(again, pipeline.ask([sent[index] for index in again])):
                        answers[index] = answer
                for index, (one, answer) in enumerate(zip(sent, answers)):
                    self.assertIn(answer.status, REFUSED | {taken}, f"seed {SEED}, {start + index}: {one[:400]!r} -> {answer}")
                    refused += answer.status != taken
                answered += len(answers)
            self.assertEqual(answered, VARIANTS)
            # Not all of the damage can be seen, and much of it must be.
            self.assertGreater(refused, VARIANTS / 8)
            self.assertLess(refused, VARIANTS * 19 / 20)
            self.heads(posts, agent, taken, draw)
            agent.programs.check()
            resident = int(re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]) << 10
            self.assertLess(resident, RESIDENT_BYTES_MAX)
            metrics = agent.health_page("/metrics")
            counted = re.findall(r"^farwatch_agent_receiver_rejected_(?:requests|calls)_total\{.*\} (\d+)$", metrics, re.MULTILINE)
            self.assertGreater(sum(map(int, counted)), VARIANTS / 8, "what was refused is counted")
            for one in posts:
                (answer,) = pipeline.ask([request("POST", one.path, one.headers, one.body)])
                self.assertEqual(answer.status, taken, answer)
            (answer,) = pipeline.ask([request("POST", "/v1/calls", JSON_TYPE, json.dumps(native(1) | {"id": "the-good-one"}).encode())])
            self.assertEqual((answer.status, json.loads(answer.body)["accepted"]), (202, 1))
        deadline = time.monotonic() + 60
        while '"the-good-one"' not in agent.command("sent", "--waiting").stdout:
            self.assertLess(time.monotonic(), deadline, "the good call is not in the spool")
            time.sleep(0.5)
        ticks = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        seconds = ticks / os.sysconf("SC_CLK_TCK")
        print(f"{self.id().rsplit('.', 1)[1]}: {refused} of {VARIANTS} refused, the agent took {seconds:.1f} s of CPU, {resident >> 20} MiB")

    @staticmethod
    def packed(one: Recorded, body: bytes, draw: random.Random) -> tuple[dict[str, str], bytes]:
        """Some compressed, of which some are damaged again; some that only say so."""
        kind = draw.randrange(8)
        if kind == 0:
            body = draw.choice([gzip.compress, zlib.compress])(body, 1)
            return one.headers | {"content-encoding": "gzip"}, damaged(body, draw) if draw.random() < 0.5 else body
        if kind in (1, 2):
            return one.headers | {"content-encoding": ("gzip", "zstd")[kind - 1]}, body
        return one.headers, body

    def heads(self, posts: list[Recorded], agent: Agent, taken: int, draw: random.Random):
        """Damage in the request line and the headers: an answer, or the connection ends."""
        silent = 0
        for number in range(HEADS):
            one = draw.choice(posts)
            whole = request("POST", one.path, one.headers, one.body)
            head, _, body = whole.partition(b"\r\n\r\n")
            head = damaged(head, draw)
            with socket.create_connection(("127.0.0.1", agent.receivers), 60) as connection:
                answer = b""
                try:
                    connection.sendall(head + b"\r\n\r\n" + body)
                    connection.shutdown(socket.SHUT_WR)
                    while piece := connection.recv(65_536):
                        answer += piece
                except ConnectionError:
                    pass  # It was ended while we were still speaking.
            silent += not answer
            for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer):
                self.assertIn(int(status), REFUSED_HEADS | {taken, 200}, f"seed {SEED}, head {number}: {head!r} -> {answer!r}")
        self.assertLess(silent, HEADS, "some are answered")

    def recorded(self, client: str, *arguments: str) -> tuple[list[Recorded], Agent]:
        """What the client posts at work, to an agent that is there for the variants next."""
        stand_in = self.enterContext(StandIn())
        agent = self.enterContext(Agent(PARTNERS.format(port=stand_in.port) + "log: {level: error}\n"))
        with Recorder(agent.receivers) as recorder:
            run_client(client, recorder.url, stand_in.url, *arguments)
        return recorder.posts, agent

    def test_moesifapi(self):
        posts, agent = self.recorded("client_moesifapi.py")
        doors = {"/v1/events", "/v1/events/batch", "/v1/users", "/v1/users/batch", "/v1/companies", "/v1/companies/batch"}
        self.assertEqual({one.path for one in posts}, doors)
        self.variants_of(posts, agent, 201)

    def test_moesifwsgi(self):
        self.variants_of(*self.recorded("client_wsgi.py"), 201)

    def test_moesifdjango(self):
        self.variants_of(*self.recorded("client_django.py"), 201)

    def test_opentelemetry_protobuf(self):
        posts, agent = self.recorded("client_otlp.py", "protobuf")
        self.assertEqual({one.headers["content-type"] for one in posts}, {"application/x-protobuf"})
        self.variants_of(posts, agent, 200)

    def test_opentelemetry_json(self):
        posts, agent = self.recorded("client_otlp.py", "json")
        self.assertEqual({one.headers["content-type"] for one in posts}, {"application/json"})
        self.variants_of(posts, agent, 200)

    def test_native_json(self):
        calls = [native(number) for number in range(3)]
        lines = b"".join(json.dumps(call).encode() + b"\n" for call in calls)
        posts = [
            Recorded("/v1/calls", JSON_TYPE, json.dumps(calls[0]).encode()), Recorded("/v1/calls", JSON_TYPE, json.dumps(calls).encode()),
            Recorded("/v1/calls", {"content-type": "application/x-ndjson"}, lines),
        ]  # fmt: skip
        self.variants_of(posts, self.enterContext(Agent("log: {level: error}\n")), 202)


if __name__ == "__main__":
    unittest.main()
