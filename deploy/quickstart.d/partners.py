"""Local stand-ins for three partners, shaped like the real APIs: one process each, on a loopback port.

`PUT /control {"failing_ratio": 0.35}` makes a stand-in answer 503 to that share of its requests, and
`{"webhooks": {"to": [URL, ...], "secret": "..."}}` subscribes to its events. Besides, each refuses a few requests for
good reasons of its own, as real partners do all day: none of that is an outage.
"""

import argparse
import hashlib
import hmac
import json
import queue
import random
import threading
import time
import urllib.request
from http.server import ThreadingHTTPServer

import serving

WAITING_WEBHOOKS_MAX = 1_000
HICCUP_RATIO = 0.002  # A 500 now and then: part of anybody's normal day.


class Partner(serving.Handler):
    """What the three have in common: latency, hiccups, and failing on request."""

    typical_latency_s = 0.05
    choose = random.Random(1)
    failing_ratio = 0.0
    webhooks: "Webhooks | None" = None

    def handle_request(self) -> None:
        body = self.body()
        if self.path == "/control":
            self.control(json.loads(body))
            self.answer(200, {})
            return
        time.sleep(self.typical_latency_s * self.choose.lognormvariate(0, 0.35))
        draw = self.choose.random()
        if draw < self.failing_ratio:
            self.answer(503, {"error": {"type": "api_error", "message": "Service temporarily unavailable."}})
        elif draw > 1 - HICCUP_RATIO:
            self.answer(500, {"error": {"type": "api_error", "message": "An unexpected error occurred."}})
        else:
            self.serve(body)

    do_GET = do_POST = do_PUT = handle_request

    def control(self, wish: dict) -> None:
        stand_in = type(self)
        stand_in.failing_ratio = wish.get("failing_ratio", self.failing_ratio)
        if "webhooks" in wish:
            stand_in.webhooks = Webhooks(wish["webhooks"]["to"], wish["webhooks"]["secret"])

    def serve(self, body: bytes) -> None:
        """Answers one request that neither fails nor hiccups."""
        raise NotImplementedError

    def token(self, prefix: str) -> str:
        return f"{prefix}_{self.choose.getrandbits(96):024x}"


class Stripe(Partner):
    """Charges; declines 2 in 100 cards; tells of every second charge by webhook."""

    typical_latency_s = 0.08

    def serve(self, body: bytes) -> None:
        request_id = {"Request-Id": self.token("req")}
        if self.command == "GET":
            charge = {"id": self.path.rpartition("/")[2], "object": "charge", "status": "succeeded"}
            self.answer(200, charge, request_id)
        elif self.choose.random() < 0.02:
            error = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
            self.answer(402, {"error": error}, request_id)
        else:
            charge = {"id": self.token("ch"), "object": "charge", "status": "succeeded"}
            self.answer(200, charge, request_id)
            if self.webhooks and self.choose.random() < 0.5:
                self.webhooks.send({"id": self.token("evt"), "type": "charge.succeeded", "data": {"object": charge}})


class Zendesk(Partner):
    """Tickets; refuses 1 in 100 as incomplete."""

    typical_latency_s = 0.06

    def serve(self, body: bytes) -> None:
        if self.command == "GET":
            self.answer(200, {"ticket": {"id": int(self.path.rpartition("/")[2]), "status": "open"}})
        elif self.choose.random() < 0.01:
            self.answer(422, {"error": "RecordInvalid", "description": "Record validation errors"})
        else:
            self.answer(201, {"ticket": {"id": self.choose.randint(1, 999_999), "status": "new"}})


class Slack(Partner):
    """Messages; its errors come inside answers of status 200, as Slack's do."""

    typical_latency_s = 0.04

    def serve(self, body: bytes) -> None:
        if self.choose.random() < 0.01:
            self.answer(200, {"ok": False, "error": "channel_not_found"})
        else:
            self.answer(200, {"ok": True, "ts": f"{time.time():.6f}"})


class Webhooks:
    """Sends Stripe's events, signed, to each of the shop's endpoints in turn; what cannot be delivered is let go."""

    def __init__(self, endpoints: list[str], secret: str):
        self.endpoints = endpoints
        self.secret = secret.encode()
        self.waiting: queue.Queue[dict] = queue.Queue(WAITING_WEBHOOKS_MAX)
        threading.Thread(target=self._deliver, daemon=True).start()

    def send(self, event: dict) -> None:
        try:
            self.waiting.put_nowait(event)
        except queue.Full:
            pass

    def _deliver(self) -> None:
        sent = 0
        while True:
            body = json.dumps(self.waiting.get()).encode()
            seconds = str(int(time.time())).encode()
            signature = hmac.new(self.secret, seconds + b"." + body, hashlib.sha256).hexdigest()
            headers = {"Content-Type": "application/json", "User-Agent": "Stripe/1.0"}
            headers["Stripe-Signature"] = f"t={seconds.decode()},v1={signature}"
            request = urllib.request.Request(self.endpoints[sent % len(self.endpoints)], body, headers)
            sent += 1
            try:
                urllib.request.urlopen(request, timeout=5).read()
            except OSError:
                continue


STAND_INS = {"stripe": Stripe, "zendesk": Zendesk, "slack": Slack}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("partner", choices=STAND_INS)
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()

    stand_in = STAND_INS[arguments.partner]
    stand_in.choose = random.Random(arguments.seed)
    server = ThreadingHTTPServer(("127.0.0.1", arguments.port), stand_in)
    server.daemon_threads = True
    serving.report_port(server.server_port)
    serving.serve_until_told(server.serve_forever, server.shutdown)


if __name__ == "__main__":
    main()
