"""What the agent costs its host while it reads a steady rate of calls from the packets of the loopback interface.

Clear HTTP/1.1 over twenty kept connections, answers of a kilobyte, all of them a partner's: parsed, named, redacted,
spooled and sent to an aggregator that runs beside it. Client and server are processes of their own and are not counted. As root,
because packets need it.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmark import cpu_seconds, metric, resident_mib
from installation import Installation

CONNECTIONS = 20
SETTLE_S = 4
HEAD = (
    "POST /v1/charges/{number} HTTP/1.1\r\nhost: api.stripe.com\r\n"
    "content-type: application/json\r\ncontent-length: 27\r\n\r\n"
)
SENT = b'{"amount":99,"coin":"euro"}'
BODY = json.dumps({"id": "ch_1", "object": "charge", "notes": ["paid"] * 120}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Server(asyncio.Protocol):
    """Answers each request, which comes in one piece."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, _):
        self.transport.write(ANSWER)


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def call(port: int, rate: float, count: int) -> None:
    """`count` calls, each on the next connection, so many a second."""
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    began = time.monotonic()

    async def calls_of(lane: int) -> None:
        reader, writer = streams[lane]
        for number in range(lane, count, CONNECTIONS):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            writer.write(HEAD.format(number=number).encode() + SENT)
            await reader.readexactly(len(ANSWER))

    await asyncio.gather(*(calls_of(lane) for lane in range(CONNECTIONS)))


def rings_mib(process_id: int) -> float:
    """What of the resident memory are the rings that the kernel fills: of packets, and of probes."""
    size = 0
    is_ring = False
    for line in Path(f"/proc/{process_id}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            is_ring = "socket:[" in line or "bpf-map" in line
        elif is_ring and line.startswith("Rss:"):
            size += int(line.split()[1])
    return size / 1_024


def measure(rate: int, seconds: int, port: int, probes: str) -> dict:
    capture = (f'\ncapture:\n  packets: "on"\n  probes: "{probes}"\n  interface: lo\n  ports: [{port}]\n'
               '  limits: {agent_cpu_percent: 100, application_cpu_percent: 100}\n')
    count = rate * seconds
    with Installation(agent_extra=capture) as installation:
        agent = installation.programs.running["farwatch-agent"].pid
        time.sleep(SETTLE_S)
        idle, used = resident_mib(agent), cpu_seconds(agent)
        caller = [sys.executable, __file__, "--call", str(port), "--rate", str(rate), "--count", str(count)]
        subprocess.run(caller, check=True)
        resident, rings = resident_mib(agent), rings_mib(agent)
        installation.wait_for(
            lambda: metric(installation, "farwatch_forwarder_sent_calls_total") >= count, 60, "all are sent")
        cpu = cpu_seconds(agent) - used
        return {
            "calls": count,
            "calls_a_second": rate,
            "cpu_us_a_call": round(cpu / count * 1e6, 1),
            "percent_of_one_core": round(100 * cpu / count * rate, 2),
            "kernel_drops": metric(installation, "farwatch_packets_kernel_drops_total"),
            "resident_mib": {"idle": round(idle, 1), "while_running": round(resident, 1), "rings_of_it": round(rings, 1)},
        }


def main() -> None:
    options = argparse.ArgumentParser(prog="deploy/benchmark packets", description=__doc__)
    options.add_argument("--rate", type=int, default=1_000, help="calls a second")
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--probes", default="off", choices=["off", "on"], help="whether the agent probes TLS beside it")
    options.add_argument("--before", type=Path, metavar="FOLDER", help="programs to measure in turn with those built")
    options.add_argument("--rounds", type=int, default=1, help="how often each is measured")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--call", type=int, help=argparse.SUPPRESS)
    options.add_argument("--count", type=int, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.serve:
        return asyncio.run(serve())
    if arguments.call:
        return asyncio.run(call(arguments.call, arguments.rate, arguments.count))
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int(server.stdout.readline())
            built = os.environ.get("PROGRAMS")
            for folder in (([arguments.before] if arguments.before else []) + [built]) * arguments.rounds:
                if folder:
                    os.environ["PROGRAMS"] = str(folder)
                measured = measure(arguments.rate, arguments.seconds, port, arguments.probes)
                print(json.dumps({"programs": str(folder or "built"), **measured}, indent=2), flush=True)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
