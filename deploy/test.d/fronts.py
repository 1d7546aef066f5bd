"""nginx in front of an aggregator's ingest, as a load balancer stands there: it writes down every request, and fails on demand."""

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from installation import settings

CONFIGURATION = """
daemon off;
master_process off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    log_format tried '$msec $request_time $connection $uri $http_farwatch_agent $http_farwatch_sequence $status';
    access_log {folder}/access.log tried;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    client_max_body_size 64m;
    upstream ingest {{ server 127.0.0.1:{ingest}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port} http2;
        keepalive_requests {requests_per_connection};
        error_page 503 @busy;
        if (-f {folder}/busy) {{ return 503; }}
        if (-f {folder}/broken) {{ return 500; }}
        location @busy {{ add_header Retry-After {retry_after} always; return 503; }}
        location / {{
            proxy_pass http://ingest;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""
READY_WITHIN_S = 120


@dataclass
class Tried:
    """One request as it was answered; times in seconds since 1970."""

    began: float
    ended: float
    connection: int
    path: str
    agent: str
    sequence: int | None
    status: int


class Front:
    """Speaks HTTP/2 to agents; ends a connection with GOAWAY after so many requests. `Retry-After` goes with what `busy` refuses."""

    def __init__(self, folder: Path, ingest: int, requests_per_connection: int = 100_000, retry_after: int = 3):
        folder.mkdir(parents=True)
        self.folder, self.port = folder, settings.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = folder / "nginx.conf"
        self._settings.write_text(CONFIGURATION.format(
            folder=folder, port=self.port, ingest=ingest, requests_per_connection=requests_per_connection,
            retry_after=retry_after))  # fmt: skip
        self._log = folder / "access.log"
        self.start()

    def start(self) -> None:
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin")
        assert program, "these tests need nginx (Debian: nginx-light)"
        command = [program, "-c", self._settings, "-p", self.folder, "-e", self.folder / "error.log"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AssertionError(f"nginx does not start: {(self.folder / 'error.log').read_text()}") from None
                time.sleep(0.05)

    def kill(self) -> None:
        """As a machine dies: nobody is told."""
        self._process.kill()
        self._process.wait()

    def fail(self, how: str, is_failing: bool = True) -> None:
        """`busy`: 503 with `Retry-After`; `broken`: 500."""
        (self.folder / how).touch() if is_failing else (self.folder / how).unlink()

    def tried(self, path: str, agent: str = "") -> list[Tried]:
        """The requests for a path in the order of their answers; of one agent, where its id begins so."""
        found = []
        for line in self._log.read_text().splitlines():
            ended, took, connection, what, who, sequence, status = line.split(" ")
            if what == path and who.startswith(agent):
                number = int(sequence) if sequence.isdigit() else None
                found.append(Tried(float(ended) - float(took), float(ended), int(connection), what, who, number, int(status)))
        return found

    def batches(self, agent: str = "") -> list[Tried]:
        return self.tried("/v1/batches", agent)
