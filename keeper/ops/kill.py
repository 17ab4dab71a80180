"""The kill switch: halt, watch it, then flatten, watch that; from the guardian's own key, past a keeper that hangs.

It takes no word of the loop: a key, a stream and a lock of its own. Two transactions where all goes well;
one on a vault that is halted already, whoever halted it. What could not be sold is named, and when to try again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keeper.chain import abi, vault
from keeper.chain.lens import Observation
from keeper.errors import HoldError, RefusedError, RpcRefused
from keeper.execute.recover import recover
from keeper.journal import Cycle, Journal, Writer
from keeper.model import ActionKind, AssetState, Outcome, Snapshot, TxState, VaultMode
from keeper.ops.cycle import act
from keeper.ops.exits import consider
from keeper.ops.opening import Opening, opening
from keeper.ops.post import OPERATOR, Post, entitled
from keeper.units import NO_VALUE, WAD, Share18, TokenUnits, Usd18, share_of, value_of

TRIES = 3
"""So often each of its two transactions is decided anew, where a node would not take it."""
NO_ROUTE = 2**16 - 1
"""What the vault names where there was no route to try."""
LEFT_OUT = "left out of this flatten: with it the gas of one transaction does not suffice"
SETTLE_SECONDS = 120.0
"""How long each of its two transactions is watched."""


@dataclass(frozen=True, slots=True)
class LegFailure:
    """An asset that flatten could not sell whole, and why; what is left stays for another flatten, or `withdraw`."""

    symbol: str
    route: int | None
    """The route tried last; None where there was none to try."""
    reason: str
    left: TokenUnits
    value: Usd18


@dataclass(frozen=True, slots=True)
class Killed:
    """What was done, and what the vault holds now. `halt` is None where it was halted already."""

    before: Snapshot
    after: Snapshot
    halt: Outcome | None
    flatten: Outcome
    sold: tuple[str, ...]
    failed: tuple[LegFailure, ...]
    opening: Opening | None = None
    """The vault's opening clock after it; None where the node does not tell."""
    warnings: tuple[str, ...] = ()

    @property
    def stable_share(self) -> Share18:
        """Safe assets over all counted ones by balance, at the prices of now, or of before where there is none now."""
        old = {asset.index: asset.price for asset in self.before.assets}
        safe = whole = 0
        for asset in self.after.assets:
            price = asset.price or old.get(asset.index)
            value = value_of(asset.balance, price, asset.decimals) if price and not asset.frozen else NO_VALUE
            whole += value
            safe += value if asset.safe_rank else 0
        return share_of(Usd18(safe), Usd18(whole))


def kill(post: Post, reason: str) -> Killed:
    """Halt unless halted, then flatten; each is watched to its end, and the journal has it before the node.

    Raises RefusedError where guard or the chain says no, HoldError where one is still under way, ChainError,
    JournalError, SignerNotEntitled.
    """
    first = post.observe()
    entitled(post, first, "guardian")
    with (
        Journal.open(post.settings.journal) as journal,
        Writer(journal, post.stream(OPERATOR), post.clock.now, role=OPERATOR) as writer,
    ):
        for end in recover(post.rpc, journal, writer, post.manifest, timeout=SETTLE_SECONDS):
            _ended(end, "an earlier kill")
        seen = post.observe()
        halt, warnings = None, list[str]()
        if seen.snapshot.vault.mode is VaultMode.ACTIVE:
            halt = _carry_out(post, writer, seen, ActionKind.HALT, reason, warnings)
            seen = post.observe()
        flatten = _carry_out(post, writer, seen, ActionKind.FLATTEN, reason, warnings)
        after = post.observe().snapshot
        arguments = {"vault": post.vault.name, "actor": post.account or ""}
        writer.record_operator_action("guardian", "kill", dict(arguments), reason, flatten.tx_hash)
    sold, failed = _legs(post, flatten, first.snapshot, after)
    return Killed(first.snapshot, after, halt, flatten, sold, failed, opening(post, after), tuple(warnings))


