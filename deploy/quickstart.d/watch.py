"""Looks at the outage status twice a second, tells of each change, and remembers who was put down."""

import time
from collections.abc import Callable

DOWN = {"degraded_performance", "partial_outage", "major_outage"}
LOOK_EVERY_S = 0.5


def statuses(status: dict) -> dict[str, str]:
    return {partner["id"]: partner["status"] for partner in status["partners"]}


def is_normal(status: dict, partners) -> bool:
    found = statuses(status)
    calm = status["indicator"] == "none" and not status["stale"]
    return calm and all(found.get(partner) == "operational" for partner in partners)


def line(partner: dict) -> str:
    failing, usual = (partner.get(name) or 0.0 for name in ("failure_ratio", "baseline_failure_ratio"))
    rate = partner.get("calls_per_minute") or 0.0
    text = f"{partner['name']:<8} {partner['status']:<20} {rate:7.0f} calls/min, {failing:6.1%} failing"
    return f"{text} (usually {usual:.1%}), {partner['hosts_affected']} of {partner['hosts_calling']} hosts affected"


class Watch:
    def __init__(self, look: Callable[[], dict], check: Callable[[], None], say: Callable[[str], None]):
        self.look, self.check, self.say = look, check, say
        self.last: dict[str, str] = {}
        self.latest: dict = {}
        self.put_down: set[str] = set()

    def until(self, wanted: Callable[[dict], bool], within_s: float) -> float | None:
        """Seconds until the status was as wanted; None when it never was."""
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < within_s:
            if wanted(self.look_once()):
                return elapsed
            time.sleep(LOOK_EVERY_S)
        return None

    def during(self, seconds: float) -> None:
        self.until(lambda _: False, within_s=seconds)

    def forget(self) -> None:
        """From now on `put_down` is about what follows."""
        self.put_down = set()

    def look_once(self) -> dict:
        self.check()
        self.latest = self.look()
        for partner in self.latest["partners"]:
            name, status = partner["id"], partner["status"]
            if self.last.get(name) != status:
                self.say("  " + line(partner))
                self.last[name] = status
            if status in DOWN:
                self.put_down.add(name)
        return self.latest
