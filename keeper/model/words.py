"""The words the stages agree on: kinds, verdicts, modes and states, and the plain forms of addresses and hashes."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

Address: TypeAlias = str
Hash32: TypeAlias = str
HexBytes: TypeAlias = str

T = TypeVar("T")

ZERO_HASH: Hash32 = "0x" + "00" * 32
"""What stands where there is no predecessor: the first decision's previous id, the first row's prev_hash."""


def appended(default: T) -> T:
    """A field that a later release added: ids and bodies leave it out while it says no more than `default`, so that
    what was written before it keeps its id."""
    made: Any = field(default=default, metadata={"appended": True})
    found: T = made
    return found


class SourceKind(StrEnum):
    """How a price is made: pushed by an oracle network, averaged from a pool, derived from another price; or, off the
    chain, told by an exchange."""

    PUSH = "push"
    TWAP = "twap"
    DERIVED = "derived"
    TICKER = "ticker"


class PriceVerdict(StrEnum):
    """What became of one voice."""

    OK = "ok"
    STALE = "stale"
    OUTLIER = "outlier"
    ERROR = "error"


class VaultMode(StrEnum):
    """The vault's own switch."""

    ACTIVE = "ACTIVE"
    HALTED = "HALTED"


class ActionKind(StrEnum):
    """Everything a decision can ask for."""

    NOOP = "NOOP"
    REBALANCE = "REBALANCE"
    RETARGET = "RETARGET"
    HARVEST = "HARVEST"
    HALT = "HALT"
    FLATTEN = "FLATTEN"

    @property
    def bears_epoch(self) -> bool:
        """Whether success raises the vault's epoch: then a second one of the same epoch can never succeed."""
        return self in (ActionKind.REBALANCE, ActionKind.RETARGET, ActionKind.HARVEST)


class GuardVerdict(StrEnum):
    """PASS may be sent; HOLD clears itself; HALT is latched until a person resumes."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    HOLD = "HOLD"
    HALT = "HALT"


class TxState(StrEnum):
    """Where an intent stands between READY and its end."""

    READY = "READY"
    SIGNED = "SIGNED"
    UNKNOWN = "UNKNOWN"
    SENT = "SENT"
    CANCELLING = "CANCELLING"
    MINED = "MINED"
    RECONCILE = "RECONCILE"
    FINAL_OK = "FINAL_OK"
    FINAL_REVERT = "FINAL_REVERT"
    CANCELLED = "CANCELLED"
    DROPPED = "DROPPED"
    SUPERSEDED = "SUPERSEDED"

    @property
    def finished(self) -> bool:
        """Whether nothing can follow."""
        return self in _FINISHED


_FINISHED = frozenset({TxState.FINAL_OK, TxState.FINAL_REVERT, TxState.CANCELLED, TxState.DROPPED, TxState.SUPERSEDED})


class AttemptKind(StrEnum):
    """Why bytes were signed: first, again with more gas money, or to free the nonce."""

    ORIGINAL = "original"
    REPLACEMENT = "replacement"
    CANCEL = "cancel"
