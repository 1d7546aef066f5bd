"""Client certificates: at ingest they stand for a token, at the agent's gateway they stand beside it; what is wrong with their files is said."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

from authorities import Authority, run
from installation import Installation, as_ndjson, native_call, send
from system import clean_environment

AGENT = "agent-1.hosts.example"
HOME = "IP:127.0.0.1"


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="farwatch-certificates-")))
        cls.folder.chmod(0o755)
        cls.authority = Authority(cls.folder, "agents")
        cls.servers = Authority(cls.folder, "servers")
        cls.server = cls.servers.issue("server", "aggregator", HOME)
        cls.mine = cls.authority.issue("mine", "nobody-reads-this", f"DNS:{AGENT.title()},DNS:other.example")
        os.environ["SSL_CERT_FILE"] = str(cls.servers.certificate)  # For whoever asks the API here.
        cls.addClassCleanup(os.environ.pop, "SSL_CERT_FILE")
        cls.installation = Installation()
        cls.addClassCleanup(cls.installation.close)
        cls.settle()
        cls.installation.start_aggregator()
        cls.installation.start_agent()  # Without a token.
        cls.admin = cls.installation.command("farwatch-aggregator", "token", "create", "--scope", "admin", "--name", "a").split()[-1]
        cls.token = cls.installation.command("farwatch-aggregator", "token", "create", "--name", "agents").split()[-1]
        cls.installation.await_token(cls.token)

    @classmethod
    def settle(cls):
        installation, ports = cls.installation, cls.installation.ports
        cls.aggregator, cls.agent = installation.state / "aggregator.yaml", installation.state / "agent.yaml"
        tls = f"\ntls: {{certificate: {cls.server.certificate}, key: {cls.server.key}}}\n"
        cls.plain = cls.aggregator.read_text() + tls
        cls.listen = f"listen: 127.0.0.1:{ports.ingest}"
        cls.use_certificates('names: ["*.hosts.example", bare-*]')
        text = cls.agent.read_text().replace(f"  token: file:{installation.state}/agent.token\n", "")
        to = f"""endpoints: ["https://127.0.0.1:{ports.ingest}"]
  tls: {{ca: {cls.servers.certificate}, certificate: {cls.mine.certificate}, key: {cls.mine.key}}}"""
        text = text.replace(f'endpoints: ["http://127.0.0.1:{ports.ingest}"]', to).replace("name: quickstart", f"name: {AGENT}")
        cls.agent.write_text(text)
        installation.api.address = f"https://127.0.0.1:{ports.api}"

    @classmethod
    def use_certificates(cls, more: str):
        section = f"{cls.listen}\n  client_certificates: {{ca: {cls.authority.certificate}, {more}}}"
        cls.aggregator.write_text(cls.plain.replace(cls.listen, section))

    def reload(self, program: str = "farwatch-aggregator"):
        self.installation.programs.running[program].send_signal(signal.SIGHUP)

    def ask(self, pair=None, token: str = "", path: str = "/v1/catalogue", port: int = 0, agent: str = "") -> int:
        """Who shows this certificate and brings this token: what it is told. A failed handshake is raised."""
        context = ssl.create_default_context(cafile=str(self.servers.certificate))
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        connection = http.client.HTTPSConnection("127.0.0.1", port or self.installation.ports.ingest, timeout=20, context=context)
        try:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            connection.request("GET", path, headers=headers | ({"farwatch-agent": agent} if agent else {}))
            return connection.getresponse().status
        finally:
            connection.close()

    def assert_turned_away(self, pair=None, token: str = "", port: int = 0):
        """By the handshake: in TLS 1.3 the client hears of it with the first answer."""
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            self.ask(pair, token, port=port)

    def metric(self, name: str) -> float:
        headers = {"authorization": f"Bearer {self.admin}"}
        text = send(f"{self.installation.api.address}/metrics", None, "GET", **headers)[2].decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def send_call(self, name: str):
        calls = as_ndjson([native_call(0, id=name)])
        status, _, answer = send(f"{self.installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")
        self.assertEqual(status, 202, answer)

    def stored(self) -> set[str]:
        return {call["id"] for call in self.installation.api.calls(since="9999h")}

    def test_1_an_agent_delivers_by_its_certificate_alone(self):
        before = self.metric('farwatch_ingest_admitted_requests_total{by="certificate"}')
        self.send_call("by-certificate")
        self.installation.wait_for(lambda: "by-certificate" in self.stored(), 30, "the call is stored")
        self.assertGreater(self.metric('farwatch_ingest_admitted_requests_total{by="certificate"}'), before)
        (host,) = json.loads(send(f"{self.installation.api.address}/api/v1/hosts", None, "GET", authorization=f"Bearer {self.admin}")[2])["data"]
        self.assertTrue(host["agent"].startswith(f"{AGENT}-"), host)
        findings = json.loads(self.installation.command("farwatch-agent", "doctor", "--json"))["findings"]
        self.assertIn(("good", "aggregator"), {(one["level"], one["subject"]) for one in findings})

    def test_2_who_is_let_in_and_who_is_not(self):
        foreign = Authority(self.folder, "foreign").issue("impostor", AGENT, f"DNS:{AGENT}")
        issue = self.authority.issue
        self.assertEqual(self.ask(self.mine), 200)
        self.assertEqual(self.ask(issue("bare", "bare-7")), 200, "where there is no other name the common name counts")
        self.assertEqual(self.ask(issue("uri", AGENT, "URI:spiffe://fleet/agent")), 403, "where there is one it does not")
        self.assertEqual(self.ask(issue("outside", AGENT, "DNS:web.example")), 403, "of our authority, for something else")
        self.assertEqual(self.ask(issue("odd", "bare with blanks")), 401, "it names nobody")
        self.assert_turned_away(foreign)
        self.assert_turned_away(foreign, self.token)
        self.assert_turned_away(issue("expired", AGENT, f"DNS:{AGENT}", days=-1))
        self.assert_turned_away(issue("for-servers", AGENT, f"DNS:{AGENT}", use="serverAuth"))
        self.assertEqual(self.ask(issue("for-clients", AGENT, f"DNS:{AGENT}", use="clientAuth")), 200)
        self.assertEqual(self.ask(), 401)
        self.assertEqual(self.ask(token=self.token), 200, "tokens are good as before")
        self.assertEqual(self.ask(self.mine, "of-nobody-at-all"), 401, "who brings a token is judged by it")
        refused = 'farwatch_ingest_refused_requests_total{reason="%s"}'
        self.assertGreaterEqual(self.metric(refused % "forbidden"), 2)
        self.assertGreaterEqual(self.metric(refused % "unauthorized"), 3)
        self.assertGreaterEqual(self.metric("farwatch_ingest_server_tls_handshakes_failed"), 3)

    def test_3_a_certificate_opens_nothing_else(self):
        for path in ("/api/v1/audit", "/api/v1/status"):
            self.assertEqual(self.ask(self.mine, path=path), 404, path)
        self.assertEqual(self.ask(self.mine, path="/api/v1/audit", port=self.installation.ports.api), 401)
        self.assertEqual(self.ask(self.mine, self.token, "/api/v1/audit", self.installation.ports.api), 403)

    def test_4_a_certificate_is_taken_back_and_given_again_without_a_restart(self):
        self.use_certificates(f'names: ["*.hosts.example", bare-*], refused: [{AGENT.upper()}]')
        self.reload()
        self.installation.wait_for(lambda: self.ask(self.mine) == 403, 20, "the certificate is refused")
        self.send_call("while-refused")
        log = self.installation.state / "logs" / "farwatch-agent.log"
        self.installation.wait_for(lambda: f"certificates of {AGENT} are refused" in log.read_text(), 30, "the agent's log says why")
        findings = json.loads(self.findings_of_the_agent())["findings"]
        (found,) = [one for one in findings if one["subject"] == "aggregator"]
        self.assertEqual((found["level"], "ingest.client_certificates" in found["remedy"]), ("bad", True), found)
        self.assertNotIn("while-refused", self.stored())
        self.use_certificates('names: ["*.hosts.example", bare-*]')
        self.reload()
        self.installation.wait_for(lambda: "while-refused" in self.stored(), 60, "nothing was lost")

    def findings_of_the_agent(self) -> str:
        command = [str(self.installation.bin / "farwatch-agent"), "doctor", "--json", "--config", str(self.agent)]
        return subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False).stdout

    def test_5_one_certificate_speaks_for_one_agent_where_that_is_wanted(self):
        self.use_certificates("own_agent_only: true")
        self.reload()
        self.installation.wait_for(lambda: self.ask(self.mine) == 403, 20, "who does not say who it is is refused")
        self.assertEqual(self.ask(self.mine, agent=f"{AGENT}-0a1b2c3d"), 200)
        self.assertEqual(self.ask(self.mine, agent="agent-2.hosts.example-0a1b2c3d"), 403)
        self.assertEqual(self.ask(self.mine, agent=f"{AGENT}.evil-0a1b2c3d"), 403)
        self.send_call("its-own")  # The agent's id begins with its host's name.
        self.installation.wait_for(lambda: "its-own" in self.stored(), 30, "the agent speaks for itself")
        findings = json.loads(self.installation.command("farwatch-agent", "doctor", "--json"))["findings"]
        self.assertIn(("good", "aggregator"), {(one["level"], one["subject"]) for one in findings}, "as does its doctor")

    def test_6_certificates_can_be_required(self):
        self.use_certificates("required: true")
        self.installation.stop("farwatch-aggregator")
        self.installation.start_aggregator()
        self.assert_turned_away(token=self.token)
        self.assertEqual(self.ask(self.mine), 200)
        self.send_call("required")
        self.installation.wait_for(lambda: "required" in self.stored(), 60, "the call is stored")
        self.assertEqual(self.ask(token=self.admin, path="/api/v1/audit", port=self.installation.ports.api), 200, "the API asks for none")
        doctor = self.installation.command("farwatch-aggregator", "doctor")
        self.assertIn("✓ agents may show a client certificate of any name instead of a token", doctor)

    def validate(self, program: str, text: str) -> str:
        file = self.folder / "checked.yaml"
        file.write_text(text)
        done = subprocess.run(
            [str(self.installation.bin / program), "validate", "--config", str(file)],
            env=clean_environment(), capture_output=True, text=True, timeout=30, check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
        return done.stderr

    def test_7_what_is_wrong_with_a_file_is_said_with_its_place(self):
        mine, server, authority = self.mine, self.server, self.authority.certificate
        encrypted, older = self.folder / "encrypted.key", self.folder / "older.key"
        run("pkcs8", "-topk8", "-in", mine.key, "-out", encrypted, "-passout", "pass:secret")
        run("ec", "-in", mine.key, "-aes128", "-out", older, "-passout", "pass:secret")
        empty = self.folder / "empty.pem"
        empty.write_text("nothing at all\n")
        # By the key that is wrong: certificate, key, and what is said.
        pairs = [
            ("certificate", self.folder / "missing.pem", mine.key, "missing.pem does not exist"),
            ("key", mine.certificate, self.folder / "missing.key", "missing.key does not exist"),
            ("certificate", empty, mine.key, "certificate"),
            ("key", mine.certificate, empty, "no private key could be read"),
            ("key", mine.certificate, encrypted, "the private key is encrypted"),
            ("key", mine.certificate, older, "the private key is encrypted"),
            ("certificate", mine.certificate, server.key, "the key is not the one of this certificate"),
        ]
        for wrong, certificate, key, words in pairs:
            files = f"  certificate: {certificate}\n  key: {key}\n"
            agent = f'forward:\n  endpoints: ["https://127.0.0.1:1"]\n  tls:\n{files.replace("  ", "    ")}'
            gateway = f"receive:\n  tls:\n{files.replace('  ', '    ')}"
            for program, text in (("farwatch-agent", agent), ("farwatch-agent", gateway), ("farwatch-aggregator", f"tls:\n{files}")):
                with self.subTest(program=program, wrong=wrong, words=words):
                    said = self.validate(program, text)
                    line = next(n for n, one in enumerate(text.splitlines(), 1) if one.strip().startswith(f"{wrong}:"))
                    self.assertIn(f"checked.yaml:{line}:", said)
                    self.assertIn(words, said)
        ingest = "ingest:\n  client_certificates:\n"
        tls = f"tls:\n  certificate: {server.certificate}\n  key: {server.key}\n"
        for text, words in (
            (f"{tls}{ingest}    ca: {self.folder}/missing.pem\n", "missing.pem does not exist"),
            (f"{tls}{ingest}    ca: {empty}\n", "certificate"),
            (f"{ingest}    ca: {authority}\n", "certificates need TLS"),
            (f"{tls}{ingest}    required: true\n", "`ca` is missing"),
            (f'{tls}{ingest}    ca: {authority}\n    names: ["*a*b*c*d*e*"]\n', "more than 4 stars"),
        ):
            with self.subTest(words=words):
                self.assertIn(words, self.validate("farwatch-aggregator", text))
        gateway = f"receive:\n  tls:\n    certificate: {server.certificate}\n    key: {server.key}\n    client_ca: {empty}\n"
        self.assertIn("checked.yaml:5:", self.validate("farwatch-agent", gateway))

    def test_8_the_doctor_warns_before_a_certificate_ends(self):
        soon = self.authority.issue("soon", AGENT, f"DNS:{AGENT}", days=3)
        over = self.authority.issue("over", AGENT, f"DNS:{AGENT}", days=-1)
        agent, aggregator = self.agent.read_text(), self.aggregator.read_text()
        self.addCleanup(self.agent.write_text, agent)
        self.addCleanup(self.aggregator.write_text, aggregator)
        for pair, level in ((soon, "warning"), (over, "bad")):
            self.agent.write_text(agent.replace(str(self.mine.certificate), str(pair.certificate)).replace(str(self.mine.key), str(pair.key)))
            findings = json.loads(self.findings_of_the_agent())["findings"]
            (found,) = [one for one in findings if str(pair.certificate) in one["detail"]]
            self.assertEqual((found["level"], "expire" in found["detail"], "reload" in found["remedy"]), (level, True, True), found)
        text = aggregator.replace(str(self.server.certificate), str(soon.certificate)).replace(str(self.server.key), str(soon.key))
        self.aggregator.write_text(text)
        self.assertRegex(self.installation.command("farwatch-aggregator", "doctor"), f"! {soon.certificate} expires in .*\n    → put a renewed")

    def test_9_a_gateway_may_want_a_certificate_of_its_senders(self):
        gateway = Installation()
        self.addCleanup(gateway.close)
        file = gateway.state / "agent.yaml"
        listen = f"listen: 127.0.0.1:{gateway.ports.receivers}"
        tls = f"""tls:
    certificate: {self.server.certificate}
    key: {self.server.key}
    client_ca: {self.authority.certificate}
  tokens: {{functions: 0123456789abcdef0123456789abcdef}}"""
        text = file.read_text().replace(f"  token: file:{gateway.state}/agent.token\n", "")
        file.write_text(text.replace(listen, f"{listen}\n  {tls}"))
        gateway.start_agent()
        port, token = gateway.ports.receivers, "0123456789abcdef0123456789abcdef"
        self.assertEqual(self.ask(self.mine, token, "/v1/config", port), 200)
        self.assertEqual(self.ask(self.mine, "", "/v1/config", port), 401, "a certificate stands beside the token, not for it")
        self.assert_turned_away(token=token, port=port)
        impostor = Authority(self.folder, "others").issue("sender", "sender")
        self.assert_turned_away(impostor, token, port)
        health = f"http://127.0.0.1:{gateway.ports.health}/metrics"
        text = send(health, None, "GET")[2].decode()
        (line,) = [line for line in text.splitlines() if line.startswith("farwatch_receiver_server_tls_handshakes_failed")]
        self.assertGreaterEqual(float(line.split()[-1]), 2)


if __name__ == "__main__":
    unittest.main()
