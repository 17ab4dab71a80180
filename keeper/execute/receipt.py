"""What a receipt proves. "Mined" and "succeeded" are different words.

Success = status 1, and our own event with our decision id in that very receipt, and for an action that bears an epoch
the vault's epoch advanced by it. Pure: the watching is in `watch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keeper.chain import vault
from keeper.chain.abi import Event
from keeper.manifest import Manifest
from keeper.model import ActionKind, AssetDelta, BlockRef, Hash32, Intent, Outcome, Report, Revert, TxState
from keeper.units import WAD, Wei

_EVENTS = {
    ActionKind.REBALANCE: "Rebalanced",
    ActionKind.HARVEST: "Harvested",
    ActionKind.HALT: "Halted",
    ActionKind.FLATTEN: "Flattened",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt whose hash is the one that was asked for."""

    tx_hash: Hash32
    block_hash: Hash32
    block_number: int
    succeeded: bool
    gas_used: int
    gas_price: Wei
    logs: tuple[Mapping[str, Any], ...]

    @property
    def fee_paid(self) -> Wei:
        """What the transaction cost its sender."""
        return Wei(self.gas_used * self.gas_price)


def read(found: Any, tx_hash: Hash32, intent: Intent) -> Receipt | None:
    """A node's answer as the receipt of that transaction; None for no receipt, another's, or one that is no receipt."""
    if not isinstance(found, Mapping):
        return None
    try:
        receipt = Receipt(
            tx_hash=str(found["transactionHash"]).lower(),
            block_hash=str(found["blockHash"]).lower(),
            block_number=int(found["blockNumber"], 16),
            succeeded=int(found["status"], 16) == 1,
            gas_used=int(found["gasUsed"], 16),
            gas_price=Wei(int(found["effectiveGasPrice"], 16)),
            logs=tuple(found["logs"]),
        )
        ours = str(found["from"]).lower() == intent.signer.lower() and str(found["to"]).lower() == intent.to.lower()
    except (KeyError, TypeError, ValueError):
        return None
    return receipt if ours and receipt.tx_hash == tx_hash.lower() else None


def missing(intent: Intent, receipt: Receipt, epoch: int) -> str:
    """What a receipt lacks for success, in words; empty where it lacks nothing. `epoch` is the vault's at its block."""
    if not receipt.succeeded:
        return "it reverted"
    event = own_event(intent, receipt)
    if event is None:
        return f"status 1, but no {_EVENTS[intent.action]} of ours in its receipt"
    if intent.epoch is not None and (event.values["epoch"] != intent.epoch + 1 or epoch <= intent.epoch):
        return f"status 1, but epoch {intent.epoch} did not advance by it: the vault is at {epoch}"
    return ""


def own_event(intent: Intent, receipt: Receipt) -> Event | None:
    """The vault's event that this intent, and no other, explains."""
    for event in vault.events(receipt.logs, intent.vault):
        if event.name != _EVENTS.get(intent.action):
            continue
        marks = {
            "Rebalanced": ("decisionId", intent.decision_id),
            "Harvested": ("decisionId", intent.decision_id),
            "Halted": ("reason", intent.decision_id),
            "Flattened": ("actor", intent.signer),
        }
        field, mark = marks[event.name]
        if str(event.values[field]).lower() == mark.lower():
            return event
    return None


def outcome(
    intent: Intent,
    receipt: Receipt,
    block: BlockRef,
    why_not: str,
    revert: Revert | None,
    manifest: Manifest,
    promised: Report | None,
) -> Outcome:
    """How the intent ended by this final receipt; `why_not` is empty for success, `promised` what was simulated."""
    event = own_event(intent, receipt)
    found = vault.report(event.values["report"]) if event is not None and "report" in event.values else None
    ended = TxState.FINAL_REVERT if why_not else TxState.FINAL_OK
    return Outcome(
        intent_id=intent.intent_id,
        state=ended,
        tx_hash=receipt.tx_hash,
        block=block,
        gas_used=receipt.gas_used,
        fee_paid=receipt.fee_paid,
        report=found,
        deltas=deltas(intent, receipt, manifest),
        slippage_oracle=_share(found.nav_before - found.nav_after, found.nav_before) if found else None,
        slippage_simulated=_share(promised.nav_after - found.nav_after, found.nav_before)
        if found and promised
        else None,
        revert=revert,
        reason=why_not or f"{intent.action.value.lower()} done in block {block.number}",
    )


def deltas(intent: Intent, receipt: Receipt, manifest: Manifest) -> tuple[AssetDelta, ...]:
    """By how much each asset changed, from the vault's own events; a token the manifest does not list is left out."""
    index = {record.token.lower(): record.index for record in manifest.assets}
    found = vault.events(receipt.logs, intent.vault)
    totals: dict[int, int] = {}
    for token, amount in vault.flows(found):
        asset = token if isinstance(token, int) else index.get(token.lower())
        if asset is not None:
            totals[asset] = totals.get(asset, 0) + amount
    return tuple(AssetDelta(asset, amount) for asset, amount in sorted(totals.items()))


def _share(part: int, whole: int) -> int | None:
    """part / whole, 1e18 = 100 %, signed, rounded away from zero; None of an empty whole."""
    if whole == 0:
        return None
    share = -(-abs(part) * WAD // whole)
    return share if part >= 0 else -share
