"""Not loopback: everything over TLS in a network of its own. An agent is a gateway for real clients that bring a token, the
aggregator shows its status to everybody and nothing else, and renewed certificates are taken without a restart."""

import ctypes
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from installation import HERE, Installation, native_call, send

ADDRESS = "192.0.2.10"  # RFC 5737: nobody's.
CLONE_NEWNET = 0x40000000
TOKEN = "0123456789abcdef0123456789abcdef"


def certificate(folder: Path, name: str) -> None:
    """Signed by itself, for the address; the key beside it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{ADDRESS},IP:127.0.0.1",
         "-keyout", str(folder / "tls.key.new"), "-out", str(folder / "tls.pem.new")],
        check=True, capture_output=True,
    )  # fmt: skip
    for file in ("tls.key", "tls.pem"):
        (folder / f"{file}.new").chmod(0o644)
        (folder / f"{file}.new").rename(folder / file)


def shown_certificate(port: int) -> bytes:
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((ADDRESS, port)))


@unittest.skipUnless(os.geteuid() == 0, "a network of its own needs root")
class Gateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # This process, and whatever it starts, leaves the machine's network.
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        for command in ("link set lo up", f"addr add {ADDRESS}/32 dev lo"):
            subprocess.run(["ip", *command.split()], check=True)
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="farwatch-gateway-")))
        cls.folder.chmod(0o755)
        certificate(cls.folder, "first")
        os.environ["SSL_CERT_FILE"] = str(cls.folder / "tls.pem")
        cls.addClassCleanup(os.environ.pop, "SSL_CERT_FILE")
        cls.installation = Installation()
        cls.addClassCleanup(cls.installation.close)
        cls.settle(cls.installation)
        cls.installation.__enter__()

    @classmethod
    def settle(cls, installation: Installation):
        ports = installation.ports
        tls = f"\ntls: {{certificate: {cls.folder}/tls.pem, key: {cls.folder}/tls.key}}\n"
        aggregator, agent = installation.state / "aggregator.yaml", installation.state / "agent.yaml"
        text = aggregator.read_text().replace(f"127.0.0.1:{ports.api}", f"{ADDRESS}:{ports.api}\n  public_status: true")
        aggregator.write_text(text.replace(f"127.0.0.1:{ports.ingest}", f"{ADDRESS}:{ports.ingest}") + tls)
        receive = f"{ADDRESS}:{ports.receivers}\n  tokens: {{functions: file:{cls.folder}/sender.token}}"
        receive += f"\n  tls: {{certificate: {cls.folder}/tls.pem, key: {cls.folder}/tls.key}}"
        text = agent.read_text().replace(f"127.0.0.1:{ports.receivers}", receive)
        text = text.replace(f'["http://127.0.0.1:{ports.ingest}"]', f'["https://{ADDRESS}:{ports.ingest}"]\n  tls: {{ca: {cls.folder}/tls.pem}}')
        agent.write_text(text)
        (cls.folder / "sender.token").write_text(TOKEN + "\n")
        installation.api.address = f"https://{ADDRESS}:{ports.api}"
        installation.receivers = f"https://{ADDRESS}:{ports.receivers}"

    def get(self, path: str, **headers):
        return send(self.installation.api.address + path, None, "GET", **headers)

    def client(self, name: str, *arguments: str, **environment: str):
        """A real client as its own process; it trusts the certificate as an operator would have it trust."""
        command = [sys.executable, "-B", str(HERE.parent / "clients.d" / name), self.installation.receivers, *arguments]
        trust = {"REQUESTS_CA_BUNDLE": f"{self.folder}/tls.pem", "SSL_CERT_FILE": f"{self.folder}/tls.pem"}
        trust["OTEL_EXPORTER_OTLP_CERTIFICATE"] = f"{self.folder}/tls.pem"
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=180, env={"PATH": os.environ["PATH"], **trust, **environment}
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def test_a_gateway_takes_what_real_clients_bring_with_a_token_and_nothing_without(self):
        one = json.dumps(native_call(1)).encode()
        for token, status in ((None, 401), ("Bearer nobody's-token-of-some-length", 401), (f"Bearer {TOKEN}", 202)):
            headers = {"authorization": token} if token else {}
            got = send(f"{self.installation.receivers}/v1/calls", one, content_type="application/json", **headers)[0]
            self.assertEqual(got, status, token)
        told = self.client("client_moesifapi.py", "https://api.stripe.com", MOESIF_APPLICATION_ID=TOKEN)
        self.assertEqual(len(told["events"]), 5)
        for encoding in ("protobuf", "json"):
            spans = self.client("client_otlp_unwell.py", encoding, "60", OTEL_EXPORTER_OTLP_HEADERS=f"authorization=Bearer%20{TOKEN}")
            self.assertEqual((spans["result"], spans["answers"]), ("SUCCESS", [{"status": 200, "retry_after": None}]))
        # Sent on, over TLS as well, and stored: 1 + 5 + 2.
        token = self.installation.command("farwatch-aggregator", "token", "create", "--scope", "read", "--name", "r").split()[-1]

        def stored() -> list[dict] | None:
            status, _, body = self.get("/api/v1/calls?limit=100&since=9999h", authorization=f"Bearer {token}")
            calls = json.loads(body)["data"] if status == 200 else []  # Tokens are read every two seconds.
            return calls if len(calls) >= 8 else None

        calls = self.installation.wait_for(stored, 30, "all are stored")
        self.assertEqual(sorted(call["source"] for call in calls), ["json"] + ["moesif"] * 5 + ["otlp"] * 2)
        self.assertEqual({call["partner"] for call in calls}, {"stripe"})
        self.nobody_sees_more_than_the_status()
        self.certificates_are_renewed()

    def nobody_sees_more_than_the_status(self):
        """Who comes from elsewhere without a token, where `api.public_status` is set."""
        self.installation.wait_for(lambda: self.get("/api/v1/partners/stripe")[0] == 200, 30, "the partner is shown")
        for path, status in (
            ("/api/v1/status", 200), ("/api/v1/partners", 200), ("/api/v1/partners/stripe", 200), ("/api/v2/summary.json", 200),
            ("/", 200), ("/partners/stripe", 200), ("/livez", 200), ("/readyz", 200), ("/openapi.json", 200),
            ("/api/v1/calls", 401), ("/api/v1/calls/stream", 401), ("/api/v1/hosts", 401), ("/api/v1/incidents", 401),
            ("/api/v1/volume", 401), ("/api/v1/explain?partner=stripe", 401), ("/api/v1/evidence", 401), ("/api/v1/catalogue", 401),
            ("/incidents", 401), ("/metrics", 401), ("/api/v1/audit", 401),
        ):  # fmt: skip
            got, headers, _ = self.get(path)
            self.assertEqual(got, status, path)
            self.assertEqual("www-authenticate" in headers, status == 401, path)
        self.assertEqual(send(f"{self.installation.api.address}/api/v1/silences", b"{}", content_type="application/json")[0], 401)

    def certificates_are_renewed(self):
        """By SIGHUP; what cannot be read changes nothing."""
        ports = {"farwatch-aggregator": self.installation.ports.api, "farwatch-agent": self.installation.ports.receivers}
        old = (self.folder / "tls.pem").read_text()
        (self.folder / "tls.pem").write_text("no certificate\n")
        for program in ports:
            self.installation.programs.running[program].send_signal(signal.SIGHUP)
        first = ssl.PEM_cert_to_DER_cert(old)
        for program in ports:
            self.installation.wait_for(self.log_has(program, "tls.pem: ", "certificate"), 20, f"{program} says what is wrong")
            self.installation.wait_for(self.log_has(program, "the new settings are not valid"), 20, f"{program} keeps the old")
        self.assertEqual([shown_certificate(port) for port in ports.values()], [first, first])
        certificate(self.folder, "second")
        second = ssl.PEM_cert_to_DER_cert((self.folder / "tls.pem").read_text())
        for program, port in ports.items():
            self.installation.programs.running[program].send_signal(signal.SIGHUP)
            self.installation.wait_for(lambda p=port: shown_certificate(p) == second, 20, f"{program} shows the new one")
        self.assertEqual(self.get("/livez")[0], 200)

    def log_has(self, program: str, *words: str):
        log = self.installation.state / "logs" / f"{program}.log"
        return lambda: any(all(word in line for word in words) for line in log.read_text().splitlines())


if __name__ == "__main__":
    unittest.main()
