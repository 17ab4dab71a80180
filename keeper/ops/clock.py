"""What time it is: the wall's, or on a local chain whose days pass in minutes, the time of the last block seen."""

from __future__ import annotations

import time
from typing import Literal

from keeper.model import BlockRef
from keeper.units import Seconds, Timestamp

LEAST_AGE = Seconds(60)
"""A block may be this old, or this far ahead of our clock, whatever the chain's pace."""
BLOCKS_MISSED = 5
"""A slow chain may miss so many blocks before its head counts as stalled."""


class KeeperClock:
    """Unix seconds. With kind "chain" it stands at the newest block seen, and at 0 before the first."""

    def __init__(self, kind: Literal["wall", "chain"]) -> None:
        self._kind = kind
        self._seen = Timestamp(0)

    def saw(self, block: BlockRef) -> None:
        """A block was seen."""
        self._seen = max(self._seen, block.timestamp)

    def now(self) -> Timestamp:
        """The time."""
        return self._seen if self._kind == "chain" else Timestamp(int(time.time()))


def max_age(block_ms: int) -> Seconds:
    """How old the newest block of a chain may be."""
    return Seconds(max(LEAST_AGE, BLOCKS_MISSED * block_ms // 1_000))
