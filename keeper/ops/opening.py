"""The opening clock of a halted vault: how far an exit's floor has opened, read from the vault's own events.

With the first flatten of a halt by owner or guardian the clock starts; within the hour after it the discount goes from
a route's own slip to the vault's emergency discount. A keeper's flatten starts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from keeper.chain import abi, vault
from keeper.chain.lens import block_ref
from keeper.chain.rpc import Refusal
from keeper.errors import RpcUnreachable
from keeper.model import Snapshot, VaultMode
from keeper.ops.post import Post
from keeper.units import WAD, Bps, Seconds, Share18, Timestamp, format_share, share_from_bps

_EXITS = ("Flattened", "FlattenFailed")
OPENING_SECONDS = Seconds(3_600)
"""How long the discount opens: the vault's own constant."""


@dataclass(frozen=True, slots=True)
class Opening:
    """When the clock of this halt began, None where it has not, and how wide the discount gets."""

    opened_at: Timestamp | None
    widest: Bps
    failed: str = ""
    """Why the flatten inside an earlier kill() of this halt failed whole, if one did."""

    @property
    def widest_at(self) -> Timestamp | None:
        """From when on nothing gets wider."""
        return None if self.opened_at is None else Timestamp(self.opened_at + OPENING_SECONDS)

    def share(self, now: Timestamp) -> Share18:
        """How far it has opened, 1e18 = all the way."""
        if self.opened_at is None:
            return Share18(0)
        return Share18(min(max(now - self.opened_at, 0), OPENING_SECONDS) * WAD // OPENING_SECONDS)

    def said(self, now: Timestamp) -> str:
        """The clock as a sentence for a person."""
        failed = f"; the flatten of an earlier kill() failed: {self.failed}" if self.failed else ""
        return self._clock(now) + failed

    def _clock(self, now: Timestamp) -> str:
        widest = format_share(share_from_bps(self.widest))
        if self.opened_at is None:
            return f"the opening clock has not begun: a guardian's or the owner's flatten starts it, up to {widest}"
        left = self.opened_at + OPENING_SECONDS - now
        if left <= 0:
            return f"exits' floors are as wide as they get, {widest} below the price"
        opened = format_share(self.share(now))
        return f"exits' floors are {opened} of the way to {widest} below the price, all the way in {left} s"


def opening(post: Post, snapshot: Snapshot) -> Opening | None:
    """The clock of a halted vault; None of one that is active, or where the node does not tell its events."""
    widest = snapshot.vault.limits.emergency_bps
    if snapshot.vault.mode is not VaultMode.HALTED:
        return None
    address, head = post.manifest.parts.vault.address, snapshot.block.number
    first = max(head - post.rpc.profile.log_range + 1, 0)
    keepers = {one.address for one in post.manifest.roles.keepers}
    opened_at, failed = None, ""
    try:
        logs = post.rpc.ask("eth_getLogs", [vault.logs_between(address, first, head)])
        if isinstance(logs, Refusal):
            return None
        blocks = post.rpc.understood(lambda found: [int(log["blockNumber"], 16) for log in found], logs)
        for number, event in zip(blocks, vault.events_or_none(logs, address), strict=True):
            if event is None or event.name not in _EXITS or event.values["actor"] in keepers:
                continue
            header = post.rpc.call("eth_getBlockByNumber", [hex(number), False])
            at = post.rpc.understood(block_ref, header).timestamp
            if at < snapshot.vault.halted_at:
                continue
            if event.name == "FlattenFailed":
                failed = abi.in_words(event.values["reason"])
            else:
                opened_at, failed = opened_at or at, ""
    except RpcUnreachable:
        return None
    return Opening(opened_at, widest, failed)
