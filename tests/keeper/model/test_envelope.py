"""What the envelope promises, held on its model: budgets of any window, targets, floors, halts. And its refusals."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.model import REWARD, Order, Terms, VaultMode
from keeper.model.envelope import (
    DAY,
    MONTH,
    Book,
    Call,
    Done,
    Fill,
    Levels,
    Recorded,
    Refusal,
    Role,
    Trade,
    book_of,
    claim_level,
    flatten,
    halt,
    headroom,
    loss_left,
    opening,
    rebalance,
    turnover_left,
    unhalt,
)
from keeper.model.envelope.buckets import room_of
from keeper.units import BPS, SHARE_PER_BPS, WAD, Timestamp
from tests.keeper.model.acts import Act, World, chosen, played
from tests.keeper.model.scene import (
    ADAPTERS,
    DAI,
    DECIMALS,
    TARGETS,
    USDC,
    WETH,
    Mandates,
    Shop,
    Shops,
    held,
    limits,
    names,
    opening_market,
    rules,
)

START = 1_700_000_000
LENGTH = 120
U128 = 2**128 - 1
KEEPER = Call("0xkeeper", Role.KEEPER, START + 400)
seeds = given(seed=st.integers(0, 2**32 - 1))
often = settings(max_examples=30, derandomize=True, database=None, deadline=None)


@dataclass(frozen=True, slots=True)
class Step:
    """One act on the model: the worlds around it, at the act's prices, and what came of it."""

    before: World
    act: Act
    after: World
    found: Done | Refusal


def world(kind: int) -> World:
    """A vault that stands on no chain."""
    at = {who: f"0x{index + 100:040x}" for index, who in enumerate(("keeper", "standby", "guardian", "owner_1"))}
    at |= names() | {"stranger": "0x" + "0f" * 20}
    ruled, market = rules(kind, at), opening_market()
    shops = Shops(ruled, market, {at[name]: Shop() for name in ADAPTERS})
    mandates = Mandates(at, {"keeper": START + 89 * DAY, "standby": START + 30_000})
    return World(opening(ruled, TARGETS, held(kind), START), ruled, market, shops, mandates, START)


