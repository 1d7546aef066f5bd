"""A batch that can never be stored is set aside, told of, and holds up none behind it.

A host that was set back to a copy of its disk is such a case: its spool numbers batches anew, with other contents than those that
the aggregator holds under the same identity.
"""

import json
import shutil
import subprocess
import unittest

from installation import Installation, as_ndjson, native_call, send
from system import clean_environment


class RefusedBatch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = cls.enterClassContext(Installation())

    def send_and_await(self, name: str) -> None:
        self.post(name)
        self.installation.wait_for(lambda: name in self.stored(), 30, f"{name} is stored")

    def post(self, name: str) -> None:
        url = f"{self.installation.receivers}/v1/calls"
        status, _, _ = send(url, as_ndjson([native_call(0, id=name)]), content_type="application/x-ndjson")
        self.assertEqual(status, 202)

    def stored(self) -> set[str]:
        return {row[0] for row in self.installation.sql("SELECT supplied_id FROM farwatch.call_rows")}

    def agent_says(self, *command: str) -> str:
        """Whatever its exit code: that of `doctor` tells how bad things are."""
        words = [str(self.installation.bin / "farwatch-agent"), *command, "--config", str(self.installation.state / "agent.yaml")]
        return subprocess.run(words, env=clean_environment(), capture_output=True, text=True, check=False, timeout=180).stdout

    def test_it_is_set_aside_and_told_of_while_those_behind_it_go_on(self):
        state, copy = self.installation.state / "agent", self.installation.state / "agent.copy"
        self.send_and_await("before")
        left = [json.loads(line)["id"] for line in self.agent_says("sent", "--since", "1h").splitlines()]
        self.assertEqual(left, ["before"], "a copy of what was acknowledged is kept on the host")
        self.assertEqual(self.agent_says("sent", "--since", "1h", "--partner", "slack"), "")
        self.installation.stop("farwatch-agent")
        shutil.copytree(state, copy)
        self.installation.start_agent()
        self.send_and_await("taken")
        self.installation.stop("farwatch-agent")
        shutil.rmtree(state)
        copy.rename(state)
        self.installation.start_agent()

        self.post("refused")
        # Its batch is through before the next call comes, so that this one goes into the batch behind it.
        self.installation.wait_for(lambda: self.spool()["waiting_calls"] == 0, 30, "the batch is sent and answered")
        self.send_and_await("behind")
        self.assertEqual(self.stored(), {"before", "taken", "behind"})
        self.assertEqual(self.spool()["set_aside"]["refused"], 1)
        self.assertIn("1 batches refused by the aggregator", self.agent_says("status"))
        self.assertRegex(self.agent_says("doctor"), "set aside.*1 refused by the aggregator")

    def spool(self) -> dict:
        return json.loads(self.agent_says("status", "--json"))["spool"]


if __name__ == "__main__":
    unittest.main()
