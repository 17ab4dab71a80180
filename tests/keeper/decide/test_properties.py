"""Whatever the portfolio looks like: no target is crossed, no budget passed, and inside the bands nothing happens."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from keeper.decide import ReasonCode, decide
from keeper.model import NO_HISTORY, ActionKind, Decision, PolicyState, Snapshot
from keeper.units import WAD, Bps, Share18, TokenUnits, mul_div_up, share_from_bps
from tests.keeper.world import CONFIG, HEADROOM, LIMITS, PAIRS, of_balances, routes, vault_with

portfolios = st.builds(
    lambda weth, wbtc, usdc, split, prices: of_balances(
        (TokenUnits(weth), TokenUnits(wbtc), TokenUnits(usdc)),
        targets=(min(split), max(split) - min(split), 10_000 - max(split)),
        prices=prices,
    ),
    st.integers(0, 10**22),
    st.integers(0, 10**11),
    st.integers(0, 10**14),
    st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)),
    st.tuples(st.integers(1, 10_000), st.integers(1, 200_000), st.integers(1, 2)),
)
caps = st.fixed_dictionaries(
    {
        "max_trade_bps": st.integers(1, 10_000),
        "min_trade_bps": st.integers(0, 500),
        "min_drift_bps": st.integers(0, 500),
    }
)


def sold_values(seen: Snapshot, decision: Decision) -> list[tuple[int, int, int]]:
    """(asset sold, asset bought, value rounded up as the vault's turnover is) of each order."""
    ways = {route.index: route for route in seen.routes}
    rows = []
    for order in decision.orders:
        way = ways[order.route]
        asset = seen.assets[way.asset_in]
        assert asset.price is not None
        rows.append((way.asset_in, way.asset_out, mul_div_up(order.max_in, asset.price, 10**asset.decimals)))
    return rows


@given(portfolios, caps, st.integers(0, 10**18), st.integers(1, 10_000), st.sets(st.sampled_from(PAIRS)))
@example(of_balances((TokenUnits(10**21), TokenUnits(0), TokenUnits(0))), {}, 10**18, 10_000, set(PAIRS))
def test_orders_keep_every_bound_the_vault_will_hold_them_to(
    seen: Snapshot,
    limits: dict[str, int],
    turnover: int,
    stage_cap: int,
    pairs: set[tuple[int, int]],
) -> None:
    left = replace(HEADROOM, turnover_day=Share18(turnover))
    bound = {name: Bps(value) for name, value in limits.items()}
    seen = vault_with(seen, headroom=left, limits=replace(LIMITS, **bound))  # type: ignore[arg-type]  # all are bps
    seen = replace(seen, routes=routes(*sorted(pairs)))
    config = replace(CONFIG, stage_cap_bps=Bps(stage_cap), min_benefit_bps=Bps(0))
    decision = decide(seen, NO_HISTORY, PolicyState(), None, config)
    nav = seen.vault.nav or 0
    rows = sold_values(seen, decision)
    assert (decision.action is ActionKind.REBALANCE) == bool(rows)
    assert sum(value for _, _, value in rows) <= min(turnover, HEADROOM.turnover_month) * nav // WAD
    assert len({(i, o) for i, o, _ in rows}) == len(rows)
    for asset in seen.assets:
        goal = nav * asset.target_bps // 10_000
        out = sum(value for i, _, value in rows if i == asset.index)
        come = sum(value for _, o, value in rows if o == asset.index)
        assert out == 0 or asset.value - out >= goal - 1  # a value rounded up may be one 1e-18 dollar above
        assert come == 0 or asset.value + come <= goal + 1
        assert not (out and come)
    for _, _, value in rows:
        assert value <= nav * min(seen.vault.limits.max_trade_bps, stage_cap) // 10_000
        assert value * 10_000 >= nav * seen.vault.limits.min_trade_bps
    for order in decision.orders:
        assert 0 < order.max_in <= seen.assets[seen.routes[order.route].asset_in].balance


@given(portfolios, st.integers(1, 10_000))
def test_inside_every_band_nothing_happens(seen: Snapshot, band: int) -> None:
    nav = seen.vault.nav or 0
    config = replace(CONFIG, absolute_bps=Bps(band))
    decision = decide(seen, NO_HISTORY, PolicyState(), None, config)
    limit = share_from_bps(Bps(band))
    inside = all(abs(a.value - nav * a.target_bps // 10_000) * WAD < limit * nav for a in seen.assets)
    if nav and inside:
        assert (decision.action, decision.reason_code) == (ActionKind.NOOP, ReasonCode.INSIDE_BAND)
    else:
        assert decision.reason_code != ReasonCode.INSIDE_BAND


@given(portfolios)
def test_the_same_inputs_decide_the_same(seen: Snapshot) -> None:
    first = decide(seen, NO_HISTORY, PolicyState(), None, CONFIG)
    assert first == decide(seen, NO_HISTORY, PolicyState(), None, CONFIG)
