"""A small WSGI application with moesifwsgi: it takes webhooks and calls of customers, and calls a partner itself.

Arguments: the agent's URL, the stand-in's URL. Prints what was really asked and answered."""

import json
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

import requests
from moesifwsgi import MoesifMiddleware
from told import remember, remembered

agent, partner = sys.argv[1:3]
PLAIN = requests.Session()  # Before the middleware takes over `requests`: what a customer's own program would use.


seen = {}


def application(environ, start_response):
    path = environ["PATH_INFO"]
    headers = {name.removeprefix("HTTP_").replace("_", "-").lower(): value for name, value in environ.items()
               if name.startswith("HTTP_") or name.startswith("CONTENT_")}  # fmt: skip
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if path == "/hooks/stripe":
        status, answer = "200 OK", b'{"received":true}'
    elif path.startswith("/orders/"):
        # Asks the partner on behalf of a customer.
        charged = requests.post(f"{partner}/status/{path.rsplit('/', 1)[1]}", json={"amount": 7}, timeout=60)
        status, answer = "201 Created", json.dumps({"charged": charged.status_code}).encode()
    else:
        status, answer = "200 OK", b"<html>somebody's page</html>"
    seen[path] = headers
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(answer))), ("X-Answered-By", "shop 2")])
    return [answer]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


wrapped = MoesifMiddleware(
    application,
    {
        "APPLICATION_ID": "any-application-id",
        "BASE_URI": agent,
        "CAPTURE_OUTGOING_REQUESTS": True,
        "EVENT_BATCH_TIMEOUT": 1,
        "IDENTIFY_COMPANY": lambda app, environ, headers=None: environ.get("HTTP_X_COMPANY"),
        "IDENTIFY_COMPANY_OUTGOING": lambda request, response: "acme",
        "IDENTIFY_USER": lambda app, environ, headers=None: "ann@acme.example",
        "MASK_EVENT_MODEL": remember,
    },
)
server = make_server("127.0.0.1", 0, wrapped, handler_class=Quiet)
url = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()

truth = []
for path, headers, body in [
    ("/hooks/stripe", {"Stripe-Signature": "t=1,v1=0f"}, {"type": "charge.failed"}),
    ("/orders/200", {"X-Company": "acme"}, {"sku": "a"}),
    ("/orders/503", {"X-Company": "umbrella"}, {"sku": "b"}),
    ("/account/ann", {"Cookie": "session=1"}, None),
]:
    answer = PLAIN.post(url + path, headers=headers, json=body, timeout=60)
    one = {"url": url + path, "status": answer.status_code, "body": body, "answer": answer.text, "headers": seen[path]}
    truth.append(one | {"answer_headers": {name.lower(): value for name, value in answer.headers.items()}})
time.sleep(8)  # The middleware sends every second, and nothing tells when it has.
print(json.dumps({"url": url, "inbound": truth, "events": remembered(), "added_below": ["date", "server"]}))
sys.stdout.flush()
server.shutdown()
