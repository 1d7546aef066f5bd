"""Probes, live: applications that know nothing of Farwatch call a TLS server, and every call is seen as it was made.

The servers are on another host, in a network namespace across a cable (`namespaces.py`), those that reset, keep silent or do not
listen too. Needs root and a kernel that takes eBPF. Where either is missing these tests fail, because nothing else
would tell; a machine that is known not to allow it says why in FARWATCH_TEST_WITHOUT_PROBES, and then they are skipped, with
that reason.
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from control_groups import ControlGroup, NoControlGroups
from installation import Installation, send
from namespaces import FAR, enter
from nginx import Nginx
from settings import free_port
from system import clean_environment

ALONE = True  # For `run_tests.py`: it looks at every process of the machine.

HERE = Path(__file__).parent / "probes.d"
WITHOUT = os.environ.get("FARWATCH_TEST_WITHOUT_PROBES")
SEEN_WITHIN_S = 30
DOWN_WITHIN_S = 120
DOWN = ("degraded_performance", "partial_outage", "major_outage")


def setUpModule():
    if not WITHOUT:
        global network
        network = enter()
        unittest.addModuleCleanup(network.close)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"], check=True, capture_output=True)
    return key, certificate


def has_breakpoint() -> bool:
    """Whether the kernel has put its own instruction at the beginning of a function of this process's TLS library."""
    function = ctypes.CDLL("libssl.so.3").SSL_do_handshake
    return ctypes.string_at(ctypes.cast(function, ctypes.c_void_p).value, 1) == b"\xcc"


class FrozenThread:
    """One thread of a process stops where it is, as under a debugger, while the others go on (ptrace(2))."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
    WALL = 0x40000000  # Waits for threads too.

    def __init__(self, process: int, name: str):
        tasks = (task for task in Path(f"/proc/{process}/task").iterdir() if (task / "comm").read_text().strip() == name)
        self.thread = int(next(tasks).name)

    def _trace(self, request: int) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(request, self.thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace({request:#x})")

    def __enter__(self) -> "FrozenThread":
        self._trace(self.SEIZE)
        self._trace(self.INTERRUPT)
        os.waitpid(self.thread, self.WALL)
        return self

    def __exit__(self, *_) -> None:
        self._trace(self.DETACH)


def reset_all(key: str = "", certificate: str = "") -> None:
    """Answers every request with a reset of the connection; without a certificate, the handshake itself."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    listener = socket.create_server((FAR, 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        with contextlib.suppress(OSError):
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            connection.recv(65_536)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def answer_nobody() -> None:
    """Listens, and has more connections waiting than it takes: the kernel answers no further one."""
    listener = socket.create_server((FAR, 0), backlog=0)
    port = listener.getsockname()[1]
    waiting = [socket.socket() for _ in range(3)]
    for connection in waiting:
        connection.setblocking(False)
        connection.connect_ex((FAR, port))
    print(port, flush=True)
    while True:
        time.sleep(3_600)


class FarServer:
    """One of the two above, on the far host."""

    def __init__(self, kind: str, *arguments: Path):
        command = [*network.far_side, sys.executable, "-B", __file__, kind, *arguments]
        self._process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        self.port = int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PROBES: {WITHOUT}")
