"""The metrics of both programs are Prometheus', and the documents say of each what it is: no more of them and no fewer."""

import os
import re
import subprocess
import unittest

from installation import HERE, Installation, as_ndjson, native_call, send

ALONE = True  # For `run_tests.py`: it looks at every process of the machine.

ROOT = HERE.parents[1]
WITHOUT = os.environ.get("FARWATCH_TEST_WITHOUT_PROBES")
CAPTURES = os.geteuid() == 0 and not WITHOUT
CAPTURE = '\ncapture:\n  packets: "on"\n  interface: lo\n  probes: "on"\n'
NOTIFIER = "notifiers:\n  siren: {type: command, program: /bin/true}\n"
# Of what needs privilege.
CAPTURED = ("farwatch_capture_", "farwatch_probes_", "farwatch_packets_", "farwatch_sightings_", "farwatch_agent_privileged_part_gone")
# What Prometheus makes of a histogram.
NO_METRICS = {"farwatch_message"}  # Of what is posted to Slack.
PARTS = re.compile(r"_(bucket|sum|count)$")


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        extra = CAPTURE if CAPTURES else ""
        cls.installation = cls.enterClassContext(Installation(agent_extra=extra, aggregator_extra=NOTIFIER))
        calls = as_ndjson([native_call(1), native_call(2, time="never"), native_call(3, response={"status": 503})])
        send(f"{cls.installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")
        cls.installation.wait_for(lambda: len(cls.installation.api.calls()) == 2, 30, "the calls are stored")
        cls.addresses = {
            "### Every metric of the aggregator": cls.installation.api.address,
            "### Every metric of the agent": f"http://127.0.0.1:{cls.installation.ports.health}",
        }

    def exposition(self, address: str) -> bytes:
        status, headers, body = send(f"{address}/metrics", None, "GET")
        self.assertEqual((status, headers["content-type"].split(";")[0]), (200, "text/plain"))
        return body

    def exported(self, address: str) -> set[str]:
        found = set(re.findall(r"^# TYPE (\S+) ", self.exposition(address).decode(), re.MULTILINE))
        self.assertGreater(len(found), 60)
        return found

    def test_promtool_finds_nothing_in_them(self):
        for address in self.addresses.values():
            done = subprocess.run(
                ["promtool", "check", "metrics"], input=self.exposition(address), capture_output=True, timeout=30, check=False
            )
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))

    def documented(self, heading: str) -> dict[str, re.Pattern]:
        """Names of docs/operations.md: whole ones, endings after another of their row, and `farwatch_thing_*`."""
        text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
        section = re.split(r"^##", text.split(heading)[1], maxsplit=1, flags=re.MULTILINE)[0]
        patterns = {}
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE):
            names = [name.split("{")[0] for name in re.findall(r"`([^`]+)`", row)]
            family = "_".join(names[0].split("_")[:2])
            for name in names:
                patterns[f"{names[0]}: {name}"] = re.compile((family + "(_.*)?" if name[0] == "_" else "") + name.replace("*", ".*"))
        return patterns

    def test_each_is_explained_to_operators_and_each_that_is_explained_is_there(self):
        for heading, address in self.addresses.items():
            exported, documented = self.exported(address), self.documented(heading)
            unexplained = {name for name in exported if not any(pattern.fullmatch(name) for pattern in documented.values())}
            self.assertEqual(unexplained, set(), heading)
            missing = {name for name, pattern in documented.items() if not any(pattern.fullmatch(one) for one in exported)}
            if not CAPTURES:
                missing = {name for name in missing if not name.startswith(CAPTURED)}
            self.assertEqual(missing, set(), heading)

    def test_whatever_a_document_names_is_there(self):
        """Also in the alarms to be copied, the settings and the other pages."""
        exported = set.union(*(self.exported(address) for address in self.addresses.values()))
        pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *(ROOT / "deploy").glob("*.yaml")]
        unknown = {}
        for page in pages:
            for name, star in re.findall(r"\b(farwatch_[a-z0-9_]+)(\*?)", page.read_text(encoding="utf-8")):
                is_there = any(one.startswith(name) for one in exported) if star else PARTS.sub("", name) in exported or name in exported
                if not is_there and name not in NO_METRICS and (CAPTURES or not name.startswith(CAPTURED)):
                    unknown[name] = str(page.relative_to(ROOT))
        self.assertEqual(unknown, {})


if __name__ == "__main__":
    unittest.main()
