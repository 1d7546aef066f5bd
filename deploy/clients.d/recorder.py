"""Stands between a real client and a real agent, and keeps what the client sends, byte for byte."""

import gzip
import http.client
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OF_THE_CONNECTION = ("host", "content-length", "connection", "transfer-encoding", "accept-encoding")


@dataclass
class Recorded:
    path: str
    headers: dict[str, str]
    body: bytes  # As it was before it was compressed.
    encoding: str | None = None  # By which it was compressed.


class Recorder:
    """Use as a context; its `url` is what the client takes for the agent."""

    def __init__(self, agent_port: int):
        self.agent_port = agent_port
        self.posts: list[Recorded] = []

    def __enter__(self) -> "Recorder":
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in OF_THE_CONNECTION}
                if self.command == "POST":
                    plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
                    kept = {name: value for name, value in headers.items() if name != "content-encoding"}
                    recorder.posts.append(Recorded(self.path, kept, plain, headers.get("content-encoding")))
                connection = http.client.HTTPConnection("127.0.0.1", recorder.agent_port, timeout=30)
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in OF_THE_CONNECTION:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = pass_on

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()
