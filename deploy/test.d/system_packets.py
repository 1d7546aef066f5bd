"""Packets, live: what crosses the network in clear is seen as it was made, and what fails with its error (`packets_live.py`)."""

import datetime
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

import packets_live
from installation import Installation, as_ndjson, native_call, send
from namespaces import FAR, NOWHERE
from packets_live import SEEN_WITHIN_S, WITHOUT, FarServer
from system import clean_environment

ALONE = True  # For `run_tests.py`: it looks at every packet of the machine.

WITHOUT_PROBES = os.environ.get("FARWATCH_TEST_WITHOUT_PROBES")
setUpModule = packets_live.set_up_network


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
class PacketsLive(packets_live.Live):
    def test_a_clear_call_is_seen_with_its_partner_by_name(self):
        name = f"api.stripe.com:{self.port}"
        self.curl("--resolve", f"{name}:{FAR}", f"http://{name}/v1/charges/402/40000", "-d", "a=b")
        call = self.calls("/v1/charges", 1)[0]
        self.assertEqual(call["partner"], "stripe")
        self.assertEqual((call["request"]["method"], call["request"]["http_version"]), ("POST", "1.1"))
        self.assertTrue(call["request"]["url"].startswith(f"http://{name}/v1/charges"), call["request"]["url"])
        self.assertEqual(call["response"]["status"], 402)
        self.assertEqual((call["request"]["body_bytes"], call["response"]["body_bytes"]), (3, 40_000))
        self.assertEqual((call["source"], call["direction"]), ("packets", "outbound"))
        self.assertEqual(call["peer_address"], FAR)
        self.assertGreater(call["duration_ms"], 0)

    def test_calls_of_one_connection_are_told_apart(self):
        base = f"http://{FAR}:{self.port}/kept"
        self.curl(f"{base}/200/0", f"{base}/404/17", f"{base}/503/100000", "-o", "/dev/null", "-o", "/dev/null")
        seen = sorted((call["response"]["status"], call["response"].get("body_bytes") or 0)
                      for call in self.calls("/kept/", 3))
        self.assertEqual(seen, [(200, 0), (404, 17), (503, 100_000)])

    def test_a_connection_refused_is_a_call_with_its_error(self):
        self.curl(f"http://{FAR}:{self.closed_port}/refused", expect=7)
        call = self.calls(f":{self.closed_port}", 1)[0]
        self.assertEqual((call["error"], call.get("response"), call["source"]), ("connect_refused", None, "packets"))

    def test_a_connection_that_nobody_answers_is_a_call_with_its_error(self):
        subprocess.run(["ip", "route", "replace", NOWHERE, "via", FAR], check=True)
        self.curl("--connect-timeout", "4", f"http://{NOWHERE}:{self.port}/nowhere", expect=28)
        call = self.calls(f"{NOWHERE}:", 1)[0]
        self.assertEqual((call["error"], call.get("response"), call["source"]), ("connect_timeout", None, "packets"))

    def test_a_name_that_does_not_resolve_is_a_call_with_its_error(self):
        names = FarServer("names")
        self.addCleanup(names.close)
        settings = self.installation.state / "resolv.conf"
        settings.write_text(f"nameserver {FAR}\noptions attempts:1\n")
        script = f"mount --bind {settings} /etc/resolv.conf && exec curl -s http://api.github.com/nowhere"
        subprocess.run(["unshare", "--mount", "sh", "-c", script], env=clean_environment(), timeout=180, check=False)
        call = self.calls("api.github.com/", 1)[0]
        self.assertEqual((call["error"], call["partner"], call.get("response")), ("dns_failure", "github", None))

    def test_an_answer_that_is_broken_off_by_a_reset_is_a_call_with_its_error(self):
        self.curl(f"http://{FAR}:{self.port}/broken-off/0/0", expect=56)
        call = self.calls("/broken-off/", 1)[0]
        self.assertEqual((call["error"], call.get("response")), ("reset", None))

    def test_a_handshake_that_fails_has_the_partner_it_was_for(self):
        name = f"api.stripe.com:{self.tls_port}"
        self.curl("--tls-max", "1.2", "--resolve", f"{name}:{FAR}", f"https://{name}/v1/refunds", expect=60)
        call = self.calls(f":{self.tls_port}", 1)[0]
        self.assertEqual((call["error"], call["partner"], call.get("response")), ("tls_failure", "stripe", None))

    def test_connections_that_are_seen_and_not_read_are_told_of_their_partner(self):
        sealed, clear = f"api.slack.com:{self.tls_port}", f"api.slack.com:{self.port}"
        for _ in range(3):
            self.curl("-k", "--resolve", f"{sealed}:{FAR}", f"https://{sealed}/sealed/200/10")
        self.curl("--resolve", f"{clear}:{FAR}", f"http://{clear}/api/open/200/10", f"http://{clear}/api/open/200/11")

        def coverage() -> dict | None:
            partners = {partner["id"]: partner["coverage"] for partner in self.installation.api.status()["partners"]}
            seen = partners.get("slack", {}).get("connections_seen", 0)
            return partners["slack"] if seen >= 4 else None

        told = self.installation.wait_for(coverage, SEEN_WITHIN_S, "heartbeats tell of connections")
        self.assertEqual(told, {"connections_seen": 4, "calls_decoded_ratio": 0.25, "hosts_blind": 0})
        fleet = self.installation.api.status()["coverage"]
        self.assertGreaterEqual(fleet["connections_seen"], 4)
        self.assertLess(fleet["calls_decoded_ratio"], 1)

    def test_when_a_partners_certificate_ends_is_told_with_the_share_that_sees_it(self):
        """From handshakes that are seen: a certificate of two days, by the name that was asked for."""
        # Before TLS 1.3 it comes in clear.
        self.curl("--insecure", "--tls-max", "1.2", "--resolve", f"api.stripe.com:{self.tls_port}:{FAR}",
                  f"https://api.stripe.com:{self.tls_port}/certificate/200/5")  # fmt: skip
        api = self.installation.api.address

        def told() -> dict | None:
            drift = json.loads(send(f"{api}/api/v1/drift?kind=certificate_end", None, "GET")[2])
            return drift if drift["data"] and drift["certificates"]["known"] else None

        drift = self.installation.wait_for(told, 240, "the end is told")
        name = f"api.stripe.com:{self.tls_port}"
        (end,) = [one for one in drift["certificates"]["data"] if one["name"] == name]
        self.assertEqual((end["partner"], end["agents"], end["agents_calling"], end["fleet_ratio"]), ("stripe", 1, 1, 1))
        (finding,) = drift["data"]
        self.assertEqual((finding["partner"], finding["subject"], finding["effective_at"]), ("stripe", name, end["not_after"]))
        left = datetime.datetime.fromisoformat(end["not_after"].replace("Z", "+00:00")).timestamp() - time.time()
        self.assertTrue(86_400 < left < 2 * 86_400, end)
        screen = self.installation.command("farwatch", "drift", "--partner", "stripe", "--url", api)
        self.assertIn(f"the certificate of {name} ends", screen)
        self.assertIn("1 of 1", screen)

    def test_the_agents_own_traffic_is_not_captured(self):
        ports = self.installation.ports
        status, _, _ = send(f"{self.installation.receivers}/v1/calls", as_ndjson([native_call(1)]),
                            content_type="application/x-ndjson")
        self.assertLess(status, 300)
        self.calls("ch_1", 1)  # It came through the receiver and the aggregator, both ways that could have been seen.
        for port in (ports.receivers, ports.health, ports.ingest):
            self.calls(f"127.0.0.1:{port}", 0)

    def test_without_the_privileged_process_what_is_open_is_read_on_and_what_is_missing_is_told(self):
        """As where a machine without memory kills it. Whatever else is tested here goes on without it."""
        agent = self.installation.programs.running["farwatch-agent"].pid
        (privileged,) = [int(child) for task in Path(f"/proc/{agent}/task").iterdir()
                         for child in (task / "children").read_text().split()]
        os.kill(privileged, signal.SIGKILL)
        health = f"http://127.0.0.1:{self.installation.ports.health}"
        status = self.installation.wait_for(
            lambda: json.loads(send(f"{health}/status", None, "GET")[2]).get("privileges_problem"),
            SEEN_WITHIN_S, "the status tells of it")
        self.assertIn("is gone", status)
        self.assertIn("PRIVILEGES", self.installation.command("farwatch-agent", "status"))
        doctor = subprocess.run(
            [self.installation.bin / "farwatch-agent", "doctor", "--config", self.installation.state / "agent.yaml"],
            env=clean_environment(), capture_output=True, text=True, timeout=180, check=False)
        self.assertIn("✗ privileges: the process with the privileges is gone", doctor.stdout)
        self.curl(f"http://{FAR}:{self.port}/goes-on/200/70")
        self.assertEqual(self.calls("/goes-on/", 1)[0]["source"], "packets")
        metrics = send(f"{health}/metrics", None, "GET")[2].decode()
        self.assertRegex(metrics, r"(?m)^farwatch_agent_privileged_part_gone 1")
        log = (self.installation.state / "logs" / "farwatch-agent.log").read_text()
        self.assertEqual(log.count("the process with the privileges is gone"), 1, log)

    def test_what_is_captured_is_counted(self):
        def has_counted() -> bool:
            text = send(f"http://127.0.0.1:{self.installation.ports.health}/metrics", None, "GET")[2].decode()
            values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("farwatch_packets_"))
            self.assertEqual(float(values["farwatch_packets_kernel_drops_total"]), 0)
            return float(values["farwatch_packets_seen_total"]) > 0

        self.installation.wait_for(has_counted, SEEN_WITHIN_S, "packets are counted")
        self.assertEqual((self.packets()["mode"], self.packets()["interface"]), ("on", "any"))


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
@unittest.skipIf(WITHOUT_PROBES, f"FARWATCH_TEST_WITHOUT_PROBES: {WITHOUT_PROBES}")
class PacketsBesideProbes(packets_live.Live):
    capture = 'packets: "on"\n  probes: "on"' + packets_live.Live.limits

    def test_what_both_see_is_one_call(self):
        def are_probed() -> bool:
            state = json.loads(send(f"http://127.0.0.1:{self.installation.ports.health}/probes", None, "GET")[2])
            if state["problem"]:
                raise AssertionError(f"PROBES DO NOT RUN HERE: {state['problem']}; see FARWATCH_TEST_WITHOUT_PROBES")
            server = self.encrypted.process_id
            return any(process["pid"] == server and process["read_by"] for process in state["processes"])

        self.installation.wait_for(are_probed, SEEN_WITHIN_S, "the server's TLS is probed")
        self.curl("-k", "--http1.1", f"https://{FAR}:{self.tls_port}/both/200/50")
        self.curl(f"http://{FAR}:{self.port}/clear/200/60")
        self.curl(f"http://{FAR}:{self.closed_port}/refused", expect=7)
        self.assertEqual(self.calls("/clear/", 1)[0]["source"], "packets")
        refused = self.calls(f":{self.closed_port}", 1)[0]
        self.assertEqual((refused["error"], refused["source"]), ("connect_refused", "probe"))
        self.assertEqual({call["source"] for call in self.calls("/both/", 1)}, {"probe"})


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
class ReportsBesidePackets(packets_live.Live):
    """An application that reports its calls, and packets that show the same ones: each is one call."""

    def report(self, path: str, **more) -> None:
        began = time.time()
        url = f"http://{FAR}:{self.port}{path}"
        headers = more.pop("headers", [])
        self.curl(url, *(part for header in headers for part in ("-H", header)))
        took = time.time() - began
        time.sleep(1)  # SDKs gather calls before they send them, so that the wire is first.
        milliseconds = int(began * 1_000)
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1_000)) + f".{milliseconds % 1_000:03}Z"
        call = native_call(0, id=path, time=at, request={"method": "GET", "url": url}, service="shop",
                           duration_ms=took * 1_000) | more
        status, _, answer = send(f"{self.installation.receivers}/v1/calls", as_ndjson([call]),
                                 content_type="application/x-ndjson")
        self.assertLess(status, 300, answer)

    def test_a_call_that_is_reported_and_seen_is_one(self):
        for number in range(5):
            self.report(f"/reported/{number}/200/300")
        self.wait_for_joins("joined_by_likeness", 5)
        calls = self.calls("/reported/", 5)
        self.assertLessEqual({call["source"] for call in calls[1:]}, {"json"}, "after the first the wire waits")
        self.assertEqual({call["response"]["body_bytes"] for call in calls}, {300}, "which the report did not tell")

    def test_traceparent_finds_what_is_not_alike(self):
        trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
        self.report("/traced/200/10", headers=[f"traceparent: 00-{trace}-{span}-01"], trace_id=trace, span_id=span,
                    request={"method": "GET", "url": f"http://{FAR}:{self.port}/told-otherwise"})
        self.wait_for_joins("joined_by_span", 1)
        found: list[dict] = self.installation.wait_for(
            lambda: [call for call in self.installation.api.calls() if call.get("trace_id") == trace], SEEN_WITHIN_S,
            "the call")
        self.assertEqual(len(found), 1, found)

    def wait_for_joins(self, name: str, count: int) -> None:
        def joined() -> bool:
            text = send(f"http://127.0.0.1:{self.installation.ports.health}/metrics", None, "GET")[2].decode()
            line = next(line for line in text.splitlines() if line.startswith(f"farwatch_sightings_{name}_total"))
            return float(line.split()[-1]) >= count

        self.installation.wait_for(joined, SEEN_WITHIN_S, name)

    def test_what_nobody_reports_comes_after_a_wait(self):
        self.report("/first/200/1")
        self.curl(f"http://{FAR}:{self.port}/silent/200/70")
        self.assertEqual(self.calls("/silent/", 1)[0]["source"], "packets")


