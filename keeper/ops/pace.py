"""When the loop ticks: by the clock, or for each line on stdin, as a simulation or a supervisor in lockstep asks."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable
from typing import Protocol

from keeper.ops.stop import Stop

_LOOK_SECONDS = 0.05
"""How soon a told-to-stop is noticed while stdin is silent."""


class Pace(Protocol):
    """What the loop asks before each tick."""

    def due(self, stop: Stop) -> bool:
        """Wait until the next tick is due; False where there will be none, or as soon as `stop` is set."""
        ...


class ByClock:
    """A tick every so many seconds, counted from the start of the one before; the first at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic()

    def due(self, stop: Stop) -> bool:
        """As Pace says."""
        stop.wait(max(self._next - time.monotonic(), 0))
        self._next = time.monotonic() + self._seconds
        return not stop.is_set()


class OnDemand:
    """A tick for each line on stdin, none after its end; `waiting` is called each time there is nothing left to do."""

    def __init__(self, waiting: Callable[[], None]) -> None:
        self._waiting = waiting

    def due(self, stop: Stop) -> bool:
        """As Pace says."""
        self._waiting()
        stdin = sys.stdin.fileno()
        while not stop.is_set():
            if select.select([stdin], [], [], _LOOK_SECONDS)[0]:
                read = os.read(stdin, 1)  # byte by byte: a buffer would hide the lines behind this one from select
                if read in (b"\n", b""):
                    return read == b"\n"
        return False