def story(seed: int) -> Iterator[Step]:
    """A long random sequence on the model alone."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    now = world(seed % 3)
    for _ in range(LENGTH):
        act = chosen(dice, now, busy=seed % 2 == 0)
        after, found = played(now, act)
        yield Step(replace(now, market=act.market, now=act.now), act, after, found)
        now = after


def done(steps: Iterator[Step], *kinds: str) -> Iterator[tuple[Step, Done]]:
    """The steps of these kinds that went through."""
    for step in steps:
        if step.act.kind in kinds and isinstance(step.found, Done):
            yield step, step.found


def most_in_any(window: int, spent: Sequence[tuple[int, int]]) -> int:
    """The largest sum of (time, amount) pairs that lie within `window` seconds of each other."""
    sums = (sum(amount for at, amount in spent[i:] if at - start <= window) for i, (start, _) in enumerate(spent))
    return max(sums, default=0)


# ---------------------------------------------------------------------------------------------------------- budgets


@often
@seeds
def test_any_window_of_rebalances_stays_inside_the_published_loss_and_turnover(seed: int) -> None:
    allowed = limits(seed % 3)
    reports = [
        (step.act.now, found.report) for step, found in done(story(seed), "rebalance") if found.report is not None
    ]
    losses, turnovers = ([(at, getattr(report, name)) for at, report in reports] for name in ("loss", "turnover"))
    assert most_in_any(DAY, losses) <= allowed.loss_day_bps * SHARE_PER_BPS
    assert most_in_any(MONTH, losses) <= allowed.loss_month_bps * SHARE_PER_BPS
    assert most_in_any(DAY, turnovers) <= allowed.turnover_day_bps * SHARE_PER_BPS
    assert most_in_any(MONTH, turnovers) <= allowed.turnover_month_bps * SHARE_PER_BPS


@settings(derandomize=True, database=None, deadline=None)
@given(
    kind=st.integers(0, 2),
    takes=st.lists(st.tuples(st.integers(0, 5 * DAY), st.integers(0, 4), st.integers(0, 4)), max_size=60),
)
def test_whoever_takes_what_is_left_at_any_times_stays_inside_both_windows(
    kind: int, takes: list[tuple[int, int, int]]
) -> None:
    allowed, levels, at = limits(kind), Levels(), START
    losses, turnovers = [], []
    for gap, of_loss, of_turnover in [*takes, *((DAY, 4, 4),) * 40]:
        at += gap
        levels = levels.settled(allowed, gap)
        room = room_of(levels, 0, allowed)
        loss, turnover = loss_left(room) * of_loss // 4, turnover_left(room) * of_turnover // 4
        levels = levels.charged(loss, turnover)
        losses.append((at, loss))
        turnovers.append((at, turnover))
    month = (most_in_any(MONTH, losses), most_in_any(MONTH, turnovers))
    published = (allowed.loss_month_bps * SHARE_PER_BPS, allowed.turnover_month_bps * SHARE_PER_BPS)
    assert most_in_any(DAY, losses) <= allowed.loss_day_bps * SHARE_PER_BPS
    assert most_in_any(DAY, turnovers) <= allowed.turnover_day_bps * SHARE_PER_BPS
    assert all(took * 10 >= most * 9 for took, most in zip(month, published, strict=True)), "the bound is not met"
    assert all(took <= most for took, most in zip(month, published, strict=True))


@often
@seeds
def test_any_day_of_retargets_moves_targets_by_no_more_than_the_published_shift(seed: int) -> None:
    shifts = [(step.act.now, found.shift) for step, found in done(story(seed), "retarget")]
    assert most_in_any(DAY, shifts) <= limits(seed % 3).max_shift_bps * SHARE_PER_BPS


@often
@seeds
def test_any_day_of_harvests_sells_no_more_than_either_cap(seed: int) -> None:
    values, shares = [], []
    for step, found in done(story(seed), "harvest"):
        source, at = step.act.arguments[0], step.act.now
        if found.trades and found.report:
            level = claim_level(step.before.state, step.before.rules, source, at)
            values.append((at, step.after.state.claim_uses[source].level - level))
            shares.append((at, found.report.turnover))
    assert most_in_any(DAY, values) <= world(0).rules.claims[0].daily_cap
    assert most_in_any(DAY, shares) <= limits(seed % 3).harvest_cap_bps * SHARE_PER_BPS


# ----------------------------------------------------------------------------------------------------------- trades


def opened(step: Step) -> Book:
    return book_of(step.before.state, step.before.rules, step.act.market)


@often
@seeds
def test_no_trade_takes_an_asset_past_its_target_at_nav_before_and_by_value_sent(seed: int) -> None:
    for step, found in done(story(seed), "rebalance", "allocate"):
        book = opened(step)
        values = [place.value for place in book.places]
        for trade in found.trades:
            way = step.before.rules.routes[trade.route]
            place = book.places[way.asset_in]
            sent = trade.spent * place.sure.mid // 10**place.decimals
            assert values[way.asset_in] - sent >= book.goal(way.asset_in, book.nav)
            assert values[way.asset_out] + sent <= book.goal(way.asset_out, book.nav)
            values[way.asset_in] -= sent
            values[way.asset_out] += min(sent, _bought(book, way.asset_out, trade))


def _bought(book: Book, asset: int, trade: Trade) -> int:
    return trade.got * book.places[asset].sure.mid // 10 ** DECIMALS[asset]


@often
@seeds
def test_every_trade_brings_its_route_s_floor_at_the_worse_ends_of_both_clusters(seed: int) -> None:
    for step, found in done(story(seed), "rebalance", "allocate", "harvest"):
        for trade in found.trades:
            way, ruled, market = step.before.rules.routes[trade.route], step.before.rules, step.act.market
            if way.asset_in == REWARD:
                price, decimals = market.rewards[way.claim], ruled.claims[way.claim].decimals
            else:
                price, decimals = market.prices[way.asset_in], DECIMALS[way.asset_in]
            into = market.prices[way.asset_out]
            assert price is not None
            assert into is not None
            brings = trade.got * into.low * 10**decimals * BPS
            assert brings >= trade.spent * price.high * 10 ** DECIMALS[way.asset_out] * (BPS - way.slip_bps)


@often
@seeds
def test_every_rebalance_lowers_drift_by_its_least_progress_and_a_gain_refills_nothing(seed: int) -> None:
    for step, found in done(story(seed), "rebalance"):
        report, bps = found.report, step.before.rules.limits.min_progress_bps
        assert report is not None
        needed = min(bps * SHARE_PER_BPS, report.drift_before * 4 // 5)
        assert report.drift_before - report.drift_after >= needed
        room = headroom(step.before.state, step.before.rules.limits, step.act.now)
        left = headroom(step.after.state, step.before.rules.limits, step.act.now)
        assert left.loss_day == room.loss_day - report.loss
        assert left.turnover_month == room.turnover_month - report.turnover


# ------------------------------------------------------------------------------------------------------------ halts


@often
@seeds
def test_halted_nothing_is_bought_but_the_refuge_and_what_a_share_stands_on(seed: int) -> None:
    for step, found in done(story(seed), "flatten", "kill"):
        if found.exit is None:
            continue
        for leg in found.exit.legs:
            if leg.trade is not None:
                way = step.before.rules.routes[leg.trade.route]
                redeems = way.venue == step.before.rules.assets[way.asset_in].token
                assert way.asset_out == found.exit.refuge or redeems
                assert way.asset_in not in (USDC, DAI)


@often
@seeds
def test_a_keeper_s_flattens_of_one_halt_sell_no_more_than_was_held_at_the_first(seed: int) -> None:
    held: dict[tuple[int, int], int] = {}
    sold: dict[tuple[int, int], int] = {}
    for step, found in done(story(seed), "flatten"):
        by_keeper = step.before.mandates.role(step.act.who, step.act.now)[0] is Role.KEEPER
        if not by_keeper or found.exit is None:
            continue
        for leg in found.exit.legs:
            key = (step.before.state.halted_at, leg.asset)
            held.setdefault(key, step.after.state.keeper_sales[leg.asset].left + (leg.trade.spent if leg.trade else 0))
            sold[key] = sold.get(key, 0) + (leg.trade.spent if leg.trade else 0)
    assert all(units <= held[key] for key, units in sold.items())


@often
@seeds
def test_epochs_rise_by_one_with_each_act_that_steers_and_with_no_other(seed: int) -> None:
    steering = ("rebalance", "retarget", "harvest", "allocate", "setTargets", "unhalt")
    for step in story(seed):
        rises = step.act.kind in steering and isinstance(step.found, Done)
        assert step.after.state.epoch == step.before.state.epoch + rises


def test_an_unhalt_starts_with_every_budget_used_up() -> None:
    scene = world(0)
    owner = Call("0xowner", Role.OWNER, START + 10)
    halted = halt(scene.state, owner)
    assert isinstance(halted, Done)
    assert halted.state.mode is VaultMode.HALTED
    early = unhalt(halted.state, scene.rules, scene.market, replace(owner, now=START + 3_609))
    assert early == Refusal("TooSoon", (START + 3_610,))
    after = unhalt(halted.state, scene.rules, scene.market, replace(owner, now=START + 3_610))
    assert isinstance(after, Done)
    assert after.state.levels == Levels.full(scene.rules.limits)
    room = headroom(after.state, scene.rules.limits, START + 3_610)
    assert {getattr(room, name) for name in room.__slots__} == {0}


# ----------------------------------------------------------------------------------------------------- known figures


@pytest.mark.parametrize(
    ("fill", "refusal"),
    [
        (Fill(10, 0, 10**12), "BelowFloor"),
        (Fill(2**200, 10**12, 10**12), "Overspent"),
        (Refusal("NotFilled", (0, 0)), "NotFilled"),
    ],
)
def test_a_fill_that_is_not_what_was_asked_for_undoes_the_whole_act(fill: Fill | Refusal, refusal: str) -> None:
    scene = world(0)
    found = rebalance(
        scene.state, scene.rules, scene.market, KEEPER, (Order(0, U128, 0),), terms_of(scene), Recorded((fill,))
    )
    assert isinstance(found, Refusal)
    assert found.name == refusal


def test_a_loss_above_what_is_left_undoes_the_rebalance() -> None:
    scene = world(0)
    full = replace(scene.state, levels=replace(Levels(), loss_month=Levels.full(scene.rules.limits).loss_month - 1))
    fills = Recorded((Fill(46_450_000_000_000_000_000, 92_899_900_000, 92_899_900_000),))
    after = replace(KEEPER, now=START + 1)
    found = rebalance(full, scene.rules, scene.market, after, (Order(0, U128, 0),), terms_of(scene), fills)
    drained = scene.rules.limits.loss_month_bps * SHARE_PER_BPS // 2 // MONTH
    assert found == Refusal("LossBudget", (-(-(10**18) // 9_290_000), drained + 1))


def test_a_keeper_sells_what_was_held_at_its_first_flatten_and_nothing_that_came_later() -> None:
    scene = world(0)
    state = halt(scene.state, KEEPER)
    assert isinstance(state, Done)
    first = flatten(state.state, scene.rules, scene.market, KEEPER, (WETH,), scene.shops)
    assert isinstance(first, Done)
    assert first.state.balances[WETH] == 0
    richer = replace(first.state, balances=(10**18, *first.state.balances[1:]))
    again = flatten(richer, scene.rules, scene.market, KEEPER, (WETH,), scene.shops)
    assert isinstance(again, Done)
    assert again.state.balances == richer.balances
    assert again.exit is not None
    assert (again.exit.sold, again.exit.failed) == (0, 1)
    guardian = replace(KEEPER, role=Role.GUARDIAN)
    last = flatten(again.state, scene.rules, scene.market, guardian, (WETH,), scene.shops)
    assert isinstance(last, Done)
    assert last.state.balances[WETH] == 0


def test_a_rebalance_s_report_is_what_a_person_computes() -> None:
    """$929,000 counted. WETH holds $500,000 against 35/95 of it, USDC $120,000 against 25/95: a tenth of it moves."""
    scene = world(0)
    found = rebalance(
        scene.state, scene.rules, scene.market, KEEPER, (Order(0, U128, 0),), terms_of(scene), scene.shops
    )
    assert isinstance(found, Done)
    assert found.report is not None
    assert found.trades == (Trade(0, 46_450_000_000_000_000_000, 92_900_000_000, 92_342_600_000),)
    assert found.report.nav_before == found.report.nav_after == 929_000 * WAD
    assert found.report.drift_before - found.report.drift_after == found.report.turnover == WAD // 10
    assert found.report.loss == 0
    assert found.state.nav_cents == 92_900_000


def terms_of(scene: World) -> Terms:
    return Terms(scene.state.epoch, scene.rules.config_version, Timestamp(START + 500), "0x" + "00" * 32)
