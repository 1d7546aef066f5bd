"""Receivers of notifications for tests: HTTP with any behaviour, and mail with STARTTLS and passwords."""

import json
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from settings import free_port


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self):
        return json.loads(self.body)


class HTTPReceiver:
    """Keeps what it gets, and answers as `answer` says: a function from what came to status, headers and body."""

    def __init__(self, answer=lambda got: (200, {}, b"ok"), tls: ssl.SSLContext | None = None):
        self.answer = answer
        self.got: list[Got] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("content-length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                got = Got(self.path, headers, self.rfile.read(length), self.command)
                receiver.got.append(got)
                status, headers, body = receiver.answer(got)
                try:
                    self.send_response(status)
                    for name, value in ({"content-length": str(len(body))} | headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # It had enough of us.

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # A client that does not trust our certificate hangs up: that is the test.

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def ids(self) -> list[str]:
        """Of a webhook's messages, in the order they came."""
        return [got.headers["webhook-id"] for got in self.got]


class MailReceiver:
    """Takes mail from the user `watch` with the password `secret`, by STARTTLS or by TLS from the first byte."""

    def __init__(self, tls: ssl.SSLContext, implicit: bool = False):
        self.mails: list = []
        self.envelopes: list = []
        receiver = self

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith("unknown@"):
                    return "550 5.1.1 no such user"
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, server, session, envelope):
                receiver.envelopes.append(envelope)
                receiver.mails.append(message_from_bytes(envelope.content, policy=policy.default))
                return "250 2.0.0 queued as 1"

        def authenticate(server, session, envelope, mechanism, data):
            is_right = data.login == b"watch" and data.password == b"secret"
            return AuthResult(success=is_right, handled=False)

        class TheController(Controller):
            def factory(self):
                options = {"authenticator": authenticate, "auth_required": True}
                if implicit:
                    return SMTP(self.handler, auth_require_tls=False, **options)
                return SMTP(self.handler, tls_context=tls, require_starttls=True, **options)

            def _trigger_server(self):
                # To see that it listens. Its own way would use the server's certificate as a client's.
                socket.create_connection((self.hostname, self.port), 60).close()

        self.port = free_port()
        context = tls if implicit else None
        self._controller = TheController(Handler(), hostname="127.0.0.1", port=self.port, ssl_context=context)
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()


def make_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Of 127.0.0.1, signed by itself; and a server's context with it."""
    certificate, key = folder / "receiver.pem", folder / "receiver.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=receiver",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    certificate.chmod(0o644)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context
