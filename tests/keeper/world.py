"""A small portfolio as a Snapshot, for tests of the pure floors: WETH, WBTC and USDC worth a million dollars."""

from __future__ import annotations

from dataclasses import replace

from keeper.model import (
    AssetState,
    BlockRef,
    DecisionConfig,
    Headroom,
    Limits,
    PriceObservation,
    PriceVerdict,
    RouteState,
    Snapshot,
    SourceKind,
    VaultMode,
    VaultState,
)
from keeper.units import (
    GWEI,
    WAD,
    Bps,
    Seconds,
    Share18,
    Timestamp,
    TokenUnits,
    Usd18,
    Wei,
    amount_for,
    share_from_bps,
    share_of,
    value_of,
)

NOW = Timestamp(1_800_000_000)
NAV = 1_000_000
VAULT = "0x" + "11" * 20
ADAPTER = "0x" + "22" * 20
WETH, WBTC, USDC = 0, 1, 2
SYMBOLS = ("WETH", "WBTC", "USDC")
DECIMALS = (18, 8, 6)
PRICES = (2_500, 62_500, 1)
TARGETS = (4_000, 2_500, 3_500)
PAIRS = ((0, 2), (2, 0), (1, 0), (0, 1), (1, 2), (2, 1))

LIMITS = Limits(
    spread_bps=Bps(100),
    min_drift_bps=Bps(25),
    min_progress_bps=Bps(25),
    max_trade_bps=Bps(1_000),
    min_trade_bps=Bps(5),
    emergency_bps=Bps(500),
    max_shift_bps=Bps(500),
    harvest_cap_bps=Bps(10),
    loss_day_bps=Bps(15),
    loss_month_bps=Bps(75),
    turnover_day_bps=Bps(3_000),
    turnover_month_bps=Bps(20_000),
    rebalance_cooldown=Seconds(300),
    retarget_cooldown=Seconds(3_600),
    harvest_cooldown=Seconds(3_600),
    delay=Seconds(172_800),
    max_gas_price=Wei(200 * GWEI),
    keeper_may_flatten=True,
)
HEADROOM = Headroom(
    loss_day=share_from_bps(Bps(7)),
    loss_month=share_from_bps(Bps(37)),
    turnover_day=share_from_bps(Bps(1_500)),
    turnover_month=share_from_bps(Bps(10_000)),
)
CONFIG = DecisionConfig(
    policy="bands",
    kind="bands",
    absolute_bps=Bps(200),
    relative_bps=Bps(0),
    calendar="",
    min_benefit_bps=Bps(1),
    stage_cap_bps=Bps(1_000),
    gas_ceiling=Wei(100 * GWEI),
)


def routes(*pairs: tuple[int, int], slip_bps: int = 65, enabled: bool = True) -> tuple[RouteState, ...]:
    """One route for each pair, numbered from 0."""
    return tuple(RouteState(index, i, o, ADAPTER, VAULT, Bps(slip_bps), enabled) for index, (i, o) in enumerate(pairs))


ROUTES = routes(*PAIRS, *PAIRS)
"""Every pair twice: 0 to 5 first, 6 to 11 second."""


def snapshot(
    weights: tuple[int, int, int] = TARGETS,
    *,
    nav: int = NAV,
    targets: tuple[int, int, int] = TARGETS,
    prices: tuple[int, int, int] = PRICES,
    ways: tuple[RouteState, ...] = ROUTES,
) -> Snapshot:
    """A vault whose assets stand at `weights` (bps of `nav` dollars) against `targets` (bps), two voices an asset."""
    balances = tuple(
        amount_for(Usd18(nav * WAD * weight // 10_000), Usd18(price * WAD), decimals)
        for weight, price, decimals in zip(weights, prices, DECIMALS, strict=True)
    )
    return of_balances(balances, targets=targets, prices=prices, ways=ways)


def of_balances(
    balances: tuple[TokenUnits, ...],
    *,
    targets: tuple[int, int, int] = TARGETS,
    prices: tuple[int, int, int] = PRICES,
    ways: tuple[RouteState, ...] = ROUTES,
) -> Snapshot:
    """The same from what the vault holds; prices in whole dollars."""
    values = [
        value_of(balance, Usd18(price * WAD), decimals)
        for balance, price, decimals in zip(balances, prices, DECIMALS, strict=True)
    ]
    nav = Usd18(sum(values))
    drift = sum(abs(value - nav * target // 10_000) for value, target in zip(values, targets, strict=True))
    assets = tuple(
        AssetState(
            index=i,
            symbol=SYMBOLS[i],
            token="0x" + f"{i + 1:02x}" * 20,
            decimals=DECIMALS[i],
            balance=balances[i],
            price=Usd18(prices[i] * WAD),
            price_low=Usd18(prices[i] * WAD),
            price_high=Usd18(prices[i] * WAD),
            value=values[i],
            weight=share_of(values[i], nav),
            target=share_from_bps(Bps(targets[i])),
            target_bps=Bps(targets[i]),
            min_bps=Bps(500),
            max_bps=Bps(8_000),
            counted=True,
            frozen=False,
            safe_rank=1 if i == USDC else 0,
        )
        for i in range(3)
    )
    return Snapshot(
        chain_id=31_337,
        block=BlockRef(100, "0x" + "ab" * 32, NOW, Wei(10 * GWEI)),
        vault=VaultState(
            address=VAULT,
            mode=VaultMode.ACTIVE,
            epoch=1,
            config_version=2,
            nav=nav,
            drift=Share18(-(-drift * WAD // (2 * nav)) if nav else 0),
            halted_at=Timestamp(0),
            next_rebalance_at=Timestamp(NOW - 1),
            mandate_expires=Timestamp(NOW + 30 * 86_400),
            headroom=HEADROOM,
            limits=LIMITS,
        ),
        assets=assets,
        routes=ways,
        observations=tuple(voice(i, f"feed-{n}", Usd18(prices[i] * WAD)) for i in range(3) for n in "ab"),
    )


def voice(
    asset: int, source: str, price: Usd18 | None, verdict: PriceVerdict = PriceVerdict.OK, reason: str = ""
) -> PriceObservation:
    """What one push feed says."""
    return PriceObservation(asset, source, SourceKind.PUSH, price, Timestamp(NOW - 60), Seconds(60), verdict, reason)


def ticker(
    asset: int, source: str, price: Usd18 | None, verdict: PriceVerdict = PriceVerdict.OK, reason: str = ""
) -> PriceObservation:
    """What one exchange says, `source` being EXCHANGE:PRODUCT."""
    return PriceObservation(asset, source, SourceKind.TICKER, price, Timestamp(NOW - 2), Seconds(2), verdict, reason)


def vault_with(seen: Snapshot, **changes: object) -> Snapshot:
    """The same snapshot with fields of its vault changed."""
    return replace(seen, vault=replace(seen.vault, **changes))  # type: ignore[arg-type]  # a test names real fields


def asset_with(seen: Snapshot, index: int, **changes: object) -> Snapshot:
    """The same snapshot with fields of one asset changed."""
    assets = list(seen.assets)
    assets[index] = replace(assets[index], **changes)  # type: ignore[arg-type]  # a test names real fields
    return replace(seen, assets=tuple(assets))
