"""Candidates run by the node before anything is signed: the simulation is the quote.

Each runs in the block that would follow the snapshot's, from the signer's account and with the very fee fields that
would be signed, so that the vault sees the gas price it would see. All go out in one round trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from keeper.chain import abi, vault
from keeper.chain.fees import Fees
from keeper.chain.rpc import Call, Refusal, Rpc
from keeper.errors import RpcRefused
from keeper.execute import route
from keeper.execute.intent import calldata
from keeper.model import (
    ActionKind,
    Address,
    AssetDelta,
    Decision,
    Hash32,
    HexBytes,
    Order,
    Report,
    Revert,
    Simulation,
    Snapshot,
    Terms,
)
from keeper.units import BPS, WAD, TokenUnits

SANDWICH_BPS = 10
"""The least an order accepts is its simulated outcome less this: whoever moves the pool between simulation and
inclusion by more has the order refused, and leaves no more than this to whoever moves it by less."""
GAS_MARGIN_BPS = 2_500
"""What a gas limit holds above the node's estimate: prices read anew may cost another voice or another tick."""
SIMULATION_GAS = 15_000_000
"""What a simulation may use: below the 2^24 that Ethereum allows a transaction."""
_RICH = hex(10**24)
"""The balance a simulation lends its sender: whether gas can be paid is guard's question, not the vault's."""
_METHOD_NOT_FOUND = -32601
_NATIVE_SYMBOL = "WETH"


@dataclass(frozen=True, slots=True)
class _Run:
    """What the node said of one candidate."""

    revert: Revert | None
    gas_used: int
    gas_limit: int
    returned: HexBytes
    logs: tuple[dict[str, Any], ...]


def best(
    rpc: Rpc, snapshot: Snapshot, decision: Decision, terms: Terms, sender: Address, fees: Fees
) -> tuple[Simulation, tuple[Simulation, ...]]:
    """The candidate that leaves most after gas, and all of them; where every one reverts, the decision's own.

    Orders of those that succeed say what to send: `max_in` what was sold, `min_out` what was bought less SANDWICH_BPS.
    Raises RpcUnreachable, RpcRefused. ValueError for a decision without orders.
    """
    if decision.action is not ActionKind.REBALANCE or not decision.orders:
        raise ValueError(f"{decision.action} with {len(decision.orders)} orders has no candidates")
    listed = route.candidates(snapshot, decision.orders)
    runs = _runs(rpc, snapshot, [calldata(decision.action, orders, terms) for orders in listed], sender, fees)
    found = tuple(_rebalanced(snapshot, orders, run) for orders, run in zip(listed, runs, strict=True))
    good = [simulation for simulation in found if simulation.succeeds]
    return (max(good, key=lambda simulation: _left(snapshot, simulation, fees)) if good else found[0]), found


def exit_trial(
    rpc: Rpc, snapshot: Snapshot, action: ActionKind, decision_id: Hash32, sender: Address, fees: Fees
) -> Simulation:
    """A halt or a flatten, run the same way; there is nothing to choose. Raises RpcUnreachable, RpcRefused."""
    terms = Terms(epoch=0, config_version=0, deadline=snapshot.block.timestamp, decision_id=decision_id)
    (run,) = _runs(rpc, snapshot, [calldata(action, (), terms)], sender, fees)
    return Simulation(
        block=snapshot.block,
        orders=(),
        gas_used=run.gas_used,
        report=None,
        deltas=_deltas(snapshot, vault.events(run.logs, snapshot.vault.address)),
        revert=run.revert,
        gas_limit=run.gas_limit,
    )


def _runs(rpc: Rpc, snapshot: Snapshot, datas: Sequence[HexBytes], sender: Address, fees: Fees) -> list[_Run]:
    block = block_parameter(rpc, snapshot)
    calls: list[Call] = []
    for data in datas:
        sent = {
            "from": sender,
            "to": snapshot.vault.address,
            "data": data,
            "maxFeePerGas": hex(fees.max_fee),
            "maxPriorityFeePerGas": hex(fees.priority_fee),
        }
        calls.append(("eth_simulateV1", [_simulation(rpc, snapshot, sent), block]))
        calls.append(("eth_estimateGas", [sent, block]))
    answers = rpc.many(calls)
    pairs = list(zip(answers[::2], answers[1::2], strict=True))
    return rpc.understood(lambda found: [_run(rpc, *pair) for pair in found], pairs)


