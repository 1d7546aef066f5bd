"""Tests `farwatch-agent read` as a tool of its own: formats, inputs, exit codes. Run after the build, with the program's path."""

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent.parent
AGENT = sys.argv.pop(1) if len(sys.argv) > 1 else None


@unittest.skipUnless(AGENT, "the path of farwatch-agent is wanted as the first argument")
class ReadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.capture = pathlib.Path(cls.directory.name) / "calls.pcap"
        maker = FOLDER / "lib" / "make_capture.py"
        subprocess.run([sys.executable, maker, "40", cls.capture], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def read(self, *arguments, stdin=None):
        return subprocess.run([AGENT, "read", *map(str, arguments)], input=stdin, capture_output=True, timeout=240)

    def test_every_call_is_a_line_of_json(self):
        done = self.read(self.capture)
        calls = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, done.stderr, len(calls)), (0, b"", 40))
        call = calls[0]
        self.assertEqual(call["request"]["method"], "POST")
        self.assertEqual(call["request"]["body_bytes"], int(call["request"]["headers"]["content-length"]))
        self.assertEqual(call["response"]["body_bytes"], int(call["response"]["headers"]["content-length"]))
        self.assertEqual(call["source"], "packets")
        self.assertIn("authorization", call["request"]["headers"])

    def test_redaction_masks_credentials_and_bodies(self):
        text = self.read(self.capture, "--redact").stdout
        self.assertNotIn(b"sk_test_", text)
        self.assertNotIn(b'"currency":"eur"', text)
        self.assertIn(b'"body_form":"shape"', text)

    def test_gzip_and_standard_input_give_the_same(self):
        plain = self.read(self.capture).stdout
        packed = pathlib.Path(self.directory.name) / "calls.pcap.gz"
        packed.write_bytes(gzip.compress(self.capture.read_bytes()))
        self.assertEqual(self.read(packed).stdout, plain)
        self.assertEqual(self.read("-", stdin=self.capture.read_bytes()).stdout, plain)
        self.assertEqual(self.read("-", stdin=packed.read_bytes()).stdout, plain)

    def test_har_table_and_count(self):
        log = json.loads(self.read(self.capture, "--format", "har").stdout)["log"]
        self.assertEqual((log["version"], len(log["entries"])), ("1.2", 40))
        self.assertEqual(len(self.read(self.capture, "--format", "table").stdout.splitlines()), 41)
        self.assertEqual(self.read(self.capture, "--format", "count").stdout, b"40\n")

    def test_bodies_can_be_left_out(self):
        calls = [json.loads(line) for line in self.read(self.capture, "--no-bodies").stdout.splitlines()]
        self.assertTrue(all("body" not in call["response"] and call["response"]["body_bytes"] > 0 for call in calls))

    def test_what_cannot_be_read_to_its_end_is_told_and_fails(self):
        cut = self.read("-", "--format", "count", stdin=self.capture.read_bytes()[:-7])
        self.assertEqual((cut.returncode, cut.stdout), (1, b"40\n"))
        self.assertIn(b"standard input: the file ends inside a record", cut.stderr)
        self.assertEqual(self.read("-", stdin=b"no capture").returncode, 1)
        self.assertEqual(self.read("/nowhere").returncode, 1)
        self.assertEqual(self.read().returncode, 64)

    def test_nobody_complains_when_the_reader_has_enough(self):
        line = f"set -o pipefail; '{AGENT}' read '{self.capture}' '{self.capture}' | head -1"
        done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=240)
        self.assertEqual(done.stderr, b"")


if __name__ == "__main__":
    unittest.main()
