"""The stages of a story: each timed, and named where it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from keeper.errors import KeeperError
from scripts.story.faults import StageFailed


class Stages:
    """Seconds each stage took, in order; `say` hears a line when one is done."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.took: dict[str, float] = {}
        self._say = say

    @contextmanager
    def stage(self, name: str, log: Path | None = None) -> Iterator[None]:
        """One stage. An error of ours inside becomes StageFailed, with the stage's name and log."""
        began = time.monotonic()
        try:
            yield
        except StageFailed:
            raise
        except KeeperError as error:
            raise StageFailed(name, error.message, log, error.remedy) from error
        self.took[name] = time.monotonic() - began
        self._say(f"  ✓ {name}: {self.took[name]:.1f} s")

    @property
    def seconds(self) -> float:
        """All of them together."""
        return sum(self.took.values())
