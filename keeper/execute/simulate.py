"""Candidates run by the node before anything is signed: the simulation is the quote.

Each runs from the signer's account and with the very fee fields that would be signed, so that the vault sees the gas
price it would see. All go out in one round trip; `trial` knows how, `fills` what each order came to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from keeper.chain import abi, vault
from keeper.chain.fees import Fees
from keeper.chain.rpc import Rpc
from keeper.execute import fills, route, trial
from keeper.execute.intent import calldata
from keeper.execute.trial import Run, Way
from keeper.guard import kill_gas
from keeper.model import (
    ActionKind,
    Address,
    Decision,
    Hash32,
    Order,
    Report,
    Revert,
    Simulation,
    Snapshot,
    Terms,
)
from keeper.units import WAD

REWARD_ROOM = 2
"""A sale may sell so many times what was claimed when it was tried: a reward grows until it is mined."""
_NATIVE_SYMBOL = "WETH"


def best(
    rpc: Rpc, snapshot: Snapshot, decision: Decision, terms: Terms, sender: Address, fees: Fees
) -> tuple[Simulation, tuple[Simulation, ...]]:
    """The candidate that leaves most after gas, and all of them; where every one reverts, the decision's own.

    Orders of those that succeed say what to send: `max_in` what was sold, `min_out` what was bought less a sandwich's
    room (`fills.SANDWICH_BPS`).
    Raises RpcUnreachable, RpcRefused. ValueError for a decision without orders.
    """
    if decision.action not in (ActionKind.REBALANCE, ActionKind.HARVEST) or not decision.orders:
        raise ValueError(f"{decision.action} with {len(decision.orders)} orders has no candidates")
    listed = route.candidates(snapshot, decision.orders)
    datas = [calldata(decision.action, orders, terms, claim=decision.claim) for orders in listed]
    runs = trial.runs(rpc, snapshot, datas, sender, fees)
    found = [_acted(snapshot, decision.action, orders, run) for orders, run in zip(listed, runs, strict=True)]
    good = [place for place, simulation in enumerate(found) if simulation.succeeds]
    taken = max(good, key=lambda place: _left(snapshot, found[place], fees)) if good else 0
    if good and not found[taken].gas_limit:  # run by a plain call, and not yet estimated
        (run,) = trial.runs(rpc, snapshot, [datas[taken]], sender, fees)
        found[taken] = _acted(snapshot, decision.action, listed[taken], run)
    return found[taken], tuple(found)


def exit_trials(
    rpc: Rpc,
    snapshot: Snapshot,
    action: ActionKind,
    decision_id: Hash32,
    sender: Address,
    fees: Fees,
    way: Way | None = None,
    choices: Sequence[tuple[int, ...]] = ((),),
) -> tuple[Simulation, ...]:
    """A halt or a flatten, run the same way; a flatten once for each choice of assets (all where none is named).

    Raises RpcUnreachable, RpcRefused.

    Where no gas used is seen, a flatten is allowed what guard keeps back for it: an estimate is the least with which it
    does not revert, and legs that starve do not make it revert.
    """
    terms = Terms(epoch=0, config_version=0, deadline=snapshot.block.timestamp, decision_id=decision_id)
    datas = [calldata(action, (), terms, assets=assets) for assets in choices]
    if (way or rpc.profile.simulate) == "v1":
        return tuple(_left_by(snapshot, action, run) for run in trial.runs(rpc, snapshot, datas, sender, fees, way))
    each = [trial.runs(rpc, snapshot, [data], sender, fees, way) for data in datas]
    return tuple(_left_by(snapshot, action, run) for (run,) in each)


def _left_by(snapshot: Snapshot, action: ActionKind, run: Run) -> Simulation:
    unseen = run.revert is None and run.logs is None and action is ActionKind.FLATTEN
    emitted = vault.events(run.logs or (), snapshot.vault.address)
    return Simulation(
        block=snapshot.block,
        orders=(),
        gas_used=run.gas_used,
        report=None,
        deltas=fills.deltas(snapshot, vault.flows(emitted)),
        revert=run.revert,
        gas_limit=max(run.gas_limit, kill_gas(snapshot)) if unseen else run.gas_limit,
    )


def _acted(snapshot: Snapshot, action: ActionKind, orders: tuple[Order, ...], run: Run) -> Simulation:
    failed = Simulation(
        block=snapshot.block, orders=orders, gas_used=run.gas_used, report=None, deltas=(), revert=run.revert
    )
    if run.revert is not None:
        return failed
    report = vault.report_of(run.returned)
    if (
        run.logs is None and action is ActionKind.HARVEST
    ):  # how much was claimed is in no report: the vault's floor stands
        return replace(failed, report=report, gas_limit=run.gas_limit)
    if run.logs is None:
        found = fills.of_report(snapshot, orders, report)
    else:
        found = vault.trades(vault.events(run.logs, snapshot.vault.address))
    if len(found) != len(orders):
        reason = f"{len(found)} fills of {len(orders)} orders"
        return replace(failed, revert=Revert(abi.UNKNOWN, (reason,)))
    return Simulation(
        block=snapshot.block,
        orders=tuple(
            fills.bound(order, fill, _most(action, order, fill, seen=run.logs is not None))
            for order, fill in zip(orders, found, strict=True)
        ),
        gas_used=run.gas_used,
        report=report,
        deltas=fills.deltas(snapshot, fills.moves_of(found)),
        revert=None,
        gas_limit=run.gas_limit,
    )


def _most(action: ActionKind, order: Order, fill: vault.Trade, *, seen: bool) -> int:
    """What an order may sell: what it sold when it was tried. A reward goes on growing until it is claimed."""
    if not seen:
        return order.max_in
    return min(fill.sold * REWARD_ROOM, order.max_in) if action is ActionKind.HARVEST else fill.sold


def _left(snapshot: Snapshot, simulation: Simulation, fees: Fees) -> tuple[int, int]:
    """NAV after, less gas in dollars where the coin has a price among the assets; the cheaper one of equals."""
    report: Report | None = simulation.report
    if report is None:
        return -1, 0
    prices = [asset.price for asset in snapshot.assets if asset.symbol == _NATIVE_SYMBOL and asset.price]
    gas = simulation.gas_used * fees.expected * prices[0] // WAD if prices else 0
    return report.nav_after - gas, -simulation.gas_used
