"""Guard's checks of a harvest: what it asks as of a rebalance, and what is its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keeper.guard import CHECKS, REFUSING, Facts, check
from keeper.model import (
    REWARD,
    ActionKind,
    Decision,
    GuardVerdict,
    Order,
    PolicyState,
    Report,
    RouteState,
    Simulation,
    VaultMode,
)
from keeper.units import WAD, Bps, Share18, Timestamp, TokenUnits, Usd18, Wei
from tests.keeper.guard.test_checks import CLOCK, GAS, TERMS
from tests.keeper.world import ADAPTER, CONFIG, NOW, ROUTES, USDC, VAULT, snapshot, vault_with

HOLD, HALT = GuardVerdict.HOLD, GuardVerdict.HALT
SALE = RouteState(12, REWARD, USDC, ADAPTER, VAULT, Bps(100), enabled=True)
OTHER = RouteState(13, REWARD, USDC, ADAPTER, VAULT, Bps(100), enabled=True, claim=1)
OFF = RouteState(14, REWARD, USDC, ADAPTER, VAULT, Bps(100), enabled=False)
SEEN = snapshot(ways=(*ROUTES, SALE, OTHER, OFF))
ALL = Order(12, TokenUnits(2**128 - 1), TokenUnits(0))
DECIDED = Decision(
    ActionKind.HARVEST, (ALL,), "worth-claiming", "", Usd18(20 * WAD), Usd18(60 * WAD), PolicyState(), claim=0
)
NAV = Usd18(900_000 * WAD)
REPORT = Report(NAV, Usd18(NAV + 59 * WAD), Share18(0), Share18(0), Share18(10**14), Share18(0))
SOLD = Order(12, TokenUnits(8 * WAD), TokenUnits(100 * 10**6))
SIMULATION = Simulation(SEEN.block, (SOLD,), 400_000, REPORT, (), None)
GOOD = Facts(SEEN, DECIDED, CONFIG, TERMS, CLOCK, GAS, SIMULATION)


def sold_over(route: int) -> Facts:
    return replace(GOOD, simulation=replace(SIMULATION, orders=(replace(SOLD, route=route),)))


def bringing(dollars: int) -> Facts:
    report = replace(REPORT, nav_after=Usd18(NAV + dollars * WAD))
    return replace(GOOD, simulation=replace(SIMULATION, report=report))


RED: list[tuple[str, str, Facts, GuardVerdict, str]] = [
    (
        "halted",
        "mode",
        replace(GOOD, snapshot=vault_with(SEEN, mode=VaultMode.HALTED)),
        HOLD,
        "HARVEST wants it ACTIVE",
    ),
    ("no mandate", "mandate", replace(GOOD, snapshot=vault_with(SEEN, mandate_expires=NOW)), HOLD, "the mandate ends"),
    ("another epoch", "epoch", replace(GOOD, snapshot=vault_with(SEEN, epoch=2)), HOLD, "the vault is at 2"),
    (
        "cooling down",
        "harvest-cooldown",
        replace(GOOD, snapshot=vault_with(SEEN, harvested_at=Timestamp(NOW - 3_599))),
        HOLD,
        f"from {NOW + 1} on",
    ),
    ("gas too dear", "gas-ceiling", replace(GOOD, gas=replace(GAS, bid=None, why="gas is dear")), HOLD, "gas is dear"),
    ("no money", "gas-money", replace(GOOD, gas=replace(GAS, balance=Wei(1))), HOLD, "this and one kill after it"),
    ("another claim's route", "same-sales", sold_over(13), HALT, "differ"),
    ("a route that is off", "same-sales", sold_over(14), HALT, "differ"),
    ("a route of an asset", "same-sales", sold_over(0), HALT, "differ"),
    ("no sale at all", "same-sales", replace(GOOD, simulation=replace(SIMULATION, orders=())), HALT, "0 simulated"),
    ("worth its cost alone", "harvest-worth", bringing(20), HOLD, "it brings $20.00 and costs $20.00"),
    (
        "no report",
        "harvest-worth",
        replace(GOOD, simulation=replace(SIMULATION, report=None)),
        HOLD,
        "brought no report",
    ),
]


def test_a_good_harvest_passes_every_check() -> None:
    report = check(GOOD)
    before, after = CHECKS[ActionKind.HARVEST]
    assert report.verdict is GuardVerdict.PASS
    assert len(report.checks) == len(before) + len(after)


@pytest.mark.parametrize(("name", "facts", "verdict", "words"), [row[1:] for row in RED], ids=[row[0] for row in RED])
def test_one_wrong_fact_stops_it_and_says_why(name: str, facts: Facts, verdict: GuardVerdict, words: str) -> None:
    red = [found for found in check(facts).checks if found.verdict is not GuardVerdict.PASS]
    assert [(found.name, found.verdict) for found in red] == [(name, verdict)]
    assert words in red[0].reason


def test_what_a_harvest_would_bring_is_a_refusal() -> None:
    assert "harvest-worth" in REFUSING


def test_prices_of_other_assets_are_not_asked() -> None:
    assert check(replace(GOOD, snapshot=replace(SEEN, observations=()))).verdict is GuardVerdict.PASS
