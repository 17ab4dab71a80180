"""What the witness saw, as values; and the arithmetic on them, in integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keeper.model import Hash32, Report
from keeper.units import (
    BPS,
    SHARE_PER_BPS,
    WAD,
    Bps,
    Share18,
    Timestamp,
    TokenUnits,
    Usd18,
    Wei,
    share_from_bps,
    share_of,
    value_of,
)


@dataclass(frozen=True, slots=True)
class Holding:
    """One listed asset in the vault; `price` in USD of one whole token."""

    symbol: str
    decimals: int
    target_bps: Bps
    balance: TokenUnits
    price: Usd18
    safe: bool = False
    """Ranked as a refuge of a flatten."""
    stable: bool = False
    """Safe, or a share of what is."""

    @property
    def value(self) -> Usd18:
        """What it is worth, rounded down."""
        return value_of(self.balance, self.price, self.decimals)


@dataclass(frozen=True, slots=True)
class Sight:
    """The vault at one block."""

    block: int
    time: Timestamp
    base_fee: Wei
    holdings: tuple[Holding, ...]
    halted: bool
    epoch: int
    loss_left: Share18
    turnover_left: Share18

    @property
    def safe(self) -> Share18:
        """What part of NAV is in safe assets."""
        return Share18(sum(self.weight(held) for held in self.holdings if held.safe))

    @property
    def unstable(self) -> Share18:
        """What part of NAV is neither in safe assets nor in shares of them."""
        return Share18(sum(self.weight(held) for held in self.holdings if not held.stable))

    @property
    def nav(self) -> Usd18:
        """All holdings together."""
        return Usd18(sum(holding.value for holding in self.holdings))

    def weight(self, holding: Holding) -> Share18:
        """A holding's share of NAV, rounded down."""
        return share_of(holding.value, self.nav)

    @property
    def drift(self) -> Share18:
        """Half the sum of |weight - target|."""
        apart = (abs(self.weight(held) - share_from_bps(held.target_bps)) for held in self.holdings)
        return Share18(sum(apart) // 2)

    def worth_at(self, prices: Mapping[str, Usd18]) -> Usd18:
        """These balances at other prices, by symbol."""
        return Usd18(sum(value_of(held.balance, prices[held.symbol], held.decimals) for held in self.holdings))

    @property
    def prices(self) -> dict[str, Usd18]:
        """Price by symbol."""
        return {held.symbol: held.price for held in self.holdings}


@dataclass(frozen=True, slots=True)
class Rebalance:
    """One Rebalanced event. `report` is the vault's; `seen_before` and `seen_after` are drift by balances around it."""

    block: int
    tx: Hash32
    decision_id: Hash32
    report: Report
    gas: int
    seen_before: Share18
    seen_after: Share18

    @property
    def lowered_drift(self) -> bool:
        """By the vault's own report, and by the balances."""
        return self.report.drift_after < self.report.drift_before and self.seen_after < self.seen_before


@dataclass(frozen=True, slots=True)
class Refuge:
    """The safe asset that a flatten sold into, its price then, its rank, and how far from a dollar is too far."""

    symbol: str
    price: Usd18
    rank: int
    band_bps: Bps

    @property
    def within(self) -> bool:
        """Whether it had kept its peg."""
        return abs(self.price - WAD) * BPS <= WAD * self.band_bps


@dataclass(frozen=True, slots=True)
class Exit:
    """A transaction of the kill: Halted or Flattened, where, how many legs a flatten sold and left, and into what."""

    name: str
    block: int
    tx: Hash32
    time: Timestamp
    decision_id: Hash32 | None
    sold: int = 0
    failed: int = 0
    refuge: Refuge | None = None


@dataclass(frozen=True, slots=True)
class Harvest:
    """One Harvested event: base units of the reward claimed, and what its sales brought, as the event has it."""

    block: int
    tx: Hash32
    decision_id: Hash32
    claimed: int
    sold_for: int
    gas: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One asset sold by a flatten: base units, and the vault's own floor."""

    block: int
    tx: Hash32
    symbol: str
    sold: int
    bought: int
    floor: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of the vault."""

    name: str
    block: int
    tx: Hash32
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What the screen shows after a step: the market's time, the keeper's last reason, and what happened."""

    step: int
    of: int
    at: Timestamp
    sight: Sight
    reason: str
    told: tuple[str, ...]
    rebalances: int
    gas: int


def as_number(share: Share18) -> float:
    """A share as a JSON number, 1 = 100 %, cut after six places: for readers of JSON, nothing is computed from it."""
    return share // 10**12 / 10**6


def as_bps(share: int) -> float:
    """A share in basis points as a JSON number, cut after two places."""
    return share * 100 // SHARE_PER_BPS / 100


def as_fine_bps(share: int) -> float:
    """A share in basis points as a JSON number, cut after four places."""
    return share * 10_000 // SHARE_PER_BPS / 10_000
