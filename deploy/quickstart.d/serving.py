"""What every program of the sample does alike: say which port it got, serve until told to stop, and talk in JSON."""

import json
import signal
import threading
from http.server import BaseHTTPRequestHandler


def report_port(port: int) -> None:
    """The first line of standard output: whoever started the program waits for it."""
    print(port, flush=True)


def wait_until_told() -> None:
    """Returns when SIGTERM or SIGINT arrives."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    told.wait()


def serve_until_told(serve, stop) -> None:
    """Runs `serve` until SIGTERM or SIGINT arrives, then `stop`."""
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    wait_until_told()
    stop()
    thread.join()


class Handler(BaseHTTPRequestHandler):
    """Keeps connections open, as real partners do, and keeps no access log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Head and body are written apart: the body must not wait for an acknowledgement.

    def log_message(self, *_) -> None:
        pass

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, document: dict, headers: dict[str, str] | None = None) -> None:
        payload = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)
