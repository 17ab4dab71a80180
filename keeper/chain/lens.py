"""One look at the chain: the vault, its prices voice by voice and the signer's account; one block, one round trip.

The lens is a contract that is never deployed: its creation code runs in an `eth_call` and returns what a tick needs.
The block's header and the account's nonces travel in the same batch; where a new block arrived between its parts, all
is asked again of one block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from keeper.chain import abi, sight
from keeper.chain.fees import next_base_fee
from keeper.chain.rpc import Call, Rpc
from keeper.errors import RpcRefused
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


def observe(rpc: Rpc, manifest: Manifest, account: Address | None, *, block: int | None = None) -> Observation:
    """The vault of `manifest` at the latest block, or at number `block`, as `account` (None: nobody in particular).

    Raises RpcUnreachable, RpcRefused; also RpcRefused where there is no vault at the manifest's address.
    """
    tag = "latest" if block is None else hex(block)
    header, lens, nonces = _ask(rpc, manifest, account, tag, tag)
    if not _agree(header, lens):
        number = str(header["number"])
        at: Any = {"blockHash": header["hash"]} if rpc.profile.reads_at_hash else number
        header, lens, nonces = _ask(rpc, manifest, account, number, at)
        if not _agree(header, lens):
            raise RpcRefused(
                rpc.label, "eth_call", f"it answers for block {lens['seen']['number']} when asked for {number}"
            )
    seen = lens["vaults"][0]
    if not seen["exists"]:
        raise RpcRefused(rpc.label, "eth_call", f"no contract at the vault's address {manifest.parts.vault.address}")
    ref = block_ref(header)
    standing = seen["standings"][0]
    return Observation(
        snapshot=sight.snapshot(lens, ref, manifest),
        balance=Wei(lens["balances"][0]),
        nonce=nonces[0],
        pending_nonce=nonces[1],
        next_base_fee=next_base_fee(ref.base_fee, int(header["gasUsed"], 16), int(header["gasLimit"], 16)),
        role=sight.ROLES[standing["role"]],
        gate=None if seen["ready"] else abi.decode_revert(seen["refusal"]),
    )


def block_ref(header: Mapping[str, Any]) -> BlockRef:
    """A header as the node gives it, as the value that stages use."""
    return BlockRef(
        number=int(header["number"], 16),
        hash=str(header["hash"]).lower(),
        timestamp=Timestamp(int(header["timestamp"], 16)),
        base_fee=Wei(int(header.get("baseFeePerGas") or "0x0", 16)),
    )


def _ask(
    rpc: Rpc, manifest: Manifest, account: Address | None, header_at: str, state_at: Any
) -> tuple[dict[str, Any], dict[str, Any], tuple[int, int]]:
    who = account or _NOBODY
    data = _initcode() + _tick().call([manifest.parts.vault.address], [who])[10:]
    calls: list[Call] = [
        ("eth_getBlockByNumber", [header_at, False]),
        ("eth_call", [{"data": data, "gas": hex(LENS_GAS)}, state_at]),
    ]
    if account is not None:
        calls += [("eth_getTransactionCount", [account, "latest"]), ("eth_getTransactionCount", [account, "pending"])]
    header, encoded, *counts = (rpc.accepted(found) for found in rpc.many(calls))
    if not isinstance(header, dict):
        raise RpcRefused(rpc.label, "eth_getBlockByNumber", f"it has no block {header_at}")
    nonces = [int(count, 16) for count in counts] or [0, 0]
    return header, _tick().result(encoded), (nonces[0], nonces[1])


def _agree(header: Mapping[str, Any], lens: Mapping[str, Any]) -> bool:
    seen = lens["seen"]
    return bool(int(header["number"], 16) == seen["number"] and int(header["timestamp"], 16) == seen["timestamp"])


@lru_cache(maxsize=1)
def _initcode() -> str:
    code = str(abi.document("VaultLens")["initcode"])
    return code if code.startswith("0x") else f"0x{code}"


def _tick() -> abi.Function:
    return abi.load("VaultLens").functions["tick"]
