"""What the model takes and gives: the rules, the prices of the moment, the caller, and the vault's whole state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from keeper.model.checked import Report
from keeper.model.envelope.buckets import NO_LEVELS, Levels
from keeper.model.envelope.portfolio import Price
from keeper.model.envelope.refusals import Refusal
from keeper.model.seen import Limits, RouteState
from keeper.model.words import Address, VaultMode
from keeper.units import Bps, Share18, Usd18

ALL = 2**256 - 1
"""No bound, as the contract writes it."""


class Role(StrEnum):
    """What an account may do now; NONE also for a keeper whose mandate has ended."""

    NONE = "none"
    OWNER = "owner"
    GUARDIAN = "guardian"
    KEEPER = "keeper"


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, when, at which gas price (wei). `expires` is the end of a mandate, also of one that has ended."""

    caller: Address
    role: Role
    now: int
    gas_price: int = 0
    expires: int = 0


@dataclass(frozen=True, slots=True)
class AssetRule:
    """One listed asset as the rulebook has it: `low` and `high` are the sanity band of its price, `dust` base units.

    `share`: it answered `asset()` when it was listed, and so its rate goes on record.
    """

    token: Address
    decimals: int
    safe_rank: int
    frozen: bool
    min_bps: Bps
    max_bps: Bps
    depeg_bps: Bps
    dust: int
    low: Usd18
    high: Usd18
    share: bool = False

    def usable(self, price: Price | None) -> Price | None:
        """The price, if there is one inside the sanity band."""
        if price is None or price.mid == 0 or price.low < self.low or price.high > self.high:
            return None
        return price


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """One registered claim: `daily_cap` USD; `listed` is the index of the reward where it is an asset too."""

    target: Address
    reward: Address
    decimals: int
    daily_cap: Usd18
    enabled: bool
    listed: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rulebook at one configuration."""

    config_version: int
    limits: Limits
    assets: tuple[AssetRule, ...]
    routes: tuple[RouteState, ...]
    claims: tuple[ClaimRule, ...]


@dataclass(frozen=True, slots=True)
class Market:
    """What is told in one block: a cluster an asset and a claim's reward, each asset's fresh push feeds, shares' rates.

    A rate is what 1e27 units of a share are worth in its asset's base units; 0 for what is no share.
    """

    prices: tuple[Price | None, ...]
    rewards: tuple[Price | None, ...] = ()
    pushes: tuple[tuple[Usd18, ...], ...] = ()
    rates: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimUse:
    """What has been sold of one claim, USD, as of `at`."""

    level: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True)
class KeeperSale:
    """What a keeper's flatten may still sell of an asset in the halt that began at `halt`."""

    halt: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Everything the vault stores, and its balances of the listed assets. Times are Unix seconds, 0 = never.

    `shift_level` is as of the later of the last retarget and the last unhalt, `harvest_level` likewise;
    `nav_cents` is NAV after the last rebalance or allocate; the words on record are as the contract packs them.
    """

    mode: VaultMode
    epoch: int
    buckets_at: int
    targets: tuple[Bps, ...]
    balances: tuple[int, ...]
    claim_uses: tuple[ClaimUse, ...]
    keeper_sales: tuple[KeeperSale, ...]
    rebalanced_at: int = 0
    retargeted_at: int = 0
    harvested_at: int = 0
    halted_at: int = 0
    opened_at: int = 0
    unhalted_at: int = 0
    levels: Levels = NO_LEVELS
    shift_level: int = 0
    harvest_level: int = 0
    nav_cents: int = 0
    balances_seen: int = 0
    rates_seen: int = 0


@dataclass(frozen=True, slots=True)
class Swap:
    """What the vault asks of a venue: `amount` of what the route sells for `least`; in part if so marked."""

    route: RouteState
    amount: int
    least: int
    in_part: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """What came of a swap: units spent, units that came, what the adapter said came, and what moved besides.

    `beside` holds asset and signed base units, of assets that are not in the swap.
    """

    spent: int
    came: int
    said: int
    beside: tuple[tuple[int, int], ...] = ()


class Venue(Protocol):
    """Where swaps fill: a value, so that a swap that is undone leaves no trace."""

    def swap(self, swap: Swap) -> tuple[Fill | Refusal, Venue]:
        """The fill, or what the adapter reverts with; and the venue after it."""
        ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """A venue that fills in the order told: for fills that are known."""

    fills: tuple[Fill | Refusal, ...]

    def swap(self, _swap: Swap) -> tuple[Fill | Refusal, Venue]:
        """The next of the fills."""
        return self.fills[0], Recorded(self.fills[1:])


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim's target did: units of the reward that came, or its revert; assets that moved; allowances it left.

    `allowances` holds token and units, the reward's first, then the assets' in their order; zeros may be left out.
    """

    came: int = 0
    refusal: Refusal | None = None
    beside: tuple[tuple[int, int], ...] = ()
    allowances: tuple[tuple[Address, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Trade:
    """One filled swap, as `Traded` or `LegSold` tells it."""

    route: int
    spent: int
    got: int
    floor: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One asset's part of a flatten: sold by `trade`, or, with none, not all of it: the last route tried and why."""

    asset: int
    trade: Trade | None
    tried: int = 0
    why: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Flattening:
    """What a flatten came to: the refuge, the legs in order, assets gone, assets that stay."""

    refuge: int
    legs: tuple[Leg, ...]
    sold: int
    failed: int


@dataclass(frozen=True, slots=True)
class Tripping:
    """A proof: what was on record and what there is, base units; `by_rate`: of what 1e27 units of a share are worth."""

    expected: int
    found: int
    by_rate: bool


@dataclass(frozen=True, slots=True)
class Done:
    """A transition that went through: the state after it, and what its event tells. The rest is empty."""

    state: State
    venue: Venue
    report: Report | None = None
    trades: tuple[Trade, ...] = ()
    loss_left: Share18 = Share18(0)
    turnover_left: Share18 = Share18(0)
    shift: Share18 = Share18(0)
    claimed: int = 0
    sold_for: Usd18 = Usd18(0)
    exit: Flattening | None = None
    exit_refused: Refusal | None = None
    tripping: Tripping | None = None


def opening(rules: Rules, targets: Sequence[Bps], balances: Sequence[int], now: int) -> State:
    """A vault just made at `now`, holding `balances`."""
    return State(
        mode=VaultMode.ACTIVE,
        epoch=1,
        buckets_at=now,
        targets=tuple(targets),
        balances=tuple(balances),
        claim_uses=(ClaimUse(),) * len(rules.claims),
        keeper_sales=(KeeperSale(),) * len(rules.assets),
    )
