"""The way out of one host: a small forward HTTP proxy. Stopping it takes the host's network away.

It takes absolute-form requests (RFC 9112 section 3.2.2), as any client with a proxy sends them, and hands each to the
local stand-in for the host named in it. So the shop calls `http://api.stripe.com/...` and nothing leaves this machine.
"""

import argparse
import fnmatch
import http.client
from http.server import ThreadingHTTPServer
from urllib.parse import urlsplit

import serving

TIMEOUT_S = 10
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}


class Egress(serving.Handler):
    routes: list[tuple[str, str]] = []  # (pattern of the host's name, address of its stand-in)

    def forward(self) -> None:
        target = urlsplit(self.path)
        address = next((to for name, to in self.routes if fnmatch.fnmatch(target.hostname or "", name)), None)
        body = self.body()
        if address is None:
            self.answer(502, {"error": f"no way to {target.hostname}"})
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        path = target.path + (f"?{target.query}" if target.query else "")
        upstream = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
        try:
            upstream.request(self.command, path, body or None, headers)
            answer = upstream.getresponse()
            payload = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.answer(504 if isinstance(error, TimeoutError) else 502, {"error": str(error)})
            return
        finally:
            upstream.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--route", action="append", required=True, metavar="NAME=ADDRESS")
    arguments = options.parse_args()

    Egress.routes = [tuple(route.split("=", 1)) for route in arguments.route]
    server = ThreadingHTTPServer(("127.0.0.1", arguments.port), Egress)
    server.daemon_threads = True
    serving.report_port(server.server_port)
    serving.serve_until_told(server.serve_forever, server.shutdown)


if __name__ == "__main__":
    main()
