"""What was sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.model.checked import AssetDelta, Report, Revert
from keeper.model.seen import BlockRef
from keeper.model.words import ActionKind, Address, AttemptKind, Hash32, HexBytes, TxState
from keeper.units import Timestamp, Wei


@dataclass(frozen=True, slots=True)
class Terms:
    """The vault's `Terms` struct: what ties a transaction to one epoch, configuration, decision and deadline."""

    epoch: int
    config_version: int
    deadline: Timestamp
    decision_id: Hash32


@dataclass(frozen=True, slots=True)
class Intent:
    """A transaction that guard let pass. `epoch` is None for actions that bear none (halt, flatten)."""

    intent_id: Hash32
    decision_id: Hash32
    child: int
    action: ActionKind
    chain_id: int
    vault: Address
    signer: Address
    to: Address
    data: HexBytes
    gas_limit: int
    max_fee_ceiling: Wei
    epoch: int | None
    deadline: Timestamp


@dataclass(frozen=True, slots=True)
class TxAttempt:
    """Signed bytes of one intent, stored before any send; several attempts of one intent share its nonce."""

    intent_id: Hash32
    number: int
    kind: AttemptKind
    nonce: int
    tx_hash: Hash32
    raw: HexBytes
    gas_limit: int
    max_fee: Wei
    priority_fee: Wei


@dataclass(frozen=True, slots=True)
class TxEvent:
    """One step of an intent through the states, with what was seen."""

    intent_id: Hash32
    state: TxState
    tx_hash: Hash32 | None
    block: BlockRef | None
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an intent ended. "Mined" is not "succeeded": `state` is FINAL_OK only with status 1, our event and epoch."""

    intent_id: Hash32
    state: TxState
    tx_hash: Hash32 | None
    block: BlockRef | None
    gas_used: int
    fee_paid: Wei
    report: Report | None
    deltas: tuple[AssetDelta, ...]
    slippage_oracle: int | None
    """Value lost against the oracle's prices, share of NAV, 1e18 = 100 %, signed: below 0 is a gain."""
    slippage_simulated: int | None
    """Value lost against what the simulation promised, in the same unit."""
    revert: Revert | None
    reason: str
