"""Calldata run by the node before anything is signed, from the signer's account and with the very fee fields.

v1     eth_simulateV1: in the block that would come next; gas used, what was returned, and logs
call   eth_call and eth_estimateGas side by side, where a node has no other: what was returned, and no logs

A chain's profile says which (`simulate`). Either way all go out in one round trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from keeper.chain import abi
from keeper.chain.fees import Fees
from keeper.chain.rpc import Call, Refusal, Rpc
from keeper.errors import RpcRefused
from keeper.model import Address, HexBytes, Revert, Snapshot
from keeper.units import BPS

Way: TypeAlias = Literal["v1", "call"]

GAS_MARGIN_BPS = 2_500
"""What a gas limit holds above the node's estimate: prices read anew may cost another voice or another tick."""
SIMULATION_GAS = 15_000_000
"""What a simulation may use: below MOST_GAS."""
MOST_GAS = 2**24
"""What Ethereum allows a transaction (EIP-7825)."""
_RICH = hex(10**24)
"""The balance a simulation lends its sender: whether gas can be paid is guard's question, not the vault's."""
_METHOD_NOT_FOUND = -32601
_NO_SUCH_METHOD = ("does not exist", "not available", "not found", "no such method", "not supported", "unsupported")
_STARVED = "out of gas"


@dataclass(frozen=True, slots=True)
class Run:
    """What the node said of one candidate. `logs` is None where it was run in a way that gives none."""

    revert: Revert | None
    gas_used: int
    gas_limit: int
    returned: HexBytes
    logs: tuple[dict[str, Any], ...] | None


def runs(
    rpc: Rpc, snapshot: Snapshot, datas: Sequence[HexBytes], sender: Address, fees: Fees, way: Way | None = None
) -> list[Run]:
    """Each calldata to the vault, run for itself; the profile's way where none is named.

    By plain calls the first alone is estimated, for some nodes take seconds for one: the others are taken to need as
    much, and have a gas limit of 0. Raises RpcUnreachable, RpcRefused.
    """
    chosen = way or rpc.profile.simulate
    block = block_parameter(rpc, snapshot)
    sent = [_fields(snapshot, data, sender, fees) for data in datas]
    estimates: list[Call] = [("eth_estimateGas", [fields, block]) for fields in sent]
    if chosen == "v1":
        answers = rpc.many([*(_simulation(rpc, snapshot, fields, block) for fields in sent), *estimates])
        pairs = list(zip(answers[: len(sent)], answers[len(sent) :], strict=True))
        return rpc.understood(lambda found: [_simulated(rpc, *pair) for pair in found], pairs)
    *called, estimate = rpc.many([*(_call(fields, block) for fields in sent), estimates[0]])
    return rpc.understood(lambda found: _all_called(rpc, found, estimate), called)


def _fields(snapshot: Snapshot, data: HexBytes, sender: Address, fees: Fees) -> dict[str, str]:
    return {
        "from": sender,
        "to": snapshot.vault.address,
        "data": data,
        "maxFeePerGas": hex(fees.max_fee),
        "maxPriorityFeePerGas": hex(fees.priority_fee),
    }


def block_parameter(rpc: Rpc, snapshot: Snapshot) -> dict[str, str] | str:
    """The snapshot's block as a parameter: by hash where the node can, else by number."""
    block = snapshot.block
    return {"blockHash": block.hash} if rpc.profile.reads_at_hash else hex(block.number)


def unknown_method(refused: Refusal | RpcRefused) -> bool:
    """Whether a node refused because it does not know the method: each has its own number and words for that."""
    code, words = (
        (refused.code, refused.message) if isinstance(refused, Refusal) else (refused.rpc_code, refused.reason)
    )
    return code == _METHOD_NOT_FOUND or any(known in words.lower() for known in _NO_SUCH_METHOD)


def _simulation(rpc: Rpc, snapshot: Snapshot, sent: dict[str, str], block: dict[str, str] | str) -> Call:
    """One call in the next block. `validation` keeps the base fee, without which tx.gasprice would be the tip alone."""
    then = snapshot.block.timestamp + max(1, rpc.profile.block_ms // 1_000)
    simulation: dict[str, Any] = {
        "blockStateCalls": [
            {
                "blockOverrides": {"time": hex(then)},
                "stateOverrides": {sent["from"]: {"balance": _RICH}},
                "calls": [{**sent, "gas": hex(SIMULATION_GAS)}],
            }
        ],
        "validation": True,
    }
    return "eth_simulateV1", [simulation, block]


def _call(sent: dict[str, str], block: dict[str, str] | str) -> Call:
    """The same as a plain call: the base fee is the block's own, so tx.gasprice is what it would be."""
    return "eth_call", [{**sent, "gas": hex(SIMULATION_GAS)}, block, {sent["from"]: {"balance": _RICH}}]


def _simulated(rpc: Rpc, simulated: Any | Refusal, estimate: Any | Refusal) -> Run:
    if isinstance(simulated, Refusal):
        return _refused(rpc, simulated)
    call = simulated[0]["calls"][0]
    gas_used = int(call["gasUsed"], 16)
    if int(call["status"], 16) != 1:
        error = call.get("error") or {}
        data = error.get("data") or call.get("returnData") or "0x"
        revert = abi.decode_revert(data)
        if revert.args == ("0x",) and error.get("message"):
            revert = replace(revert, args=(abi.printable(str(error["message"])),))
        return Run(revert, gas_used, 0, "0x", ())
    if isinstance(estimate, Refusal):
        if estimate.data:
            return Run(abi.decode_revert(estimate.data), gas_used, 0, "0x", ())
        needed = gas_used
    else:
        needed = max(gas_used, int(estimate, 16))
    return Run(None, gas_used, _with_margin(needed), call["returnData"], tuple(call.get("logs", ())))


def _all_called(rpc: Rpc, called: Sequence[Any | Refusal], estimate: Any | Refusal) -> list[Run]:
    """The first with its estimate, without which there is no gas limit to sign: then it is a refusal, not a guess."""
    first, *others = called
    needed = 0 if isinstance(estimate, Refusal) else int(estimate, 16)
    found = [_refused(rpc, one) if isinstance(one, Refusal) else Run(None, needed, 0, str(one), None) for one in others]
    if isinstance(first, Refusal):
        return [_refused(rpc, first), *found]
    if isinstance(estimate, Refusal):
        return [_refused(rpc, estimate), *found]
    return [Run(None, needed, _with_margin(needed), str(first), None), *found]


def _refused(rpc: Rpc, found: Refusal) -> Run:
    """A revert as what it is; anything else the node will not do is RpcRefused."""
    if found.data is None and _STARVED in found.message.lower():
        return Run(Revert(abi.UNKNOWN, (found.message,)), SIMULATION_GAS, 0, "0x", ())
    if found.data is None or unknown_method(found):
        raise RpcRefused(rpc.label, found.method, found.message, found.code)
    return Run(abi.decode_revert(found.data), 0, 0, "0x", ())


def _with_margin(gas: int) -> int:
    return min(gas * (BPS + GAS_MARGIN_BPS) // BPS, MOST_GAS)
