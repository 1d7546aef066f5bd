"""What the shop itself saw of its calls, one JSON line each: the measure of what Farwatch stored."""

import json
import threading
from datetime import datetime, timezone
from pathlib import Path


def now() -> str:
    """RFC 3339, UTC, milliseconds, as Farwatch writes its times: texts of this form sort as the times do."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_between(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


class TruthWriter:
    def __init__(self, path: str, host: str):
        self.file = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()
        self.host = host

    def started(self, **call) -> dict:
        return {"time": now(), "host": self.host, **call}

    def ended(self, call: dict, span, status: int | None = None, error: str | None = None) -> None:
        """`span` is the OpenTelemetry context of the call, `error` the exception that stood in place of a status."""
        call |= {"status": status, "error": error}
        call |= {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
        with self.lock:
            self.file.write(json.dumps(call) + "\n")
            self.file.flush()

    def close(self) -> None:
        self.file.close()


def read(folder: Path) -> list[dict]:
    """All calls of all hosts, oldest first. A line still being written is left for the next reading."""
    calls = []
    for path in sorted(folder.glob("*.ndjson")):
        complete, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
        calls += [json.loads(line) for line in complete.splitlines()]
    return sorted(calls, key=lambda call: call["time"])
