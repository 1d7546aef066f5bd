"""A partner's OpenAPI description gives its routes exactly as it has them: on a host that has the file, and on all by the aggregator."""

import json
import tempfile
import unittest
from pathlib import Path

from installation import Installation, as_ndjson, native_call, send

# Path of the description, and a path that is called. What spelling alone would make of these is something else.
PATHS = {
    "/users/{username}": "/users/alice",
    "/users/me": "/users/me",
    "/accounts/{account-id}/statements/{statement_day}": "/accounts/savings/statements/today",
    "/files/{fileId}.json": "/files/report.json",
    "/files/{fileId}": "/files/report.pdf",
    "/fx/{from}:{to}": "/fx/eur:usd",
    "/v{major}/status": "/v3/status",
    "/Orders({key})/Items": "/Orders(7)/Items",
}
YAML = "openapi: 3.1.0\nservers:\n  - url: https://{host}/open/v2/\n  - url: https://{host}/{{stage}}\npaths:\n{paths}"


class OpenAPI(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder.chmod(0o755)

    def start(self, agent: str = "", aggregator: str = "") -> Installation:
        return self.enterContext(Installation(agent_extra=agent, aggregator_extra=aggregator))

    def partner(self, name: str, text: str) -> str:
        file = self.folder / name
        file.write_text(text)
        return f"partners:\n  bank:\n    hosts: [api.bank.example]\n    openapi: {file}\n"

    def described(self) -> dict:
        return {"openapi": "3.0.3", "servers": [{"url": "/open/v2"}, {"url": "/{stage}"}], "paths": {path: {"get": {}} for path in PATHS}}

    def compare(self, installation: Installation):
        """Every path below both servers, and what is in neither."""
        wanted = {f"/open/v2{called}": f"GET /open/v2{path}" for path, called in PATHS.items()}
        wanted |= {f"/test{called}": f"GET /{{stage}}{path}" for path, called in PATHS.items()}
        wanted["/elsewhere/42"] = "GET /elsewhere/{id}"
        calls = [
            native_call(number, request={"method": "GET", "url": f"https://api.bank.example{called}"}, response={"status": 200})
            for number, called in enumerate(wanted)
        ]
        send(f"{installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")
        found = installation.wait_for(lambda: len(stored := installation.api.calls()) == len(calls) and stored, 60, "they are stored")
        told = {call["request"]["url"].removeprefix("https://api.bank.example"): call["route"] for call in found}
        self.assertEqual(told, wanted)
        self.assertEqual({call["partner"] for call in found}, {"bank"})

        def counted() -> set[str]:
            rows = json.loads(send(f"{installation.api.address}/api/v1/volume?by=route&since=1h", None, "GET")[2])["data"]
            return {row["name"] for row in rows}

        installation.wait_for(lambda: counted() == set(wanted.values()), 60, f"they are counted by these names: {wanted.values()}")

    def test_on_a_host(self):
        paths = "".join(f"  '{path}':\n    get: {{}}\n" for path in PATHS)
        self.compare(self.start(agent=self.partner("bank.yaml", YAML.format(host="api.bank.example", paths=paths))))

    def test_by_the_aggregator(self):
        file = self.partner("bank.json", json.dumps(self.described()))
        installation = self.start(agent="catalogue:\n  interval: 1s\n", aggregator=file)
        health = f"http://127.0.0.1:{installation.ports.health}/metrics"
        taken = 'farwatch_agent_catalogue_fetches_total{result="new"} '
        installation.wait_for(
            lambda: any(line.startswith(taken) and not line.endswith(" 0") for line in send(health, None, "GET")[2].decode().splitlines()),
            60, "the agent has taken it",
        )  # fmt: skip
        self.compare(installation)


if __name__ == "__main__":
    unittest.main()
