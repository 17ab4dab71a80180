"""What was seen: one block, the vault at it, and what every voice said of every price."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.model.words import Address, Hash32, PriceVerdict, SourceKind, VaultMode
from keeper.units import Bps, Seconds, Share18, Timestamp, TokenUnits, Usd18, Wei


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
    """One owner-registered route; `venue` is the pool or router the adapter trades at."""

    index: int
    asset_in: int
    asset_out: int
    adapter: Address
    venue: Address
    slip_bps: Bps
    enabled: bool


@dataclass(frozen=True, slots=True)
class Headroom:
    """What the vault's budgets still let through now, in any 24 h and in any 30 d; share of NAV."""

    loss_day: Share18
    loss_month: Share18
    turnover_day: Share18
    turnover_month: Share18


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
