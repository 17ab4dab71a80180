"""Leaky buckets: a published figure L over a window T is a capacity L/2 that drains in T, so that any window holds L.

Levels and what is left are shares of NAV, 1e18 = 100 %. Drains round down, charges round up. Mirrors
contracts/libraries/Bucket.sol.
"""

from __future__ import annotations

from dataclasses import dataclass

from keeper.model.seen import Headroom, Limits
from keeper.units import SHARE_PER_BPS, Bps, Seconds, Share18

DAY = Seconds(86_400)
MONTH = Seconds(30 * 86_400)


@dataclass(frozen=True, slots=True)
class Levels:
    """How full the four budgets of loss and turnover are."""

    loss_day: int = 0
    loss_month: int = 0
    turnover_day: int = 0
    turnover_month: int = 0

    @classmethod
    def full(cls, limits: Limits) -> Levels:
        """Nothing fits until they drain."""
        return cls(
            capacity(limits.loss_day_bps),
            capacity(limits.loss_month_bps),
            capacity(limits.turnover_day_bps),
            capacity(limits.turnover_month_bps),
        )

    def settled(self, limits: Limits, elapsed: int) -> Levels:
        """After `elapsed` seconds."""
        return Levels(
            drained(self.loss_day, capacity(limits.loss_day_bps), DAY, elapsed),
            drained(self.loss_month, capacity(limits.loss_month_bps), MONTH, elapsed),
            drained(self.turnover_day, capacity(limits.turnover_day_bps), DAY, elapsed),
            drained(self.turnover_month, capacity(limits.turnover_month_bps), MONTH, elapsed),
        )

    def charged(self, loss: int, turnover: int) -> Levels:
        """With one action's loss and turnover added."""
        return Levels(
            self.loss_day + loss,
            self.loss_month + loss,
            self.turnover_day + turnover,
            self.turnover_month + turnover,
        )


NO_LEVELS = Levels()
"""Four empty budgets."""


def capacity(published: Bps) -> int:
    """Half of what is published, as a share."""
    return published * SHARE_PER_BPS // 2


def drained(level: int, size: int, window: int, elapsed: int) -> int:
    """The level after `elapsed` seconds, of a bucket of `size` that empties in one window; in any unit."""
    if elapsed >= window:
        return 0
    return max(level - size * elapsed // window, 0)


def left(level: int, published: Bps) -> Share18:
    """What fits now."""
    return Share18(max(capacity(published) - level, 0))


def loss_left(room: Headroom) -> Share18:
    """The tighter window of the loss budget."""
    return min(room.loss_day, room.loss_month)


def turnover_left(room: Headroom) -> Share18:
    """The tighter window of the turnover budget."""
    return min(room.turnover_day, room.turnover_month)


def room_of(levels: Levels, shift: int, limits: Limits) -> Headroom:
    """What all five budgets let through at these levels."""
    return Headroom(
        loss_day=left(levels.loss_day, limits.loss_day_bps),
        loss_month=left(levels.loss_month, limits.loss_month_bps),
        turnover_day=left(levels.turnover_day, limits.turnover_day_bps),
        turnover_month=left(levels.turnover_month, limits.turnover_month_bps),
        shift_day=left(shift, limits.max_shift_bps),
    )
