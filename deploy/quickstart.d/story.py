"""What happens to the shop, and what the status has to say of it: one act after the other, each with its verdicts."""

import time

import truth
from comparison import Comparison, compare, compare_unreported
from system import PARTNERS, SERVICE, VERSION, WIRE_HOST, System
from watch import Watch, is_normal, line, statuses, DOWN

NORMAL_S, NORMAL_WITHIN_S = 45, 120
FAILING, FAILING_RATIO = "stripe", 1.0
SHOWN_WITHIN_S, OVER_WITHIN_S = 60, 180
PAGED_WITHIN_S = 30  # Some eight where nothing holds up the machine; how long it was is told.
CUT_HOST, CUT_S_MIN, CUT_S_MAX = "app-3", 20, 75
LONGEST_CALL_S, STORED_WITHIN_S = 6, 180
EXAMPLES_MAX = 5


class Story:
    def __init__(self, system: System, say):
        self.system, self.say = system, say
        self.watch = Watch(system.api.status, system.programs.check, say)
        self.verdicts: list[tuple[bool, str]] = []
        self.shown_after_s = 0.0

    @property
    def is_right(self) -> bool:
        return all(right for right, _ in self.verdicts)

    def normal_days(self) -> None:
        self.say(f"normal traffic for {NORMAL_S} s: it shows what is normal")
        self.watch.forget()
        self.watch.during(NORMAL_S)
        after = self.watch.until(self._is_normal, NORMAL_WITHIN_S)
        self._judge(after is not None, "all partners became operational")
        self._judge(not self.watch.put_down, self._of_partners("no partner was put down by everyday failures"))

    def partner_fails(self) -> None:
        self.say(f"the stand-in for {FAILING} now answers 503 to {FAILING_RATIO:.0%} of its requests")
        self.watch.forget()
        since = truth.now()
        self.system.fail(FAILING, FAILING_RATIO)
        shown = self.watch.until(self._shows_outage, SHOWN_WITHIN_S)
        self.shown_after_s = shown or 0.0
        self._judge(shown is not None, f"the outage of {FAILING} was shown" + _after(shown))
        self.watch.during(5)
        self._judge_page(since)
        self.say(f"the stand-in for {FAILING} is well again")
        self.system.fail(FAILING, 0)
        over = self.watch.until(self._is_normal, OVER_WITHIN_S)
        self._judge(over is not None, f"the outage of {FAILING} was seen to be over" + _after(over))
        self.watch.during(3)
        kinds = [page["message"]["data"]["kind"] for page in self._pages_since(since)]
        self._judge(kinds == ["opened", "resolved"], f"one message told of it, one that it was over (got: {kinds})")
        others = self.watch.put_down - {FAILING}
        self._judge(not others, self._of_partners("no other partner was put down with it", others))

    def _judge_page(self, since: str) -> None:
        """From the first call that failed to the message: the shop's clock and the pager's are the same."""
        failed = [call["time"] for call in self.system.calls_made() if call["time"] >= since and call["status"] == 503]
        pages = self._pages_since(since)
        if not failed or not pages:
            return self._judge(False, "somebody was woken: no message came")
        first = pages[0]
        told = first["message"]["data"]
        cause = told["document"]["cause"]
        seconds = truth.seconds_between(failed[0], first["received_at"])
        self.say(f"woken by: {told['summary']}")
        told_after = f"somebody was woken {seconds:.1f} s after the first call had failed"
        self._judge(seconds <= PAGED_WITHIN_S, told_after)
        right = (cause["kind"], cause["partners"]) == ("partner", [FAILING])
        self._judge(right and first["genuine"], f"the message names {FAILING} as the cause, and is signed")

    def _pages_since(self, since: str) -> list[dict]:
        return [page for page in self.system.pages() if page["received_at"] >= since]

    def host_loses_network(self) -> None:
        seconds = max(CUT_S_MIN, self.shown_after_s + 10)  # Longer than it takes to blame a partner.
        self.say(f"the host {CUT_HOST} loses its network for {seconds:.0f} s: all its calls fail, to all partners")
        self.watch.forget()
        since = truth.now()
        self.system.take_network_from(CUT_HOST)
        self.watch.during(seconds)
        self.watch.until(lambda _: self._pages_since(since), CUT_S_MAX - seconds)
        failed = self.system.api.calls(host=CUT_HOST, outcome="no_answer", since=since)
        self._judge(bool(failed), f"the failed calls of {CUT_HOST} have come in ({len(failed)} of them)")
        self.say(f"the host {CUT_HOST} has its network again")
        self.system.give_network_to(CUT_HOST)
        back = self.watch.until(self._is_normal, OVER_WITHIN_S)
        self._judge(not self.watch.put_down, self._of_partners("no partner was blamed for it"))
        causes = [page["message"]["data"]["document"]["cause"] for page in self._pages_since(since)]
        told = [(cause["kind"], [one["value"] for one in cause["predicate"]]) for cause in causes]
        right = bool(told) and all(cause == ("host", [CUT_HOST]) for cause in told)
        self._judge(right, f"somebody was told that it is the host {CUT_HOST}, and of no other cause (told: {told})")
        self._judge(back is not None, "all partners are operational at the end" + _after(back))

    def count(self) -> None:
        """Holds all that was stored until now against what the shop knows of its calls; traffic goes on meanwhile."""
        self.say("comparing what the shop called with what is stored, call by call")
        until = truth.now()
        self.watch.during(LONGEST_CALL_S)
        made = [call for call in self.system.calls_made() if call["time"] <= until and call["host"] != WIRE_HOST]
        deadline = time.monotonic() + STORED_WITHIN_S
        while True:
            result = self._compare(made, until)
            if not (result.missing or result.invented) or time.monotonic() > deadline:
                break
            self.watch.during(2)
        self._tell(result)
        self._judge(result.is_exact, f"all {result.made} calls of the shop are stored once, as they were, and no others")
        if not self.system.reason_without_packets:
            self._count_unreported(until, deadline)

    def _count_unreported(self, until: str, deadline: float) -> None:
        """A call under way at the time is left out: what is stored of it may be later than what the shop wrote down."""
        made = [call for call in self.system.calls_made() if call["host"] == WIRE_HOST and call["time"] <= until]
        while True:
            stored = self.system.api.calls(since=self.system.started, host=WIRE_HOST)
            missing, others = compare_unreported(made, [call for call in stored if call["source"] == "packets"])
            later = self.system.calls_made()
            unknown = others - compare_unreported([call for call in later if call["time"] > until], [])[0]
            if not (missing or unknown) or time.monotonic() > deadline:
                break
            self.watch.during(1)
        for example in [*missing, *unknown][:EXAMPLES_MAX]:
            self.say(f"  without an SDK, not stored or not made: {example}")
        right = bool(made) and not missing and not unknown and len(stored) >= len(made)
        self._judge(right, f"all {len(made)} calls of the shop without an SDK are stored once, read from packets")

    def tell_status(self) -> None:
        for partner in self.watch.look_once()["partners"]:
            self.say("  " + line(partner))

    def _compare(self, made: list[dict], until: str) -> Comparison:
        """The clocks of shop and spans differ by a moment: at the edges only calls that both know are compared."""
        known = {call["span_id"] for call in self.system.calls_made()}
        wanted = {call["span_id"] for call in made}
        stored = [
            call
            for call in self.system.api.calls(since=self.system.started)
            if call["host"] != WIRE_HOST
            and (call.get("span_id") in wanted or (call.get("span_id") not in known and call["time"] <= until))
        ]
        return compare(made, stored, expected={"service": SERVICE, "service_version": VERSION})

    def _tell(self, result: Comparison) -> None:
        for kind in sorted(result.made_by | result.stored_by):
            self.say(f"  {kind:<34} made {result.made_by[kind]:6}   stored {result.stored_by[kind]:6}")
        problems = {"not stored": result.missing, "not made": result.invented, "not the same": result.different}
        for name, examples in problems.items():
            for example in examples[:EXAMPLES_MAX]:
                self.say(f"  {name}: {example}")
        if result.twice:
            self.say(f"  stored more than once: {result.twice}")

    def _is_normal(self, status: dict) -> bool:
        return is_normal(status, PARTNERS)

    def _shows_outage(self, status: dict) -> bool:
        return statuses(status).get(FAILING) in DOWN and status["indicator"] != "none"

    def _of_partners(self, text: str, put_down: set[str] | None = None) -> str:
        blamed = self.watch.put_down if put_down is None else put_down
        return text + (f": put down were {', '.join(sorted(blamed))}" if blamed else "")

    def _judge(self, right: bool, text: str) -> None:
        self.verdicts.append((right, text))
        self.say(("right: " if right else "WRONG: ") + text)


def _after(seconds: float | None) -> str:
    return f" after {seconds:.1f} s" if seconds is not None else ": not in time"
