"""What to bid for gas (EIP-1559): a first bid that leaves room for two raises, or the reason to wait.

A replacement must raise both fees by an eighth, and so must a cancel after it: the first bid stays at or below
ceiling / 1.125², so that both always fit under the ceiling. All figures are wei a unit of gas.
"""

from __future__ import annotations

from dataclasses import dataclass

from keeper.config import ChainProfile
from keeper.units import BPS, Wei, format_gwei

OFF = Wei(0)
"""No ceiling of the vault's own."""
RAISES = 2
"""A replacement, then a cancel."""


@dataclass(frozen=True, slots=True)
class Fees:
    """A bid: `max_fee` and `priority_fee` are signed, `ceiling` never passed, `expected` the next block's price."""

    max_fee: Wei
    priority_fee: Wei
    ceiling: Wei
    expected: Wei


@dataclass(frozen=True, slots=True)
class Deferred:
    """Gas costs more than may be bid now."""

    needed: Wei
    ceiling: Wei
    reason: str


def quote(profile: ChainProfile, next_base_fee: Wei, ceiling: Wei, vault_ceiling: Wei = OFF) -> Fees | Deferred:
    """A bid at or below `ceiling` (the keeper's) and `vault_ceiling` (the vault's own; 0 is off).

    The bid is twice the next base fee plus the profile's priority fee, so that six full blocks in a row do not strand
    it, or the highest first bid where that is less.
    """
    most = min(ceiling, vault_ceiling) if vault_ceiling else ceiling
    first = first_bid(most, profile.replacement.min_bump_bps)
    priority = Wei(profile.priority_fee_floor_wei)
    needed = Wei(next_base_fee + priority)
    if needed > first:
        return Deferred(
            needed=needed,
            ceiling=most,
            reason=f"gas costs {format_gwei(needed)}, and {format_gwei(first)} is the highest first bid"
            f" under the ceiling of {format_gwei(most)}",
        )
    return Fees(
        max_fee=Wei(min(first, 2 * next_base_fee + priority)), priority_fee=priority, ceiling=most, expected=needed
    )


def first_bid(ceiling: Wei, min_bump_bps: int) -> Wei:
    """The highest first bid from which two raises of `min_bump_bps` stay at or below `ceiling`."""
    bid = int(ceiling)
    for _ in range(RAISES):
        bid = bid * BPS // (BPS + min_bump_bps)
    return Wei(bid)


def next_base_fee(base_fee: int, gas_used: int, gas_limit: int) -> Wei:
    """The next block's base fee as EIP-1559 derives it from its parent's header (elasticity 2, an eighth a block)."""
    target = gas_limit // 2
    if target == 0 or gas_used == target:
        return Wei(base_fee)
    if gas_used > target:
        return Wei(base_fee + max(1, base_fee * (gas_used - target) // target // 8))
    return Wei(base_fee - base_fee * (target - gas_used) // target // 8)
