"""When a reward is claimed: only where it brings more than it costs, never before steering, never too often."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keeper.decide import ReasonCode, decide
from keeper.decide.harvest import ALL, due, ways
from keeper.ids import body_id, canonical
from keeper.model import (
    NO_HISTORY,
    REWARD,
    ActionKind,
    ClaimState,
    Decision,
    DecisionConfig,
    HarvestQuote,
    LastHarvest,
    Order,
    PolicyState,
    RouteState,
    Snapshot,
    VaultMode,
)
from keeper.units import WAD, Bps, Seconds, Share18, Timestamp, TokenUnits, Usd18, Wei
from tests.keeper.world import (
    ADAPTER,
    CONFIG,
    NOW,
    ROUTES,
    USDC,
    VAULT,
    WETH,
    asset_with,
    snapshot,
    vault_with,
)

HOUR = 3_600
REWARDS = (
    RouteState(12, REWARD, USDC, ADAPTER, VAULT, Bps(100), enabled=True),
    RouteState(13, REWARD, USDC, ADAPTER, VAULT, Bps(100), enabled=False),
    RouteState(14, REWARD, USDC, ADAPTER, VAULT, Bps(100), enabled=True, claim=1),
    RouteState(15, REWARD, USDC, ADAPTER, VAULT, Bps(200), enabled=True),
)
CLAIM = ClaimState(0, target=VAULT, reward="0x" + "77" * 20, daily_cap=Usd18(5_000 * WAD), enabled=True)
COSTS = 400_000 * 20 * 2_500 // 10**9
"""Dollars: the quote's gas at twice 10 gwei, ETH at $2,500."""


def quote(brings: float, *, route: int = 12, claim: int = 0, refusal: str = "", l1_fee: int = 0) -> HarvestQuote:
    nav = 900_000 * WAD
    after = nav + round(brings * 100) * WAD // 100
    return HarvestQuote(claim, route, Usd18(nav), Usd18(after), 400_000, Wei(l1_fee), refusal)


def farm(*quotes: HarvestQuote, weights: tuple[int, int, int] = (4_000, 2_500, 3_500)) -> Snapshot:
    """A vault with one claim, with these quotes of it."""
    return replace(snapshot(weights, ways=(*ROUTES, *REWARDS)), claims=(CLAIM,), quotes=quotes)


def decided(seen: Snapshot, state: PolicyState | None = None, config: DecisionConfig = CONFIG) -> Decision:
    return decide(seen, NO_HISTORY, state or PolicyState(), None, config)


