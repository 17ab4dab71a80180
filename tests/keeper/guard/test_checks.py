"""Guard's checks as a table: every one seen red once, beside the one set of facts that passes them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from keeper.decide import decide
from keeper.guard import CHECKS, REFUSING, Clock, Facts, Gas, Veto, check, kill_gas
from keeper.model import (
    NO_HISTORY,
    ActionKind,
    AssetDelta,
    GuardVerdict,
    Order,
    PolicyState,
    PriceVerdict,
    Report,
    Revert,
    Simulation,
    Snapshot,
    Terms,
    VaultMode,
)
from keeper.units import GWEI, WAD, Bps, Seconds, Share18, Timestamp, TokenUnits, Usd18, Wei, share_from_bps
from tests.keeper.world import CONFIG, HEADROOM, NOW, USDC, WETH, asset_with, snapshot, ticker, vault_with, voice

SEEN = snapshot((4_400, 2_500, 3_100))
DECIDED = decide(SEEN, NO_HISTORY, PolicyState(), None, CONFIG)
TERMS = Terms(epoch=1, config_version=2, deadline=Timestamp(NOW + 120), decision_id="0x" + "dd" * 32)
CLOCK = Clock(now=Timestamp(NOW + 5), max_age=Seconds(60), max_ahead=Seconds(60))
GAS = Gas(balance=Wei(WAD), expected=Wei(10 * GWEI), bid=Wei(20 * GWEI), ceiling=Wei(100 * GWEI), limit=800_000)
REPORT = Report(
    nav_before=Usd18(1_000_000 * WAD),
    nav_after=Usd18(999_960 * WAD),
    drift_before=share_from_bps(Bps(400)),
    drift_after=share_from_bps(Bps(1)),
    turnover=share_from_bps(Bps(400)),
    loss=Share18(WAD * 4 // 100_000),
)
SIMULATION = Simulation(
    block=SEEN.block,
    orders=DECIDED.orders,
    gas_used=600_000,
    report=REPORT,
    deltas=(AssetDelta(WETH, -16 * WAD), AssetDelta(USDC, 39_960 * 10**6)),
    revert=None,
)
GOOD = Facts(SEEN, DECIDED, CONFIG, TERMS, CLOCK, GAS, SIMULATION)


def seen_as(**changes: object) -> Facts:
    return replace(GOOD, snapshot=vault_with(SEEN, **changes))


def with_voices(seen: Snapshot, count: int) -> Snapshot:
    others = tuple(v for v in seen.observations if v.asset != USDC)
    good = tuple(voice(USDC, f"feed-{n}", Usd18(WAD)) for n in range(count))
    return replace(seen, observations=(*others, *good, voice(USDC, "late", None, PriceVerdict.STALE, "age 9 d")))


def reporting(**changes: object) -> Facts:
    report = replace(REPORT, **changes)  # type: ignore[arg-type]  # a test names real fields
    return replace(GOOD, simulation=replace(SIMULATION, report=report))


def bringing(usdc: int) -> Facts:
    deltas = (SIMULATION.deltas[0], AssetDelta(USDC, usdc * 10**6))
    return replace(GOOD, simulation=replace(SIMULATION, deltas=deltas))


def ordered(**changes: object) -> Facts:
    order = replace(DECIDED.orders[0], **changes)  # type: ignore[arg-type]  # a test names real fields
    return replace(GOOD, simulation=replace(SIMULATION, orders=(order,)))


def told(usd: int) -> Facts:
    """Both exchanges are asked for WETH, of which the vault says $2,500, and may be 200 bps off; both say `usd`."""
    heard = tuple(ticker(WETH, source, Usd18(usd * WAD)) for source in ("coinbase:ETH-USD", "kraken:ETHUSD"))
    return replace(GOOD, snapshot=replace(SEEN, tickers=heard), veto=Veto(2, Bps(200)))


def one_told(usd: int) -> Facts:
    both = told(usd)
    lost = replace(both.snapshot.tickers[1], price=None, verdict=PriceVerdict.ERROR, reason="HTTP 503")
    return replace(both, snapshot=replace(SEEN, tickers=(both.snapshot.tickers[0], lost)))


HUGE = replace(DECIDED, orders=(Order(0, TokenUnits(41 * WAD), TokenUnits(0)),))
HUGELY = replace(SIMULATION, orders=HUGE.orders)
TWICE = replace(SIMULATION, orders=DECIDED.orders * 2)
REVERTED = replace(SIMULATION, report=None, deltas=(), revert=Revert("TooSoon", ("1800000300",)))
LOSS, TURNOVER = HEADROOM.loss_day, HEADROOM.turnover_day
HOLD, HALT = GuardVerdict.HOLD, GuardVerdict.HALT

RED: list[tuple[str, str, Facts, GuardVerdict, str]] = [
    ("halted", "mode", seen_as(mode=VaultMode.HALTED), HOLD, "the vault is HALTED"),
    (
        "mandate ends before the deadline",
        "mandate",
        seen_as(mandate_expires=TERMS.deadline),
        HOLD,
        "ends at 1800000120",
    ),
    ("epoch moved", "epoch", seen_as(epoch=2), HOLD, "decided at epoch 1, the vault is at 2"),
    ("configuration moved", "config-version", seen_as(config_version=3), HOLD, "configuration 2, the rulebook is at 3"),
    ("deadline passed", "deadline", replace(GOOD, terms=replace(TERMS, deadline=NOW)), HOLD, "0 s ahead"),
    (
        "deadline too far",
        "deadline",
        replace(GOOD, terms=replace(TERMS, deadline=Timestamp(NOW + 3_601))),
        HOLD,
        "3601 s ahead",
    ),
    ("head stalled", "block-age", replace(GOOD, clock=replace(CLOCK, now=Timestamp(NOW + 61))), HOLD, "is 61 s old"),
    ("clock behind", "block-age", replace(GOOD, clock=replace(CLOCK, now=Timestamp(NOW - 61))), HOLD, "is -61 s old"),
    ("one voice", "voices", replace(GOOD, snapshot=with_voices(SEEN, 1)), HOLD, "USDC has 1 good voices, 2 are wanted"),
    (
        "one exchange",
        "tickers",
        one_told(2_500),
        HOLD,
        "WETH has 1 good exchanges, 2 are wanted: kraken:ETHUSD error: HTTP 503",
    ),
    ("exchanges differ", "ticker-gap", told(2_551), HOLD, "WETH is 204 bps off the median of its tickers, allowed are"),
    (
        "stage cap",
        "stage-cap",
        replace(GOOD, decision=HUGE, simulation=HUGELY),
        HALT,
        "1025 bps of NAV, the stage cap 1000",
    ),
    ("a stranger's transaction", "own-nonce", replace(GOOD, gas=replace(GAS, pending=1)), HOLD, "1 transactions of"),
    ("no bid", "gas-ceiling", replace(GOOD, gas=replace(GAS, bid=None, why="gas costs too much")), HOLD, "too much"),
    ("bid above", "gas-ceiling", replace(GOOD, gas=replace(GAS, bid=Wei(101 * GWEI))), HOLD, "the ceiling is 100.000"),
    ("not enough coin", "gas-money", replace(GOOD, gas=replace(GAS, balance=Wei(WAD // 20))), HOLD, "has 0.050000"),
    ("reverts", "simulation", replace(GOOD, simulation=REVERTED), HOLD, "REBALANCE reverts with TooSoon(1800000300)"),
    ("another amount", "same-orders", ordered(max_in=TokenUnits(DECIDED.orders[0].max_in + 1)), HALT, "they differ"),
    ("nothing of it", "same-orders", ordered(max_in=TokenUnits(0)), HALT, "they differ"),
    ("another pair", "same-orders", ordered(route=1), HALT, "they differ"),
    ("twice", "same-orders", replace(GOOD, simulation=TWICE), HALT, "1 orders were decided, 2 simulated"),
    ("drift stands", "drift-falls", reporting(drift_after=REPORT.drift_before), HOLD, "goes from 4.00 % to 4.00 %"),
    ("loss above", "loss-budget", reporting(loss=Share18(LOSS + 1)), HOLD, "left are 0.0700 %"),
    ("turnover above", "turnover-budget", reporting(turnover=Share18(TURNOVER + 1)), HOLD, "left are 15.00 %"),
    (
        "below the oracle",
        "fair-price",
        bringing(39_735),
        HOLD,
        "bring 67 bps less than the oracle's prices, the routes",
    ),
    ("nothing moved", "fair-price", replace(GOOD, simulation=replace(SIMULATION, deltas=())), HOLD, "0 bps"),
    (
        "moves what has no price",
        "fair-price",
        replace(GOOD, snapshot=asset_with(SEEN, USDC, price=None)),
        HOLD,
        "asset 2 moves and has no price",
    ),
]


def test_facts_that_pass_pass_every_check() -> None:
    report = check(GOOD)
    before, after = CHECKS[ActionKind.REBALANCE]
    assert report.verdict is GuardVerdict.PASS
    assert len(report.checks) == len(before) + len(after)
    assert report.simulation is SIMULATION


@pytest.mark.parametrize(("name", "facts", "verdict", "words"), [r[1:] for r in RED], ids=[r[0] for r in RED])
def test_one_wrong_fact_stops_it_and_says_why(name: str, facts: Facts, verdict: GuardVerdict, words: str) -> None:
    report = check(facts)
    red = [found for found in report.checks if found.verdict is not GuardVerdict.PASS]
    assert [found.name for found in red] == [name]
    assert words in red[0].reason
    assert report.verdict is red[0].verdict is verdict


def test_every_check_was_red_once() -> None:
    assert {row[1] for row in RED} == {found.name for found in check(GOOD).checks}
    assert {row[1] for row in RED} > REFUSING - {"harvest-worth"}


def test_a_success_without_a_report_passes_nothing_that_needs_one() -> None:
    report = check(replace(GOOD, simulation=replace(SIMULATION, report=None)))
    red = {found.name for found in report.checks if found.verdict is HOLD}
    assert red == {"drift-falls", "loss-budget", "turnover-budget"}


def test_the_worst_verdict_wins() -> None:
    bad = replace(GOOD, decision=HUGE, simulation=replace(REVERTED, orders=HUGE.orders))
    report = check(bad)
    assert {found.verdict for found in report.checks} == set(GuardVerdict)
    assert report.verdict is HALT


def test_the_other_route_of_the_same_assets_with_a_higher_floor_is_what_was_decided() -> None:
    assert check(ordered(route=6, max_in=TokenUnits(1), min_out=TokenUnits(1))).verdict is GuardVerdict.PASS


def test_without_a_simulation_only_what_stands_is_checked() -> None:
    report = check(replace(GOOD, simulation=None))
    assert report.verdict is GuardVerdict.PASS
    assert len(report.checks) == len(CHECKS[ActionKind.REBALANCE][0])


def test_a_lower_floor_than_decided_is_not_what_was_decided() -> None:
    floored = replace(DECIDED, orders=(replace(DECIDED.orders[0], min_out=TokenUnits(39_000 * 10**6)),))
    assert check(replace(GOOD, decision=floored)).verdict is HALT


def test_an_uncounted_asset_needs_no_voice() -> None:
    quiet = asset_with(with_voices(SEEN, 0), USDC, counted=False)
    assert next(found for found in check(replace(GOOD, snapshot=quiet)).checks if found.name == "voices").value == 2


def test_what_is_kept_back_is_one_kill_of_every_leg() -> None:
    keeping = (GAS.limit + kill_gas(SEEN)) * 20 * GWEI
    assert kill_gas(SEEN) == 1_800_000 + 2 * 600_000
    assert check(replace(GOOD, gas=replace(GAS, balance=Wei(keeping)))).verdict is GuardVerdict.PASS
    assert check(replace(GOOD, gas=replace(GAS, balance=Wei(keeping - 1)))).verdict is HOLD


@pytest.mark.parametrize("action", [ActionKind.NOOP, ActionKind.RETARGET])
def test_what_this_release_does_not_send_is_halted(action: ActionKind) -> None:
    report = check(replace(GOOD, decision=replace(DECIDED, action=action)))
    assert report.verdict is HALT


def exit_facts(action: ActionKind, mode: VaultMode) -> Facts:
    old = replace(vault_with(SEEN, mode=mode, mandate_expires=Timestamp(0)), observations=())
    return replace(
        GOOD,
        snapshot=old,
        decision=replace(DECIDED, action=action, orders=()),
        clock=replace(CLOCK, now=Timestamp(NOW + 9_999)),
        simulation=replace(SIMULATION, orders=(), report=None),
    )


@pytest.mark.parametrize(
    ("action", "mode"),
    [
        (ActionKind.HALT, VaultMode.ACTIVE),
        (ActionKind.HALT, VaultMode.HALTED),
        (ActionKind.FLATTEN, VaultMode.HALTED),
    ],
)
def test_an_exit_asks_neither_prices_nor_mandate_nor_clock(action: ActionKind, mode: VaultMode) -> None:
    assert check(exit_facts(action, mode)).verdict is GuardVerdict.PASS


EXIT_REDS: list[tuple[str, Callable[[Facts], Facts], str]] = [
    (
        "mode",
        lambda facts: replace(facts, snapshot=vault_with(facts.snapshot, mode=VaultMode.ACTIVE)),
        "wants it HALTED",
    ),
    ("gas-ceiling", lambda facts: replace(facts, gas=replace(GAS, bid=None)), "the ceiling is"),
    ("gas-money", lambda facts: replace(facts, gas=replace(GAS, balance=Wei(GAS.limit * 20 * GWEI - 1))), "may take"),
    (
        "simulation",
        lambda facts: replace(facts, simulation=replace(REVERTED, orders=())),
        "FLATTEN reverts with TooSoon",
    ),
]


@pytest.mark.parametrize(("name", "spoil", "words"), EXIT_REDS, ids=[row[0] for row in EXIT_REDS])
def test_an_exit_is_still_held_by(name: str, spoil: Callable[[Facts], Facts], words: str) -> None:
    report = check(spoil(exit_facts(ActionKind.FLATTEN, VaultMode.HALTED)))
    red = [found for found in report.checks if found.verdict is not GuardVerdict.PASS]
    assert [found.name for found in red] == [name]
    assert words in red[0].reason
