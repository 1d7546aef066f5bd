"""`farwatch-aggregator doctor` of an installation on which one thing after another is not well: each is found, each with one remedy,
and the exit code says whether something is broken."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from installation import Installation, clean_environment, settings

REMEDY = "    → "


class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation()
        cls.addClassCleanup(cls.installation.close)

    def ask(self, config: Path | None = None) -> tuple[int, dict[str, str], dict[str, str]]:
        """The exit code, and marks and remedies by what was found."""
        config = config or self.installation.state / "aggregator.yaml"
        command = [str(self.installation.bin / "farwatch-aggregator"), "doctor", "--config", str(config)]
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=240, check=False)
        marks, remedies, last = {}, {}, None
        for line in done.stdout.splitlines():
            if line.startswith(REMEDY):
                self.assertNotIn(last, remedies, f"two remedies, or one of nothing: {done.stdout}")
                remedies[last] = line.removeprefix(REMEDY)
            else:
                self.assertRegex(line, "^[✓!✗] ", done.stdout + done.stderr)
                last = line[2:]
                marks[last] = line[0]
        self.assertEqual(set(remedies), {text for text, mark in marks.items() if mark in "!✗"}, done.stdout)
        self.assertEqual(done.returncode, 1 if "✗" in marks.values() else 0, done.stdout + done.stderr)
        return done.returncode, marks, remedies

    def assert_found(self, mark: str, words: str, remedy: str, asked=None):
        code, marks, remedies = asked or self.ask()
        found = [text for text, its in marks.items() if words in text]
        self.assertEqual([marks[text] for text in found], [mark], marks)
        self.assertIn(remedy, remedies[found[0]])
        if mark == "✗":
            self.assertEqual(code, 1)

    def test_each_thing_that_is_not_well_is_found_with_its_remedy(self):
        asked = self.ask()
        self.assert_found("✗", "cannot be read", "create it", asked)  # The state directory: nothing has run yet.
        self.assert_found("!", "there is no database yet", "farwatch-aggregator run", asked)

        self.installation.start_aggregator()
        asked = self.ask()
        self.assert_found("✗", "no token lets an agent deliver", "token create --scope ingest", asked)
        self.assert_found("!", "no agent has reported", "start farwatch-agent", asked)

        token = self.installation.command("farwatch-aggregator", "token", "create").split()[-1]
        settings.write_token(self.installation.state, token)
        self.installation.start_agent()
        self.installation.wait_for(lambda: "1 agent reports" in self.ask()[1], 30, "the agent is known")
        self.installation.wait_for(lambda: self.ask()[0] == 0, 30, "nothing is broken")

        self.schema_is_another()
        self.an_agent_is_silent()
        self.installation.stop("farwatch-aggregator")
        self.installation.wait_for(lambda: self.ask()[0] == 1, 30, "a status of long ago is a finding")
        self.assert_found("✗", "the status is ", "start the aggregator")

    def schema_is_another(self):
        """The last step is put where it does not count, or one that is not known is put behind it."""
        newest = "version = (SELECT max(version) FROM farwatch.schema_steps)"
        self.installation.sql(f"UPDATE farwatch.schema_steps SET version = version - 1000 WHERE {newest}")
        self.assert_found("!", "the schema is at version", "farwatch-aggregator migrate")
        self.installation.sql("UPDATE farwatch.schema_steps SET version = version + 1000 WHERE version < 0")
        for readable_from, mark, words, remedy in (
            ("1", "!", "this program knows", "upgrade this aggregator"),
            ("max(version) + 1", "✗", "needs a program of schema", "install a later farwatch-aggregator"),
        ):
            self.installation.sql(
                "INSERT INTO farwatch.schema_steps (version, title, readable_from) "
                f"SELECT max(version) + 1, 'of a later release', {readable_from} FROM farwatch.schema_steps"
            )
            self.assert_found(mark, words, remedy)
            self.installation.sql("DELETE FROM farwatch.schema_steps WHERE title = 'of a later release'")
        self.installation.wait_for(lambda: self.ask()[0] == 0, 30, "all is well again")

    def an_agent_is_silent(self):
        self.installation.stop("farwatch-agent")

        def is_silent() -> bool:
            # Its last words may still be on their way into the database.
            self.installation.sql("UPDATE farwatch.agents SET last_seen = now() - interval '1 hour'")
            self.asked = self.ask()
            return any("agents are silent" in text for text in self.asked[1])

        self.installation.wait_for(is_silent, 30, "the silent agent is found")
        self.assert_found("!", "1 of 1 agents are silent", "farwatch-agent doctor", self.asked)

    def test_a_database_that_does_not_answer_is_found(self):
        with tempfile.TemporaryDirectory(prefix="farwatch-doctor-") as folder:
            config = Path(folder) / "aggregator.yaml"
            url = f"postgresql://fw:greyhen@127.0.0.1:{settings.free_port()}/calls"
            config.write_text(f"state_directory: {folder}\ndatabase:\n  url: {url}\n")
            asked = self.ask(config)
            self.assert_found("✗", "the database does not answer", "check database.url", asked)
            self.assertNotIn("greyhen", str(asked))
            config.write_text(f"state_directory: {folder}/nowhere\ndatabase:\n  url: {url}\n")
            self.assert_found("✗", "nowhere cannot be read", "create it", self.ask(config))


if __name__ == "__main__":
    unittest.main()
