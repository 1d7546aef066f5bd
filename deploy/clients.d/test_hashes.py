"""Keyed hashes through a running agent: equal values are told to be equal, other values and other keys are told apart, no value is there."""

import json
import re
import signal
import sys
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from agent import Agent  # noqa: E402

KEY, OTHER = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
ANN, BEA = "ann@acme.example", "bea@acme.example"
CARD = "4242424242424242"
MASK = (1 << 64) - 1


def siphash(key: bytes, text: bytes) -> int:
    """SipHash-2-4 (Aumasson and Bernstein, 2012), as docs/redaction.md promises it."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotated(word: int, count: int) -> int:
        return (word << count | word >> (64 - count)) & MASK

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0] = (v[0] + v[1]) & MASK
            v[2] = (v[2] + v[3]) & MASK
            v[1], v[3] = rotated(v[1], 13) ^ v[0], rotated(v[3], 16) ^ v[2]
            v[0] = rotated(v[0], 32)
            v[2] = (v[2] + v[1]) & MASK
            v[0] = (v[0] + v[3]) & MASK
            v[1], v[3] = rotated(v[1], 17) ^ v[2], rotated(v[3], 21) ^ v[0]
            v[2] = rotated(v[2], 32)

    whole = len(text) // 8 * 8
    words = [int.from_bytes(text[at : at + 8], "little") for at in range(0, whole, 8)]
    words.append(int.from_bytes(text[whole:], "little") | (len(text) & 0xFF) << 56)
    for word in words:
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def settings(key: str) -> str:
    return f'redaction:\n  hash_key: "{key}"\n  partners: {{stripe: {{mode: redacted, approved_by: the tests, until: 2099-01-01}}}}\n'


class Hashes(unittest.TestCase):
    def post(self, agent: Agent, number: int) -> None:
        """One value at many places, another one beside it."""
        request = {"method": "POST", "url": f"https://u:p@api.stripe.com/v1/{ANN}?q={ANN}", "headers": {"authorization": ANN, "x-odd": ANN, "accept": ANN}}
        request["body"] = {"to": ANN, "note": f"from {BEA} to {ANN}", "pan": CARD, "password": ANN}
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        call = {"id": f"h-{number}", "time": now, "request": request, "response": {"status": 200}, "customer": ANN, "service": BEA}
        asked = urllib.request.Request(agent.url + "/v1/calls", json.dumps(call).encode(), {"content-type": "application/json"})
        urllib.request.urlopen(asked, timeout=60).close()

    def told(self, agent: Agent, count: int) -> dict[str, dict]:
        calls = {call["id"]: call for call in agent.spooled(count)}
        self.assertEqual(len(calls), count)
        return calls

    def expect(self, call: dict, key: str):
        def mark(name: str, value: str) -> str:
            return f"{{{name}:{siphash(bytes.fromhex(key), value.encode()):016x}}}"

        self.assertEqual((call["customer"], call["service"]), (mark("email", ANN), mark("email", BEA)))
        headers, body = call["request"]["headers"], call["request"]["body"]
        self.assertEqual((headers["authorization"], headers["x-odd"], headers["accept"]), (mark("secret", ANN), mark("value", ANN), mark("email", ANN)))
        self.assertEqual(body["to"], mark("email", ANN))
        self.assertEqual(body["note"], f"from {mark('email', BEA)} to {mark('email', ANN)}")
        self.assertEqual((body["pan"], body["password"]), (mark("card", CARD), mark("secret", ANN)))
        self.assertTrue(call["request"]["url"].endswith(f"?q={mark('value', ANN)}"))

    def test_a_hash_says_which_values_are_equal_under_the_key_of_the_host_alone(self):
        with Agent(settings(KEY)) as agent:
            self.post(agent, 1)
            self.post(agent, 2)
            before = self.told(agent, 2)
            for call in before.values():
                self.expect(call, KEY)
            # Another key, without a restart: what was masked before cannot be held against what is masked now.
            agent.config.write_text(agent.config.read_text().replace(KEY, OTHER))
            agent.programs.running["agent"].send_signal(signal.SIGHUP)
            deadline = time.monotonic() + 20
            while 'farwatch_settings_reloads_total{result="done"} 1' not in agent.health_page("/metrics"):
                self.assertLess(time.monotonic(), deadline, "the settings are read again")
                time.sleep(0.1)
            self.post(agent, 3)
            after = self.told(agent, 3)["h-3"]
            self.expect(after, OTHER)
            hashes = lambda call: set(re.findall(r":([0-9a-f]{16})\}", json.dumps(call)))  # noqa: E731
            self.assertEqual(hashes(before["h-1"]), hashes(before["h-2"]))
            self.assertFalse(hashes(before["h-1"]) & hashes(after))
            for text in (json.dumps([before, after]), agent.health_page("/status"), agent.health_page("/metrics")):
                for secret in (ANN, BEA, CARD, KEY, OTHER):
                    self.assertNotIn(secret, text)


if __name__ == "__main__":
    unittest.main()
