"""Which checks an action must pass, in order, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from keeper.guard import simulated, standing, tickers
from keeper.guard.facts import Facts
from keeper.guard.verdicts import made, worst
from keeper.model import ActionKind, Check, GuardReport, GuardVerdict, Simulation

StandingCheck = Callable[[Facts], Check]
SimulatedCheck = Callable[[Facts, Simulation], Check]
Suite = tuple[tuple[StandingCheck, ...], tuple[SimulatedCheck, ...]]
"""What is checked before a simulation, and what of it."""

_STEERING: Suite = (
    (
        standing.mode,
        standing.mandate,
        standing.epoch,
        standing.config_version,
        standing.deadline,
        standing.block_age,
        standing.voices,
        tickers.enough,
        tickers.near,
        standing.stage_cap,
        standing.own_nonce,
        standing.gas_ceiling,
        standing.gas_money,
    ),
    (
        simulated.succeeds,
        simulated.same_orders,
        simulated.drift_falls,
        simulated.loss_budget,
        simulated.turnover_budget,
        simulated.fair_price,
    ),
)
_HARVESTING: Suite = (
    (
        standing.mode,
        standing.mandate,
        standing.epoch,
        standing.config_version,
        standing.deadline,
        standing.block_age,
        standing.harvest_cooldown,
        tickers.enough,
        tickers.near,
        standing.own_nonce,
        standing.gas_ceiling,
        standing.gas_money,
    ),
    (simulated.succeeds, simulated.same_sales, simulated.worth_claiming),
)
_HALTING: Suite = ((standing.gas_ceiling, standing.gas_money_of_exit), (simulated.succeeds,))
_EXITING: Suite = ((standing.mode, standing.gas_ceiling, standing.gas_money_of_exit), (simulated.succeeds,))

CHECKS: Mapping[ActionKind, Suite] = MappingProxyType(
    {
        ActionKind.REBALANCE: _STEERING,
        ActionKind.HARVEST: _HARVESTING,
        ActionKind.HALT: _HALTING,
        ActionKind.FLATTEN: _EXITING,
    }
)
"""By action; one that is not here is not sent by this release."""

REFUSING = frozenset({"simulation", "drift-falls", "loss-budget", "turnover-budget", "fair-price", "harvest-worth"})
"""Checks of what would happen: a HOLD of theirs is a refusal, where the others' only means not now."""


def check(facts: Facts) -> GuardReport:
    """Every check that can be made of these facts: of the standing ones alone while there is no simulation.

    What passes without a simulation is worth simulating, no more: `admit` wants one.
    """
    suite = CHECKS.get(facts.decision.action)
    if suite is None:
        unknown = made("action", False, f"{facts.decision.action} is not sent by this release", GuardVerdict.HALT)
        return GuardReport(GuardVerdict.HALT, (unknown,))
    before, of_simulation = suite
    checks = [make(facts) for make in before]
    found = facts.simulation
    if found is not None:
        checks.append(of_simulation[0](facts, found))
        if found.succeeds:
            checks.extend(make(facts, found) for make in of_simulation[1:])
    return GuardReport(worst(checks), tuple(checks), found)
