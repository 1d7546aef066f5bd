"""What the detection finds in three fleets with known troubles, through `farwatch-aggregator backtest`: floors, not records.

`python -B system_detection.py 40 41 42` runs other seeds and prints their figures (docs/detection.md).
"""

import calendar
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from fleets import Trouble, fleet

AGGREGATOR = Path(os.environ["PROGRAMS"]) / "farwatch-aggregator"
SHAPES = ["steady", "bursty"]
SEED = 7
FALSE_MAX = {"steady": 0, "bursty": 2}  # Of a fleet that nobody knew an hour before; docs/detection.md says why.
GRACE_S = 120
NAMES = {"route", "region", "host", "customer", "service_version"}


def backtest(lines: list[str]) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        calls, out = Path(folder, "calls.ndjson"), Path(folder, "out.json")
        calls.write_text("".join(lines))
        # Dictionaries are hashed otherwise in each process: nothing may depend on it.
        environment = {name: value for name, value in os.environ.items() if name != "SWIFT_DETERMINISTIC_HASHING"}
        command = [AGGREGATOR, "backtest", "--calls", calls, "--out", out]
        subprocess.run(command, check=True, capture_output=True, env=environment)
        return json.loads(out.read_text())


def seconds(text: str) -> float:
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


class Score:
    """Which incident is about which trouble: by time, and by naming nothing else."""

    def __init__(self, shape: str, seed: int):
        self.lines, self.troubles = fleet(shape, seed)
        self.result = backtest(self.lines)
        self.found: dict[str, list[dict]] = {trouble.name: [] for trouble in self.troubles}
        self.false: list[dict] = []
        for incident in self.result["incidents"]:
            if incident["merged_into"]:
                continue
            about = next((one for one in self.troubles if one.kinds and self.is_about(incident, one)), None)
            self.found[about.name].append(incident) if about else self.false.append(incident)

    @staticmethod
    def is_about(incident: dict, trouble: Trouble) -> bool:
        if not trouble.start - 5 <= seconds(incident["opened_at"]) <= trouble.end + GRACE_S:
            return False
        partners = set(incident["cause"]["partners"])
        wanted = set(trouble.scope.get("partners", partners))
        conditions = {one["dimension"]: one["value"] for one in incident["cause"]["predicate"]}
        one_of = lambda values: values if isinstance(values, list) else [values]  # noqa: E731
        return (not partners or bool(partners & wanted)) and all(
            conditions[name] in one_of(trouble.scope[name]) for name in NAMES & set(conditions) & set(trouble.scope)
        )

    @staticmethod
    def is_exact(incident: dict, trouble: Trouble) -> bool:
        conditions = {one["dimension"]: one["value"] for one in incident["cause"]["predicate"]}
        named = {name: value for name, value in conditions.items() if name in NAMES}
        wanted = {name: value for name, value in trouble.scope.items() if name in NAMES}
        return named == wanted and set(incident["cause"]["partners"]) == set(trouble.scope.get("partners", []))

    @property
    def real(self) -> list[Trouble]:
        return [trouble for trouble in self.troubles if trouble.kinds]

    def missed(self) -> list[str]:
        return [trouble.name for trouble in self.real if not self.found[trouble.name]]

    def share(self, holds) -> float:
        told = [trouble for trouble in self.real if self.found[trouble.name]]
        return sum(any(holds(one, trouble) for one in self.found[trouble.name]) for trouble in told) / max(1, len(told))

    def blamed(self) -> list[str]:
        theirs = {"partner", "shared_upstream", "webhook_silence"}
        return [
            trouble.name for trouble in self.real
            if trouble.ours and any(one["cause"]["kind"] in theirs for one in self.found[trouble.name])
        ]  # fmt: skip

    def delays(self, field: str, since: str) -> list[float]:
        """From a trouble's beginning until an incident opened, or from its end until the last one was over."""
        pick = min if field == "opened_at" else max
        return sorted(
            pick(seconds(one[field]) if one[field] else float("inf") for one in self.found[trouble.name]) - getattr(trouble, since)
            for trouble in self.real if self.found[trouble.name]
        )  # fmt: skip

    def figures(self) -> str:
        opened, over = self.delays("opened_at", "start"), self.delays("resolved_at", "end")
        count = sum(len(one) for one in self.found.values())
        return (
            f"{len(self.real) - len(self.missed())} of {len(self.real)} found, missed {self.missed()}; "
            f"known after {opened[len(opened) // 2]:.0f} s, at most {opened[-1]:.0f}; over after {over[len(over) // 2]:.0f} s, "
            f"{over[0]:.0f} to {over[-1]:.0f}; scope {self.share(self.is_exact):.2f}, "
            f"cause {self.share(lambda one, trouble: one['cause']['kind'] in trouble.kinds):.2f}, blamed {self.blamed()}, "
            f"{count} incidents, false {[(one['title'], one['opened_at']) for one in self.false]}"
        )


