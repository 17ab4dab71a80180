"""Transactions of the scripts: filled, sent, waited for, and held to their status.

Not through brownie 1.22.2: where a node answers before it has mined, as Anvil does, brownie may send a transaction
again or take it for dropped.
"""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

from eth_account.signers.local import LocalAccount
from requests import RequestException
from web3 import Web3
from web3.exceptions import TimeExhausted, Web3Exception, Web3RPCError
from web3.types import RPCEndpoint, TxReceipt

from keeper.errors import ChainError, RefusedError
from scripts.reading import Reader

_RICH = 10**24
"""Wei for an impersonated account on a fork: whether the real one can pay is asked of the real chain."""
_CREATION_GAS = 10_000_000
"""Before the fifth more, where a node cannot estimate a creation: the rulebook, the largest, takes 6 million."""
_PATIENCE = 300
"""Seconds to wait for a receipt."""


class Hand(Protocol):
    """Something that can send as `address`."""

    address: str

    def send(self, what: str, to: str | None, data: str, value: int = 0) -> TxReceipt:
        """Send and wait until mined; `value` in wei. Raises RefusedError where it reverts, ChainError."""
        ...


class KeyHand:
    """Sends with a key. One at a time: the nonce is the chain's count."""

    def __init__(self, reader: Reader, key: LocalAccount) -> None:
        self.address = str(key.address)
        self._reader = reader
        self._key = key

    def send(self, what: str, to: str | None, data: str, value: int = 0) -> TxReceipt:
        """As Hand says."""
        web3 = self._reader.web3
        try:
            fields = _filled(self._reader, self.address, to, data, value)
            signed = self._key.sign_transaction(fields)
            _hand_over(web3, signed.raw_transaction)
        except (RequestException, Web3Exception) as error:
            raise _in_words(error, what, self._reader) from None
        return _mined(self._reader, what, bytes(signed.hash))


class ForkHand:
    """Sends as anybody, on a fork of ours."""

    def __init__(self, reader: Reader, address: str) -> None:
        self.address = address
        self._reader = reader
        for method, parameters in (
            ("anvil_impersonateAccount", [address]),
            ("anvil_setBalance", [address, hex(_RICH)]),
        ):
            reader.web3.provider.make_request(RPCEndpoint(method), parameters)

    def send(self, what: str, to: str | None, data: str, value: int = 0) -> TxReceipt:
        """As Hand says."""
        web3 = self._reader.web3
        try:
            sent = web3.eth.send_transaction(_filled(self._reader, self.address, to, data, value))
        except (RequestException, Web3Exception) as error:
            raise _in_words(error, what, self._reader) from None
        return _mined(self._reader, what, bytes(sent))


def _hand_over(web3: Web3, raw: bytes) -> None:
    """Send once. A lost answer is none of our business here: the node may have acted, and the receipt will tell."""
    with contextlib.suppress(RequestException):
        web3.eth.send_raw_transaction(raw)


def _filled(reader: Reader, sender: str, to: str | None, data: str, value: int) -> Any:
    """Every field of a type 2 transaction: a fifth more gas than estimated, twice the base fee at most."""
    web3 = reader.web3
    fields: dict[str, Any] = {"from": sender, "data": data, "value": value}
    if to is not None:
        fields["to"] = Web3.to_checksum_address(to)
    gas = _gas(reader, fields)
    tip = int(web3.eth.max_priority_fee)
    base = int(web3.eth.get_block("latest")["baseFeePerGas"])
    fields |= {
        "chainId": web3.eth.chain_id,
        "nonce": web3.eth.get_transaction_count(Web3.to_checksum_address(sender)),
        "gas": gas * 6 // 5,
        "maxPriorityFeePerGas": tip,
        "maxFeePerGas": 2 * base + tip,
    }
    return fields


def _gas(reader: Reader, fields: dict[str, Any]) -> int:
    """What the node estimates; for a creation on one that cannot estimate any, more than our largest takes."""
    if "to" not in fields and not reader.estimates:
        return _CREATION_GAS
    return int(reader.web3.eth.estimate_gas(fields))  # type: ignore[arg-type]  # a TxParams is a TypedDict of these very keys


def _mined(reader: Reader, what: str, sent: bytes) -> TxReceipt:
    latency = 0.02 if reader.network.is_local else 0.5
    try:
        receipt = reader.web3.eth.wait_for_transaction_receipt(sent, timeout=_PATIENCE, poll_latency=latency)  # type: ignore[arg-type]  # bytes are a hash
    except (RequestException, TimeExhausted) as error:
        raise ChainError(
            f"{what}: no receipt of 0x{sent.hex()} ({type(error).__name__})",
            remedy="look that transaction up before anything is sent again",
        ) from None
    if receipt["status"] != 1:
        raise RefusedError(f"{what} reverted in 0x{sent.hex()}", remedy="read that transaction in an explorer")
    return receipt


def _in_words(error: Exception, what: str, reader: Reader) -> ChainError | RefusedError:
    if isinstance(error, RequestException):
        return ChainError(
            f"{what}: network {reader.network.label} does not answer ({type(error).__name__})",
            remedy="check the node, then run the same command again: it goes on from what stands",
        )
    said = error.rpc_response["error"]["message"] if isinstance(error, Web3RPCError) and error.rpc_response else error
    return RefusedError(f"{what} is refused: {said}", remedy="correct what it says; nothing was sent")
