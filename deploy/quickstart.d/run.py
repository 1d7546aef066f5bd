"""The quickstart, once everything is installed and built: starts the system, plays the story, stops the system."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from api import APIFailed
from processes import ProgramFailed
from story import Story
from system import System

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130  # The exit code, as the shell has it for Ctrl-C.
PAUSE_S = 60


def main() -> int:
    options = argparse.ArgumentParser(prog="deploy/quickstart", description=__doc__)
    options.add_argument("--once", action="store_true", help="play the story once, judge it, and end")
    options.add_argument("--keep", type=Path, metavar="DIR", help="keep state and logs in this folder")
    options.add_argument("--programs", type=Path, required=True, help="folder of the built programs")
    arguments = options.parse_args()

    for number in INTERRUPTS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # `nohup` keeps its meaning.
            signal.signal(number, _interrupt)
    say = narrator()
    with state_folder(arguments.keep) as state:
        story = Story(System(state, arguments.programs, say), say)
        code = run(story, arguments.once, say)
    if arguments.once and story.watch.latest:
        print(json.dumps(story.watch.latest), flush=True)  # The last line of all.
    return code


def run(story: Story, once: bool, say) -> int:
    try:
        story.system.start()
        tell_addresses(story.system, say)
        return play_once(story, say) if once else play_on(story, say)
    except KeyboardInterrupt:
        say("interrupted: stopping everything")
        return INTERRUPTED if once else 0
    except (ProgramFailed, APIFailed, OSError) as error:
        say(f"failed: {error}")
        return 1
    finally:
        _ignore_interrupts()
        story.system.stop()


def play_once(story: Story, say) -> int:
    story.normal_days()
    story.partner_fails()
    story.host_loses_network()
    story.count()
    say("verdict")
    for right, text in story.verdicts:
        say(f"  {'✓' if right else '✗'} {text}")
    story.watch.look_once()
    say("stopping everything")
    return 0 if story.is_right else 1


def play_on(story: Story, say) -> int:
    """The same story, slowly and again and again, for somebody who looks on. Ends by an interrupt only."""
    while True:
        for act in (story.normal_days, story.partner_fails, story.normal_days, story.host_loses_network):
            act()
            story.tell_status()
            story.watch.during(PAUSE_S)
            say(f"the status is at {story.system.api.status_url} (Ctrl-C ends)")


def tell_addresses(system: System, say) -> None:
    ports = system.ports
    say("running:")
    say(f"  status      {system.api.status_url}")
    say(f"  calls       {system.api.address}/api/v1/calls")
    say(f"  metrics     http://127.0.0.1:{ports.health}/metrics (agent), {system.api.address}/metrics (aggregator)")
    say(f"  state, logs {system.state}")


def narrator():
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {text}", flush=True)

    return say


@contextmanager
def state_folder(keep: Path | None):
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="farwatch-"))
    folder.chmod(0o755)  # PostgreSQL never runs as root: its user must be able to reach its own folder in here.
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _interrupt(*_) -> None:
    """Once: whoever presses Ctrl-C again must not disturb the stopping."""
    _ignore_interrupts()
    raise KeyboardInterrupt


def _ignore_interrupts() -> None:
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
