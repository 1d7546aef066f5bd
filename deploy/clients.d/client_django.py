"""A small Django application with moesifdjango. Arguments: the agent's URL, the stand-in's URL."""

import json
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
import requests
from django.conf import settings
from django.http import JsonResponse
from django.urls import path
from told import remember, remembered

agent, partner = sys.argv[1:3]
PLAIN = requests.Session()

settings.configure(
    DEBUG=False,
    SECRET_KEY="for this run alone",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    MIDDLEWARE=["moesifdjango.middleware.moesif_middleware"],
    MOESIF_MIDDLEWARE={
        "APPLICATION_ID": "any-application-id",
        "BASE_URI": agent,
        "LOG_BODY": True,
        "CAPTURE_OUTGOING_REQUESTS": True,
        "IDENTIFY_COMPANY": lambda request, response: request.headers.get("x-company"),
        "IDENTIFY_COMPANY_OUTGOING": lambda request, response: "acme",
        "IDENTIFY_USER": lambda request, response: "ann@acme.example",
        "MASK_EVENT_MODEL": remember,
    },
)
django.setup()


seen = {}


def order(request, status):
    seen[request.path] = {name.lower(): value for name, value in request.headers.items()}
    charged = requests.post(f"{partner}/status/{status}", json={"amount": 7}, timeout=60)
    return JsonResponse({"charged": charged.status_code}, status=201, headers={"X-Answered-By": "shop 2"})


def page(request):
    return JsonResponse({"page": "somebody's"})


urlpatterns = [path("orders/<int:status>", order), path("account/ann", page)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


from django.core.wsgi import get_wsgi_application  # noqa: E402

server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
url = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()
truth = []
for where, company, body in [("/orders/200", "acme", {"sku": "a"}), ("/orders/503", "umbrella", {"sku": "b"}), ("/account/ann", "acme", {})]:
    answer = PLAIN.post(url + where, headers={"X-Company": company}, json=body, timeout=60)
    one = {"url": url + where, "status": answer.status_code, "body": body, "answer": answer.text, "headers": seen.get(where)}
    truth.append(one | {"answer_headers": {name.lower(): value for name, value in answer.headers.items()}})
time.sleep(12)  # The middleware sends every few seconds, and nothing tells when it has.
print(json.dumps({"url": url, "inbound": truth, "events": remembered(), "added_below": ["date", "server", "content-length"]}))
sys.stdout.flush()
server.shutdown()
