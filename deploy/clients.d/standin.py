"""A partner on loopback for tests: it answers by the path it is asked for, and remembers what it was asked."""

import email.utils
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StandIn:
    """Use as a context. `/status/503` answers 503; `/drop` hangs up without an answer."""

    def __enter__(self) -> "StandIn":
        self.requests: list[dict] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                stand_in.requests.append({"method": self.command, "path": self.path, "body": body, "headers": headers, "at": time.time()})
                if self.path.startswith("/drop"):
                    self.close_connection = True
                    return
                status = int(self.path.split("/")[2].split("?")[0]) if self.path.startswith("/status/") else 200
                answer = json.dumps({"id": "ch_1", "status": status}).encode()
                self.send_response_only(status)
                answered = {"server": "stand-in", "date": email.utils.formatdate(usegmt=True), "content-type": "application/json", "content-length": str(len(answer)),
                            "request-id": f"req_{len(stand_in.requests)}"}  # fmt: skip
                for name, value in answered.items():
                    self.send_header(name, value)
                self.end_headers()
                stand_in.requests[-1]["answer_headers"] = answered
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()
