"""What probes add to an application's calls: the same client calls the same TLS server with them and without, in turns.

The client's own processor time is compared, which a busy machine disturbs least; calls a second and the slowest hundredth are told
beside it. One call is one write and one read of the TLS library on each side.
"""

import argparse
import json
import os
import resource
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

SIZES = (100, 1_000, 16_000)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"], check=True, capture_output=True)
    return key, certificate


def serve(key: str, certificate: str) -> None:
    """Answers each request, read in one piece, with as many bytes as its path says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(connection, server_side=True) as stream:
            while request := stream.recv(4_096):
                size = int(request.split(b" ", 2)[1][1:])
                stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size)

    while True:
        threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()


def call(port: int, size: int, seconds: float, rate: float | None) -> dict:
    """Calls over one connection, as fast as it goes or so many a second."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = b"GET /%d HTTP/1.1\r\nhost: api.stripe.com\r\n\r\n" % size
    took, due = [], time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(connection) as stream:
            before, end = resource.getrusage(resource.RUSAGE_SELF), due + seconds
            while (began := time.monotonic()) < end:
                stream.sendall(request)
                left = None
                while left is None or left > 0:
                    piece = stream.recv(65_536)
                    left = size - len(piece.split(b"\r\n\r\n", 1)[1]) if left is None else left - len(piece)
                took.append(time.monotonic() - began)
                if rate:
                    due += 1 / rate
                    time.sleep(max(0, due - time.monotonic()))
            after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"calls": len(took), "cpu_us": cpu / len(took) * 1e6, "per_second": len(took) / sum(took),
            "p50_us": statistics.median(took) * 1e6, "p99_us": sorted(took)[int(len(took) * 0.99)] * 1e6}


class Agent:
    """The built agent with probes on, which sends to nobody."""

    SETTINGS = """\
state_directory: {folder}/agent
receive: {{listen: "127.0.0.1:0"}}
health: {{listen: "127.0.0.1:{port}"}}
forward: {{endpoints: ["http://127.0.0.1:9"]}}
capture: {{probes: "on", limits: {{agent_cpu_percent: 100, application_cpu_percent: 100}}}}
"""

    def __init__(self, folder: Path, server: int):
        program = Path(os.environ["PROGRAMS"]) / "farwatch-agent"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        (folder / "agent.yaml").write_text(self.SETTINGS.format(folder=folder, port=self.port))
        self.process = subprocess.Popen([program, "run", "--config", folder / "agent.yaml"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not self._reads(server):
            assert time.monotonic() < deadline, "the agent did not attach to the server"
            time.sleep(0.2)
        time.sleep(1)

    def state(self) -> dict:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return json.load(opener.open(f"http://127.0.0.1:{self.port}/probes", timeout=5))

    def _reads(self, server: int) -> bool:
        try:
            state = self.state()
        except OSError:
            return False
        assert not state["problem"], state["problem"]
        return any(process["pid"] == server and process["read_by"] for process in state["processes"])

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def client(port: int, size: int, seconds: float, rate: float | None) -> dict:
    command = [sys.executable, __file__, "--call", str(port), "--size", str(size), "--seconds", str(seconds)]
    return json.loads(subprocess.run([*command, *(["--rate", str(rate)] if rate else [])], check=True, capture_output=True).stdout)


def compare(folder: Path, options: argparse.Namespace) -> None:
    key, certificate = make_certificate(folder)
    server = subprocess.Popen([sys.executable, __file__, "--serve", key, certificate], stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline())
    runs = [(size, None) for size in SIZES] + [(1_000, 200.0)]
    found: dict = {run: {False: [], True: []} for run in runs}
    state, agent_cpu, calls = {}, 0.0, 0
    try:
        for _ in range(options.rounds):
            for probed in (False, True):
                agent = Agent(folder, server.pid) if probed else None
                for run in runs:
                    before = agent.cpu_s() if agent else 0
                    found[run][probed].append(client(port, run[0], options.seconds, run[1]))
                    if agent:
                        agent_cpu += agent.cpu_s() - before
                        calls += found[run][probed][-1]["calls"]
                if agent:
                    state = agent.state()
                    agent.stop()
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    for (size, rate), results in found.items():
        middle = {probed: {name: statistics.median(one[name] for one in ones) for name in ones[0]}
                  for probed, ones in results.items()}
        print(f"answers of {size} B, {f'{rate:.0f} calls/s' if rate else 'as fast as it goes'}:")
        for name in ("cpu_us", "per_second", "p50_us", "p99_us"):
            off, on = middle[False][name], middle[True][name]
            print(f"  {name:10} {off:10.1f} without, {on:10.1f} with probes: {on - off:+8.1f} ({(on - off) / off:+.1%})")
    print(f"a probed call was calibrated at {state['call_cost_ns']} ns, a dear one at {state['dear_call_cost_ns']} ns; "
          f"the agent used {agent_cpu / calls * 1e6:.1f} us of processor a call, both ends of it; "
          f"{state['dropped_events']} records dropped in the last round")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--call", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(*options.serve)
    elif options.call:
        print(json.dumps(call(options.call, options.size, options.seconds, options.rate)))
    else:
        with tempfile.TemporaryDirectory(prefix="farwatch-benchmark-") as folder:
            compare(Path(folder), options)


if __name__ == "__main__":
    main()
