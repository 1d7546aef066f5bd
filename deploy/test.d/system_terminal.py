"""The programs as people see them: colours, widths, --watch, progress, completions, --json; and a rehearsed migration."""

import json
import re
import signal
import subprocess
import sys
import unittest

from installation import HERE, Installation, as_ndjson, clean_environment, native_call, send
from terminal import Terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FAILED = {"status": 500}


def recorded(count: int) -> list[dict]:
    """Calls of which those without a zip code failed."""
    calls = []
    for number in range(count):
        body = {"amount": number, "shipping": {"city": "Bern"} | ({} if number % 4 == 0 else {"zip": "3000"})}
        request = {"method": "POST", "url": "https://api.stripe.com/v1/charges", "body": body}
        calls.append(native_call(number, request=request, response=FAILED if number % 4 == 0 else {"status": 200}))
    return calls


class InATerminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.farwatch = str(cls.installation.bin / "farwatch")
        cls.url = ["--url", cls.installation.api.address]
        cls.sent = 0
        cls.send(customer="a-customer-with-quite-a-long-name", host="application-server-17.example", response=FAILED)
        cls.installation.wait_for(lambda: len(cls.installation.api.calls()) == 1, 30, "the call is stored")
        cls.installation.wait_for(lambda: cls.installation.api.status()["partners"], 30, "its partner is shown")

    @classmethod
    def send(cls, **changes):
        cls.sent += 1
        calls = as_ndjson([native_call(cls.sent, **changes)])
        send(f"{cls.installation.receivers}/v1/calls", calls, content_type="application/x-ndjson")

    def on_terminal(self, *arguments: str, **how) -> str:
        with Terminal([self.farwatch, *arguments, *self.url], **how) as terminal:
            text = terminal.read_to_end()
            self.assertEqual(terminal.process.returncode, 0, text)
            return text

    def test_colours_are_for_terminals_whose_owner_wants_them(self):
        self.assertRegex(self.on_terminal("status"), COLOUR)
        for plain in (self.on_terminal("status", NO_COLOR="1"), self.on_terminal("status", "--no-color")):
            self.assertNotRegex(plain, COLOUR)
            self.assertIn("Stripe", plain)
        piped = subprocess.run([self.farwatch, "status", *self.url], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("\x1b", piped)

    def test_tables_fit_the_terminal(self):
        for arguments in (["status"], ["partners"], ["partners", "stripe"], ["hosts"], ["search"], ["incidents"]):
            for columns in (60, 100):
                text = COLOUR.sub("", self.on_terminal(*arguments, columns=columns))
                longest = max(text.splitlines(), key=len)
                self.assertLessEqual(len(longest), columns, f"{arguments}: {longest!r}")

    def test_watching_draws_anew_until_interrupted_also_when_nobody_answers_for_a_while(self):
        with Terminal([self.farwatch, "status", "--watch", "--interval", "1", *self.url]) as terminal:
            terminal.read_until(lambda text: text.count("\x1b[2J") >= 2 and "Stripe" in text)
            self.send(request={"method": "GET", "url": "https://slack.com/api/auth.test"})
            terminal.read_until(lambda text: "Slack" in text)
            self.assertIsNone(terminal.process.poll())
            self.assertEqual(terminal.interrupt(), -signal.SIGINT)
        with Terminal([self.farwatch, "hosts", "--watch", "--interval", "1", "--url", "http://127.0.0.1:1"]) as terminal:
            terminal.read_until(lambda text: text.count("farwatch:") >= 2)
            self.assertEqual(terminal.interrupt(), -signal.SIGINT)

    def test_long_work_says_how_far_it_is_where_a_person_looks(self):
        file = self.installation.state / "recorded.ndjson"
        file.write_bytes(as_ndjson(recorded(20_000)))
        explain = [self.farwatch, "explain", "--calls", str(file)]
        with Terminal(explain) as terminal:
            text = terminal.read_to_end()
        told = re.findall(r"\r([a-z][^\r\n]*) (\d+) %", text)
        self.assertGreater(len(told), 2, text[:500])
        for step in {step for step, _ in told}:
            shares = [int(share) for one, share in told if one == step]
            self.assertEqual(shares, sorted(shares), step)
        self.assertIn("zip", text)
        quiet = subprocess.run(explain, capture_output=True, text=True, check=True)
        self.assertEqual((quiet.stderr, "%\r" in quiet.stdout), ("", False))
        replay = [str(self.installation.bin / "farwatch-agent"), "replay", str(file)]
        replay += ["--config", str(self.installation.state / "agent.yaml")]
        with Terminal(replay) as terminal:
            text = terminal.read_to_end()
        told = [int(line) for line in re.findall(r"line (\d+)\r?\n", text)]
        self.assertGreater(len(told), 1, text[-2000:])
        self.assertEqual((told, told[-1]), (sorted(told), 20_000))
        self.assertIn("20000 calls sent", text)

    def test_every_command_that_shows_something_prints_json(self):
        for arguments in (["status"], ["partners"], ["partners", "stripe"],
                          ["partners", "stripe", "--limits"], ["hosts"], ["incidents"], ["silence", "list"],
                          ["maintenance", "list"], ["owners"], ["search"], ["explain", "--partner", "stripe"]):  # fmt: skip
            with self.subTest(arguments=arguments):
                done = subprocess.run([self.farwatch, *arguments, "--json", *self.url], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                for line in done.stdout.splitlines() if arguments[0] == "search" else [done.stdout]:
                    json.loads(line)

    def test_completions_complete(self):
        """Of bash, by asking it what it would offer; of the others, that each names its own program and every command."""
        for program in ("farwatch", "farwatch-agent", "farwatch-aggregator"):
            path = str(self.installation.bin / program)
            scripts = {
                shell: subprocess.run([path, "--generate-completion-script", shell], capture_output=True, text=True, check=True).stdout
                for shell in ("bash", "zsh", "fish")
            }
            self.assertTrue(scripts["zsh"].startswith(f"#compdef {program}"))
            self.assertIn(f"complete -c '{program}'", scripts["fish"])
            asked = 'source /dev/stdin; complete -p "$1" >&2; COMP_WORDS=("$1" ""); COMP_CWORD=1; COMP_LINE="$1 "; COMP_POINT=${#COMP_LINE}; '
            asked += '$(complete -p "$1" | sed -E "s/.*-F ([^ ]+).*/\\1/") "$1" "" "$1"; printf "%s\\n" "${COMPREPLY[@]}"'
            done = subprocess.run(["bash", "-c", asked, "bash", program], input=scripts["bash"], capture_output=True, text=True, check=False)
            offered = {word.strip() for word in done.stdout.splitlines()}
            commands = {"farwatch": "incidents", "farwatch-agent": "tap", "farwatch-aggregator": "migrate"}
            for word in (commands[program], "version"):
                self.assertIn(word, offered, done.stderr)
                for shell in ("zsh", "fish"):
                    self.assertIn(word, scripts[shell])

    def test_the_manual_has_a_page_for_each_program_with_every_command(self):
        make = str(HERE.parent / "make-man")
        folder = self.installation.state / "man"
        subprocess.run([sys.executable, "-B", make, str(folder)], env=clean_environment(), check=True, capture_output=True)
        for program, words in (("farwatch", ("explain", "silence")), ("farwatch-agent", ("redact", "tap")),
                               ("farwatch-aggregator", ("migrate", "backtest"))):  # fmt: skip
            page = (folder / "man1" / f"{program}.1").read_text()
            self.assertTrue(page.startswith(f'.TH "{program.upper()}" 1'))
            for word in (*words, "version", "EXIT"):
                self.assertIn(word, page)

    def test_a_token_that_was_revoked_opens_nothing_any_more(self):
        def token(*arguments: str) -> str:
            return self.installation.command("farwatch-aggregator", "token", *arguments)

        def status() -> int:
            return send(self.installation.api.address + "/api/v1/audit", None, "GET", authorization=f"Bearer {made}")[0]

        made = token("create", "--scope", "admin", "--name", "short-lived").split()[-1]
        self.installation.wait_for(lambda: status() == 200, 15, "the token is known")
        (line,) = [line for line in token("list").splitlines() if "short-lived" in line]
        self.assertNotIn(made, line)
        token("revoke", line.split()[0])
        self.installation.wait_for(lambda: status() == 401, 15, "the token is refused")
        self.assertFalse([line for line in token("list").splitlines() if "short-lived" in line and "revoked" not in line])

    def test_a_migration_can_be_rehearsed(self):
        """On a database that lags behind: another one beside the installation's own, still empty."""
        self.assertIn("already", self.installation.command("farwatch-aggregator", "migrate", "--dry-run"))
        self.installation.sql("CREATE DATABASE rehearsal")
        wanted = "SELECT current_setting('port'), trim(both '\"' from current_setting('unix_socket_directories')), current_user"
        port, folder, user = self.installation.sql(wanted)[0]
        settings = self.installation.state / "rehearsal.yaml"
        settings.write_text(
            f"state_directory: {self.installation.state}/rehearsal\n"
            f"database:\n  url: postgresql:///rehearsal?host={folder}&port={port}&user={user}\n"
        )
        migrate = [str(self.installation.bin / "farwatch-aggregator"), "migrate", "--config", str(settings)]

        def run(*arguments: str) -> str:
            done = subprocess.run([*migrate, *arguments], env=clean_environment(), capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        rehearsed = run("--dry-run")
        self.assertEqual(rehearsed, run("--dry-run"), "it changed nothing")
        self.assertGreaterEqual(rehearsed.count("would apply"), 3)
        self.assertEqual(run(), rehearsed.replace("would apply", "applied"))
        self.assertIn("already", run())
        self.assertIn("already", run("--dry-run"))


if __name__ == "__main__":
    unittest.main()
