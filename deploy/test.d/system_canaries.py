"""Random secrets in every disguise, through agent and aggregator: none is in what is stored, answered, logged or handed on."""

import contextlib
import http.client
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse
from pathlib import Path

from installation import Installation, send

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "clients.d"))

from frames import unpacked  # noqa: E402
from test_canaries import CREDENTIALS, FULL, HOSTS, SETTINGS, SIGNATURES  # noqa: E402
from test_canaries import bodies_with, disguises, forms, moesif, native, nobodys_events, nobodys_spans  # noqa: E402
from test_canaries import random_seed, received, secrets_of_each_kind, span  # noqa: E402

SEED = 20261128
SECRETS = 24
# As much as the runtime tells of a crash, and none of the names that take minutes to look up.
CRASH_REPORT = "enable=yes,threads=all,registers=all,images=none,symbolicate=off,sanitize=no,unwind=fast,cache=no"


class Canaries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation(
            agent_extra=SETTINGS, aggregator_extra="  shares: true\n", SWIFT_BACKTRACE=CRASH_REPORT
        ).__enter__()  # Under api, the last there.
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        cls.token = cls.installation.command(
            "farwatch-aggregator", "token", "create", "--scope", "admin", "--name", "all"
        ).split()[-1]
        # One half is the same each time, the other was never tried before; `CANARY_SEED` brings those of a failure back.
        cls.seed = random_seed()
        print(f"CANARY_SEED={cls.seed}", flush=True)
        cls.kinds = [one for seed in (SEED, cls.seed) for one in secrets_of_each_kind(random.Random(seed), SECRETS // 2)]
        cls.secrets = [text for _, text in cls.kinds]
        cls.answers = []
        cls.sent = 0

    def post(self, path: str, document) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        status, _, answer = send(self.installation.receivers + path, body, content_type="application/json")
        if status >= 400:
            self.answers.append(answer.decode())

    def get(self, path: str, method: str = "GET", body=None, **headers):
        headers["authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["content_type"] = "application/json"
            body = json.dumps(body).encode()
        return send(self.address + path, body, method, **headers)

    def send_all(self) -> None:
        for number, (kind, text) in enumerate(self.kinds, 1):
            calls = []
            is_anywhere = kind in CREDENTIALS  # Of people may stay what was granted in full.
            for shape in disguises(text):
                made = [native(shape, host, *body) for host in [*HOSTS, *[FULL] * is_anywhere] for body in bodies_with(shape)]
                taken = [received(shape, signature, *body) for signature, partner in SIGNATURES.items() for body in bodies_with(shape)[:3]
                         if is_anywhere or partner != "twilio"]  # fmt: skip
                for call in made + taken:
                    call |= {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
                    if call["request"]["url"].partition("@")[2].startswith("api.stripe.com"):
                        call["response"]["status"] = 503  # Enough of them are an incident.
                    self.sent += 1
                    call["id"] = f"{shape[:110]}/{self.sent}"  # Equal ids are one call; 128 bytes are an id's most.
                    calls.append(call)
            self.post("/v1/calls", calls)
            self.post("/v1/events/batch", [moesif(shape) for shape in disguises(text)])
            self.post("/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span(text, number)]}]}]})
            self.post("/v1/events/batch", nobodys_events(text))
            self.post("/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": nobodys_spans(text, number)}]}]})
            self.post("/v1/calls", f'{{"{text}'.encode())

    def stored_calls(self) -> list[dict]:
        calls, cursor = [], ""
        while cursor is not None:
            page = json.loads(self.get(f"/api/v1/calls?since=9999h&limit=1000{cursor and '&cursor=' + cursor}")[2])
            calls, cursor = calls + page["data"], page["next_cursor"]
        return calls

    def crash(self, program: str) -> None:
        """With calls under way; what a crash writes goes to the log, and no memory to the disk."""
        self.post("/v1/calls", [native(text, "api.stripe.com", {"a": text}) for text in self.secrets])
        process = self.installation.programs.running[program]
        path = self.installation.state / "logs" / f"{program}.log"
        process.send_signal(signal.SIGSEGV)

        def text(path: str | Path) -> str:
            with contextlib.suppress(OSError):  # Threads and processes come and go.
                return Path(path).read_text()
            return ""

        def is_reported() -> bool:
            children = [pid for each in Path(f"/proc/{process.pid}/task").glob("*/children") for pid in text(each).split()]
            helpers = [pid for pid in children if "backtrace" in text(f"/proc/{pid}/comm")]
            return b"Backtrace took" in path.read_bytes() and not helpers

        # The runtime's helper writes its report, lets go, and the fault is expected again: not before, or the helper hangs.
        self.installation.wait_for(is_reported, 60, "the report is written")
        deadline = time.monotonic() + 180
        while process.poll() is None:
            self.assertLess(time.monotonic(), deadline, "it does not end")
            process.send_signal(signal.SIGSEGV)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)
        del self.installation.programs.running[program]
        self.assertNotEqual(process.returncode, 0)
        log = path.read_text(errors="replace")
        self.assertIn("Signal 11", log, "the report is there to be looked into")
        if program == "farwatch-agent":
            self.installation.start_agent()
        else:
            self.installation.start_aggregator()

    def go_on_failing(self) -> None:
        """An incident wants more than a burst: until it is there, one call a second of each secret fails."""
        is_over = threading.Event()

        def fail() -> None:
            while not is_over.wait(1):
                now = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
                calls = [native(text, "api.stripe.com", {"a": text}) | now for text in self.secrets]
                self.post("/v1/calls", [call | {"response": {"status": 503, "body": {"error": call["request"]["body"]}}} for call in calls])

        thread = threading.Thread(target=fail)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(is_over.set)

    def streamed(self) -> str:
        """What somebody sees who looks on while calls arrive, with the reason why each failed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.ports.api, timeout=120)
        self.addCleanup(connection.close)
        headers = {"authorization": f"Bearer {self.token}"}
        connection.request("GET", "/api/v1/calls/stream", headers=headers)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        lines = [answer.readline()]
        now = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        self.post("/v1/calls", [native(text, "api.stripe.com", {"a": text}) | now for text in self.secrets])
        while lines.count(b"event: call\n") < SECRETS or lines[-1] != b"\n":
            lines.append(answer.readline())
        return b"".join(lines).decode()

    def database(self) -> str:
        """Every row of every table as text, what stands in it in hex, and what of that is compressed."""
        tables = [row[0] for row in self.installation.sql(
            "SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'farwatch'::regnamespace")]  # fmt: skip
        text = "\n".join(",".join(row) for table in tables for row in self.installation.sql(f"SELECT t::text FROM {table} t"))
        blobs = [bytes.fromhex(part) for part in re.findall(r"\\x((?:[0-9a-f]{2})+)", text)]
        inside = b"".join(unpacked(blob) for blob in blobs)
        self.assertIn(b"content-type", inside, "payload blocks are looked into")
        return text + (b"".join(blobs) + inside).decode("latin-1")

    def test_no_sink_holds_a_canary(self):
        self.installation.await_token(self.token)
        self.send_all()
        self.crash("farwatch-agent")
        self.crash("farwatch-aggregator")
        self.go_on_failing()
        calls = self.installation.wait_for(
            lambda: (found := self.stored_calls()) and len(found) >= self.sent and found, 60, "the calls are stored"
        )
        sinks = {"answers": "\n".join(self.answers), "calls": json.dumps(calls), "stream": self.streamed()}
        bodies = {call["request"].get("body") is not None for call in calls}
        self.assertIn(True, bodies, "some bodies are there to be looked into")
        self.assertEqual({call["direction"] for call in calls}, {"inbound", "outbound"})
        for partner in ("stripe", "slack", "github", "twilio"):
            status, _, made = self.get("/api/v1/evidence", "POST", {"title": partner, "partner": partner, "since": "1d"})
            self.assertEqual(status, 201)
            evidence = json.loads(made)["id"]
            preview = json.loads(self.get(f"/api/v1/evidence/{evidence}/preview")[2])["preview"]
            share = {"evidence": evidence, "recipient": "x", "preview": preview}
            shared = json.loads(self.get("/api/v1/shares", "POST", share)[2])["path"]
            for path in (f"/api/v1/evidence/{evidence}", f"/api/v1/evidence/{evidence}?format=html",
                         f"/api/v1/evidence/{evidence}/preview", shared,
                         f"/api/v1/partners/{partner}/rate-limits", f"/api/v1/explain?partner={partner}",
                         f"/api/v1/impact?partner={partner}"):  # fmt: skip
                status, _, sinks[path] = self.get(path)
                self.assertEqual(status, 200, path)
        for call in random.Random(SEED).sample(calls, 40):
            path = f"/api/v1/calls/{urllib.parse.quote(call['id'], safe='')}"
            for path in (f"{path}?format=native", f"{path}?format=curl", f"{path}?format=har", f"{path}/explain"):
                status, _, sinks[path] = self.get(path)
                self.assertEqual(status, 200, path)
        for number in range(1, SECRETS + 1):
            status, _, sinks[f"trace {number}"] = self.get(f"/api/v1/traces/{number:032x}")
            self.assertEqual(status, 200)
        incident = self.installation.wait_for(
            lambda: json.loads(self.get("/api/v1/incidents")[2])["data"], 60, "what failed is an incident"
        )[0]["id"]
        history = "/api/v1/partners/stripe/history"  # Read anew every minute.
        self.installation.wait_for(lambda: self.get(history)[0] == 200, 120, "the partner has a history")
        sides = urllib.parse.urlencode({"a": "partner=stripe&failed=true", "b": "partner=slack"}, quote_via=urllib.parse.quote)
        for path in (f"/api/v1/incidents/{incident}", f"/api/v1/incidents/{incident}/why", f"/incidents/{incident}", "/incidents",
                     "/api/v1/incidents", "/api/v1/why", "/api/v1/drift", "/drift", f"/api/v1/compare?{sides}", "/api/v1/partners/stripe",
                     "/partners/stripe", history, "/api/v2/summary.json"):  # fmt: skip
            status, _, sinks[path] = self.get(path)
            self.assertEqual(status, 200, path)
        for path in ("/", "/api/v1/status", "/api/v1/hosts", "/api/v1/audit", "/metrics", "/api/v1/volume?by=route",
                     "/api/v1/volume?by=customer"):  # fmt: skip
            sinks[path] = self.get(path)[2]
        sinks["database"] = self.database()
        for path in self.installation.state.rglob("*"):
            # The files of the database itself were read row by row.
            if path.is_file() and not ("postgres" in path.parts and "data" in path.parts):
                self.assertFalse(path.name.startswith("core"), path)
                sinks[str(path)] = (content := path.read_bytes()) + unpacked(content)
        self.assertTrue(any(path.endswith("postgresql.log") for path in sinks), "PostgreSQL's own log is a sink")
        self.assertGreater(len(sinks["database"]), 100_000)
        for name, content in sinks.items():
            content = content if isinstance(content, str) else content.decode("latin-1")
            for text in self.secrets:
                for form in forms(text):
                    self.assertNotIn(form, content, f"CANARY_SEED={self.seed}: {form} in {name}")


if __name__ == "__main__":
    unittest.main()
