"""How a process of the market takes its steps: one for each line on stdin, or one each so many seconds of wall time."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from typing import Protocol

_ENDINGS = {signal.SIGTERM, signal.SIGINT}
_LOOK_SECONDS = 0.02


class Said(Protocol):
    """What a step came to."""

    def as_json(self) -> Mapping[str, object]:
        """As one line of JSON."""


class Stepping(Protocol):
    """A part of the market that takes steps."""

    @property
    def is_over(self) -> bool:
        """Whether all of them are taken."""

    def step(self) -> Said:
        """Take the next."""


def take_steps(part: Stepping, *, on_demand: bool, pace: float) -> None:
    """Step and print until the course is over, stdin ends (on demand), SIGTERM or SIGINT comes, or nobody reads.

    `pace` is in wall seconds from one step's start to the next. Both signals must be blocked already, so that no step
    is broken off: `hear_endings`.
    """
    due = time.monotonic()
    while not part.is_over:
        if not (_is_demanded() if on_demand else _is_time(due)):
            return
        due = max(due + pace, time.monotonic())
        if not say(part.step().as_json()):
            return


def hear_endings() -> None:
    """From now on, SIGTERM and SIGINT wait until they are looked for."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)


def say(document: Mapping[str, object]) -> bool:
    """Print one line of JSON; False where nobody reads any more."""
    try:
        print(json.dumps(document), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at its end
        return False
    return True


def _is_told_to_end() -> bool:
    return bool(signal.sigpending() & _ENDINGS)


def _is_time(due: float) -> bool:
    """Wait until `due`; False as soon as the process is told to end."""
    while not _is_told_to_end():
        left = due - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, _LOOK_SECONDS))
    return False


def _is_demanded() -> bool:
    """Wait for a line on stdin; False at its end, or as soon as the process is told to end."""
    stdin = sys.stdin.fileno()
    while not _is_told_to_end():
        if select.select([stdin], [], [], _LOOK_SECONDS)[0]:
            read = os.read(stdin, 1)  # byte by byte: a buffer would hide the lines behind this one from select
            if read in (b"\n", b""):
                return read == b"\n"
    return False
