"""Reasons to do nothing that hold whatever the weights are. Each is one sentence with its figures."""

from __future__ import annotations

from keeper.decide.reasons import ReasonCode
from keeper.model import AssetState, PriceVerdict, Snapshot, VaultMode
from keeper.units import Seconds

Refusal = tuple[ReasonCode, str]
"""A code, and the sentence that explains it."""


def standing_refusal(snapshot: Snapshot) -> Refusal | None:
    """Halted, without a mandate, without a price, or empty; None where the vault can be steered."""
    vault, now = snapshot.vault, snapshot.block.timestamp
    if vault.mode is VaultMode.HALTED:
        return ReasonCode.HALTED, f"the vault was halted at {vault.halted_at}: only its owner starts it again"
    if vault.mandate_expires == 0:
        return (
            ReasonCode.MANDATE_EXPIRED,
            "this keeper has no mandate, revoked or never given: the owner has to appoint it",
        )
    if now >= vault.mandate_expires:
        ago = span(Seconds(now - vault.mandate_expires))
        return ReasonCode.MANDATE_EXPIRED, f"the mandate ended {ago} ago: the owner has to appoint the keeper again"
    for asset in snapshot.assets:
        if asset.counted and not asset.price:
            return ReasonCode.NO_PRICE, f"{asset.symbol} has no price: {_voices(snapshot, asset)}"
    if not vault.nav:
        return ReasonCode.EMPTY_VAULT, "NAV is $0.00: nothing that is counted is in the vault"
    if not any(asset.target_bps for asset in snapshot.assets if asset.counted):
        return ReasonCode.EMPTY_VAULT, "no asset that is counted has a target"
    return None


def cooldown(snapshot: Snapshot) -> Refusal | None:
    """The vault's own pause after a rebalance."""
    ready, now = snapshot.vault.next_rebalance_at, snapshot.block.timestamp
    if now >= ready:
        return None
    return ReasonCode.COOLDOWN, f"the vault is ready at {ready}, in {span(Seconds(ready - now))}"


def _voices(snapshot: Snapshot, asset: AssetState) -> str:
    words = []
    for voice in snapshot.observations:
        if voice.asset == asset.index:
            why = f" ({voice.reason})" if voice.reason and voice.verdict is not PriceVerdict.OK else ""
            words.append(f"{voice.source} {voice.verdict}{why}")
    return ", ".join(words) or "no source speaks of it"


def span(seconds: Seconds) -> str:
    """A length of time for a person's eye: its two largest units."""
    parts = []
    rest = int(seconds)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
