"""Stands in for whoever is woken at night: takes Farwatch's webhooks, checks their signature, and writes down when each came."""

import argparse
import base64
import hashlib
import hmac
import json
import threading
from http.server import ThreadingHTTPServer

from serving import Handler, report_port, serve_until_told
from truth import now


class Pager(Handler):
    secret: bytes
    file = None
    lock = threading.Lock()

    def do_POST(self) -> None:
        received_at, body = now(), self.body()
        genuine = self._is_genuine(body)
        with self.lock:
            self.file.write(json.dumps({"received_at": received_at, "genuine": genuine, "message": json.loads(body)}) + "\n")
            self.file.flush()
        self.answer(200 if genuine else 401, {"taken": genuine})

    def _is_genuine(self, body: bytes) -> bool:
        """Standard Webhooks: HMAC-SHA256 over id, time and body, under the secret behind `whsec_`."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest()).decode()
        return wanted in (self.headers["webhook-signature"] or "").split(" ")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--file", required=True, help="where to write what came")
    options.add_argument("--secret", required=True, help="whsec_…")
    arguments = options.parse_args()
    Pager.secret = base64.b64decode(arguments.secret.removeprefix("whsec_"))
    Pager.file = open(arguments.file, "w", encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pager)
    report_port(server.server_address[1])
    serve_until_told(server.serve_forever, server.shutdown)


if __name__ == "__main__":
    main()
