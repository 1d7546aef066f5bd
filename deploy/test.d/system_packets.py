"""Packets, live: what crosses the loopback interface in clear is seen as it was made, and what fails with its error.

Needs CAP_NET_RAW, so root. Where that is missing these tests fail, because nothing else would tell; a machine that is known not to
allow it says why in FARWATCH_TEST_WITHOUT_PACKETS, and then they are skipped, with that reason.
"""

import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from installation import Installation, as_ndjson, native_call, send
from settings import free_port
from system import clean_environment

WITHOUT = os.environ.get("FARWATCH_TEST_WITHOUT_PACKETS")
WITHOUT_PROBES = os.environ.get("FARWATCH_TEST_WITHOUT_PROBES")
SEEN_WITHIN_S = 30


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every request with as many bytes and the status its path ends with: /anything/402/1000."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status, size = (int(part) for part in self.path.split("/")[-2:])
        self.send_response(status)
        self.send_header("content-length", str(size))
        self.end_headers()
        self.wfile.write(b"x" * size)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def serve(context: ssl.SSLContext | None = None) -> http.server.ThreadingHTTPServer:
    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):  # Clients that leave in the middle are what is tested here.
            pass

    server = Server(("127.0.0.1", 0), Answers)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def tls_context() -> ssl.SSLContext:
    """With a certificate that nobody trusts."""
    with tempfile.TemporaryDirectory(prefix="farwatch-packets-") as folder:
        key, certificate = Path(folder) / "key.pem", Path(folder) / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


class Live(unittest.TestCase):
    """An installation whose agent captures packets, servers that it knows nothing of, and curl."""

    capture = 'packets: "on"'

    @classmethod
    def setUpClass(cls):
        cls.clear, cls.encrypted = serve(), serve(tls_context())
        for server in (cls.clear, cls.encrypted):
            cls.addClassCleanup(server.server_close)
            cls.addClassCleanup(server.shutdown)
        cls.port, cls.tls_port = cls.clear.server_port, cls.encrypted.server_port
        cls.closed_port = free_port()
        cls.installation = Installation()
        ports = cls.installation.ports
        # The agent's own ports too: were its own traffic captured, it would be a partner's.
        own = [ports.receivers, ports.health, ports.ingest]
        hosts = json.dumps([f"127.0.0.1:{port}" for port in (cls.port, cls.tls_port, cls.closed_port, *own)])
        with open(cls.installation.state / "agent.yaml", "a", encoding="utf-8") as file:
            file.write(f"\ncapture:\n  {cls.capture}\npartners:\n  local:\n    hosts: {hosts}\n")
        cls.installation.__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.wait_for_packets()

    @classmethod
    def packets(cls) -> dict:
        return json.loads(send(f"http://127.0.0.1:{cls.installation.ports.health}/packets", None, "GET")[2])

    @classmethod
    def wait_for_packets(cls) -> None:
        def is_capturing() -> bool:
            socket.create_connection(("127.0.0.1", cls.port)).close()  # Something to see.
            state = cls.packets()
            if state.get("problem"):
                raise AssertionError(
                    f"PACKETS ARE NOT CAPTURED HERE: {state['problem']}\nIf this machine cannot have it, say why in "
                    "FARWATCH_TEST_WITHOUT_PACKETS, and these tests are skipped.")
            return state["packets"] > 0

        cls.installation.wait_for(is_capturing, SEEN_WITHIN_S, "packets are captured")

    def curl(self, *arguments: str, expect: int = 0) -> None:
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", *arguments], env=clean_environment(), timeout=60,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, expect, done.stderr)

    def calls(self, words: str, count: int) -> list[dict]:
        """Those whose URL contains the words; as many as are expected, and no more a moment later."""
        def found() -> list[dict]:
            return [call for call in self.installation.api.calls() if words in call["request"]["url"]]

        self.installation.wait_for(lambda: len(found()) >= count, SEEN_WITHIN_S, f"{count} calls of {words}")
        calls = sorted(found(), key=lambda call: call["request"]["url"])
        self.assertEqual(len(calls), count, calls)
        return calls


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
class PacketsLive(Live):
    def test_a_clear_call_is_seen_with_its_partner_by_name(self):
        name = f"api.stripe.com:{self.port}"
        self.curl("--resolve", f"{name}:127.0.0.1", f"http://{name}/v1/charges/402/40000", "-d", "a=b")
        call = self.calls("/v1/charges", 1)[0]
        self.assertEqual(call["partner"], "stripe")
        self.assertEqual((call["request"]["method"], call["request"]["http_version"]), ("POST", "1.1"))
        self.assertTrue(call["request"]["url"].startswith(f"http://{name}/v1/charges"), call["request"]["url"])
        self.assertEqual(call["response"]["status"], 402)
        self.assertEqual((call["request"]["body_bytes"], call["response"]["body_bytes"]), (3, 40_000))
        self.assertEqual((call["source"], call["direction"]), ("packets", "outbound"))
        self.assertEqual(call["peer_address"], "127.0.0.1")
        self.assertGreater(call["duration_ms"], 0)

    def test_calls_of_one_connection_are_told_apart(self):
        base = f"http://127.0.0.1:{self.port}/kept"
        self.curl(f"{base}/200/0", f"{base}/404/17", f"{base}/503/100000", "-o", "/dev/null", "-o", "/dev/null")
        seen = sorted((call["response"]["status"], call["response"].get("body_bytes") or 0)
                      for call in self.calls("/kept/", 3))
        self.assertEqual(seen, [(200, 0), (404, 17), (503, 100_000)])

    def test_a_connection_refused_is_a_call_with_its_error(self):
        self.curl(f"http://127.0.0.1:{self.closed_port}/refused", expect=7)
        call = self.calls(f":{self.closed_port}", 1)[0]
        self.assertEqual((call["error"], call.get("response"), call["source"]), ("connect_refused", None, "packets"))

    def test_a_handshake_that_fails_has_the_partner_it_was_for(self):
        name = f"api.stripe.com:{self.tls_port}"
        self.curl("--tls-max", "1.2", "--resolve", f"{name}:127.0.0.1", f"https://{name}/v1/refunds", expect=60)
        call = self.calls(f":{self.tls_port}", 1)[0]
        self.assertEqual((call["error"], call["partner"], call.get("response")), ("tls_failure", "stripe", None))

    def test_the_agents_own_traffic_is_not_captured(self):
        ports = self.installation.ports
        status, _, _ = send(f"{self.installation.receivers}/v1/calls", as_ndjson([native_call(1)]),
                            content_type="application/x-ndjson")
        self.assertLess(status, 300)
        self.calls("ch_1", 1)  # It came through the receiver and the aggregator, both ways that could have been seen.
        for port in (ports.receivers, ports.health, ports.ingest):
            self.calls(f"127.0.0.1:{port}", 0)

    def test_what_is_captured_is_counted(self):
        def has_counted() -> bool:
            text = send(f"http://127.0.0.1:{self.installation.ports.health}/metrics", None, "GET")[2].decode()
            values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("farwatch_packets_"))
            self.assertEqual(float(values["farwatch_packets_kernel_drops_total"]), 0)
            return float(values["farwatch_packets_seen_total"]) > 0

        self.installation.wait_for(has_counted, SEEN_WITHIN_S, "packets are counted")
        self.assertEqual((self.packets()["mode"], self.packets()["interface"]), ("on", "any"))


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
@unittest.skipIf(WITHOUT_PROBES, f"FARWATCH_TEST_WITHOUT_PROBES: {WITHOUT_PROBES}")
class PacketsBesideProbes(Live):
    capture = 'packets: "on"\n  probes: "on"\n  limits: {agent_cpu_percent: 100, application_cpu_percent: 100}'

    def test_what_both_see_is_one_call(self):
        def are_probed() -> bool:
            state = json.loads(send(f"http://127.0.0.1:{self.installation.ports.health}/probes", None, "GET")[2])
            if state["problem"]:
                raise AssertionError(f"PROBES DO NOT RUN HERE: {state['problem']}; see FARWATCH_TEST_WITHOUT_PROBES")
            return any(process["pid"] == os.getpid() and process["read_by"] for process in state["processes"])

        self.installation.wait_for(are_probed, SEEN_WITHIN_S, "this program's TLS is probed")
        self.curl("-k", "--http1.1", f"https://127.0.0.1:{self.tls_port}/both/200/50")
        self.curl(f"http://127.0.0.1:{self.port}/clear/200/60")
        self.curl(f"http://127.0.0.1:{self.closed_port}/refused", expect=7)
        self.assertEqual(self.calls("/clear/", 1)[0]["source"], "packets")
        refused = self.calls(f":{self.closed_port}", 1)[0]
        self.assertEqual((refused["error"], refused["source"]), ("connect_refused", "probe"))
        self.assertEqual({call["source"] for call in self.calls("/both/", 1)}, {"probe"})


