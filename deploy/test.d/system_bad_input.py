"""Whatever arrives at the agent's doors: documented answers, good calls beside bad ones kept, nothing crashes, all counted."""

import gzip
import json
import random
import re
import subprocess
import time
import unittest
import zlib

from installation import Installation, as_ndjson, native_call, send
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from system import clean_environment

SEED = 4711
MUTATIONS = 1_500
JSON_TYPE, PROTOBUF_TYPE, NDJSON_TYPE = "application/json", "application/x-protobuf", "application/x-ndjson"
MOESIF = ("/v1/events", "/v1/events/batch", "/v1/users", "/v1/companies/batch")
DOCUMENTED = {200, 202, 400, 413, 415}


def export(count: int = 3) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(count):
        span = scope.spans.add(
            trace_id=bytes([7] * 15 + [number]), span_id=bytes([7] * 7 + [number]), kind=Span.SPAN_KIND_CLIENT, name="POST",
            start_time_unix_nano=1_795_000_000_000_000_000, end_time_unix_nano=1_795_000_000_100_000_000,
        )
        for key, value in (("http.request.method", "POST"), ("url.full", f"https://api.stripe.com/v1/charges/ch_{number}")):
            span.attributes.add(key=key).value.string_value = value
        span.attributes.add(key="http.response.status_code").value.int_value = 200
    return request


