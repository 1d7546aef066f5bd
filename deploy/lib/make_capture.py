#!/usr/bin/env python3
"""Writes a pcap of made HTTP/1.1 traffic: COUNT calls, ten on a connection, each with its acknowledgements.

usage: make_capture.py COUNT FILE
"""
import random
import struct
import sys

CALLS_PER_CONNECTION = 10
PATHS = ["/v1/charges", "/v1/customers/cus_{n}", "/api/v2/tickets/{n}.json?include=users", "/v1/payment_intents/pi_{n}/confirm"]
HOSTS = ["api.stripe.test", "acme.zendesk.test", "hooks.slack.test", "api.github.test"]
STATUSES = ["200 OK"] * 17 + ["201 Created", "404 Not Found", "503 Service Unavailable"]


def packet(out, clock, source, target, sequence, acknowledged, flags, payload=b""):
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, source[0], target[0])
    tcp = struct.pack(">HHIIBBHHH", source[1], target[1], sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
    frame = b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + ip + tcp + payload
    out.write(struct.pack("<IIII", clock // 1_000_000, clock % 1_000_000, len(frame), len(frame)) + frame)


def request(rng, n):
    body = b""
    method = "GET"
    if n % 3 == 0:
        method, body = "POST", b'{"amount":%d,"currency":"eur","description":"order %d"}' % (rng.randrange(100000), n)
    lines = [
        f"{method} {rng.choice(PATHS).format(n=n)} HTTP/1.1", f"Host: {rng.choice(HOSTS)}", "User-Agent: made/1.0 (+https://example.test)",
        "Accept: application/json", "Accept-Encoding: gzip, deflate, br", f"Authorization: Bearer sk_test_{rng.getrandbits(120):030x}",
        f"Idempotency-Key: {rng.getrandbits(128):032x}", "Connection: keep-alive",
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def response(rng, n):
    body = b'{"id":"obj_%d","object":"charge","livemode":false,"data":[%s]}' % (n, b",".join(b'{"k":%d}' % i for i in range(rng.randrange(40, 90))))
    lines = [
        f"HTTP/1.1 {rng.choice(STATUSES)}", "Server: nginx", "Date: Mon, 23 Nov 2026 19:34:00 GMT", "Content-Type: application/json",
        f"Content-Length: {len(body)}", "Connection: keep-alive", f"Request-Id: req_{rng.getrandbits(64):016x}",
        "Cache-Control: no-cache, no-store", "Strict-Transport-Security: max-age=63072000; includeSubDomains; preload",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def main():
    count, path = int(sys.argv[1]), sys.argv[2]
    rng = random.Random(7)
    clock = 1_790_000_000_000_000
    with open(path, "wb", buffering=1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        # Eight connections take turns, as they would on a host with some concurrency.
        lanes, n, connection = [None] * 8, 0, 0
        while n < count or any(lanes):
            lane = rng.randrange(8)
            state = lanes[lane]
            if state is None:
                if n >= count:
                    continue
                connection += 1
                client = (0x0A000001 + connection // 28000, 32768 + connection % 28000)
                server = (0xC6336400 + connection % 200, 80)
                state = lanes[lane] = [client, server, rng.getrandbits(32), rng.getrandbits(32), 0]
                packet(out, clock, client, server, state[2] - 1, 0, 2)
                packet(out, clock + 100, server, client, state[3] - 1, state[2], 0x12)
                packet(out, clock + 150, client, server, state[2], state[3], 0x10)
            client, server, up, down, done = state
            if done == CALLS_PER_CONNECTION or n >= count:
                packet(out, clock, client, server, up, down, 0x11)
                packet(out, clock + 50, server, client, down, up + 1, 0x11)
                packet(out, clock + 90, client, server, up + 1, down + 1, 0x10)
                lanes[lane] = None
            else:
                sent, answer = request(rng, n), response(rng, n)
                packet(out, clock, client, server, up, down, 0x18, sent)
                packet(out, clock + 40, server, client, down, up + len(sent), 0x10)
                packet(out, clock + 3000, server, client, down, up + len(sent), 0x18, answer)
                packet(out, clock + 3050, client, server, up + len(sent), down + len(answer), 0x10)
                state[2:] = [up + len(sent), down + len(answer), done + 1]
                n += 1
            clock += 400


main()
