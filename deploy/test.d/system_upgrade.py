"""What an earlier release left behind is taken over: its stored calls and counts, its agent's batches, its agent's spool. And back:
this release's agent gets on with what an earlier aggregator answered, this aggregator with what a later agent sends.

`deploy/test-upgrade --record OLD` made the recordings; `deploy/test-upgrade OLD NEW` does the same with programs.
"""

import json
import re
import subprocess
import unittest

from earlier import DELIVERED, FOLDER, LATER, WAITING, calls, restore, unpack_agent, volume
from installation import Installation, as_ndjson, native_call, send
from recorded_aggregator import UNKNOWN_VERSION, RecordedAggregator, record
from system import clean_environment

RETENTION = "retention: {calls: 3650d, minutes: 3650d, hours: 3650d}\n"  # The recording grows older.


class Upgrade:
    """What is tested of every recording."""

    schema: int

    @classmethod
    def setUpClass(cls):
        """One installation lends its PostgreSQL; the other is the one that is upgraded."""
        cls.folder = FOLDER / f"schema-{cls.schema}"
        cls.told = json.loads((cls.folder / "told.json").read_text())
        lender = Installation()
        cls.addClassCleanup(lender.close)
        lender.start_aggregator()
        address = restore("earlier", lender, cls.folder)
        settings = lender.state / "before.yaml"
        settings.write_text(f"state_directory: {lender.state}/before\ndatabase:\n  url: {address}\n")
        cls.migrate = [str(lender.bin / "farwatch-aggregator"), "migrate", "--config", str(settings)]
        cls.rehearsed = cls.run_migration("--dry-run"), cls.run_migration("--dry-run")
        cls.installation = Installation(aggregator_extra=f"database:\n  url: {address}\n{RETENTION}")
        cls.addClassCleanup(cls.installation.close)
        unpack_agent(cls.installation.state, cls.folder)
        cls.installation.start_aggregator()
        cls.token = cls.installation.command("farwatch-aggregator", "token", "create").split()[-1]

    @classmethod
    def run_migration(cls, *arguments: str) -> str:
        done = subprocess.run(
            [*cls.migrate, *arguments], env=clean_environment(), capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stored(self) -> dict[str, dict]:
        found = self.installation.api.calls(since="2020-01-01T00:00:00Z")
        self.assertEqual(len(found), len({call["id"] for call in found}), "each once")
        return {call["id"]: call for call in found}

    def weight(self, first: int, count: int) -> int:
        return sum(call["weight"] for call in calls(first, count))

    def counted(self) -> int:
        return volume(self.installation, "partner")["stripe"][0]

    def test_the_way_of_an_upgrade(self):
        self.a_rehearsal_says_what_would_be_done()
        self.calls_and_counts_are_kept()
        self.a_batch_of_an_earlier_agent_is_taken_once()
        self.an_earlier_agent_s_spool_is_sent_by_this_one()

    def a_rehearsal_says_what_would_be_done(self):
        latest = int(self.installation.sql("SELECT max(version) FROM farwatch.schema_steps")[0][0])
        steps = [int(number) for number in re.findall(r"(?m)^would apply (\d+): ", self.rehearsed[0])]
        self.assertEqual(steps, list(range(self.schema + 1, latest + 1)))
        self.assertEqual(*self.rehearsed, "it changes nothing")
        self.assertIn("already", self.run_migration("--dry-run"), "the aggregator has done it at its start")

    def calls_and_counts_are_kept(self):
        found = self.stored()
        self.assertEqual(set(found), {call["id"] for call in calls(0, DELIVERED)})
        for call in calls(0, DELIVERED):
            kept = found[call["id"]]
            self.assertEqual((kept["customer"], kept["weight"]), (call["customer"], call["weight"]))
            self.assertEqual((kept.get("response") or {}).get("status"), (call["response"] or {}).get("status"))
            self.assertEqual(kept.get("error"), call.get("error"))
        for by in ("partner", "customer"):
            told = {name: tuple(figures) for name, figures in self.told["volume"][by].items()}
            self.assertEqual(volume(self.installation, by), told, by)

    def a_batch_of_an_earlier_agent_is_taken_once(self):
        """The bytes as that agent sent them, twice, as after an answer that was lost."""
        headers = {
            "authorization": f"Bearer {self.token}", "farwatch_agent": self.told["agent"],
            "farwatch_spool": self.told["spool"], "farwatch_sequence": str(self.told["sequence"]),
            "farwatch_floor": str(self.told["sequence"]), "content_type": "application/vnd.farwatch.batch",
        }  # fmt: skip
        body = (self.folder / "batch.bin").read_bytes()
        ingest = f"http://127.0.0.1:{self.installation.ports.ingest}"
        for _ in range(2):
            status, _, answer = self.installation.wait_for(
                lambda: (sent := send(f"{ingest}/v1/batches", body, **headers))[0] != 401 and sent, 10, "the token is known"
            )
            self.assertEqual(status, 200, answer)
        self.assertEqual(set(self.stored()), {call["id"] for call in calls(0, DELIVERED + LATER)})
        wanted = self.weight(0, DELIVERED + LATER)
        self.installation.wait_for(lambda: self.counted() == wanted, 60, f"{wanted} are counted")
        status, _, answer = send(f"{ingest}/v1/heartbeat", b'{"version":"0.0.9","host":"app-1"}', **headers)
        self.assertLess(status, 300, answer)

    def an_earlier_agent_s_spool_is_sent_by_this_one(self):
        """Sealed batches, and a journal that its agent could not seal any more."""
        (self.installation.state / "agent.token").write_text(self.token)
        self.installation.start_agent()
        total = DELIVERED + LATER + WAITING
        wanted = {call["id"] for call in calls(0, total)}
        self.installation.wait_for(lambda: set(self.stored()) == wanted, 60, "what waited is stored")
        self.installation.wait_for(lambda: self.counted() == self.weight(0, total), 60, "and counted")


class FromSchema2(Upgrade, unittest.TestCase):
    """Over a step that contracts: counts get another form."""

    schema = 2


class FromSchema3(Upgrade, unittest.TestCase):
    schema = 3


class FromSchema6(Upgrade, unittest.TestCase):
    """Schemas 4 and 5 were steps on the way to this one, which no release stopped at: the two above go through them."""

    schema = 6


class Back(unittest.TestCase):
    """This release beside another, the other way round: its agent is the newer one, then its aggregator is the older one."""

    folder = FOLDER / "schema-6"

    def test_this_agent_gets_on_with_an_earlier_aggregator(self):
        installation = Installation()
        self.addCleanup(installation.close)
        (installation.state / "agent.token").write_text("a-token")
        aggregator = self.enterContext(RecordedAggregator(self.folder, installation.ports.ingest))
        installation.start_agent()
        made = [native_call(number) for number in range(30)]
        self.post(installation, made[:10])
        installation.wait_for(lambda: aggregator.batches, 60, "a batch is taken")
        installation.wait_for(lambda: self.waiting(installation) == [], 30, "and not sent again")
        beat = installation.wait_for(lambda: aggregator.heartbeats, 30, "it reports")[0]
        self.assertEqual(beat["host"], "quickstart")
        version = json.loads(installation.command("farwatch-agent", "status", "--json"))["catalogue_version"]
        self.assertTrue(version)
        # A release before that one: it knows no batch of this agent's. All is kept, nothing set aside.
        aggregator.reads = set()
        self.post(installation, made[10:])
        installation.wait_for(lambda: aggregator.refused, 60, "it is refused")
        self.assertEqual(self.waiting(installation), sorted(call["id"] for call in made[10:]))
        metrics = send(f"http://127.0.0.1:{installation.ports.health}/metrics", None, "GET")[2].decode()
        self.assertRegex(metrics, r"(?m)^farwatch_spool_set_aside_batches_total 0$")
        # It is upgraded.
        aggregator.reads = aggregator.told_versions
        installation.wait_for(lambda: self.waiting(installation) == [], 90, "what was kept is taken")
        self.assertEqual(len({who[:2] for who in aggregator.batches}), 1, "one agent, one spool")

    def test_this_aggregator_gets_on_with_a_later_agent(self):
        installation = self.enterContext(Installation())
        told = json.loads((self.folder / "told.json").read_text())
        batch = (self.folder / "batch.bin").read_bytes()
        token = (installation.state / "agent.token").read_text().strip()
        installation.await_token(token)
        ingest = f"http://127.0.0.1:{installation.ports.ingest}"
        answers = record(ingest, token, told, batch)
        statuses = {name: answer["status"] for name, answer in answers.items()}
        wanted = {"batch": 200, "batch_of_unknown_version": 415, "heartbeat": 204, "catalogue": 200, "catalogue_unchanged": 304}
        self.assertEqual(statuses, wanted)
        # Which of its versions the agent can fall back to; and none but them.
        readable = answers["batch_of_unknown_version"]["headers"]["farwatch-versions"]
        self.assertNotIn(str(UNKNOWN_VERSION), readable)
        # A field that is not known here means nothing here: number 90, a text.
        known = told | {"sequence": told["sequence"] + 1}
        extended = batch + bytes([0xD2, 0x05, 3]) + b"new"
        self.assertEqual(record(ingest, token, known, extended)["batch"]["status"], 200)
        # To the ledger they are two batches.
        installation.wait_for(lambda: len(installation.api.calls(since="2020-01-01T00:00:00Z")) == 2 * LATER, 60, "both are stored")

    def post(self, installation: Installation, made: list[dict]) -> None:
        body = as_ndjson(made)
        self.assertEqual(send(f"{installation.receivers}/v1/calls", body, content_type="application/x-ndjson")[0], 202)

    def waiting(self, installation: Installation) -> list[str]:
        lines = installation.command("farwatch-agent", "sent", "--waiting").splitlines()
        return sorted(json.loads(line)["id"] for line in lines)


if __name__ == "__main__":
    unittest.main()
