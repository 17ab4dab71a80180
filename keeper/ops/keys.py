"""Whether the key is ours alone: the chain's count of what it sent, against what this journal signed or was told of.

A count that moved without us, and a mandate that is gone, are HALTs: nothing of ours goes on with such a key.
"""

from __future__ import annotations

from dataclasses import dataclass

from keeper.chain import vault
from keeper.chain.lens import Observation
from keeper.chain.rpc import Refusal
from keeper.errors import RpcUnreachable
from keeper.journal import Journal, StreamKey, Writer, dropped_attempts, known_nonce
from keeper.model import Address, Snapshot
from keeper.ops.post import Post

USED_ELSEWHERE = "key-used-elsewhere"
REVOKED = "key-revoked"


@dataclass(slots=True)
class KeyWatch:
    """`answered`: how many transactions of the signer this journal answers for; None where it must be asked (anew)."""

    answered: int | None = None


def first_look(post: Post, writer: Writer, journal: Journal, seen: Observation, watch: KeyWatch) -> None:
    """Take the journal's count for the signer; where it has none, the chain's as it is, and write that down."""
    if post.signer is None:
        return
    watch.answered = known_nonce(journal, writer.key, post.signer.address)
    if watch.answered is None:
        watch.answered = seen.nonce
        answer_for(writer, post.signer.address, seen.nonce, "begin", "first live start with this key")


def answer_for(writer: Writer, account: Address, nonce: int, command: str, reason: str) -> None:
    """From here on every transaction of the account below `nonce` is known of."""
    writer.record_operator_action("keeper", command, {"account": account, "nonce": str(nonce)}, reason)


def used_elsewhere(
    post: Post, journal: Journal, writer: Writer, seen: Observation, watch: KeyWatch, before: Snapshot | None
) -> str:
    """What somebody else did with the signer's key since this journal's last transaction; empty where nobody did."""
    if post.signer is None:
        return ""
    if watch.answered is None or seen.nonce > watch.answered:
        watch.answered = _answered(post, journal, writer.key, post.signer.address, seen.nonce)
    if seen.nonce <= watch.answered:
        return ""
    text = f"{post.signer.address} has sent {seen.nonce} transactions, this journal knows of {watch.answered}"
    return f"{text}: the key is used elsewhere{_done(post, seen, before)}"


def revoked(post: Post, seen: Observation, before: Snapshot | None) -> str:
    """That the signer was a keeper and is none any more; empty where it still is, or never was."""
    if post.signer is None or seen.role != "NONE" or seen.snapshot.vault.mandate_expires:
        return ""
    address, named = post.signer.address, {one.address for one in post.manifest.roles.keepers}
    if address not in named and (before is None or not before.vault.mandate_expires):
        return ""
    version = seen.snapshot.vault.config_version
    return f"revoked; {address} is no keeper of the vault any more, by configuration version {version}"


def remedy(post: Post, code: str, incident_id: str) -> str:
    """What a person does about a HALT, by its code."""
    acknowledge = f"keeper resume --ack {incident_id}"
    if code == USED_ELSEWHERE:
        revoke = (
            f"have a guardian or the owner call revokeKeeper({post.account}) of {post.manifest.parts.rulebook.address}"
        )
        return f"keeper kill --yes, or {revoke}; go on with another key, {acknowledge} only once it is known who it was"
    if code == REVOKED:
        return f"go on with another key, or have the owner appoint this one again and then {acknowledge}"
    return f"find out why, then {acknowledge}"


def _answered(post: Post, journal: Journal, key: StreamKey, account: Address, count: int) -> int:
    """What the journal answers for, with what was DROPPED and a block took all the same. Raises RpcUnreachable."""
    known = known_nonce(journal, key, account) or 0
    for nonce, tx_hash in dropped_attempts(journal, key, account):
        if known <= nonce < count and isinstance(post.rpc.ask("eth_getTransactionReceipt", [tx_hash]), dict):
            known = nonce + 1
    return known


def _done(post: Post, seen: Observation, before: Snapshot | None) -> str:
    """What the vault says happened since the tick before, where the node still tells."""
    if before is None:
        return ""
    epochs = f"; the vault's epoch was {before.vault.epoch} and is {seen.snapshot.vault.epoch}"
    first = max(before.block.number + 1, seen.snapshot.block.number - post.rpc.profile.log_range + 1)
    asked = vault.logs_between(post.manifest.parts.vault.address, first, seen.snapshot.block.number)
    try:
        logs = post.rpc.ask("eth_getLogs", [asked])
    except RpcUnreachable:
        return epochs
    if isinstance(logs, Refusal) or not isinstance(logs, list):
        return epochs
    found = vault.events(logs, post.manifest.parts.vault.address)
    acts = ", ".join(event.name for event in found if event.name in vault.ACTS)
    return f"{epochs}: {acts}" if acts else epochs
