"""The agent's way out of a network that has one door: a proxy named by the environment; and two endpoints, of which one is gone."""

import base64
import json
import socket
import ssl
import subprocess
import threading
import unittest
from pathlib import Path

from installation import Installation, as_ndjson, clean_environment, native_call, send

NAMES = ("one.aggregators.example", "two.aggregators.example")
USER = "agent:s3cret"


class Door(threading.Thread):
    """A proxy that opens tunnels (RFC 9110, section 9.3.6) for one user, to whom it likes; and the far end of the tunnels, which
    takes TLS off and goes on to the aggregator of this machine."""

    def __init__(self, certificate: Path, key: Path, ingest: int):
        super().__init__(daemon=True)
        self.ingest = ingest
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked: list[str] = []
        self.closed: set[str] = set()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # Closed: the test is over.
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4_096)
            if not piece:
                return connection.close()
            head += piece
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        host = target.rpartition(":")[0]
        expected = b"proxy-authorization: basic " + base64.b64encode(USER.encode()).lower()
        if method != "CONNECT" or expected not in head.lower():
            return self.answer(connection, "407 Proxy Authentication Required")
        self.asked.append(host)
        if host in self.closed:
            return self.answer(connection, "502 Bad Gateway")
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            near = self.context.wrap_socket(connection, server_side=True)
            far = socket.create_connection(("127.0.0.1", self.ingest))
        except OSError:
            return connection.close()
        threading.Thread(target=self.carry, args=(far, near), daemon=True).start()
        self.carry(near, far)

    def answer(self, connection: socket.socket, status: str):
        connection.sendall(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
        connection.close()

    def carry(self, source: socket.socket, sink: socket.socket):
        try:
            while piece := source.recv(65_536):
                sink.sendall(piece)
        except OSError:
            pass  # One end is gone; so is the other then.
        for end in (source, sink):
            end.close()


class Forwarding(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation()
        state = cls.installation.state
        certificate, key = cls.certificate(state)
        cls.door = Door(certificate, key, cls.installation.ports.ingest)
        cls.door.start()
        cls.addClassCleanup(cls.door.listener.close)
        cls.installation.environment["HTTPS_PROXY"] = f"http://{USER}@127.0.0.1:{cls.door.port}"
        settings = (state / "agent.yaml").read_text()
        endpoints = ", ".join(f'"https://{name}:7443"' for name in NAMES)
        before = f'endpoints: ["http://127.0.0.1:{cls.installation.ports.ingest}"]'
        assert before in settings
        settings = settings.replace(before, f"endpoints: [{endpoints}]\n  tls:\n    ca: {certificate}")
        (state / "agent.yaml").write_text(settings)
        cls.enterClassContext(cls.installation)

    @staticmethod
    def certificate(folder: Path) -> tuple[Path, Path]:
        certificate, key = folder / "far.pem", folder / "far.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=aggregators.example", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in NAMES),
             "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        return certificate, key

    def send_and_await(self, name: str):
        url = f"{self.installation.receivers}/v1/calls"
        status, _, answer = send(url, as_ndjson([native_call(0, id=name)]), content_type="application/x-ndjson")
        self.assertEqual(status, 202, answer)
        self.installation.wait_for(lambda: name in {call["id"] for call in self.installation.api.calls()}, 60, f"{name} is stored")

    def test_calls_go_through_the_proxy_and_to_the_other_endpoint_when_one_is_gone(self):
        self.send_and_await("first")
        self.assertEqual(len(set(self.door.asked)), 1, "one endpoint is enough")
        mine = self.door.asked[0]
        self.assertIn(mine, NAMES)
        self.the_doctor_takes_the_same_way()
        self.door.closed.add(mine)
        # Its connection ends, as when the machine behind it goes.
        self.installation.stop("farwatch-agent")
        self.installation.start_agent()
        self.send_and_await("second")
        self.assertEqual(self.door.asked[-1], next(name for name in NAMES if name != mine))
        log = (self.installation.state / "logs" / "farwatch-agent.log").read_text()
        self.assertNotIn("s3cret", log)


    def the_doctor_takes_the_same_way(self):
        """And, as the agent would, another where NO_PROXY says so: there nobody knows these names."""
        levels = {}
        for name, more in (("proxy", {}), ("none", {"NO_PROXY": ".aggregators.example"})):
            command = [str(self.installation.bin / "farwatch-agent"), "doctor", "--json", "--config", str(self.installation.state / "agent.yaml")]
            surroundings = clean_environment() | self.installation.environment | more
            done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=120, check=False)
            levels[name] = [one["level"] for one in json.loads(done.stdout)["findings"] if one["subject"] == "aggregator"]
            self.assertNotIn("s3cret", done.stdout + done.stderr)
        self.assertEqual(levels, {"proxy": ["good", "good"], "none": ["bad", "bad"]})
        self.assertEqual(set(self.door.asked), set(NAMES))
        self.door.asked.clear()


if __name__ == "__main__":
    unittest.main()
