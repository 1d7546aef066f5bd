"""TLS of packets, live, opened with the secrets that curl writes (`packets_live.py`)."""

import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import packets_live
from namespaces import FAR
from packets_live import SEEN_WITHIN_S, WITHOUT
from system import clean_environment

ALONE = True  # For `run_tests.py`: it looks at every packet of the machine.
BURST_THREADS = 3
BURST_CALLS_EACH = 40

setUpModule = packets_live.set_up_network


class KeyLog(packets_live.Live):
    """An agent that reads the secrets of curl, for a while."""

    agent_user = ""  # The file belongs to root, as applications make it.
    lasts_s = 3_600

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="farwatch-keys-")
        cls.addClassCleanup(folder.cleanup)
        cls.key_log = Path(folder.name) / "keys.log"
        cls.until = time.time() + cls.lasts_s
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(cls.until))
        cls.capture = f'packets: "on"\n  key_log: {{file: "{cls.key_log}", until: "{until}"}}' + cls.limits
        super().setUpClass()

    def tls_call(self, path: str, *more: str) -> None:
        environment = clean_environment() | {"SSLKEYLOGFILE": str(self.key_log)}
        subprocess.run(["curl", "-sk", "--http1.1", "-o", "/dev/null", *more,
                        f"https://{FAR}:{self.tls_port}{path}"], env=environment, check=True, timeout=180)
        self.key_log.chmod(0o600)


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
class KeyLogBurst(KeyLog):
    """Connections shorter than the time between two looks at the packets: secrets and records come in any order."""

    def test_each_of_many_short_connections_is_read(self):
        def call_often(thread: int) -> None:
            for number in range(BURST_CALLS_EACH):
                self.tls_call(f"/burst/{thread}x{number}/200/400", "--tls-max", "1.3", "--tlsv1.3")

        threads = [threading.Thread(target=call_often, args=(thread,)) for thread in range(BURST_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count = BURST_THREADS * BURST_CALLS_EACH
        self.installation.wait_for(lambda: self.packets()["calls"] >= count, SEEN_WITHIN_S, "every call is seen")
        state = self.packets()
        self.assertEqual((state["decrypted_connections"], state["tls_failures"]), (count, 0))
        self.assertEqual((state["calls"], state["unknown_answer_calls"], state["kernel_drops"]), (count, 0, 0))
        self.assertEqual(state["closed_before_secrets_connections"], 0)


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
class KeyLogLive(KeyLog):
    """All versions and suites, while the switch is on."""

    def status_text(self) -> str:
        return self.installation.command("farwatch-agent", "status")

    def test_tls_is_read_while_the_switch_is_on(self):
        for version, path, *suite in (
            ("1.2", "/sealed12/200/500"), ("1.3", "/sealed13/402/40000"),
            ("1.2", "/counted12/201/600", "--ciphers", "ECDHE-ECDSA-AES128-CCM"),
            ("1.3", "/counted13/404/30000", "--tls13-ciphers", "TLS_AES_128_CCM_SHA256"),
            ("1.3", "/counted8/200/700", "--ciphers", "ALL:@SECLEVEL=0", "--tls13-ciphers", "TLS_AES_128_CCM_8_SHA256"),
        ):
            self.tls_call(path, "--tls-max", version, f"--tlsv{version}", *suite)
            call = self.calls(path.rsplit("/", 2)[0], 1)[0]
            self.assertEqual((call["source"], call["request"]["method"]), ("keylog", "GET"))
            self.assertEqual((call["response"]["status"], call["response"]["body_bytes"]),
                             tuple(int(part) for part in path.split("/")[2:]))
        self.key_log.rename(self.key_log.with_suffix(".old"))
        self.tls_call("/rotated/200/5")
        self.assertEqual(self.calls("/rotated/", 1)[0]["source"], "keylog")
        self.assertIn("read until", self.packets()["key_log"])
        self.assertGreaterEqual(self.packets()["decrypted_connections"], 3)
        self.assertIn("KEY LOG", self.status_text())
        doctor = subprocess.run(
            [self.installation.bin / "farwatch-agent", "doctor", "--config", self.installation.state / "agent.yaml"],
            env=clean_environment(), capture_output=True, text=True, timeout=180, check=False)
        self.assertIn("! key log", doctor.stdout)
        self.check_that_no_secret_is_kept()

    def check_that_no_secret_is_kept(self) -> None:
        secrets = [line.split()[2].encode() for line in self.key_log.read_text().splitlines() if line[:1] not in "#"]
        self.assertTrue(secrets)
        for path in self.installation.state.rglob("*"):
            if path.is_file() and "agent" in str(path.relative_to(self.installation.state)):
                data = path.read_bytes()
                for secret in secrets:
                    self.assertNotIn(secret, data, path)
                    self.assertNotIn(bytes.fromhex(secret.decode()), data, path)


@unittest.skipIf(WITHOUT, f"FARWATCH_TEST_WITHOUT_PACKETS: {WITHOUT}")
class KeyLogExpires(KeyLog):
    """The switch goes off by itself."""

    lasts_s = 60

    def test_nothing_is_read_after_the_switch_went_off(self):
        time.sleep(max(0.0, self.until + 1 - time.time()))  # The switch goes by the wall clock, and so must this.
        self.installation.wait_for(lambda: "expired" in self.packets()["key_log"], SEEN_WITHIN_S, "the switch is off")
        opened = self.packets()["decrypted_connections"]
        self.tls_call("/after/200/5")
        self.curl(f"http://{FAR}:{self.port}/clear/200/5")
        self.calls("/clear/", 1)
        self.calls("/after/", 0)
        self.assertEqual(self.packets()["decrypted_connections"], opened)


if __name__ == "__main__":
    unittest.main()
