"""The newcomer's view: the very lines of the README, an application with the real OpenTelemetry SDK, and the first partner named.

Run by itself it prints how long that took. The ports are the documented ones, so it all happens in a network of its own.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from installation import HERE, built_programs
from processes import end_database_left_behind
from system import clean_environment

NAMED_WITHIN_S = 60
ALONE = True  # For `run_tests.py`: it tells how long a newcomer waits.

# What stands in for the newcomer's application: it knows the SDK and nothing of ours. Its partner answers through a proxy here.
APPLICATION = """
import http.server, threading, requests
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

class Partner(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_):
        pass

partner = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Partner)
threading.Thread(target=partner.serve_forever, daemon=True).start()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
RequestsInstrumentor().instrument()
way = {"http": f"http://127.0.0.1:{partner.server_port}"}
print(requests.get("http://api.stripe.com/v1/balance", proxies=way).status_code)
trace.get_tracer_provider().shutdown()
"""


def readme_lines() -> str:
    """The commands under the README's heading for newcomers."""
    text = (HERE.parents[1] / "README.md").read_text(encoding="utf-8")
    section = text.split("## Your own application, in a minute")[1].split("\n## ")[0]
    (block,) = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return block


@unittest.skipUnless(os.geteuid() == 0, "a network of its own needs root")
class Newcomer(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="farwatch-newcomer-")))
        self.folder.chmod(0o700)  # As `/root` is: below it the server's user reaches nothing.
        (self.folder / ".build").mkdir()
        (self.folder / ".build" / "release").symlink_to(built_programs())
        (self.folder / "application.py").write_text(APPLICATION)
        self.addCleanup(self.remove_database)

    def test_the_first_partner_is_named_within_a_minute_by_what_the_readme_says(self):
        script = f"""
            ip link set lo up
            {readme_lines()}
            # "Now start your application."
            until curl --silent --fail --output /dev/null http://127.0.0.1:7070/readyz; do sleep 0.1; done
            {sys.executable} application.py
            until farwatch status --json 2> farwatch/status.log | grep --quiet stripe; do sleep 0.2; done
            farwatch status --json > named.json
            farwatch status > named.txt
            """
        started = time.monotonic()
        newcomer = subprocess.Popen(
            ["unshare", "--net", "bash", "-c", script], cwd=self.folder, env=clean_environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            deadline = started + NAMED_WITHIN_S
            while not (self.folder / "named.txt").exists() or not (self.folder / "named.txt").stat().st_size:
                self.assertLess(time.monotonic(), deadline, f"no partner was named: {self.told()}")
                time.sleep(0.1)
            took_s = time.monotonic() - started
        finally:
            self.end(newcomer)
        partners = json.loads((self.folder / "named.json").read_text())["partners"]
        self.assertEqual([(one["id"], one["name"]) for one in partners], [("stripe", "Stripe")])
        self.assertIn("Stripe", (self.folder / "named.txt").read_text())
        print(f"the first partner was named {took_s:.1f} s after the README's first line", flush=True)

    def remove_database(self) -> None:
        """It lies where the README's lines put it."""
        settings = self.folder / "farwatch" / "aggregator.yaml"
        if settings.exists() and (found := re.fullmatch(r"state_directory: (/var/tmp/farwatch\.\w+)\n", settings.read_text())):
            end_database_left_behind(Path(found[1]))
            shutil.rmtree(found[1])

    def told(self) -> str:
        logs = sorted((self.folder / "farwatch").glob("*.log"))
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1_500:]}" for log in logs)

    def end(self, newcomer: subprocess.Popen) -> None:
        """The programs in the background are of the same session; each stops by itself when told to."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(newcomer.pid, number)
                newcomer.wait(15)
                break
            except subprocess.TimeoutExpired:
                continue
        deadline = time.monotonic() + 30
        while self.is_alive(newcomer.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        if self.is_alive(newcomer.pid):
            os.killpg(newcomer.pid, signal.SIGKILL)
        newcomer.communicate()

    @staticmethod
    def is_alive(group: int) -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        return True


if __name__ == "__main__":
    unittest.main()
