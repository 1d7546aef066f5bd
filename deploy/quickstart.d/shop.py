"""One host of a small web shop: the application whose calls to partners Farwatch watches.

It takes orders from its own customers, and for each one charges a card, posts a chat message and sometimes opens a
support ticket, over real HTTP through this host's own way out (`egress.py`). It knows nothing of Farwatch: the official
OpenTelemetry SDK, set up by the usual OTEL_* variables, sends its spans to the agent. With `--without-sdk` nothing
does, and the agent sees its calls on the wire or not at all.

Beside that it writes down each call as it saw it (`truth.py`), so that what Farwatch stored can be held against it.
"""

import argparse
import hashlib
import hmac
import logging
import random
import threading

import flask
import requests
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from werkzeug.serving import make_server

import serving
from truth import TruthWriter

TIMEOUT_S = 5
STRIPE, ZENDESK, SLACK = "http://api.stripe.com", "http://acme.zendesk.com", "http://slack.com"


class Partners:
    """The shop's calls to its three partners. A failed call is written down and survived, as a shop should."""

    def __init__(self, egress: str, truth: TruthWriter, has_sdk: bool):
        self.session = requests.Session()
        self.session.trust_env = False  # The proxy of whoever runs this is none of the shop's.
        self.session.proxies = {"http": egress}
        self.truth = truth
        self.span = threading.local()
        if has_sdk:
            # The hook runs inside the span of the call: the only place where its ids are to be had.
            RequestsInstrumentor().instrument(request_hook=lambda span, _: self._remember(span))

    def charge(self, order: dict) -> str | None:
        answer = self._call("stripe", "POST", f"{STRIPE}/v1/charges", data={**order, "source": "tok_visa"})
        return answer["id"] if answer else None

    def charge_details(self, charge: str) -> None:
        self._call("stripe", "GET", f"{STRIPE}/v1/charges/{charge}")

    def open_ticket(self, subject: str) -> int | None:
        ticket = {"ticket": {"subject": subject, "comment": {"body": "Opened by the shop."}}}
        answer = self._call("zendesk", "POST", f"{ZENDESK}/api/v2/tickets", json=ticket)
        return answer["ticket"]["id"] if answer else None

    def ticket_details(self, ticket: int) -> None:
        self._call("zendesk", "GET", f"{ZENDESK}/api/v2/tickets/{ticket}")

    def tell(self, text: str) -> None:
        self._call("slack", "POST", f"{SLACK}/api/chat.postMessage", json={"channel": "C01SHOP", "text": text})

    def _remember(self, span: trace.Span) -> None:
        self.span.context = span.get_span_context()

    def _call(self, partner: str, method: str, url: str, **arguments) -> dict | None:
        call = self.truth.started(direction="outbound", partner=partner, method=method, url=url)
        try:
            answer = self.session.request(method, url, timeout=TIMEOUT_S, **arguments)
        except requests.RequestException as error:
            self.truth.ended(call, self._context, error=type(error).__name__)
            return None
        self.truth.ended(call, self._context, status=answer.status_code)
        return answer.json() if answer.ok else None

    @property
    def _context(self) -> trace.SpanContext:
        return getattr(self.span, "context", trace.INVALID_SPAN_CONTEXT)


def signature_is_valid(header: str, body: bytes, secret: str) -> bool:
    """Stripe's scheme: `t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    expected = hmac.new(secret.encode(), parts.get("t", "").encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts.get("v1", ""))


def make_app(partners: Partners, truth: TruthWriter, secret: str, seed: int) -> flask.Flask:
    app = flask.Flask("shop")
    choose = random.Random(seed)

    @app.get("/products")
    def products():  # The shop's own traffic: no partner has part in it, so it must not leave the host.
        return {"products": [{"sku": "SKU-1001", "price": 1999}, {"sku": "SKU-1002", "price": 4900}]}

    @app.post("/orders")
    def take_order():
        charge = partners.charge({"amount": choose.randint(500, 90_000), "currency": "eur"})
        if charge and choose.random() < 0.2:
            partners.charge_details(charge)
        partners.tell(f"Order paid: {charge}" if charge else "Order not paid")
        return {"paid": charge is not None}

    @app.post("/questions")
    def take_question():
        ticket = partners.open_ticket("Where is my order?")
        if ticket and choose.random() < 0.3:
            partners.ticket_details(ticket)
        return {"ticket": ticket}

    @app.post("/webhooks/stripe")
    def stripe_webhook():
        request = flask.request
        call = truth.started(direction="inbound", partner="stripe", method="POST", url=request.base_url)
        valid = signature_is_valid(request.headers.get("Stripe-Signature", ""), request.get_data(), secret)
        status = 200 if valid else 400
        truth.ended(call, trace.get_current_span().get_span_context(), status=status)
        return {"received": valid}, status

    return app


def start_sdk() -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--truth", required=True, help="file to write each call to")
    options.add_argument("--egress", required=True, help="address of this host's way out")
    options.add_argument("--webhook-secret", required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--without-sdk", metavar="HOST", help="not instrumented; the name of this host")
    arguments = options.parse_args()

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    provider = None if arguments.without_sdk else start_sdk()
    truth = TruthWriter(arguments.truth, host=arguments.without_sdk or provider.resource.attributes["host.name"])
    partners = Partners(arguments.egress, truth, has_sdk=provider is not None)
    app = make_app(partners, truth, arguments.webhook_secret, arguments.seed)
    if provider:
        FlaskInstrumentor().instrument_app(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    serving.report_port(server.server_port)
    serving.serve_until_told(server.serve_forever, server.shutdown)
    if provider:
        provider.shutdown()  # Sends what is still waiting.
    truth.close()


if __name__ == "__main__":
    main()