def _carry_out(
    post: Post, writer: Writer, seen: Observation, action: ActionKind, reason: str, warnings: list[str]
) -> Outcome:
    for _ in range(TRIES - 1):
        try:
            outcome = _try(post, writer, seen, action, reason, warnings)
        except RpcRefused:
            seen = post.observe()  # what the node would not take is recorded as DROPPED: decide anew
            continue
        if outcome.state is not TxState.DROPPED:
            return _ended(outcome, str(action))
        seen = post.observe()
    return _ended(_try(post, writer, seen, action, reason, warnings), str(action))


def _try(
    post: Post, writer: Writer, seen: Observation, action: ActionKind, reason: str, warnings: list[str]
) -> Outcome:
    considered = consider(post, seen, action, reason, writer.previous_id)
    warnings.extend(warning for warning in considered.warnings if warning not in warnings)
    cycle = Cycle(considered.deliberation, considered.guard, acts=considered.passed)
    writer.record_cycle(cycle)
    if not considered.passed:
        raise RefusedError(f"{action} did not pass: {cycle.reason}", remedy="see contracts/SPEC.md, and keeper doctor")
    return act(post, writer, considered, timeout=SETTLE_SECONDS)


def _ended(outcome: Outcome, what: str) -> Outcome:
    if not outcome.state.finished:
        raise HoldError(
            f"{what} is {outcome.state}: {outcome.reason}", remedy="run keeper kill again: it follows first"
        )
    if outcome.state is not TxState.FINAL_OK and what != "an earlier kill":
        raise RefusedError(f"{what} ended as {outcome.state}: {outcome.reason}", remedy="run keeper kill again")
    return outcome


def _legs(
    post: Post, flatten: Outcome, before: Snapshot, after: Snapshot
) -> tuple[tuple[str, ...], tuple[LegFailure, ...]]:
    """The legs by the flatten's own events: what was sold whole, and what of it is left."""
    receipt = post.rpc.call("eth_getTransactionReceipt", [flatten.tx_hash])
    logs = post.rpc.understood(lambda found: tuple(found["logs"]), receipt)
    found = vault.events(logs, post.manifest.parts.vault.address)
    assets = {asset.index: asset for asset in after.assets}
    prices = {asset.index: asset.price for asset in before.assets}
    failed = []
    for event in found:
        if event.name == "LegFailed" and event.values["asset"] in assets:
            asset, route = assets[event.values["asset"]], event.values["route"]
            tried, why = None if route == NO_ROUTE else route, _why(event.values["reason"])
            failed.append(LegFailure(asset.symbol, tried, why, asset.balance, _worth(asset, prices)))
    told = {event.values["asset"] for event in found if event.name in ("LegSold", "LegFailed")}
    for asset in after.assets:
        if asset.index not in told and _to_be_sold(asset) and _worth(asset, prices) >= WAD:
            failed.append(LegFailure(asset.symbol, None, LEFT_OUT, asset.balance, _worth(asset, prices)))
    symbols = {one.symbol for one in failed}
    legs = [event.values["asset"] for event in found if event.name == "LegSold" and event.values["asset"] in assets]
    sold = dict.fromkeys(assets[index].symbol for index in legs if assets[index].symbol not in symbols)
    return tuple(sold), tuple(failed)


def _worth(asset: AssetState, before: Mapping[int, Usd18 | None]) -> Usd18:
    """What is held of an asset, at its price of now, or of before where there is none now."""
    price = asset.price or before.get(asset.index)
    return value_of(asset.balance, price, asset.decimals) if price else NO_VALUE


def _to_be_sold(asset: AssetState) -> bool:
    return not asset.frozen and asset.safe_rank == 0


def _why(reason: str) -> str:
    return abi.in_words(reason) if reason != "0x" else "no route to the safe asset, or all its gas burnt"
