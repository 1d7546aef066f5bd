"""An aggregator of an earlier release, as far as an agent sees it: what that release really answered, told again.

Recorded by `deploy/test-upgrade --record` (`answers.json` of a recording). nginx stands before it, since agents speak HTTP/2.
"""

import base64
import json
import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from installation import send

UNKNOWN_VERSION = 99
FRONT = """
daemon off;
master_process off;
user root;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_max_body_size 64m;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port} http2;
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""


def version_of(batch: bytes) -> int:
    """The first field of batch.proto; a batch begins with it."""
    assert batch[0] == 0x08 and batch[1] < 0x80, batch[:2]
    return batch[1]


def record(ingest: str, token: str, told: dict, batch: bytes) -> dict:
    """Asks an aggregator what an agent asks, and what only an agent of a later release would."""
    known = {
        "authorization": f"Bearer {token}", "farwatch_agent": told["agent"], "farwatch_spool": told["spool"],
        "farwatch_sequence": str(told["sequence"]), "farwatch_floor": str(told["sequence"]),
        "content_type": "application/vnd.farwatch.batch",
    }  # fmt: skip
    later = bytes([batch[0], UNKNOWN_VERSION]) + batch[2:]
    catalogue = send(f"{ingest}/v1/catalogue", None, "GET", **known)
    unchanged = send(f"{ingest}/v1/catalogue", None, "GET", **known, if_none_match=catalogue[1]["etag"])
    heartbeat = b'{"version":"99.0.0","host":"app-1","of_a_later_release":{"a":[1,2]}}'
    asked = {
        "batch": send(f"{ingest}/v1/batches", batch, **known),
        "batch_of_unknown_version": send(f"{ingest}/v1/batches", later, **known),
        "heartbeat": send(f"{ingest}/v1/heartbeat", heartbeat, **known),
        "catalogue": catalogue, "catalogue_unchanged": unchanged,
    }  # fmt: skip
    kept = ("content-type", "etag", "farwatch-versions", "retry-after")
    return {
        name: {
            "status": status, "headers": {name: headers[name] for name in kept if name in headers},
            "body": base64.b64encode(body).decode(),
        }
        for name, (status, headers, body) in asked.items()
    }  # fmt: skip


class RecordedAggregator:
    """Use as a context. `reads` are the versions of batches that it takes."""

    def __init__(self, folder: Path, port: int):
        self.answers = json.loads((folder / "answers.json").read_text())
        self.reads = self.told_versions
        self.batches: dict[tuple[str, str, str], bytes] = {}
        self.refused: set[int] = set()
        self.heartbeats: list[dict] = []
        self.port = port

    @property
    def told_versions(self) -> set[int]:
        """Those that the release said it reads."""
        told = self.answers["batch_of_unknown_version"]["headers"]["farwatch-versions"]
        return {int(version) for version in told.split(",")}

    def __enter__(self) -> "RecordedAggregator":
        recorded = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                told = recorded.answers[recorded.choose(self.path, self.headers, body)]
                content = base64.b64decode(told["body"])
                self.send_response(told["status"])
                for name, value in told["headers"].items():
                    self.send_header(name, value)
                if told["status"] not in (204, 304):
                    self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self._folder = tempfile.TemporaryDirectory(prefix="farwatch-recorded-")
        folder = Path(self._folder.name)
        text = FRONT.format(folder=folder, port=self.port, behind=self.server.server_address[1])
        (folder / "nginx.conf").write_text(text)
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin")
        assert program, "these tests need nginx (Debian: nginx-light)"
        self.front = subprocess.Popen([program, "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "error.log"])
        return self

    def __exit__(self, *_) -> None:
        self.front.kill()
        self.front.wait()
        self.server.shutdown()
        self.server.server_close()
        self._folder.cleanup()

    def choose(self, path: str, headers, body: bytes) -> str:
        if path == "/v1/batches":
            if version_of(body) not in self.reads:
                self.refused.add(version_of(body))
                return "batch_of_unknown_version"
            who = tuple(headers[f"farwatch-{name}"] for name in ("agent", "spool", "sequence"))
            assert self.batches.setdefault(who, body) == body, "what was sealed never changes"
            return "batch"
        if path == "/v1/heartbeat":
            self.heartbeats.append(json.loads(body))
            return "heartbeat"
        known = headers.get("if-none-match") == self.answers["catalogue"]["headers"]["etag"]
        return "catalogue_unchanged" if known else "catalogue"
