"""What the documented commands back up is, restored, all that there was: calls, counts, tokens; and new calls come on top."""

import json
import subprocess
import unittest
from pathlib import Path

from installation import Installation, as_ndjson, native_call, send
from system import clean_environment

CALLS = 300


def postgresql(program: str) -> str:
    """Of the newest server that is installed, as the aggregator finds it."""
    return str(max(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4])))


class Backup(unittest.TestCase):
    def post(self, installation: Installation, numbers: range):
        calls = as_ndjson([native_call(number) for number in numbers])
        status, _, answer = send(f"{installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")
        self.assertEqual(status, 202, answer)

    def calls(self, installation: Installation) -> dict[str, dict]:
        return {call["id"]: call for call in installation.api.calls()}

    def counted(self, installation: Installation) -> int:
        rows = json.loads(send(f"{installation.api.address}/api/v1/volume?by=partner", None, "GET")[2])["data"]
        return sum(row["calls"] for row in rows)

    def run_tool(self, program: str, *arguments: str):
        done = subprocess.run([postgresql(program), *arguments], env=clean_environment(), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_everything_is_there_again(self):
        with Installation() as first:
            self.post(first, range(CALLS))
            first.wait_for(lambda: self.counted(first) == CALLS, 60, "all calls are counted")
            reader = first.command("farwatch-aggregator", "token", "create", "--scope", "admin", "--name", "kept").split()[-1]
            server = ["--host", str(first.state / "aggregator" / "postgres" / "run"), "--username", "farwatch"]
            dump = str(first.state / "farwatch.dump")
            self.run_tool("pg_dump", *server, "--format", "custom", "--file", dump, "farwatch")
            self.run_tool("createdb", *server, "restored")
            self.run_tool("pg_restore", *server, "--no-owner", "--dbname", "restored", dump)
            url = f"postgresql://farwatch@/restored?host={first.state}/aggregator/postgres/run"
            with Installation(aggregator_extra=f'database:\n  url: "{url}"\n') as second:
                self.assertEqual(self.calls(second), self.calls(first))
                self.assertEqual(self.counted(second), CALLS)
                status, _, _ = send(f"{second.api.address}/api/v1/audit", None, "GET", authorization=f"Bearer {reader}")
                self.assertEqual(status, 200, "tokens are kept")
                self.post(second, range(CALLS, CALLS + 10))
                second.wait_for(lambda: self.counted(second) == CALLS + 10, 60, "new calls are counted on top")
                self.assertEqual(len(self.calls(first)), CALLS)


if __name__ == "__main__":
    unittest.main()
