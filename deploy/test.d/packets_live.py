"""What the live tests of packets share: servers on another host, an agent that captures, and curl.

The servers are in a network namespace across a cable (`namespaces.py`). Needs CAP_NET_RAW, so root. Where that is missing these tests
fail, because nothing else would tell; a machine that is known not to allow it says why in FARWATCH_TEST_WITHOUT_PACKETS, and then
they are skipped, with that reason.
"""

import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from installation import Installation, send
from namespaces import FAR, NOWHERE, enter
from settings import free_port
from system import clean_environment

WITHOUT = os.environ.get("FARWATCH_TEST_WITHOUT_PACKETS")
SEEN_WITHIN_S = 30


def set_up_network() -> None:
    """For a module's `setUpModule`."""
    if not WITHOUT:
        global network
        network = enter()
        unittest.addModuleCleanup(network.close)


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every request with as many bytes and the status its path ends with: /anything/402/1000."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status, size = (int(part) for part in self.path.split("/")[-2:])
        if status == 0:  # A reset instead of an answer.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("content-length", str(size))
        self.end_headers()
        self.wfile.write(b"x" * size)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # Clients that leave in the middle are what is tested here.
        pass


def serve(kind: str) -> None:
    """What runs on the far host, and says its port."""
    if kind == "names":
        return serve_names()
    server = Server((FAR, 0), Answers)
    if kind == "tls":
        server.socket = tls_context().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_port, flush=True)
    server.serve_forever()


def serve_names() -> None:
    """Knows no name: the question comes back, marked as an answer with code 3 (RFC 1035, section 4.1)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((FAR, 53))
        print(53, flush=True)
        while True:
            question, asker = listener.recvfrom(512)
            listener.sendto(question[:2] + struct.pack(">H", 0x8183) + question[4:], asker)


# Every suite of TLS 1.3 (RFC 8446, appendix B.4), of which OpenSSL offers three by itself, and of TLS 1.2 those of AES-CCM too.
OPENSSL_SETTINGS = """
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = suites
[suites]
CipherString = ALL:@SECLEVEL=0
Ciphersuites = TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256
"""


class FarServer:
    def __init__(self, kind: str):
        command = [*network.far_side, sys.executable, "-B", __file__, "--serve", kind]
        with tempfile.NamedTemporaryFile("w", prefix="farwatch-openssl-", suffix=".cnf") as settings:
            settings.write(OPENSSL_SETTINGS)
            settings.flush()
            environment = os.environ | {"OPENSSL_CONF": settings.name}
            self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            self.port = int(self._process.stdout.readline())

    @property
    def process_id(self) -> int:
        return self._process.pid

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def tls_context() -> ssl.SSLContext:
    """With a certificate that nobody trusts."""
    with tempfile.TemporaryDirectory(prefix="farwatch-packets-") as folder:
        key, certificate = Path(folder) / "key.pem", Path(folder) / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(certificate, key)
        return context


class Live(unittest.TestCase):
    """An installation whose agent captures packets, servers that it knows nothing of, and curl."""

    # This machine is busy with tests: what they cost is not to be governed here.
    limits = "\n  limits: {agent_cpu_percent: 100, application_cpu_percent: 100}"
    capture = 'packets: "on"' + limits
    agent_user = "nobody"  # Reads packets without any privilege.

    @classmethod
    def setUpClass(cls):
        cls.clear, cls.encrypted = FarServer("clear"), FarServer("tls")
        for server in (cls.clear, cls.encrypted):
            cls.addClassCleanup(server.close)
        cls.port, cls.tls_port = cls.clear.port, cls.encrypted.port
        cls.closed_port = free_port()
        cls.installation = Installation(agent_user=cls.agent_user)
        ports = cls.installation.ports
        # The agent's own ports too: were its own traffic captured, it would be a partner's.
        own = [ports.receivers, ports.health, ports.ingest]
        hosts = [f"{FAR}:{port}" for port in (cls.port, cls.tls_port, cls.closed_port)]
        hosts = json.dumps([*hosts, f"{NOWHERE}:{cls.port}", *(f"127.0.0.1:{port}" for port in own)])
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
            socket.create_connection((FAR, cls.port)).close()  # Something to see.
            state = cls.packets()
            if state.get("problem"):
                raise AssertionError(
                    f"PACKETS ARE NOT CAPTURED HERE: {state['problem']}\nIf this machine cannot have it, say why in "
                    "FARWATCH_TEST_WITHOUT_PACKETS, and these tests are skipped.")
            return state["packets"] > 0

        cls.installation.wait_for(is_capturing, SEEN_WITHIN_S, "packets are captured")

    def curl(self, *arguments: str, expect: int = 0) -> None:
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", *arguments], env=clean_environment(), timeout=180,
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


if __name__ == "__main__":
    serve(sys.argv[2])
