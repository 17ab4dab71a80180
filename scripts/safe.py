"""What a Safe does for these scripts, signed for here or executed by its owners: accept, deposit, act as the owner."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from web3.types import TxReceipt

from keeper.config.kinds import ZERO_ADDRESS
from keeper.devnet.calls import encode_call
from keeper.errors import ConfigInvalid, UsageError
from scripts import foreign
from scripts.reading import Reader, Unanswered
from scripts.sending import ForkHand, Hand

ACCEPT = encode_call("acceptOwnership()")


@dataclass(frozen=True, slots=True)
class Safe:
    """A Safe as the chain has it: who may sign, and how many must."""

    address: str
    owners: tuple[str, ...]
    threshold: int

    def enough(self, signers: Sequence[LocalAccount]) -> bool:
        """Whether these keys can act for it."""
        return len({signer.address for signer in signers if signer.address in self.owners}) >= self.threshold


@dataclass(frozen=True, slots=True)
class Call:
    """One transaction of a batch: `value` wei and 0x-hex `data` to a contract."""

    to: str
    value: int
    data: str


class SafeHand:
    """Acts as a Safe on a fork of ours, through its own execTransaction, guard included; `calls` is all that it did.

    The owners whom its threshold asks for approve there, impersonated: no key is needed and nothing is signed.
    """

    def __init__(self, reader: Reader, safe: Safe) -> None:
        self.address = safe.address
        self.calls: list[Call] = []
        self._reader = reader
        self._owners = [ForkHand(reader, owner) for owner in _in_order(safe.owners)[: safe.threshold]]

    def send(self, what: str, to: str | None, data: str, value: int = 0) -> TxReceipt:
        """As Hand says; a Safe creates nothing, so there is always a `to`."""
        there = str(to)
        call = _transaction(there, data, value)
        self._reader.refresh()
        digest = _digest(self._reader, self.address, call)
        for owner in self._owners:
            owner.send(f"approving {what}", self.address, encode_call("approveHash(bytes32)", digest))
        approvals = b"".join(bytes(12) + bytes.fromhex(owner.address[2:]) + bytes(32) + b"\1" for owner in self._owners)
        receipt = self._owners[0].send(f"{what}, by the Safe,", self.address, _execution(call, approvals))
        self.calls.append(Call(there, value, data))
        return receipt


class SignedHand:
    """Acts as a Safe by its owners' keys: they sign the Safe's own transaction, and `payer` sends it."""

    def __init__(self, reader: Reader, safe: Safe, signers: Sequence[LocalAccount], payer: Hand) -> None:
        self.address = safe.address
        self._reader = reader
        self._safe = safe
        self._signers = signers
        self._payer = payer

    def send(self, what: str, to: str | None, data: str, value: int = 0) -> TxReceipt:
        """As Hand says; a Safe creates nothing, so there is always a `to`."""
        self._reader.refresh()
        call = execution(self._reader, self._safe, Call(str(to), value, data), self._signers)
        return self._payer.send(f"{what}, by the Safe,", self.address, call)


def read(reader: Reader, address: str, where: str = "roles.owner") -> Safe:
    """The Safe at an address, named at `where`. Raises ConfigInvalid where there is none."""
    try:
        threshold = int(reader.ask_abi("safe", foreign.SAFE, address, "getThreshold"))
        owners = tuple(reader.ask_abi("safe", foreign.SAFE, address, "getOwners"))
    except Unanswered:
        raise ConfigInvalid(
            where, f"{address} is no Safe on this chain", remedy="make a Safe first and name its address"
        ) from None
    return Safe(address, owners, threshold)


def execution(reader: Reader, safe: Safe, wanted: Call, signers: Sequence[LocalAccount]) -> str:
    """Calldata of the Safe's execTransaction that makes the call, signed; anyone may send it.

    Raises UsageError where the signers are too few.
    """
    ours: dict[str, LocalAccount] = {signer.address: signer for signer in signers if signer.address in safe.owners}
    if len(ours) < safe.threshold:
        raise UsageError(
            f"{len(ours)} owners' keys are here, the Safe wants {safe.threshold}",
            remedy="name more with --safe-owner, or execute the printed batch in the Safe's own application",
        )
    call = _transaction(wanted.to, wanted.data, wanted.value)
    digest = _digest(reader, safe.address, call)
    chosen = [ours[owner] for owner in _in_order(ours)[: safe.threshold]]
    return _execution(call, b"".join(bytes(signer.unsafe_sign_hash(digest).signature) for signer in chosen))


def batch(chain_id: int, name: str, calls: Sequence[Call], safe: str = "") -> str:
    """These calls as a file for the Transaction Builder of `safe`, or of any Safe that loads it."""
    meta = {"name": name} | ({"createdFromSafeAddress": safe} if safe else {})
    document = {
        "version": "1.0",
        "chainId": str(chain_id),
        "meta": meta,
        "transactions": [{"to": call.to, "value": str(call.value), "data": call.data} for call in calls],
    }
    return json.dumps(document, indent=2) + "\n"


def _transaction(to: str, data: str, value: int) -> tuple[Any, ...]:
    """The fields of a Safe's transaction: a plain call, for which nobody is refunded."""
    return (to, value, bytes.fromhex(data[2:]), 0, 0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS)


def _digest(reader: Reader, safe: str, call: tuple[Any, ...]) -> Hash32:
    """What the owners sign or approve: the transaction at the Safe's nonce."""
    nonce = reader.ask_abi("safe", foreign.SAFE, safe, "nonce")
    return Hash32(reader.ask_abi("safe", foreign.SAFE, safe, "getTransactionHash", *call, nonce))


def _execution(call: tuple[Any, ...], signatures: bytes) -> str:
    return encode_call(f"execTransaction({foreign.SAFE_TRANSACTION},bytes)", *call, signatures)


def _in_order(owners: Iterable[str]) -> list[str]:
    """By address, as a Safe wants its signatures."""
    return sorted(owners, key=lambda owner: int(owner, 16))