class PacketsRefused(unittest.TestCase):
    """Without the privilege, without the interface, or under too low a ceiling, the agent says so and goes on."""

    def start(self, capture: str, *prefix: str) -> Installation:
        installation = Installation(agent_extra=f'\ncapture:\n  packets: "on"\n{capture}')
        self.addCleanup(installation.close)
        (installation.state / "agent.token").write_text("nobody listens")
        command = [*prefix, str(installation.bin / "farwatch-agent"), "run", "--config",
                   str(installation.state / "agent.yaml")]
        installation.programs.start("farwatch-agent", command, clean_environment())
        return installation

    def problem(self, installation: Installation) -> str:
        def told() -> str | None:
            try:
                answer = send(f"http://127.0.0.1:{installation.ports.health}/packets", None, "GET")[2]
            except OSError:
                return None
            return json.loads(answer).get("problem")

        return installation.wait_for(told, SEEN_WITHIN_S, "the agent says what is wrong")

    def check_that_it_takes_calls(self, installation: Installation, words: str) -> None:
        status, _, _ = send(f"{installation.receivers}/v1/calls", as_ndjson([native_call(1)]),
                            content_type="application/x-ndjson")
        self.assertLess(status, 300)
        log = "".join(path.read_text() for path in (installation.state / "logs").iterdir())
        told = [line for line in log.splitlines() if words in line]
        self.assertEqual(len(told), 1, log)

    @unittest.skipIf(os.geteuid() != 0, "only root has the privilege to give up")
    def test_without_the_privilege(self):
        assert shutil.which("setpriv"), "this test needs setpriv (Debian: util-linux)"
        without = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
        installation = self.start("", *without)
        self.assertIn("CAP_NET_RAW", self.problem(installation))
        self.check_that_it_takes_calls(installation, "CAP_NET_RAW")
        done = subprocess.run(
            [*without, installation.bin / "farwatch-agent", "doctor", "--config", installation.state / "agent.yaml"],
            env=clean_environment(), capture_output=True, text=True, timeout=180, check=False)
        self.assertIn("give the service CAP_NET_RAW", done.stdout)

    @unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
    def test_what_costs_too_much_is_taken_back_step_by_step_and_told(self):
        server = FarServer("clear")
        self.addCleanup(server.close)
        installation = self.start("  limits: {agent_cpu_percent: 0.1}\n")

        def state() -> dict:
            return json.loads(send(f"http://127.0.0.1:{installation.ports.health}/packets", None, "GET")[2])

        def has_stepped() -> list[dict] | None:
            try:
                for _ in range(50):
                    socket.create_connection((FAR, server.port)).close()
                return state()["steps"]
            except OSError:  # It is starting.
                return None

        steps = installation.wait_for(has_stepped, SEEN_WITHIN_S, "the governor takes a step")
        self.assertEqual(steps[0]["from"], "full")
        self.assertIn("ceiling", steps[0]["reason"])
        self.assertNotEqual(state()["level"], "full")

    @unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
    def test_without_the_interface(self):
        installation = self.start("  interface: nowhere0\n")
        self.assertIn("nowhere0", self.problem(installation))
        self.check_that_it_takes_calls(installation, "no interface nowhere0")


if __name__ == "__main__":
    unittest.main()
