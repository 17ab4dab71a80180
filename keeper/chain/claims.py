"""What a harvest would bring: each route that sells a claim's reward, tried as a call beside the look at the chain.

The vault's own report is the quote. A question carries the epoch and configuration of the tick before; where either has
moved since, its answer is no quote and it is asked again of the block that was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from keeper.chain import abi, vault
from keeper.chain.rpc import Call, Refusal, Rpc
from keeper.config import ChainProfile
from keeper.model import ZERO_HASH, Address, HarvestQuote, HexBytes, Order, Snapshot, Terms
from keeper.units import NO_VALUE, Timestamp, TokenUnits, Wei

AHEAD = 3_000
"""Seconds of deadline in a question: inside the vault's hour even where the next block is 50 minutes on."""
ENVELOPE_BYTES = 180
"""What a signed transaction holds beside its calldata, with room: fees, nonce, gas, addresses and signature."""
_MOVED = frozenset({"EpochMoved", "ConfigMoved", "DeadlinePassed", "DeadlineTooFar"})
_ALL = TokenUnits(2**128 - 1)
_L1_FEE = abi.interface(
    [
        {
            "type": "function",
            "name": "getL1Fee",
            "inputs": [{"name": "data", "type": "bytes"}],
            "outputs": [{"name": "", "type": "uint256"}],
        }
    ]
).functions["getL1Fee"]
"""OP stack's GasPriceOracle: the fee for a transaction's data, wei."""


@dataclass(frozen=True, slots=True)
class Question:
    """One harvest to try, as `sender` would send it to the vault."""

    claim: int
    route: int
    sender: Address
    vault: Address
    data: HexBytes


def questions(known: Snapshot, asked: Sequence[tuple[int, int]], sender: Address) -> tuple[Question, ...]:
    """For each (claim, route) the harvest that sells all it claims, bound to what is `known`."""
    terms = Terms(
        epoch=known.vault.epoch,
        config_version=known.vault.config_version,
        deadline=Timestamp(known.block.timestamp + AHEAD),
        decision_id=ZERO_HASH,
    )
    return tuple(
        Question(
            claim=claim,
            route=route,
            sender=sender,
            vault=known.vault.address,
            data=vault.harvest(claim, (Order(route, _ALL, TokenUnits(0)),), terms),
        )
        for claim, route in asked
    )


def calls(asked: Sequence[Question], profile: ChainProfile) -> list[Call]:
    """The calls of all questions, each without its block: whoever sends them adds it."""
    made: list[Call] = []
    for one in asked:
        sent = {"from": one.sender, "to": one.vault, "data": one.data}
        made += [("eth_call", [sent]), ("eth_estimateGas", [sent])]
        if profile.l1_fee_oracle:
            padded = abi.as_bytes(one.data) + b"\xff" * ENVELOPE_BYTES
            made.append(("eth_call", [{"to": profile.l1_fee_oracle, "data": _L1_FEE.call(padded)}]))
    return made


def quotes(rpc: Rpc, asked: Sequence[Question], answers: Sequence[Any | Refusal]) -> tuple[HarvestQuote, ...]:
    """The quotes in the answers to `calls`; a question that the chain has moved past has none.

    Raises RpcUnreachable.
    """
    size = 3 if rpc.profile.l1_fee_oracle else 2
    found = []
    for place, one in enumerate(asked):
        called, estimate, *data = answers[place * size : (place + 1) * size]
        refusal = _refusal(called) or _refusal(estimate) or "".join(_refusal(fee) for fee in data)
        if refusal.partition("(")[0] in _MOVED:
            continue
        if refusal:
            found.append(HarvestQuote(one.claim, one.route, NO_VALUE, NO_VALUE, 0, Wei(0), refusal))
        else:
            found.append(rpc.understood(partial(_quote, one), (called, estimate, data)))
    return tuple(found)


def _quote(one: Question, answers: tuple[str, str, Sequence[str]]) -> HarvestQuote:
    called, estimate, data = answers
    report = vault.report_of(called)
    return HarvestQuote(
        claim=one.claim,
        route=one.route,
        nav_before=report.nav_before,
        nav_after=report.nav_after,
        gas=int(estimate, 16),
        l1_fee=Wei(sum(int(_L1_FEE.result(fee)) for fee in data)),
    )


def _refusal(answer: Any | Refusal) -> str:
    """A revert by its name and arguments, a node's refusal by its words; empty for an answer."""
    if not isinstance(answer, Refusal):
        return ""
    if answer.data is None:
        return answer.message
    return abi.in_words(answer.data)
