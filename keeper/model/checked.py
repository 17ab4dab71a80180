"""What a simulation found and what guard made of it."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.model.decided import Order
from keeper.model.seen import BlockRef
from keeper.model.words import GuardVerdict
from keeper.units import Share18, Usd18


@dataclass(frozen=True, slots=True)
class Report:
    """The vault's own account of an action, as its `Report` struct has it."""

    nav_before: Usd18
    nav_after: Usd18
    drift_before: Share18
    drift_after: Share18
    turnover: Share18
    loss: Share18


@dataclass(frozen=True, slots=True)
class Revert:
    """A revert decoded to one of our errors, or `Unknown` with the raw data as its only argument."""

    name: str
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssetDelta:
    """By how much the vault's balance of one asset changes; signed, base units."""

    asset: int
    amount: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """One candidate run against one block with its real fee fields: either a report and deltas, or a revert."""

    block: BlockRef
    orders: tuple[Order, ...]
    gas_used: int
    report: Report | None
    deltas: tuple[AssetDelta, ...]
    revert: Revert | None
    gas_limit: int = 0
    """What to allow the transaction: the node's estimate with a margin; 0 where it reverts."""

    @property
    def succeeds(self) -> bool:
        """Whether it may be handed on to be sent."""
        return self.revert is None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing guard looked at: what it found and what it allows, integers in `unit` (None where none fits)."""

    name: str
    verdict: GuardVerdict
    value: int | None
    limit: int | None
    unit: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GuardReport:
    """Every check that was made; the verdict is the worst of them."""

    verdict: GuardVerdict
    checks: tuple[Check, ...]
    simulation: Simulation | None = None
