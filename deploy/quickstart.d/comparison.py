"""What the shop made against what Farwatch stored: call by call, field by field."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

CLOCK_TOLERANCE_S = 8.0  # Read twice, and a busy machine may hold up the shop in between.

# What the shop's HTTP library calls a failure, and what may stand for it in a stored call.
ERRORS = {
    "ProxyError": {"unreachable", "connect_refused"},
    "ConnectionError": {"reset", "protocol_error", "other"},
    "ChunkedEncodingError": {"reset", "protocol_error", "other"},
    "ConnectTimeout": {"connect_timeout"},
    "ReadTimeout": {"response_timeout"},
    None: {None},
}


@dataclass
class Comparison:
    made: int = 0
    equal: int = 0
    missing: list[dict] = field(default_factory=list)  # Made and not stored.
    twice: int = 0  # Stored more than once.
    invented: list[dict] = field(default_factory=list)  # Stored and not made.
    different: list[str] = field(default_factory=list)  # Stored with another value in some field.
    made_by: Counter = field(default_factory=Counter)
    stored_by: Counter = field(default_factory=Counter)

    @property
    def is_exact(self) -> bool:
        return self.made > 0 and self.equal == self.made and not self.twice and not self.invented


def compare(made: list[dict], stored: list[dict], expected: dict) -> Comparison:
    """`expected` are fields that are alike in every call, as `service`. Calls meet by trace and span id."""
    result = Comparison(made=len(made))
    by_span: dict[tuple, dict] = {}
    for call in stored:
        key = (call.get("trace_id"), call.get("span_id"))
        result.twice += key in by_span
        by_span[key] = call
        result.stored_by[kind(*seen(call))] += 1
    for call in made:
        result.made_by[kind(call["direction"], call["partner"], call["status"])] += 1
        found = by_span.pop((call["trace_id"], call["span_id"]), None)
        if found is None:
            result.missing.append(call)
            continue
        differences = list(_differences(call, found, expected))
        result.different += differences
        result.equal += not differences
    result.invented = list(by_span.values())
    return result


def compare_unreported(made: list[dict], stored: list[dict]) -> tuple[Counter, Counter]:
    """Calls without spans, which meet by what can be seen of them.

    Returns what was made and is not stored, and what is stored and was not made; how often each.
    """
    ours = Counter((call["method"], call["url"], call["status"]) for call in made)
    requests = [(call["request"], call.get("response") or {}) for call in stored]
    theirs = Counter((sent["method"], sent["url"].partition("?")[0], got.get("status")) for sent, got in requests)
    return ours - theirs, theirs - ours


def seen(call: dict) -> tuple:
    return call.get("direction"), call.get("partner"), (call.get("response") or {}).get("status")


def kind(direction: str, partner: str, status: int | None) -> str:
    return f"{direction} {partner} {status or 'no answer'}"


def _differences(made: dict, stored: dict, expected: dict):
    request = stored.get("request", {})
    pairs = {
        "direction": (made["direction"], stored.get("direction")),
        "partner": (made["partner"], stored.get("partner")),
        "host": (made["host"], stored.get("host")),
        "method": (made["method"], request.get("method")),
        "url": (made["url"], request.get("url", "").partition("?")[0]),
        "status": (made["status"], (stored.get("response") or {}).get("status")),
        **{name: (value, stored.get(name)) for name, value in expected.items()},
    }
    for name, (ours, theirs) in pairs.items():
        if ours != theirs:
            yield f"span {made['span_id']}: {name} was {ours!r}, stored is {theirs!r}"
    if stored.get("error") not in ERRORS.get(made["error"], {"other"}):
        yield f"span {made['span_id']}: error was {made['error']!r}, stored is {stored.get('error')!r}"
    late = abs((_instant(stored["time"]) - _instant(made["time"])).total_seconds())
    if late > CLOCK_TOLERANCE_S:
        yield f"span {made['span_id']}: time was {made['time']}, stored is {stored['time']}"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