def moesif(number: int) -> dict:
    """An event as the SDKs write it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.125", time.gmtime())
    request = {"time": now, "verb": "POST", "uri": f"https://api.stripe.com/v1/charges/ch_{number}", "headers": {"x-a": "b"}}
    request |= {"body": "eyJhIjoxfQ==", "transfer_encoding": "base64", "ip_address": "203.0.113.7", "api_version": "1.0"}
    response = {"time": now, "status": 201, "headers": {"content-type": "application/json"}, "body": {"id": number}}
    return {"request": request, "response": response, "direction": "Outgoing", "user_id": "ann", "company_id": "acme", "weight": 2}


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation(agent_extra="\nlog:\n  level: warning\n").__enter__()
        cls.addClassCleanup(cls.installation.close)

    def post(self, path: str, body: bytes, kind: str, **headers) -> tuple[int, dict, bytes]:
        return send(self.installation.receivers + path, body, content_type=kind, **headers)

    def metric(self, name: str) -> float:
        """All series of the metric together."""
        text = send(f"http://127.0.0.1:{self.installation.ports.health}/metrics", None, "GET")[2].decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if re.match(rf"{name}[{{ ]", line))

    def assert_problem(self, answer: tuple[int, dict, bytes], status: int, words: str) -> None:
        got, headers, body = answer
        self.assertEqual((got, headers["content-type"]), (status, "application/problem+json"), body)
        self.assertIn(words, body.decode())

    def test_good_calls_beside_bad_ones_are_kept_and_each_bad_one_is_pointed_at(self):
        good = [native_call(1), native_call(2)]
        bad = [
            native_call(3, time="2026-13-01T00:00:00Z"),
            native_call(4, request={"method": "POST"}),
            native_call(5, response={"status": "fine"}),
            native_call(6, time="2999-01-01T00:00:00Z"),
            native_call(7, weight=0),
        ]
        mixed = [good[0], *bad, good[1]]
        status, _, body = self.post("/v1/calls", json.dumps(mixed).encode(), JSON_TYPE)
        answer = json.loads(body)
        self.assertEqual((status, answer["accepted"], answer["rejected"]), (202, 2, 5), body)
        self.assertEqual([error["index"] for error in answer["errors"]], [1, 2, 3, 4, 5])
        pointers = [error["pointer"] for error in answer["errors"]]
        self.assertEqual([pointers[0], pointers[2], pointers[4]], ["/time", "/response/status", "/weight"])
        self.assertTrue(all(error["detail"] for error in answer["errors"]))
        stored = lambda: {call["id"] for call in self.installation.api.calls(since="2020-01-01T00:00:00Z")}  # noqa: E731
        self.installation.wait_for(lambda: {"t-1", "t-2"} <= stored(), 30, "the good calls are stored")
        self.assertFalse({f"t-{number}" for number in range(3, 8)} & stored())

    def test_a_line_that_is_no_json_costs_that_line(self):
        body = as_ndjson([native_call(11)]) + b"{nonsense\n" + b'"\xff\xfe"\n' + as_ndjson([native_call(12)])
        status, _, answer = self.post("/v1/calls", body, NDJSON_TYPE)
        self.assertEqual((status, json.loads(answer)["accepted"], json.loads(answer)["rejected"]), (202, 2, 2), answer)

    def test_what_is_no_json_at_all_is_refused_with_the_place(self):
        self.assert_problem(self.post("/v1/calls", b"[{]", JSON_TYPE), 400, "detail")
        self.assert_problem(self.post("/v1/calls", b"", JSON_TYPE), 400, "detail")
        self.assert_problem(self.post("/v1/calls", b"[" * 100_000, JSON_TYPE), 400, "detail")

    def test_unknown_types_encodings_paths_and_methods(self):
        self.assert_problem(self.post("/v1/calls", b"x", "text/csv"), 415, "application/json")
        self.assert_problem(self.post("/v1/calls", b"x", JSON_TYPE, content_encoding="lzma"), 415, "gzip")
        self.assert_problem(self.post("/v1/call", b"{}", JSON_TYPE), 404, "/v1/call")
        self.assert_problem(send(self.installation.receivers + "/v1/calls", None, "GET"), 405, "POST")

    def test_a_bomb_and_a_torn_archive(self):
        bomb = gzip.compress(b"[" + b" " * (80 << 20) + b"]")
        self.assert_problem(self.post("/v1/calls", bomb, JSON_TYPE, content_encoding="gzip"), 413, "bytes")
        torn = gzip.compress(json.dumps(native_call(20)).encode())[:-9]
        self.assert_problem(self.post("/v1/calls", torn, JSON_TYPE, content_encoding="gzip"), 400, "ends early")
        status, _, _ = self.post("/v1/traces", bomb, PROTOBUF_TYPE, content_encoding="gzip")
        self.assertEqual(status, 413)

    def test_otlp_answers_in_its_own_form(self):
        status, headers, body = self.post("/v1/traces", b"\xff\xff\xff", PROTOBUF_TYPE)
        self.assertEqual((status, headers["content-type"]), (400, PROTOBUF_TYPE))
        status, headers, body = self.post("/v1/traces", b"{", JSON_TYPE)
        self.assertEqual((status, headers["content-type"]), (400, JSON_TYPE))
        self.assertIn("message", json.loads(body))
        partly = export(3)
        partly.resource_spans[0].scope_spans[0].spans[1].start_time_unix_nano = 0
        status, _, body = self.post("/v1/traces", partly.SerializeToString(), PROTOBUF_TYPE)
        self.assertEqual(status, 200)
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

        self.assertEqual(ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans, 1)

    def test_thousands_of_mutations_get_only_documented_answers(self):
        draw = random.Random(SEED)
        originals = [
            ("/v1/calls", NDJSON_TYPE, as_ndjson([native_call(number) for number in range(5)])),
            ("/v1/calls", JSON_TYPE, json.dumps([native_call(number) for number in range(5)]).encode()),
            ("/v1/traces", PROTOBUF_TYPE, export().SerializeToString()),
            ("/v1/events", JSON_TYPE, json.dumps(moesif(0)).encode()),
            ("/v1/events/batch", JSON_TYPE, json.dumps([moesif(number) for number in range(5)]).encode()),
            ("/v1/users", JSON_TYPE, b'{"user_id":"ann","company_id":"acme","metadata":{"plan":"gold"}}'),
            ("/v1/companies/batch", JSON_TYPE, b'[{"company_id":"acme","metadata":{"plan":"gold"}}]'),
        ]
        refused = 0
        for number in range(MUTATIONS):
            path, kind, body = draw.choice(originals)
            body = mutate(bytearray(body), draw)
            headers = {}
            if draw.random() < 0.2:
                headers["content_encoding"] = draw.choice(["gzip", "deflate", "zstd"])
                body = draw.choice([gzip.compress, zlib.compress, bytes])(body)
            status, _, answer = self.post(path, body, kind, **headers)
            documented = DOCUMENTED | ({201} if path in MOESIF else set())
            self.assertIn(status, documented, f"seed {SEED}, number {number}: {body[:200]!r} -> {answer[:200]!r}")
            refused += status >= 400
        self.assertGreater(refused, MUTATIONS / 10)
        self.installation.programs.check()
        self.assertGreater(self.metric("farwatch_agent_receiver_re(jected|fused)[a-z_]*"), 0)

    def test_settings_errors_name_the_place_and_what_was_meant(self):
        cases = {
            "recieve:\n  listen: 127.0.0.1:4318\n": (1, 1, "receive"),
            "receive:\n  lisen: 127.0.0.1:4318\n": (2, 3, "listen"),
            "receive:\n  listen: somewhere\n": (2, 11, "127.0.0.1:4318"),
            "spool:\n  max_bytes: lots\n": (2, 14, ""),
            "host: [1, 2]\n": (1, 1, "section"),
        }
        file = self.installation.state / "wrong.yaml"
        program = str(self.installation.bin / "farwatch-agent")
        for text, (line, column, meant) in cases.items():
            with self.subTest(text=text):
                file.write_text(text)
                done = subprocess.run(
                    [program, "validate", "--config", str(file)],
                    env=clean_environment(), capture_output=True, text=True, timeout=120, check=False,
                )
                self.assertEqual(done.returncode, 78)
                self.assertIn(f"{file}:{line}:{column}:", done.stderr)
                self.assertIn(meant, done.stderr)


def mutate(body: bytearray, draw: random.Random) -> bytes:
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(body) + 1)
        kind = draw.randrange(5)
        if kind == 0:
            body = body[:at]
        elif kind == 1:
            body[at:at] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 8)))
        elif kind == 2:
            del body[at : at + draw.randint(1, 8)]
        elif body:
            body[at % len(body)] = draw.choice([0, 0x22, 0x5B, 0x7B, 0x2C, 0xFF, draw.randrange(256)])
    return bytes(body)


if __name__ == "__main__":
    unittest.main()
