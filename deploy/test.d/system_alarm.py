"""An agent that no aggregator answers tells of it by itself, and when it is over."""

import unittest

from installation import Installation
from receivers import HTTPReceiver


class NobodyAnswers(unittest.TestCase):
    """An agent alone, and its own alarm."""

    def test_an_agent_that_no_aggregator_answers_tells_by_itself_and_that_it_is_over(self):
        siren = HTTPReceiver()
        self.addCleanup(siren.close)
        installation = Installation()
        self.addCleanup(installation.close)
        told = installation.state / "told"
        program = installation.state / "page"
        program.write_text(f'#!/bin/sh\necho "$FARWATCH_EVENT $FARWATCH_HOST" >> {told}\n')
        program.chmod(0o755)
        file = installation.state / "agent.yaml"
        alarm = f"  alarm: {{after: 20s, command: [{program}], url: '{siren.url}/page'}}\n"
        file.write_text(file.read_text().replace("forward:\n", "forward:\n" + alarm))
        installation.__enter__()
        hosts = lambda: installation.api.status()["fleet"]["hosts_reporting"]  # noqa: E731
        installation.wait_for(lambda: hosts() == 1, 20, "it is heard from")
        installation.kill("farwatch-aggregator")
        installation.wait_for(lambda: siren.got and told.exists() and told.read_text(), 40, "it tells that nobody answers")
        self.assertEqual(told.read_text(), "lost quickstart\n")
        lost = siren.got[0]
        self.assertEqual((lost.path, lost.json["event"], lost.json["host"]), ("/page", "lost", "quickstart"))
        self.assertGreaterEqual(lost.json["unanswered_s"], 20)
        installation.start_aggregator()
        installation.wait_for(lambda: len(siren.got) == 2, 30, "it tells that it is over")
        self.assertEqual(siren.got[1].json["event"], "back")
        installation.wait_for(lambda: told.read_text().endswith("back quickstart\n"), 5, "the command is told, too")


if __name__ == "__main__":
    unittest.main()