class ProbesLive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="farwatch-probes-")
        cls.addClassCleanup(folder.cleanup)
        key, certificate = make_certificate(Path(folder.name))
        node = shutil.which("node")
        assert node, "these tests need node (Debian: nodejs)"
        cls.node = node
        cls.server, cls.base = cls.start_server(key, certificate)
        _, cls.fragile_base = cls.start_server(key, certificate)
        cls.nginx = Nginx(cls.base, key, certificate, free_port(), free_port())
        cls.addClassCleanup(cls.nginx.close)
        cls.resetting = FarServer("reset_all", key, certificate)
        cls.silent = FarServer("answer_nobody")
        cls.unspeaking = FarServer("reset_all")
        for server in (cls.resetting, cls.silent, cls.unspeaking):
            cls.addClassCleanup(server.close)
        cls.closed_port, cls.other_closed_port = free_port(), free_port()
        ports = [cls.base.rsplit(":", 1)[1], cls.resetting.port, cls.unspeaking.port, cls.silent.port, cls.closed_port,
                 cls.other_closed_port]
        hosts = json.dumps([f"{name}:{port}" for port in ports for name in ("localhost", "127.0.0.1", FAR)])
        # This machine is busy with tests: what they cost is not to be governed here, but in a test of its own.
        # What reads all this has no privilege: see the test of that.
        cls.installation = Installation(agent_user="nobody", agent_extra=f"""
capture:
  probes: "on"
  limits: {{agent_cpu_percent: 100, application_cpu_percent: 100}}
service:
  - unit: true
  - value: no-unit
customer:
  - cgroup: true
partners:
  local:
    hosts: {hosts}
  fragile:
    hosts: [{json.dumps(cls.fragile_base.removeprefix("https://"))}]
""").__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.wait_for_probes()

    @classmethod
    def start_server(cls, key: Path, certificate: Path) -> tuple[subprocess.Popen, str]:
        command = [*network.far_side, cls.node, HERE / "server.js", key, certificate, FAR]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

        def end():
            server.kill()
            server.wait()
            server.stdout.close()

        cls.addClassCleanup(end)
        return server, f"https://{FAR}:{int(server.stdout.readline())}"

    @classmethod
    def probes(cls) -> dict:
        return json.loads(send(f"http://127.0.0.1:{cls.installation.ports.health}/probes", None, "GET")[2])

    @classmethod
    def wait_for_probes(cls) -> None:
        """Until the server, which started before the agent, is known to be read."""
        def is_read() -> bool:
            state = cls.probes()
            if state["problem"]:
                raise AssertionError(
                    f"PROBES DO NOT RUN HERE: {state['problem']}\nIf this machine cannot have them, say why in "
                    "FARWATCH_TEST_WITHOUT_PROBES, and these tests are skipped.")
            return any(process["pid"] == cls.server.pid and process["read_by"] for process in state["processes"])

        cls.installation.wait_for(is_read, SEEN_WITHIN_S, "the server's TLS is probed")

    def run_client(self, *command, expect: int | None = 0) -> float:
        """Seconds it took."""
        began = time.monotonic()
        done = subprocess.run([str(part) for part in command], env=clean_environment(), capture_output=True, text=True,
                              timeout=180, check=False)
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stderr)
        return time.monotonic() - began

    def calls(self, words: str, count: int) -> list[dict]:
        """Those whose URL contains the words, by URL; as many as are expected, and no more a moment later."""
        def found() -> list[dict]:
            return [call for call in self.installation.api.calls() if words in call["request"]["url"]]

        self.installation.wait_for(lambda: len(found()) >= count, SEEN_WITHIN_S, f"{count} calls of {words}")
        calls = sorted(found(), key=lambda call: call["request"]["url"])
        self.assertEqual(len(calls), count, calls)
        return calls

    def check(self, call: dict, method: str, path: str, status: int, sent: int, received: int, version: str) -> None:
        self.assertEqual(call["request"]["method"], method)
        # What stands in a query does not leave the host.
        self.assertEqual(call["request"]["url"], self.base + re.sub(r"=[^&]*", "={value}", path))
        self.assertEqual(call["response"]["status"], status)
        self.assertEqual((call["request"].get("body_bytes") or 0, call["response"]["body_bytes"]), (sent, received))
        self.assertEqual(call["request"]["http_version"], version)
        self.assertEqual((call["source"], call["direction"], call["partner"]), ("probe", "outbound", "local"))
        self.assertEqual(call["peer_address"], FAR)

    def test_curl_over_both_versions(self):
        for version, flag in (("1.1", "--http1.1"), ("2", "--http2")):
            path = f"/curl{version}?n=40000&s=402&wait=120"
            took = self.run_client("curl", "-sk", flag, self.base + path, "-d", "a=b", "-o", "/dev/null")
            call = self.calls(f"/curl{version}?", 1)[0]
            self.check(call, "POST", path, 402, 3, 40_000, version)
            self.assertTrue(120 <= call["duration_ms"] <= took * 1_000, f"{call['duration_ms']} ms of {took} s")

    def test_python_requests(self):
        self.run_client(sys.executable, HERE / "client.py", self.base, "requests")
        for number, call in enumerate(self.calls("/requests/", 3)):
            path = f"/requests/{number}?n={500 + number}&s={200 + number * 100}"
            self.check(call, "POST", path, 200 + number * 100, 8, 500 + number, "1.1")

    def test_python_asyncio_whose_tls_never_touches_a_socket(self):
        self.run_client(sys.executable, HERE / "client.py", self.base, "asyncio")
        for number, call in enumerate(self.calls("/asyncio/", 4)):
            self.check(call, "GET", f"/asyncio/{number}?n={700 + number}", 200, 0, 700 + number, "1.1")

    def test_node_over_both_versions(self):
        for version in ("1.1", "2"):
            self.run_client(self.node, HERE / "client.js", self.base, version)
            for number, call in enumerate(self.calls(f"/node{version}/", 4)):
                self.check(call, "POST", f"/node{version}/{number}?n={1000 + number}", 200, 52, 1_000 + number, version)

    def test_nginx_as_a_client_and_as_a_server_of_webhooks(self):
        self.run_client("curl", "-s", self.nginx.proxy + "/nginx?n=4321&s=429", "-d", "a=b", "-o", "/dev/null")
        self.check(self.calls("/nginx?", 1)[0], "POST", "/nginx?n=4321&s=429", 429, 3, 4_321, "1.1")
        for flag, version in (("--http1.1", "1.1"), ("--http2", "2")):
            self.run_client("curl", "-sk", flag, f"{self.nginx.hooks}/hooks/{version}", "-d", '{"type":"charge.failed"}',
                            "-H", "stripe-signature: t=1,v1=00", "-H", "content-type: application/json", "-o", "/dev/null")
            call = self.calls(f"/hooks/{version}", 1)[0]
            self.assertEqual((call["partner"], call["direction"], call["source"]), ("stripe", "inbound", "probe"))
            self.assertEqual((call["request"]["method"], call["response"]["status"]), ("POST", 202))
            self.assertEqual((call["request"]["body_bytes"], call["response"]["body_bytes"]), (24, 5))
            self.assertEqual(call["request"]["http_version"], version)

    def test_a_connection_that_nobody_answers_is_a_call_with_its_error(self):
        self.run_client("curl", "-sk", "--connect-timeout", "2", f"https://{FAR}:{self.silent.port}/silent", expect=28)
        call = self.calls(f":{self.silent.port}/", 1)[0]
        self.assertEqual((call["error"], call.get("response")), ("connect_timeout", None))
        self.assertGreater(call["duration_ms"], 1_500)

    def test_a_name_that_does_not_resolve_is_a_call_with_its_error(self):
        self.run_client("unshare", "--mount", "sh", "-c", f"""
            printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' > {self.installation.state}/resolv.conf
            mount --bind {self.installation.state}/resolv.conf /etc/resolv.conf
            curl -sk https://api.stripe.com/v1/nowhere""", expect=6)
        call = self.calls("api.stripe.com/", 1)[0]
        self.assertEqual((call["error"], call["partner"], call.get("response")), ("dns_failure", "stripe", None))

    def test_what_reads_bytes_has_no_capability_and_gains_none(self):
        agent = self.installation.programs.running["farwatch-agent"].pid

        def facts(process: int) -> dict[str, str]:
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
            return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}

        # Every thread, because each has capabilities of its own.
        for thread in Path(f"/proc/{agent}/task").iterdir():
            status = facts(int(thread.name))
            self.assertEqual({status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, {"0" * 16})
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertNotIn("0", status["Uid"].split())
            self.assertNotIn("0", status["Gid"].split())
        children = subprocess.run(["ps", "--no-headers", "--format", "pid", "--ppid", str(agent)], capture_output=True,
                                  text=True, check=True).stdout.split()
        self.assertEqual(len(children), 1, "one process has the privileges")
        command = Path(f"/proc/{children[0]}/cmdline").read_bytes().split(b"\0")
        self.assertEqual(command[1:-1], [b"privileged"])
        permitted = int(facts(int(children[0]))["CapPrm"], 16)
        self.assertEqual(permitted & (1 << 1 | 1 << 6 | 1 << 7 | 1 << 12), 0, "it can neither change files nor users nor networks")

    def test_a_library_of_a_container_is_found_when_its_program_starts(self):
        """Another mount namespace with a copy of the library that nobody else can see: a file of its own, not probed before."""
        library = next(line.split()[-1] for line in subprocess.run(
            ["ldconfig", "-p"], check=True, capture_output=True, text=True).stdout.splitlines() if "libssl.so" in line)
        folder = self.installation.state / "image"
        folder.mkdir()
        # The first call is how the library is noticed; it is made to last. The second is made by another process.
        self.run_client("unshare", "--mount", "sh", "-ec", f"""
            mount -t tmpfs none {folder}
            cp {library} {folder}
            export LD_LIBRARY_PATH={folder}
            curl -sk '{self.base}/first?wait=12000' -o /dev/null
            curl -sk --http1.1 '{self.base}/container?n=123' -o /dev/null
        """)
        self.check(self.calls("/container", 1)[0], "GET", "/container?n=123", 200, 0, 123, "1.1")

    def test_a_body_larger_than_what_is_taken_of_one_call_keeps_its_size(self):
        self.run_client("curl", "-sk", "--http1.1", self.base + "/large?n=3000000", "-o", "/dev/null")
        self.check(self.calls("/large", 1)[0], "GET", "/large?n=3000000", 200, 0, 3_000_000, "1.1")

    def test_a_connection_refused_is_a_call_with_its_error(self):
        self.run_client("curl", "-sk", f"https://{FAR}:{self.closed_port}/refused", expect=7)
        call = self.calls(f":{self.closed_port}/", 1)[0]
        self.assertEqual((call["error"], call.get("response"), call["source"]), ("connect_refused", None, "probe"))

    def test_another_process_does_not_name_a_connection_refused(self):
        """One address of loopback has many names, and whoever looked up another one last is not who was refused."""
        name = socket.gethostname()
        with contextlib.suppress(OSError):  # Where it is not known there is nothing to mistake.
            socket.getaddrinfo(name, None)
        self.run_client("curl", "-sk", f"https://127.0.0.1:{self.other_closed_port}/refused", expect=7)
        call = self.calls(f":{self.other_closed_port}/", 1)[0]
        self.assertEqual(call["request"]["url"], f"https://127.0.0.1:{self.other_closed_port}/")

    def test_a_failing_partner_of_an_application_that_knows_nothing_of_this_reaches_the_status(self):
        command = [sys.executable, HERE / "client.py", self.fragile_base, "failing"]
        client = subprocess.Popen(command, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            def is_down() -> dict | None:
                partners = {partner["id"]: partner for partner in self.installation.api.status()["partners"]}
                partner = partners.get("fragile")
                return partner if partner and partner["status"] in DOWN and partner["incident"] else None

            partner = self.installation.wait_for(is_down, DOWN_WITHIN_S, "the partner is told to fail")
        finally:
            client.kill()
            client.wait()
        self.assertGreater(partner["failure_ratio"], 0.2)
        self.assertEqual({call["source"] for call in self.installation.api.calls(partner="fragile")}, {"probe"})

    def test_a_reset_in_the_middle_is_a_call_with_its_error(self):
        self.run_client("curl", "-sk", "--http1.1", f"https://{FAR}:{self.resetting.port}/reset", expect=None)
        call = self.calls("/reset", 1)[0]
        self.assertEqual((call["error"], call.get("response")), ("reset", None))

    def test_a_handshake_that_fails_is_a_call_with_its_error(self):
        self.run_client("curl", "-sk", f"https://{FAR}:{self.unspeaking.port}/unspeaking", expect=None)
        call = self.calls(f":{self.unspeaking.port}", 1)[0]
        self.assertIn(call["error"], ("tls_failure", "reset"))

    def test_calls_are_named_by_the_unit_and_the_container_of_their_process(self):
        """Which the agent, without any privilege, reads of a process while that is there."""
        container = "0123456789abcdef" * 4
        places = {
            "farwatch-test.slice/billing.service": ("billing", None), f"farwatch-test/docker/{container}": ("no-unit", container[:12]),
            f"kubepods.slice/kubepods-pod1.slice/cri-containerd-{container}.scope": ("no-unit", container[:12]),
            f"farwatch-test.slice/runtime.service/docker-{container}.scope": ("runtime", container[:12]), "farwatch-test/user.scope": ("no-unit", None),
        }  # fmt: skip
        for number, (name, expected) in enumerate(places.items()):
            try:
                group = self.enterContext(ControlGroup(name))
            except NoControlGroups as error:
                self.skipTest(f"CONTROL GROUPS CANNOT BE MADE HERE: {error}. Rules by `unit` and `cgroup` are not tried.")
            # It is there for two seconds after its connection was opened: of one that is gone nothing can be read.
            command = ["curl", "-sk", f"{self.base}/cgroup{number}?n=3&wait=2000", "-o", "/dev/null"]
            subprocess.run(command, preexec_fn=group.enter, env=clean_environment(), timeout=60, check=True)
            (call,) = self.calls(f"/cgroup{number}?", 1)
            self.assertEqual((call["service"], call.get("customer")), expected, name)
        metrics = send(f"http://127.0.0.1:{self.installation.ports.health}/metrics", None, "GET")[2].decode()
        for field in ("service", "customer"):
            (count,) = re.findall(rf'^farwatch_agent_attributed_calls_total\{{name="{field}",rule="0"\}} (\d+)$', metrics, re.MULTILINE)
            self.assertGreaterEqual(int(count), 2)

    def test_processes_are_listed_with_how_they_are_read(self):
        server = next(process for process in self.probes()["processes"] if process["pid"] == self.server.pid)
        self.assertIn("OpenSSL", server["read_by"])
        self.assertIsNone(server["not_read"])
        self.assertGreater(self.probes()["call_cost_ns"], 100, "what a probe costs was measured")


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PROBES: {WITHOUT}")
class ProbesEnd(unittest.TestCase):
    """How probes go: on request, when the agent dies, when they cost too much, and not at all after a crash of the machine."""

    def setUp(self):
        self.installation = Installation(agent_extra=(
            '\ncapture:\n  probes: "on"\n  limits: {agent_cpu_percent: 0.1, application_cpu_percent: 0.01}\n'))
        self.addCleanup(self.installation.close)
        self.marker = self.installation.state / "agent" / "probes.attached"

    def state(self) -> dict:
        return json.loads(send(f"http://127.0.0.1:{self.installation.ports.health}/probes", None, "GET")[2])

    def start(self) -> None:
        (self.installation.state / "agent.token").write_text("nobody listens")
        self.installation.start_agent()

    def test_the_governor_detaches_what_costs_too_much_and_says_so(self):
        self.start()
        self.assertIsNone(self.state()["problem"])
        # Attaching alone costs more than a thousandth of a core.
        self.installation.wait_for(lambda: self.state()["level"] == "detached", 60, "the governor detaches")
        state = self.state()
        self.assertEqual(state["attached"], 0)
        self.assertIn("ceiling", state["steps"][-1]["reason"])

    def test_nothing_is_left_in_programs_a_second_after_the_agent_was_told_to_stop_or_died(self):
        settings = self.installation.state / "agent.yaml"
        settings.write_text(re.sub(r"(_percent: )[0-9.]+", r"\g<1>100", settings.read_text()))
        for end in (self.installation.stop, self.installation.kill):
            self.start()
            self.installation.wait_for(has_breakpoint, SEEN_WITHIN_S, "this program's TLS library is probed")
            end("farwatch-agent")
            self.installation.wait_for(lambda: not has_breakpoint(), 1, "the breakpoint is gone", patience_s=15)

    def test_the_watchdog_detaches_when_the_thread_that_runs_the_probes_hangs(self):
        settings = self.installation.state / "agent.yaml"
        settings.write_text(re.sub(r"(_percent: )[0-9.]+", r"\g<1>100", settings.read_text()))
        self.start()
        self.installation.wait_for(has_breakpoint, SEEN_WITHIN_S, "this program's TLS library is probed")
        with FrozenThread(self.installation.programs.running["farwatch-agent"].pid, "probes"):
            self.installation.wait_for(lambda: not has_breakpoint(), 30, "the breakpoint is gone")
            self.installation.wait_for(lambda: self.state()["problem"], 5, "it is told")
            self.assertEqual((self.state()["problem"], self.state()["attached"]), ("detached by the watchdog", 0))
        # The thread goes on where it was; what it would attach now is not attached, and what was told stays.
        subprocess.run([sys.executable, "-c", "import ssl, time; time.sleep(2)"], check=True)
        self.assertFalse(has_breakpoint())
        self.assertEqual(self.state()["problem"], "detached by the watchdog")

    def test_the_marker_goes_on_request_stays_when_killed_and_stops_probes_after_a_crash(self):
        self.start()
        self.installation.wait_for(self.marker.exists, 10, "the marker is set")
        began = time.monotonic()
        self.installation.stop("farwatch-agent")
        self.assertFalse(self.marker.exists(), f"stopped after {time.monotonic() - began} s")
        log = "".join(path.read_text() for path in (self.installation.state / "logs").iterdir())
        detached = re.search(r"probes detached.*?milliseconds\W+(\d+)|milliseconds\W+(\d+).*?probes detached", log)
        self.assertIsNotNone(detached, log)
        self.assertLessEqual(int(detached[1] or detached[2]), 10_000)  # Some, where nothing is held up.
        self.start()
        self.installation.kill("farwatch-agent")
        self.assertTrue(self.marker.exists(), "killed: nobody could remove it")
        self.start()
        self.assertIsNone(self.state()["problem"], "the same boot: only the agent had died")
        self.installation.kill("farwatch-agent")
        self.marker.write_text("another boot\n")
        self.start()
        self.assertIn("went down while probes were attached", self.state()["problem"])
        self.assertEqual(self.state()["attached"], 0)


if __name__ == "__main__":
    if sys.argv[1:2] in (["reset_all"], ["answer_nobody"]):
        {"reset_all": reset_all, "answer_nobody": answer_nobody}[sys.argv[1]](*sys.argv[2:])
    else:
        unittest.main()
