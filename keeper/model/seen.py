"""What was seen: one block, the vault at it, and what every voice said of every price."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.model.words import Address, Hash32, PriceVerdict, SourceKind, VaultMode, appended
from keeper.units import Bps, Seconds, Share18, Timestamp, TokenUnits, Usd18, Wei

REWARD = 255
"""The index that stands for a claim's reward where a route has an asset to sell."""
UNHALT_SECONDS = Seconds(3_600)
"""How long a halt lasts at least: the vault's own constant."""


@dataclass(frozen=True, slots=True)
class BlockRef:
    """The one block a snapshot is of; `base_fee` in wei a unit of gas."""

    number: int
    hash: Hash32
    timestamp: Timestamp
    base_fee: Wei


@dataclass(frozen=True, slots=True)
class PriceObservation:
    """What one voice said of one asset. `price` is None when it said nothing usable; `reason` is empty when ok."""

    asset: int
    source: str
    kind: SourceKind
    price: Usd18 | None
    updated_at: Timestamp
    age: Seconds
    verdict: PriceVerdict
    reason: str = ""

    @property
    def exchange(self) -> str:
        """Of a ticker, whose `source` is EXCHANGE:PRODUCT: the exchange."""
        return self.source.partition(":")[0]


@dataclass(frozen=True, slots=True)
class AssetState:
    """One listed asset as the vault sees it. The prices are the cluster's median, low, high; None without one."""

    index: int
    symbol: str
    token: Address
    decimals: int
    balance: TokenUnits
    price: Usd18 | None
    price_low: Usd18 | None
    price_high: Usd18 | None
    value: Usd18
    weight: Share18
    target: Share18
    """Renormalised over the counted assets; `target_bps` is what the vault stores."""
    target_bps: Bps
    min_bps: Bps
    max_bps: Bps
    counted: bool
    frozen: bool
    safe_rank: int
    """1 is the first refuge of a flatten, 2 the second; 0 is not safe."""


@dataclass(frozen=True, slots=True)
class RouteState:
    """One owner-registered route; `venue` is the pool or router the adapter trades at.

    `asset_in` REWARD sells what `claim` pays.
    """

    index: int
    asset_in: int
    asset_out: int
    adapter: Address
    venue: Address
    slip_bps: Bps
    enabled: bool
    claim: int = appended(0)


@dataclass(frozen=True, slots=True)
class ClaimState:
    """One owner-registered reward claim: `reward` is the token it pays, `daily_cap` the most that is sold of it a day.

    The vault halves the cap: so much at once, and so much leaks back a day.
    """

    index: int
    target: Address
    reward: Address
    daily_cap: Usd18
    enabled: bool


@dataclass(frozen=True, slots=True)
class HarvestQuote:
    """What a harvest of `claim` that sells over `route` would do now; `refusal` is empty unless it would revert.

    The report's NAV is that of the vault's last trade; `nav_after` less `nav_before` is what the sale buys. `l1_fee` is
    what the chain takes for the data beside gas × price.
    """

    claim: int
    route: int
    nav_before: Usd18
    nav_after: Usd18
    gas: int
    l1_fee: Wei
    refusal: str = ""

    @property
    def benefit(self) -> Usd18:
        """Dollars bought by the sale."""
        return Usd18(max(self.nav_after - self.nav_before, 0))


@dataclass(frozen=True, slots=True)
class Headroom:
    """What the vault's budgets still let through now, in any 24 h and in any 30 d; share of NAV.

    `shift_day` is half the sum of target changes that a retarget may make; share of the whole.
    """

    loss_day: Share18
    loss_month: Share18
    turnover_day: Share18
    turnover_month: Share18
    shift_day: Share18 = appended(Share18(0))


@dataclass(frozen=True, slots=True)
class Limits:
    """Every number of the envelope, named and ordered as in the rulebook; bps of NAV unless named else."""

    spread_bps: Bps
    min_drift_bps: Bps
    min_progress_bps: Bps
    max_trade_bps: Bps
    min_trade_bps: Bps
    emergency_bps: Bps
    max_shift_bps: Bps
    harvest_cap_bps: Bps
    loss_day_bps: Bps
    loss_month_bps: Bps
    turnover_day_bps: Bps
    turnover_month_bps: Bps
    rebalance_cooldown: Seconds
    retarget_cooldown: Seconds
    harvest_cooldown: Seconds
    delay: Seconds
    max_gas_price: Wei
    """0 is off."""
    keeper_may_flatten: bool


@dataclass(frozen=True, slots=True)
class VaultState:
    """The vault itself at the snapshot's block. `nav` is None when a counted asset has no price."""

    address: Address
    mode: VaultMode
    epoch: int
    config_version: int
    nav: Usd18 | None
    drift: Share18 | None
    halted_at: Timestamp
    """0 is never."""
    next_rebalance_at: Timestamp
    mandate_expires: Timestamp
    """When the configured keeper's mandate ends; 0 if it has none."""
    headroom: Headroom
    limits: Limits
    harvested_at: Timestamp = appended(Timestamp(0))
    retargeted_at: Timestamp = appended(Timestamp(0))

    @property
    def next_harvest_at(self) -> Timestamp:
        """Before it the vault refuses a harvest; 0 where it may at once."""
        return Timestamp(self.harvested_at + self.limits.harvest_cooldown if self.harvested_at else 0)

    @property
    def next_retarget_at(self) -> Timestamp:
        """Before it the vault refuses a retarget; 0 where it may at once."""
        return Timestamp(self.retargeted_at + self.limits.retarget_cooldown if self.retargeted_at else 0)

    @property
    def unhalt_at(self) -> Timestamp:
        """From when on the owner may end the halt; 0 where there is none."""
        return Timestamp(self.halted_at + UNHALT_SECONDS if self.mode is VaultMode.HALTED else 0)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One block: everything read from the chain and from the price sources, each observation with its verdict."""

    chain_id: int
    block: BlockRef
    vault: VaultState
    assets: tuple[AssetState, ...]
    routes: tuple[RouteState, ...]
    observations: tuple[PriceObservation, ...]
    tickers: tuple[PriceObservation, ...] = ()
    """What exchanges off the chain said, one of every product asked for: they may only veto."""
    claims: tuple[ClaimState, ...] = appended(())
    quotes: tuple[HarvestQuote, ...] = appended(())
    """Of claims that were due, every route that sells the reward; none where nothing was asked."""
