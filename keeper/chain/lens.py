"""One look at the chain: the vault, its prices voice by voice and the signer's account; one block, one round trip.

The lens is a contract that is never deployed: its creation code runs in an `eth_call` and returns what a tick needs.
The block's header and the account's nonces travel in the same batch; where a new block arrived between its parts, all
is asked again of one block. Where contracts see L1's block number it is two round trips: header, then the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from keeper.chain import abi, sight
from keeper.chain.fees import next_base_fee
from keeper.chain.rpc import Call, Rpc
from keeper.config import ChainProfile
from keeper.errors import RpcRefused, RpcUnreachable, WrongChainId
from keeper.manifest import Manifest
from keeper.model import Address, BlockRef, Revert, Snapshot
from keeper.units import Timestamp, Wei

_NOBODY = "0x" + "00" * 20
LENS_GAS = 30_000_000
"""What the lens may use: two vaults of sixteen assets read cold; nodes allow a call 50 million."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A snapshot and what the signer must know beside it.

    `pending_nonce` above `nonce`: something of this account is on its way. `role` is the account's at the vault. `gate`
    is why a rebalance would be refused whatever it orders (mode, cooldown, price, drift); None where it would not.
    """

    snapshot: Snapshot
    balance: Wei
    nonce: int
    pending_nonce: int
    next_base_fee: Wei
    role: str
    gate: Revert | None
    beside: tuple[Any, ...] = ()
    """What was asked beside the look: results and refusals, in order."""


def observe(
    rpc: Rpc, manifest: Manifest, account: Address | None, *, block: int | None = None, beside: Sequence[Call] = ()
) -> Observation:
    """The vault of `manifest` at the latest block, or at number `block`, as `account` (None: nobody in particular).

    `beside` are reads of the same block in the same round trip, each without its block parameter, which stands last.

    Raises RpcUnreachable, WrongChainId, RpcRefused; also RpcRefused where there is no vault at the manifest's address.
    """
    tag = "latest" if block is None else hex(block)
    look = _look_at(rpc, manifest, account, tag, beside)
    if look.lens["seen"]["chainId"] != manifest.chain.id:  # an address may move to another chain while a process lives
        raise WrongChainId(rpc.label, manifest.chain.id, look.lens["seen"]["chainId"])
    seen = look.lens["vaults"][0]
    if not seen["exists"]:
        raise RpcRefused(rpc.label, "eth_call", f"no contract at the vault's address {manifest.parts.vault.address}")
    return Observation(
        snapshot=sight.snapshot(look.lens, look.ref, manifest),
        balance=Wei(look.lens["balances"][0]),
        nonce=look.nonces[0],
        pending_nonce=look.nonces[1],
        next_base_fee=look.next_base_fee,
        role=sight.ROLES[seen["standings"][0]["role"]],
        gate=None if seen["ready"] else abi.decode_revert(seen["refusal"]),
        beside=look.beside,
    )


def _look_at(rpc: Rpc, manifest: Manifest, account: Address | None, tag: str, beside: Sequence[Call]) -> _Look:
    """Everything of one block. Where block.number is L1's, nothing in the answer tells blocks of one second apart."""
    if rpc.profile.block_number == "own":
        look = _ask(rpc, manifest, account, tag, tag, beside)
        if look.agrees:
            return look
        first = look.ref
    else:
        first = rpc.understood(block_ref, rpc.call("eth_getBlockByNumber", [tag, False]))
    at: Any = {"blockHash": first.hash} if rpc.profile.reads_at_hash else hex(first.number)
    look = _ask(rpc, manifest, account, hex(first.number), at, beside)
    if not look.agrees or look.ref.hash != first.hash:
        raise RpcUnreachable(rpc.label, f"block {first.number} changed while it was read")
    return look


def block_ref(header: Mapping[str, Any]) -> BlockRef:
    """A header as the node gives it, as the value that stages use."""
    return BlockRef(
        number=int(header["number"], 16),
        hash=str(header["hash"]).lower(),
        timestamp=Timestamp(int(header["timestamp"], 16)),
        base_fee=Wei(int(header.get("baseFeePerGas") or "0x0", 16)),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """The parts of one batch, which a new block may have come between."""

    ref: BlockRef
    next_base_fee: Wei
    lens: Mapping[str, Any]
    nonces: tuple[int, int]
    agrees: bool
    beside: tuple[Any, ...]


def _ask(
    rpc: Rpc, manifest: Manifest, account: Address | None, header_at: str, state_at: Any, beside: Sequence[Call]
) -> _Look:
    who = account or _NOBODY
    data = _initcode() + _tick().call([manifest.parts.vault.address], [who])[10:]
    calls: list[Call] = [
        ("eth_getBlockByNumber", [header_at, False]),
        ("eth_call", [{"data": data, "gas": hex(LENS_GAS)}, state_at]),
    ]
    if account is not None:
        calls += [("eth_getTransactionCount", [account, "latest"]), ("eth_getTransactionCount", [account, "pending"])]
    answers = rpc.many([*calls, *((method, [*given, state_at]) for method, given in beside)])
    found = [rpc.accepted(answer) for answer in answers[: len(calls)]]
    return rpc.understood(lambda parts: _look(parts, tuple(answers[len(calls) :]), rpc.profile), found)


def _look(found: Sequence[Any], beside: tuple[Any, ...], profile: ChainProfile) -> _Look:
    header, encoded, *counts = found
    nonces = [int(count, 16) for count in counts] or [0, 0]
    ref = block_ref(header)
    ethereums = next_base_fee(ref.base_fee, int(header["gasUsed"], 16), int(header["gasLimit"], 16))
    lens = _tick().result(encoded)
    numbered = profile.block_number == "l1" or ref.number == lens["seen"]["number"]
    return _Look(
        ref=ref,
        next_base_fee=ethereums if profile.base_fee == "eip-1559" else ref.base_fee,
        lens=lens,
        nonces=(nonces[0], nonces[1]),
        agrees=numbered and ref.timestamp == lens["seen"]["timestamp"],
        beside=beside,
    )


@lru_cache(maxsize=1)
def _initcode() -> str:
    code = str(abi.document("VaultLens")["initcode"])
    return code if code.startswith("0x") else f"0x{code}"


def _tick() -> abi.Function:
    return abi.load("VaultLens").functions["tick"]
