"""The annotated settings are what the programs take: as they stand, and with each of the examples in their comments."""

import datetime
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from installation import HERE, built_programs, clean_environment

# A setting behind one `#`: a key, or an item of a list. What is behind another `#` is a setting of the example.
SETTING = re.compile(r"^( *)# ?( *)((?:- +)?(?:[a-z][a-z0-9_-]*:(?: .*)?|\{.*|(?<=- )\S.*))$")
OPENAPI = "openapi: 3.0.0\ninfo:\n  title: North Bank\n  version: '1'\npaths:\n  /accounts/{account}:\n    get: {}\n"
# What an example wants beside it, by its first key: other examples, and other values.
EXAMPLES = {
    "ingest.client_certificates": ["tls.certificate"],
    "owners": ["notifiers"],
    "routes": ["owners", "notifiers"],
    "alerting.channels": ["notifiers"],
}
VALUES = {
    "user": ("user: farwatch", "user: nobody"),  # Who is there wherever this runs.
    "forward.ca": ("http://127.0.0.1:7443", "https://aggregator.example:7443"),
    "capture.key_log": ('packets: "off"', 'packets: "on"'),
}


def uncommented(line: str) -> str | None:
    """The setting that a comment shows, where it would stand."""
    match = SETTING.match(line)
    return match and "".join(match.groups())


def blocks(lines: list[str]) -> list[range]:
    """Comments one below another of which one at least shows a setting."""
    found, start = [], None
    for number, line in enumerate([*lines, ""]):
        is_comment = line.lstrip().startswith("#")
        if is_comment and start is None:
            start = number
        elif not is_comment and start is not None:
            if any(uncommented(each) for each in lines[start:number]):
                found.append(range(start, number))
            start = None
    return found


def place(lines: list[str], block: range) -> str:
    """The example's first key, behind that of the section in which it stands."""
    first = next(filter(None, (uncommented(lines[number]) for number in block)))
    key = re.match(r"[\s-]*([a-z_]+)?", first)[1] or "-"
    sections = [line.split(":")[0] for line in lines[: block.start] if re.match("[a-z]", line)]
    return f"{sections[-1]}.{key}" if first.startswith(" ") else key


def with_examples(lines: list[str], chosen: list[range]) -> str:
    """The file with some examples in force; an empty value that the example is of makes way for it."""
    shown = list(lines)
    for block in chosen:
        for number in block:
            inner = re.sub(r"^( *)# ?( *#)", r"\1\2", lines[number])  # A setting that the example shows in a comment.
            shown[number] = uncommented(inner) or lines[number]
        first = next(shown[number] for number in block if shown[number] != lines[number])
        empty = re.match(r"( *[a-z_]+:) (?:\{\}|\[\])", lines[block.start - 1])
        if empty:  # The example has the key as well, or is what stands under it.
            shown[block.start - 1] = "" if first.startswith(empty[1]) else empty[1]
    return "\n".join(shown) + "\n"


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="farwatch-examples-")))
        cls.program = built_programs()

    def provide(self, text: str) -> str:
        """What the examples name is there, elsewhere: the files in a folder of this test, each with what belongs into it."""
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=12)
        text = re.sub(r"(until: )\d{4}-\d\d-\d\dT[\d:]+Z", rf"\g<1>{soon:%Y-%m-%dT%H:%M:%SZ}", text)
        text = re.sub(r"(until: )\d{4}-\d\d-\d\d$", rf"\g<1>{soon + datetime.timedelta(days=30):%Y-%m-%d}", text, flags=re.MULTILINE)
        for path in set(re.findall(r"/(?:etc|usr|run)/[a-z0-9_./-]+[a-z0-9]", text)):
            file = Path(f"{self.folder}{path}")
            file.parent.mkdir(parents=True, exist_ok=True)
            self.write(file)
        return re.sub(r"/(?=(?:etc|usr|run)/)", f"{self.folder}/", text)

    def write(self, file: Path):
        if file.suffix in (".pem", ".key") and file.stem not in ("hash", "pagerduty"):
            pair = [str(file.with_suffix(suffix)) for suffix in (".key", ".pem")]
            if not all(Path(each).exists() for each in pair):
                command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
                command += ["-days", "2", "-subj", "/CN=example", "-keyout", pair[0], "-out", pair[1]]
                subprocess.run(command, check=True, capture_output=True)
            return
        contents = {".url": "https://hooks.example/in", ".secret": "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", ".yaml": OPENAPI, ".dat": "com\n"}
        contents |= {".key": "0123456789abcdef0123456789abcdef"}
        file.write_text(contents.get(file.suffix, "0123456789abcdef0123456789abcdef"))
        if file.name == "database.url":
            file.write_text("postgresql://user:password@host/database")
        file.chmod(0o755)

    def validate(self, name: str, text: str) -> str:
        file = self.folder / f"{name}.yaml"
        file.write_text(self.provide(text))
        command = [str(self.program / f"farwatch-{name}"), "validate", "--config", str(file)]
        environment = clean_environment() | {"HOOK_AUTHORIZATION": "Bearer it"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def check(self, name: str, names: list[str]):
        text = (HERE.parent / f"{name}.yaml").read_text(encoding="utf-8")
        self.assertIn("valid", self.validate(name, text))
        lines = text.splitlines()
        found = {place(lines, block): block for block in blocks(lines)}
        self.assertEqual(list(found), names, "all of them are found, in this order")
        for first, block in found.items():
            with self.subTest(file=name, line=block.start + 1, first=first):
                text = with_examples(lines, [block, *(found[other] for other in EXAMPLES.get(first, []))])
                value, other = VALUES.get(first, ("", ""))
                self.assertIn(value, text)
                self.validate(name, text.replace(value, other) if value else text)
        with self.subTest(file=name, first="all at once"):
            text = with_examples(lines, list(found.values()))
            for first in found:
                text = text.replace(*VALUES.get(first, ("", "")))
            self.validate(name, text)

    def test_the_agent_s(self):
        self.check("agent", [
            "user", "host.name", "receive.tls", "forward.token", "forward.ca", "forward.command", "capture.key_log", "redaction.hash_key",
            "redaction.partners", "partners", "public_suffixes", "sent_webhooks", "listed_routes", "customer",
        ])  # fmt: skip

    def test_the_aggregator_s(self):
        self.check("aggregator", [
            "database.url", "ingest.client_certificates", "api.public_url", "tls.certificate", "retention.max_bytes", "owners", "routes",
            "alerting.channels", "alerting.quiet_hours", "alerting.-", "notifiers", "partner_pages.ca", "drift.kinds", "heartbeat",
            "partners",
        ])  # fmt: skip


if __name__ == "__main__":
    unittest.main()