def block_parameter(rpc: Rpc, snapshot: Snapshot) -> dict[str, str] | str:
    """The snapshot's block as a parameter: by hash where the node can, else by number."""
    block = snapshot.block
    return {"blockHash": block.hash} if rpc.profile.reads_at_hash else hex(block.number)


def _simulation(rpc: Rpc, snapshot: Snapshot, sent: dict[str, str]) -> dict[str, Any]:
    """One call in the next block. `validation` keeps the base fee, without which tx.gasprice would be the tip alone."""
    then = snapshot.block.timestamp + max(1, rpc.profile.block_ms // 1_000)
    return {
        "blockStateCalls": [
            {
                "blockOverrides": {"time": hex(then)},
                "stateOverrides": {sent["from"]: {"balance": _RICH}},
                "calls": [{**sent, "gas": hex(SIMULATION_GAS)}],
            }
        ],
        "validation": True,
    }


def _run(rpc: Rpc, simulated: Any | Refusal, estimate: Any | Refusal) -> _Run:
    if isinstance(simulated, Refusal):
        if simulated.data is None or simulated.code == _METHOD_NOT_FOUND:
            raise RpcRefused(rpc.label, simulated.method, simulated.message, simulated.code)
        return _Run(abi.decode_revert(simulated.data), 0, 0, "0x", ())
    call = simulated[0]["calls"][0]
    gas_used = int(call["gasUsed"], 16)
    if int(call["status"], 16) != 1:
        error = call.get("error") or {}
        data = error.get("data") or call.get("returnData") or "0x"
        revert = abi.decode_revert(data)
        if revert.args == ("0x",) and error.get("message"):
            revert = replace(revert, args=(str(error["message"]),))
        return _Run(revert, gas_used, 0, "0x", ())
    if isinstance(estimate, Refusal):
        if estimate.data:
            return _Run(abi.decode_revert(estimate.data), gas_used, 0, "0x", ())
        needed = gas_used
    else:
        needed = max(gas_used, int(estimate, 16))
    limit = needed * (BPS + GAS_MARGIN_BPS) // BPS
    return _Run(None, gas_used, limit, call["returnData"], tuple(call.get("logs", ())))


def _rebalanced(snapshot: Snapshot, orders: tuple[Order, ...], run: _Run) -> Simulation:
    failed = Simulation(
        block=snapshot.block, orders=orders, gas_used=run.gas_used, report=None, deltas=(), revert=run.revert
    )
    if run.revert is not None:
        return failed
    emitted = vault.events(run.logs, snapshot.vault.address)
    fills = vault.trades(emitted)
    if len(fills) != len(orders):
        reason = f"{len(fills)} fills of {len(orders)} orders"
        return replace(failed, revert=Revert(abi.UNKNOWN, (reason,)))
    return Simulation(
        block=snapshot.block,
        orders=tuple(_bound(order, fill) for order, fill in zip(orders, fills, strict=True)),
        gas_used=run.gas_used,
        report=vault.report_of(run.returned),
        deltas=_deltas(snapshot, emitted),
        revert=None,
        gas_limit=run.gas_limit,
    )


def _bound(order: Order, fill: vault.Trade) -> Order:
    """The order as it is sent; a stricter `min_out` of the decision's own stands."""
    least = fill.bought * (BPS - SANDWICH_BPS) // BPS
    decided = -(-order.min_out * fill.sold // order.max_in)
    return Order(route=order.route, max_in=TokenUnits(fill.sold), min_out=TokenUnits(max(least, decided)))


def _deltas(snapshot: Snapshot, emitted: Sequence[abi.Event]) -> tuple[AssetDelta, ...]:
    index: dict[Address | int, int] = {asset.token: asset.index for asset in snapshot.assets}
    totals: dict[int, int] = {}
    for token, amount in vault.flows(emitted):
        asset = token if isinstance(token, int) else index[token]
        totals[asset] = totals.get(asset, 0) + amount
    return tuple(AssetDelta(asset, amount) for asset, amount in sorted(totals.items()))


def _left(snapshot: Snapshot, simulation: Simulation, fees: Fees) -> tuple[int, int]:
    """NAV after, less gas in dollars where the coin has a price among the assets; the cheaper one of equals."""
    report: Report | None = simulation.report
    if report is None:
        return -1, 0
    prices = [asset.price for asset in snapshot.assets if asset.symbol == _NATIVE_SYMBOL and asset.price]
    gas = simulation.gas_used * fees.expected * prices[0] // WAD if prices else 0
    return report.nav_after - gas, -simulation.gas_used