class Detection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scores = {shape: Score(shape, SEED) for shape in SHAPES}

    def test_troubles_are_found_with_their_cause_and_nobody_else_is_blamed(self):
        for shape, score in self.scores.items():
            with self.subTest(shape):
                self.assertLessEqual(len(score.missed()), 1, score.figures())
                self.assertGreaterEqual(score.share(score.is_exact), 0.75, score.figures())
                kinds = score.share(lambda one, trouble: one["cause"]["kind"] in trouble.kinds)
                self.assertGreaterEqual(kinds, 0.85, score.figures())
                self.assertEqual(score.blamed(), [], score.figures())

    def test_they_are_told_soon_once_and_as_over_when_they_are(self):
        for shape, score in self.scores.items():
            with self.subTest(shape):
                opened, over = score.delays("opened_at", "start"), score.delays("resolved_at", "end")
                self.assertLessEqual(opened[len(opened) // 2], 120, score.figures())
                self.assertLessEqual(over[len(over) // 2], 180, score.figures())
                self.assertGreaterEqual(over[0], -60, score.figures())
                self.assertLessEqual(sum(map(len, score.found.values())), 1.2 * len(score.real), score.figures())
                opened = [one["incident"] for one in score.result["notifications"] if one["kind"] == "opened"]
                self.assertEqual(len(opened), len(set(opened)))

    def test_what_is_nobodys_outage_is_none(self):
        for shape, score in self.scores.items():
            with self.subTest(shape):
                self.assertLessEqual(len(score.false), FALSE_MAX[shape], score.figures())

    def test_for_what_is_our_own_doing_nobody_else_is_blamed(self):
        score = Score("ours", SEED)
        self.assertEqual(score.blamed(), [], score.figures())
        self.assertLessEqual(len(score.missed()), 1, score.figures())
        self.assertGreaterEqual(score.share(lambda one, trouble: one["cause"]["kind"] in trouble.kinds), 0.85, score.figures())

    def test_the_same_calls_give_the_same_incidents_in_every_process(self):
        score = self.scores["bursty"]
        self.assertEqual(backtest(score.lines), score.result)

    def test_calls_that_come_twice_and_a_bad_hour_that_is_replayed_are_no_news(self):
        score = self.scores["steady"]
        outage = next(trouble for trouble in score.troubles if trouble.name == "outage")
        bad = [line for line in score.lines if outage.start <= seconds(json.loads(line)["time"]) < outage.end]
        twice = [line for number, line in enumerate(score.lines) for line in [line] * (1 + (number % 7 == 0))]
        again = backtest(twice + bad)
        self.assertEqual(again["incidents"], score.result["incidents"])
        self.assertEqual(again["duplicates"], len(twice) - len(score.lines) + len(bad))
        # The same with other ids: too late to be judged.
        fresh = [line.replace('{"id":"', '{"id":"f') for line in bad]
        self.assertEqual(backtest(score.lines + fresh)["incidents"], score.result["incidents"])


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        for shape in [*SHAPES, "ours"]:
            for seed in map(int, sys.argv[1:]):
                print(shape, seed, Score(shape, seed).figures(), flush=True)
    else:
        unittest.main()
