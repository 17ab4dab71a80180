"""The band policy as a table: first every way to do nothing, then what is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keeper.decide import ReasonCode, Standing, decide
from keeper.errors import NotInThisRelease
from keeper.model import (
    NO_HISTORY,
    ActionKind,
    Decision,
    Headroom,
    LastAction,
    PolicyState,
    PriceVerdict,
    Snapshot,
    VaultMode,
)
from keeper.units import GWEI, WAD, Bps, Share18, Timestamp, Usd18, Wei, share_from_bps
from tests.keeper.world import (
    CONFIG,
    HEADROOM,
    LIMITS,
    NOW,
    ROUTES,
    USDC,
    WBTC,
    WETH,
    asset_with,
    routes,
    snapshot,
    vault_with,
    voice,
)

OFF = (4_400, 2_500, 3_100)
"""WETH 4 % over, USDC 4 % under."""
STATE = PolicyState()


def decided(seen: Snapshot, config: object = CONFIG) -> Decision:
    return decide(seen, NO_HISTORY, STATE, None, config)  # type: ignore[arg-type]  # always a DecisionConfig


def unpriced() -> Snapshot:
    seen = asset_with(snapshot(OFF), WBTC, price=None, value=Usd18(0))
    voices = tuple(v for v in seen.observations if v.asset != WBTC)
    stale = voice(WBTC, "feed-a", None, PriceVerdict.STALE, "age 90000 s")
    broken = voice(WBTC, "feed-b", None, PriceVerdict.ERROR, "answer 0")
    return replace(vault_with(seen, nav=None, drift=None), observations=(*voices, stale, broken))


def headroom(**changes: Share18) -> Headroom:
    return replace(HEADROOM, **changes)


REFUSALS: list[tuple[str, Snapshot, ReasonCode, str]] = [
    ("halted", vault_with(snapshot(OFF), mode=VaultMode.HALTED, halted_at=Timestamp(7)), ReasonCode.HALTED, "at 7"),
    ("no mandate", vault_with(snapshot(OFF), mandate_expires=Timestamp(0)), ReasonCode.MANDATE_EXPIRED, "no mandate"),
    ("mandate over", vault_with(snapshot(OFF), mandate_expires=NOW), ReasonCode.MANDATE_EXPIRED, "ended 0 s ago"),
    ("no price", unpriced(), ReasonCode.NO_PRICE, "WBTC has no price: feed-a stale (age 90000 s), feed-b error"),
    ("empty", snapshot(nav=0), ReasonCode.EMPTY_VAULT, "$0.00"),
    ("on target", snapshot(), ReasonCode.INSIDE_BAND, "0.00 % off, inside the 2.00 % band"),
    ("just inside", snapshot((4_199, 2_500, 3_301)), ReasonCode.INSIDE_BAND, "1.99 % off"),
    (
        "below minDrift",
        vault_with(snapshot((4_200, 2_500, 3_300)), limits=replace(LIMITS, min_drift_bps=Bps(300))),
        ReasonCode.BELOW_MIN_DRIFT,
        "drift is 2.00 %, the vault's minDrift 3.00 %",
    ),
    (
        "cooling down",
        vault_with(snapshot(OFF), next_rebalance_at=Timestamp(NOW + 90)),
        ReasonCode.COOLDOWN,
        f"ready at {NOW + 90}, in 1 min 30 s",
    ),
    (
        "no loss left",
        vault_with(snapshot(OFF), headroom=headroom(loss_day=Share18(0))),
        ReasonCode.BUDGET_EXHAUSTED,
        "no loss at all",
    ),
    (
        "no turnover left",
        vault_with(snapshot(OFF), headroom=headroom(turnover_month=share_from_bps(Bps(4)))),
        ReasonCode.BUDGET_EXHAUSTED,
        "turnover left is 0.04 % of NAV, the least trade 0.05 %",
    ),
    ("no routes", snapshot(OFF, ways=()), ReasonCode.NO_ROUTE, "from WETH ($40,000.00 over) to USDC"),
    (
        "routes disabled",
        snapshot(OFF, ways=routes((0, 2), enabled=False)),
        ReasonCode.NO_ROUTE,
        "no enabled route from WETH",
    ),
    ("wrong way only", snapshot(OFF, ways=routes((2, 0))), ReasonCode.NO_ROUTE, "no enabled route"),
    (
        "trades too small",
        vault_with(snapshot(OFF), limits=replace(LIMITS, min_trade_bps=Bps(1_500))),
        ReasonCode.TOO_SMALL,
        "WETH is $40,000.00 over, the largest trade allowed $100,000.00, the least $150,000.00",
    ),
    (
        "a small vault pays more gas than it gains",
        snapshot((4_200, 2_500, 3_300), nav=10_000),
        ReasonCode.BENEFIT_BELOW_COST,
        "worth $4.00, costs $38.15 (slip $0.65, gas $37.50)",
    ),
    (
        "targets of nothing that counts",
        asset_with(
            asset_with(asset_with(snapshot(OFF), WETH, target_bps=Bps(0)), WBTC, target_bps=Bps(0)),
            USDC,
            target_bps=Bps(0),
        ),
        ReasonCode.EMPTY_VAULT,
        "no asset that is counted has a target",
    ),
]


@pytest.mark.parametrize(("seen", "code", "words"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_nothing_is_done_and_the_reason_carries_its_figures(seen: Snapshot, code: ReasonCode, words: str) -> None:
    decision = decided(seen)
    assert (decision.action, decision.orders, decision.reason_code) == (ActionKind.NOOP, (), code)
    assert words in decision.reason
    assert decision.next_state == STATE


def test_every_reason_not_to_act_has_a_row() -> None:
    idle = {code for code in ReasonCode if code.standing is not Standing.ACT}
    rewards = {ReasonCode.HARVEST_BELOW_COST, ReasonCode.HARVEST_REFUSED}  # tests/keeper/decide/test_harvest.py
    assert {row[2] for row in REFUSALS} == idle - rewards


def test_a_kind_of_policy_that_is_not_here_is_refused() -> None:
    with pytest.raises(NotInThisRelease, match="policy kind hybrid"):
        decided(snapshot(), replace(CONFIG, kind="hybrid"))


def test_a_higher_min_benefit_turns_an_act_into_nothing() -> None:
    seen = snapshot((4_200, 2_500, 3_300))
    assert decided(seen).action is ActionKind.REBALANCE
    held = decided(seen, replace(CONFIG, min_benefit_bps=Bps(4)))
    assert held.reason_code == ReasonCode.BENEFIT_BELOW_COST
    assert "not $400.00 (4 bps of NAV) more" in held.reason
    assert held.benefit == Usd18(400 * WAD)


# Each row ends with what is sold: over which route, and for how many dollars
ACTS: list[tuple[str, Snapshot, object, list[tuple[int, int]]]] = [
    ("at the band exactly", snapshot((4_200, 2_500, 3_300)), CONFIG, [(0, 20_000)]),
    ("one over, one under", snapshot(OFF), CONFIG, [(0, 40_000)]),
    ("the other way round", snapshot((3_600, 2_500, 3_900)), CONFIG, [(1, 40_000)]),
    ("two over, one under", snapshot((4_300, 2_700, 3_000)), CONFIG, [(0, 30_000), (4, 20_000)]),
    ("one over, two under", snapshot((4_600, 2_300, 3_100)), CONFIG, [(0, 40_000), (3, 20_000)]),
    ("an asset inside its band still helps", snapshot((4_250, 2_600, 3_150)), CONFIG, [(0, 25_000), (4, 10_000)]),
    ("the vault's maxTrade", snapshot((6_000, 2_500, 1_500)), CONFIG, [(0, 100_000)]),
    ("the keeper's stage cap", snapshot(OFF), replace(CONFIG, stage_cap_bps=Bps(100)), [(0, 10_000)]),
    (
        "turnover left, shared",
        vault_with(snapshot((4_300, 2_700, 3_000)), headroom=headroom(turnover_day=share_from_bps(Bps(350)))),
        CONFIG,
        [(0, 30_000), (4, 5_000)],
    ),
    (
        "a trade below minTrade is left out",
        vault_with(snapshot((4_300, 2_700, 3_000)), limits=replace(LIMITS, min_trade_bps=Bps(250))),
        CONFIG,
        [(0, 30_000)],
    ),
    (
        "the second route where the first is disabled",
        snapshot(OFF, ways=(replace(ROUTES[0], enabled=False), *ROUTES[1:])),
        CONFIG,
        [(6, 40_000)],
    ),
    ("only the pairs there are", snapshot((4_600, 2_300, 3_100), ways=routes((0, 1))), CONFIG, [(0, 20_000)]),
    (
        "a frozen asset is left out and targets are renormalised",
        vault_with(
            asset_with(snapshot((4_000, 0, 4_000), nav=1_000_000), WBTC, counted=False, frozen=True),
        ),
        CONFIG,
        [(1, 26_666)],
    ),
]


@pytest.mark.parametrize(("seen", "config", "wanted"), [row[1:] for row in ACTS], ids=[row[0] for row in ACTS])
def test_what_is_traded(seen: Snapshot, config: object, wanted: list[tuple[int, int]]) -> None:
    decision = decided(seen, config)
    assert decision.action is ActionKind.REBALANCE
    assert decision.reason_code == ReasonCode.OUTSIDE_BAND
    prices = {asset.index: asset for asset in seen.assets}
    by_index = {route.index: route for route in seen.routes}
    found = []
    for order in decision.orders:
        sold = prices[by_index[order.route].asset_in]
        assert sold.price is not None
        found.append((order.route, order.max_in * sold.price // 10**sold.decimals))
    assert [route for route, _ in found] == [route for route, _ in wanted]
    for (_, worth), (_, dollars) in zip(found, wanted, strict=True):
        assert abs(worth - dollars * WAD) <= WAD  # a unit of WBTC is 0.06 cents; a third of a dollar is cut


def test_the_reason_says_what_is_off_and_what_is_done() -> None:
    decision = decided(snapshot((4_310, 2_500, 3_190)))
    assert decision.reason == (
        "WETH 43.10 % against 40.00 % is 3.10 % off, beyond the 2.00 % band: sell 12.4000 WETH for USDC over route 0"
    )


def test_cost_is_half_the_slip_and_the_gas_at_twice_the_base_fee() -> None:
    decision = decided(snapshot(OFF))
    slip = 40_000 * WAD * 65 // 20_000
    gas = 750_000 * 20 * GWEI * 2_500
    assert decision.cost == slip + gas
    assert decision.benefit == NAV_AT_FOUR_PERCENT


NAV_AT_FOUR_PERCENT = 1_600 * WAD
"""0.04² of a million."""


def test_gas_that_cannot_be_priced_is_not_counted_and_said_so() -> None:
    seen = asset_with(snapshot((4_200, 2_500, 3_300)), WETH, symbol="LINK")
    held = decided(seen, replace(CONFIG, min_benefit_bps=Bps(4)))
    assert "gas not priced" in held.reason
    dear = replace(seen, block=replace(seen.block, base_fee=Wei(10**15)))
    assert decided(dear).cost == 20_000 * WAD * 65 // 20_000


def test_success_is_remembered_in_the_next_state() -> None:
    before = PolicyState(last_actions=(LastAction(ActionKind.REBALANCE, Timestamp(1)),))
    decision = decide(snapshot(OFF), NO_HISTORY, before, None, CONFIG)
    assert decision.next_state.last_actions == (LastAction(ActionKind.REBALANCE, NOW),)
