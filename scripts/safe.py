"""The second step of the hand-over: a Safe calls acceptOwnership, through its owners' signatures or by their hands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from keeper.config.kinds import ZERO_ADDRESS
from keeper.devnet.calls import encode_call
from keeper.errors import ConfigInvalid, UsageError
from scripts import foreign
from scripts.reading import Reader, Unanswered

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


def read(reader: Reader, address: str) -> Safe:
    """The Safe at an address. Raises ConfigInvalid where there is none."""
    try:
        threshold = int(reader.ask_abi("safe", foreign.SAFE, address, "getThreshold"))
        owners = tuple(reader.ask_abi("safe", foreign.SAFE, address, "getOwners"))
    except Unanswered:
        raise ConfigInvalid(
            "roles.owner", f"{address} is no Safe on this chain", remedy="make a Safe first and name its address"
        ) from None
    return Safe(address, owners, threshold)


def execution(reader: Reader, safe: Safe, rulebook: str, signers: Sequence[LocalAccount]) -> str:
    """Calldata of the Safe's execTransaction that accepts ownership of `rulebook`, signed; anyone may send it.

    Raises UsageError where the signers are too few.
    """
    ours = {signer.address: signer for signer in signers if signer.address in safe.owners}
    if len(ours) < safe.threshold:
        raise UsageError(
            f"{len(ours)} owners' keys are here, the Safe wants {safe.threshold}",
            remedy="name more with --safe-owner, or execute the printed batch in the Safe's own application",
        )
    call: tuple[Any, ...] = (rulebook, 0, bytes.fromhex(ACCEPT[2:]), 0, 0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS)
    nonce = reader.ask_abi("safe", foreign.SAFE, safe.address, "nonce")
    digest = reader.ask_abi("safe", foreign.SAFE, safe.address, "getTransactionHash", *call, nonce)
    chosen = sorted(ours.values(), key=lambda signer: int(signer.address, 16))[: safe.threshold]
    signatures = b"".join(bytes(signer.unsafe_sign_hash(digest).signature) for signer in chosen)
    return encode_call(f"execTransaction({foreign.SAFE_TRANSACTION},bytes)", *call, signatures)


def batch(chain_id: int, rulebook: str, name: str) -> str:
    """The same as a file for the Safe's Transaction Builder."""
    document = {
        "version": "1.0",
        "chainId": str(chain_id),
        "meta": {"name": f"accept the ownership of {name}"},
        "transactions": [{"to": rulebook, "value": "0", "data": ACCEPT}],
    }
    return json.dumps(document, indent=2) + "\n"