def test_a_reward_below_the_ratio_is_left_and_both_figures_are_told() -> None:
    found = decided(farm(quote(2 * COSTS - 0.02)))
    assert (found.action, found.reason_code) == (ActionKind.NOOP, ReasonCode.HARVEST_BELOW_COST)
    assert (found.cost, found.benefit) == (20 * WAD, 3_998 * WAD // 100)
    assert "WETH 40.00 % against" in found.reason
    assert "claim 0 over route 12 brings $39.98 and costs $20.00 (400000 gas at 2 base fees)" in found.reason
    assert found.next_state.harvests == (LastHarvest(0, looked_at=NOW, harvested_at=Timestamp(0)),)


def test_a_reward_worth_the_ratio_is_claimed_and_all_of_it_sold() -> None:
    found = decided(farm(quote(2 * COSTS)))
    assert (found.action, found.claim, found.reason_code) == (ActionKind.HARVEST, 0, ReasonCode.WORTH_CLAIMING)
    assert found.orders == (Order(12, ALL, TokenUnits(0)),)
    assert (found.cost, found.benefit) == (20 * WAD, 40 * WAD)
    assert found.next_state.harvests == (LastHarvest(0, looked_at=NOW, harvested_at=NOW),)
    assert [(last.action, last.at) for last in found.next_state.last_actions] == [(ActionKind.HARVEST, NOW)]


@pytest.mark.parametrize(("ratio", "action"), [("1", ActionKind.HARVEST), ("1.5", ActionKind.NOOP)])
def test_the_ratio_is_the_configurations(ratio: str, action: ActionKind) -> None:
    config = replace(CONFIG, harvest_min_ratio=Share18(int(float(ratio) * 10) * WAD // 10))
    assert decided(farm(quote(25)), config=config).action is action


def test_the_fee_for_data_is_a_cost_as_well() -> None:
    assert decided(farm(quote(44))).action is ActionKind.HARVEST
    found = decided(farm(quote(44, l1_fee=10**15)))
    assert found.cost == 225 * WAD // 10
    assert found.action is ActionKind.NOOP
    assert "and 0.001000 of the coin for data" in found.reason


def test_a_reward_of_nothing_is_never_claimed_however_cheap_gas_is() -> None:
    seen = farm(quote(0))
    free = replace(seen, block=replace(seen.block, base_fee=Wei(0)))
    assert decided(free).action is ActionKind.NOOP
    assert decided(replace(free, quotes=(quote(0.01),))).action is ActionKind.HARVEST


def test_steering_goes_first_and_the_claim_stays_due() -> None:
    seen = farm(quote(500), weights=(4_400, 2_500, 3_100))
    found = decided(seen)
    assert found.action is ActionKind.REBALANCE
    assert found.next_state.harvests == ()
    assert due(seen, found.next_state, CONFIG) == (0,)


def test_the_route_that_brings_most_is_taken_and_a_refused_one_never() -> None:
    assert decided(farm(quote(50), quote(60, route=15))).orders[0].route == 15
    refused = quote(0, route=15, refusal="BelowFloor(15, 1, 2)")
    assert decided(farm(quote(50), refused)).orders[0].route == 12


def test_a_claim_that_would_revert_is_told_by_its_error() -> None:
    found = decided(farm(quote(0, refusal="HarvestCap(9, 3)")))
    assert (found.action, found.reason_code) == (ActionKind.NOOP, ReasonCode.HARVEST_REFUSED)
    assert decided(farm(quote(500, refusal="TooSoon(5)"))).action is ActionKind.NOOP
    assert "claim 0 over route 12 would revert with HarvestCap(9, 3)" in found.reason


def test_without_a_price_for_gas_nothing_is_claimed() -> None:
    seen = asset_with(farm(quote(500)), WETH, price=None, counted=False)
    found = decided(seen)
    assert found.action is ActionKind.NOOP
    assert "gas has no price to hold it against" in found.reason


def test_an_asset_without_a_price_holds_steering_up_and_no_harvest() -> None:
    assert decided(asset_with(farm(quote(500)), 1, price=None)).action is ActionKind.HARVEST
    held = decided(asset_with(farm(quote(1)), 1, price=None))
    assert held.reason_code == ReasonCode.NO_PRICE
    assert "brings $1.00 and costs $20.00" in held.reason


@pytest.mark.parametrize("changes", [{"mode": VaultMode.HALTED}, {"mandate_expires": Timestamp(0)}])
def test_a_vault_that_takes_no_orders_is_not_harvested(changes: dict[str, object]) -> None:
    seen = vault_with(farm(quote(500)), **changes)
    assert decided(seen).action is ActionKind.NOOP
    assert due(seen, PolicyState(), CONFIG) == ()


def test_a_claim_is_due_once_the_vault_has_cooled_down() -> None:
    assert due(farm(), PolicyState(), CONFIG) == (0,)
    hot = vault_with(farm(), harvested_at=Timestamp(NOW - HOUR + 1))
    assert due(hot, PolicyState(), CONFIG) == ()
    assert due(hot, PolicyState(), CONFIG, Timestamp(NOW + 1)) == (0,)


def test_a_claim_is_looked_at_no_more_often_than_configured() -> None:
    state = decided(farm(quote(1))).next_state
    assert due(farm(), state, CONFIG, Timestamp(NOW + 6 * HOUR - 1)) == ()
    assert due(farm(), state, CONFIG, Timestamp(NOW + 6 * HOUR)) == (0,)
    assert due(farm(), state, replace(CONFIG, harvest_every=Seconds(60)), Timestamp(NOW + 60)) == (0,)
    assert due(farm(), PolicyState(), replace(CONFIG, harvest_every=Seconds(0))) == ()


def test_a_claim_that_is_switched_off_or_that_nothing_sells_is_not_due() -> None:
    off = replace(farm(), claims=(replace(CLAIM, enabled=False),))
    assert due(off, PolicyState(), CONFIG) == ()
    assert ways(farm(), 0) == (12, 15)
    assert due(replace(farm(), routes=ROUTES), PolicyState(), CONFIG) == ()


def test_the_memory_of_another_claim_is_kept() -> None:
    before = LastHarvest(7, looked_at=Timestamp(5), harvested_at=Timestamp(4))
    state = PolicyState(harvests=(before,))
    assert before in decided(farm(quote(1)), state).next_state.harvests
    assert before in decided(farm(quote(500)), state).next_state.harvests


def test_what_knows_of_no_claim_has_the_id_and_the_body_it_had_before_claims_were_there() -> None:
    for name in ("claims", "quotes", "harvests", "harvest_every", "harvested_at"):
        assert f'"{name}"'.encode() not in canonical([snapshot(), PolicyState(), CONFIG])
    args = (NO_HISTORY, PolicyState(), None, CONFIG)
    old = body_id(snapshot(), *args, decided(snapshot()))
    assert old != body_id(farm(), *args, decided(farm()))
    assert b'"claims"' in canonical(farm())
    assert b'"harvest_every"' in canonical(replace(CONFIG, harvest_every=Seconds(1)))
