"""`farwatch-aggregator psql` of an outside database: the password is nowhere among the arguments, which everybody can read."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from installation import built_programs, clean_environment

SHOW = """#!/usr/bin/env bash
printf '%s\\0' "$PGPASSWORD" "$@" >"$SHOWN"
tr '\\0' '\\n' <"/proc/$$/cmdline" >"$SHOWN.cmdline"
"""


class Psql(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="farwatch-psql-")))
        (self.folder / "psql").write_text(SHOW)
        (self.folder / "psql").chmod(0o755)

    def run_psql(self, url: str, *arguments: str) -> subprocess.CompletedProcess:
        """With a psql that says what it was given."""
        (self.folder / "database.url").write_text(url + "\n")
        (self.folder / "aggregator.yaml").write_text(f"database:\n  url: file:{self.folder}/database.url\n")
        command = [str(built_programs() / "farwatch-aggregator"), "psql", "--config", str(self.folder / "aggregator.yaml"), *arguments]
        environment = clean_environment() | {"PATH": f"{self.folder}:{os.environ['PATH']}", "SHOWN": f"{self.folder}/shown"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    def test_the_password_goes_by_the_environment(self):
        for url in (
            "postgresql://fw:gr%20ey'hen@db.example:5433/calls?sslmode=verify-full",
            r"host=db.example port=5433 user=fw dbname=calls sslmode=verify-full password='gr ey\'hen'",
        ):
            with self.subTest(url=url):
                done = self.run_psql(url, "--", "--command", "SELECT 1", "--", "--not-ours")
                self.assertEqual(done.returncode, 0, done.stderr)
                password, *arguments = (self.folder / "shown").read_text().split("\0")[:-1]
                self.assertEqual(password, "gr ey'hen")
                self.assertEqual(arguments[0], "--dbname")
                parts = set(arguments[1].split())
                self.assertEqual(parts, {"host='db.example'", "port='5433'", "user='fw'", "dbname='calls'", "sslmode='verify-full'"})
                # The first `--` is ours, a later one psql's.
                self.assertEqual(arguments[2:], ["--command", "SELECT 1", "--", "--not-ours"])
                seen = (self.folder / "shown.cmdline").read_text()
                self.assertIn("db.example", seen)
                self.assertNotIn("ey", seen)

    def test_an_address_that_cannot_be_read_is_not_shown(self):
        done = self.run_psql("postgresql://fw:greyhen@db:x:y/calls?nonsense=greyhen")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("read the address", done.stderr)
        self.assertNotIn("greyhen", done.stdout + done.stderr)
        self.assertFalse((self.folder / "shown").exists())


if __name__ == "__main__":
    unittest.main()
