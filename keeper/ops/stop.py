"""Told to stop: set by a signal's handler, waited for by the loop.

`threading.Event` will not do: its lock is taken while it is waited for, and a handler that runs in that moment, on the
same thread, waits for the lock for ever. A SimpleQueue's `put` may interrupt its own `get`.
"""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue


class Stop:
    """Not set at first; once set it stays so."""

    def __init__(self) -> None:
        self._set = False
        self._bell: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """End after the step under way. A signal's handler may call it at any moment."""
        self._set = True
        self._bell.put(None)

    def is_set(self) -> bool:
        """Whether it was."""
        return self._set

    def wait(self, seconds: float) -> None:
        """Return after so long, or as soon as it is set."""
        if not self._set and seconds > 0:
            with suppress(Empty):
                self._bell.get(timeout=seconds)