class PacketsRefused(unittest.TestCase):
    """Without the privilege, or without the interface, the agent says so and goes on."""

    def start(self, capture: str, *prefix: str) -> Installation:
        installation = Installation(agent_extra=f'\ncapture:\n  packets: "on"\n{capture}')
        self.addCleanup(installation.close)
        (installation.state / "agent.token").write_text("nobody listens")
        command = [*prefix, str(installation.bin / "farwatch-agent"), "run", "--config",
                   str(installation.state / "agent.yaml")]
        installation.programs.start("farwatch-agent", command, clean_environment())
        return installation

    def problem(self, installation: Installation) -> str:
        def told() -> str | None:
            try:
                answer = send(f"http://127.0.0.1:{installation.ports.health}/packets", None, "GET")[2]
            except OSError:
                return None
            return json.loads(answer).get("problem")

        return installation.wait_for(told, SEEN_WITHIN_S, "the agent says what is wrong")

    def check_that_it_takes_calls(self, installation: Installation, words: str) -> None:
        status, _, _ = send(f"{installation.receivers}/v1/calls", as_ndjson([native_call(1)]),
                            content_type="application/x-ndjson")
        self.assertLess(status, 300)
        log = "".join(path.read_text() for path in (installation.state / "logs").iterdir())
        told = [line for line in log.splitlines() if words in line]
        self.assertEqual(len(told), 1, log)

    @unittest.skipIf(os.geteuid() != 0, "only root has the privilege to give up")
    def test_without_the_privilege(self):
        assert shutil.which("setpriv"), "this test needs setpriv (Debian: util-linux)"
        without = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
        installation = self.start("", *without)
        self.assertIn("CAP_NET_RAW", self.problem(installation))
        self.check_that_it_takes_calls(installation, "CAP_NET_RAW")
        done = subprocess.run(
            [*without, installation.bin / "farwatch-agent", "doctor", "--config", installation.state / "agent.yaml"],
            env=clean_environment(), capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("give the service CAP_NET_RAW", done.stdout)

    @unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
    def test_without_the_interface(self):
        installation = self.start("  interface: nowhere0\n")
        self.assertIn("nowhere0", self.problem(installation))
        self.check_that_it_takes_calls(installation, "no interface nowhere0")


del Live  # So that it is not run for itself.


if __name__ == "__main__":
    unittest.main()
