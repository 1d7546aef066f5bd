"""What an earlier release left behind: its database, a batch as its agent sent it, its agent's state, what its aggregator answered.
Recorded, and used again."""

import gzip
import json
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

from installation import Installation, as_ndjson, native_call, send
from recorded_aggregator import record
from system import clean_environment

FOLDER = Path(__file__).parent / "earlier"
DELIVERED, LATER, WAITING = 100, 50, 50


def calls(first: int, count: int) -> list[dict]:
    """One in five fails, one in ten has an answer of no server; weights from 1 to 3; five customers."""
    made = []
    for number in range(first, first + count):
        response = {"status": 503 if number % 5 == 0 else 200, "headers": {"retry-after": "3"}, "body": {"n": number}}
        call = native_call(number, response=response, customer=f"customer-{number % 5}", weight=number % 3 + 1)
        made.append(call | ({"response": None, "error": "reset"} if number % 10 == 3 else {}))
    return made


def post(installation: Installation, made: list[dict]) -> None:
    body = as_ndjson(made)
    status, _, answer = send(f"{installation.receivers}/v1/calls", body, content_type="application/x-ndjson")
    assert status == 202, answer


def volume(installation: Installation, by: str) -> dict[str, tuple[int, int]]:
    """Calls and failures by name, as the rollups have them, of all time."""
    path = f"/api/v1/volume?by={by}&since=2020-01-01T00:00:00Z"
    status, _, body = send(installation.api.address + path, None, "GET")
    assert status == 200, body
    return {row["name"]: (row["calls"], row["calls_failed"]) for row in json.loads(body)["data"]}


def reachable(installation: Installation) -> dict[str, str]:
    """Where the installation's private PostgreSQL is found by others on this host."""
    wanted = "SELECT current_setting('port'), trim(both '\"' from current_setting('unix_socket_directories')), current_user"
    port, folder, user = installation.sql(wanted)[0]
    return {"PGPORT": port, "PGHOST": folder, "PGUSER": user}


class Recording:
    """Runs the earlier release and keeps what it leaves behind."""

    def __init__(self, programs: Path, folder: Path):
        """In a folder named after the schema of its database."""
        self.programs, self.folder = programs, folder
        self.into = folder

    def run(self) -> None:
        installation = Installation()
        installation.bin = self.programs
        leave_out_new_settings(installation)
        with installation:
            schema = installation.sql("SELECT max(version) FROM farwatch.schema_steps")[0][0]
            self.into = self.folder / f"schema-{schema}"
            self.into.mkdir(parents=True, exist_ok=True)
            self._deliver(installation, calls(0, DELIVERED), DELIVERED)
            told = {"volume": {by: volume(installation, by) for by in ("partner", "customer")}}
            self._dump(installation)
            before = self._sent(installation)
            self._deliver(installation, calls(DELIVERED, LATER), DELIVERED + LATER)
            told |= self._batch(installation, before)
            self._answers(installation, told)
            installation.stop("farwatch-aggregator")
            post(installation, calls(DELIVERED + LATER, WAITING // 2))
            time.sleep(3)  # Those are sealed; the next ones lie in the journal when the agent is killed.
            post(installation, calls(DELIVERED + LATER + WAITING // 2, WAITING // 2))
            installation.kill("farwatch-agent")
            with tarfile.open(self.into / "agent.tar.gz", "w:gz") as archive:
                archive.add(installation.state / "agent", "agent", filter=self._without_names)
        (self.into / "told.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")

    @staticmethod
    def _without_names(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        return None if entry.name.endswith((".token", ".sent")) else entry

    def _deliver(self, installation: Installation, made: list[dict], count: int) -> None:
        post(installation, made)
        installation.wait_for(lambda: len(installation.api.calls()) == count, 60, "the calls are stored")
        wanted = sum(call["weight"] for call in calls(0, count))
        installation.wait_for(lambda: volume(installation, "partner").get("stripe", (0, 0))[0] == wanted, 90, "counted")

    def _dump(self, installation: Installation) -> None:
        dump = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))[-1]
        database = installation.sql("SELECT current_database()")[0][0]
        command = [str(dump), "--schema=farwatch", "--no-owner", "--no-privileges", database]
        environment = clean_environment() | reachable(installation)
        text = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
        with gzip.GzipFile(self.into / "database.sql.gz", "wb", mtime=0) as file:
            file.write(text)

    def _sent(self, installation: Installation) -> set[Path]:
        return set((installation.state / "agent").rglob("*.sent"))

    def _batch(self, installation: Installation, before: set[Path]) -> dict:
        """The bytes of a batch that the database does not hold yet, and who sent them."""
        new = sorted(self._sent(installation) - before)
        assert len(new) == 1, new
        shutil.copy(new[0], self.into / "batch.bin")
        agent, spool, sequence = installation.sql(
            "SELECT n.name, replace(l.spool::text, '-', ''), l.sequence FROM farwatch.ledger l "
            "JOIN farwatch.names n ON n.kind = 9 AND n.id = l.agent ORDER BY l.sequence DESC LIMIT 1"
        )[0]
        return {"agent": agent, "spool": spool, "sequence": int(sequence)}

    def _answers(self, installation: Installation, told: dict) -> None:
        token = (installation.state / "agent.token").read_text().strip()
        ingest = f"http://127.0.0.1:{installation.ports.ingest}"
        answers = record(ingest, token, told, (self.into / "batch.bin").read_bytes())
        (self.into / "answers.json").write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")


def leave_out_new_settings(installation: Installation) -> None:
    """What the tests set and earlier releases know nothing of."""
    path = installation.state / "aggregator.yaml"
    path.write_text(path.read_text().replace("partner_pages:\n  enabled: false\n", ""))


def restore(database: str, installation: Installation, folder: Path) -> str:
    """Makes a database of what was recorded, in the installation's PostgreSQL; gives back its address."""
    installation.sql(f"CREATE DATABASE {database}")
    environment = clean_environment() | reachable(installation)
    psql = sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"))[-1]
    command = [str(psql), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={database}"]
    text = gzip.decompress((folder / "database.sql.gz").read_bytes())
    done = subprocess.run(command, env=environment, input=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return f"postgresql:///{database}?host={environment['PGHOST']}&port={environment['PGPORT']}&user={environment['PGUSER']}"


def unpack_agent(state: Path, folder: Path) -> None:
    with tarfile.open(folder / "agent.tar.gz") as archive:
        archive.extractall(state, filter="data")
    os.chmod(state / "agent", 0o700)
