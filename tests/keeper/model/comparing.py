"""What the contract must say and look like after an act, going by the model alone."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from keeper.chain.abi import Event, decode_revert, shown
from keeper.model import Report, Revert, VaultMode
from keeper.model.envelope import Done, Refusal, State, Trade, headroom
from keeper.model.seen import REWARD
from tests.keeper.model.acts import DECISION, Act, World, chosen, played
from tests.keeper.model.twin import Said, Seen, Twin

NOTHING = "0x"
ZERO = "0x" + "00" * 32
TRIPPED = "0x" + b"tripped".ljust(32, bytes(1)).hex()
Told = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class Tally:
    """What happened in all sequences: acts that went through, errors by name, and what only shows in an event."""

    calls: int = 0
    went: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)


def play(twin: Twin, seed: int, length: int, tally: Tally) -> None:
    """One sequence on both sides. AssertionError at the first difference, with the acts that led there."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    world, busy, told = twin.world, dice.random() < 0.5, []
    for step in range(length):
        act = chosen(dice, world, busy=busy)
        twin.tell(world, act)
        after, found = played(world, act)
        said, seen = twin.do(act), twin.see()
        told.append(f"{act.kind} by {act.who}: {_brief(found)}")
        why = "\n".join((f"seed {seed}, step {step}", *told, f"arguments {act.arguments}"))
        compare(world, after, act, found, said, seen, why)
        _count(tally, act, found)
        world = after


def compare(before: World, after: World, act: Act, found: Done | Refusal, said: Said, seen: Seen, why: str) -> None:
    """Error or events, balances, views and words: equal to the last unit."""
    if isinstance(found, Refusal):
        _same("revert", said.revert and _inside(said.revert), reverted(found), why)
    else:
        _same("revert", said.revert, None, why)
        told = [(one.name, dict(one.values)) for one in map(_opened, said.events)]
        _same("events", told, events(before, after, act, found), why)
    state = after.state
    _same("balances", seen.balances, state.balances, why)
    _same("words", seen.words, words(state), why)
    room = headroom(state, after.rules.limits, act.now)
    _same("headroom", list(seen.headroom.values()), [getattr(room, name) for name in room.__slots__], why)
    view = tuple(seen.state[name] for name in ("epoch", "targetsBps", "mode"))
    _same("state", view, (state.epoch, state.targets, state.mode is VaultMode.HALTED), why)


def _same(what: str, contract: object, model: object, why: str) -> None:
    assert contract == model, f"{why}\n{what}: the contract {contract}\n{what}: the model {model}"


def _inside(revert: Revert) -> Revert:
    """With a reason of raw bytes read as the error inside it."""
    if revert.name != "ClaimFailed":
        return revert
    return Revert(revert.name, (_read(revert.args[0]),))


def _read(raw: str) -> str:
    found = decode_revert(raw)
    return NOTHING if raw == NOTHING else f"{found.name}({', '.join(found.args)})"


def reverted(refusal: Refusal) -> Revert:
    """A refusal as the decoder of reverts tells it; one inside another as text in brackets."""
    return Revert(refusal.name, tuple(_argument(word) for word in refusal.arguments))


def _argument(word: int | str | Refusal) -> str:
    return _bytes_of(word) if isinstance(word, Refusal) else str(word)


def _bytes_of(refusal: Refusal | None) -> str:
    return NOTHING if refusal is None else f"{refusal.name}({', '.join(reverted(refusal).args)})"


def words(state: State) -> tuple[int, ...]:
    """The seven words in which the vault keeps its state, as it packs them: the lock at rest, nothing left to pay."""
    halted = state.mode is VaultMode.HALTED
    levels = state.levels
    return (
        _packed(
            *((halted, 8), (state.epoch, 64), (state.rebalanced_at, 40), (state.retargeted_at, 40)),
            *((state.harvested_at, 40), (state.halted_at, 40), (1, 8)),
        ),
        _packed((state.buckets_at, 40), (0, 128), (0, 16), (state.nav_cents, 64)),
        _packed(
            *((levels.loss_day, 64), (levels.loss_month, 64), (levels.turnover_day, 64), (levels.turnover_month, 64))
        ),
        _packed(*((target, 16) for target in state.targets)),
        _packed((state.opened_at, 40), (state.unhalted_at, 40), (state.shift_level, 64), (state.harvest_level, 64)),
        state.balances_seen,
        state.rates_seen,
    )


def _packed(*parts: tuple[int, int]) -> int:
    word, at = 0, 0
    for value, bits in parts:
        word |= int(value) << at
        at += bits
    return word


# ----------------------------------------------------------------------------------------------------------- events


def events(before: World, after: World, act: Act, done: Done) -> list[Told]:
    """What the vault emits, in order."""
    told = [_traded(before, trade) for trade in done.trades]
    who, epoch = before.mandates.addresses[act.who], after.state.epoch
    decided = {"epoch": epoch, "decisionId": DECISION}
    if act.kind == "rebalance":
        left = {"lossLeft": done.loss_left, "turnoverLeft": done.turnover_left}
        told.append(("Rebalanced", {**decided, "keeper": who, "report": _report(done.report), **left}))
    elif act.kind == "allocate":
        told.append(("Allocated", {"epoch": epoch, "owner": who, "report": _report(done.report)}))
    elif act.kind in ("retarget", "setTargets"):
        by = decided if act.kind == "retarget" else {"epoch": epoch, "decisionId": ZERO}
        told.append(("Retargeted", {**by, "actor": who, "targetsBps": after.state.targets, "shift": done.shift}))
    elif act.kind == "harvest":
        came = {"source": act.arguments[0], "claimed": done.claimed, "soldFor": done.sold_for}
        told.append(("Harvested", {**decided, **came, "report": _report(done.report)}))
    elif act.kind in ("halt", "kill"):
        told.append(("Halted", {"actor": who, "reason": ZERO, "since": after.state.halted_at}))
    elif act.kind == "trip":
        assert done.tripping is not None
        proved = {"expected": done.tripping.expected, "found": done.tripping.found, "byRate": done.tripping.by_rate}
        told.append(("Tripped", {"caller": who, "asset": act.arguments[0], **proved}))
        told.append(("Halted", {"actor": who, "reason": TRIPPED, "since": after.state.halted_at}))
    elif act.kind == "rescueNative":
        payout = before.mandates.addresses["owner_1"]
        told.append(("NativeRescued", {"payout": payout, "amount": act.arguments[0]}))
    elif act.kind == "unhalt":
        told.append(("Unhalted", {"owner": who, "epoch": epoch}))
    elif act.kind == "withdraw":
        asset = act.arguments[0]
        moved = before.state.balances[asset] - after.state.balances[asset]
        token = before.rules.assets[asset].token
        told.append(("Withdrawn", {"token": token, "payout": before.mandates.addresses["owner_1"], "amount": moved}))
    return told + _exit(who, done)


def _exit(who: str, done: Done) -> list[Told]:
    if done.exit_refused is not None:
        return [("FlattenFailed", {"actor": who, "reason": _bytes_of(done.exit_refused)})]
    if done.exit is None:
        return []
    told: list[Told] = []
    for leg in done.exit.legs:
        if leg.trade is None:
            told.append(("LegFailed", {"asset": leg.asset, "route": leg.tried, "reason": _bytes_of(leg.why)}))
        else:
            told.append(("LegSold", {"asset": leg.asset, "route": leg.trade.route, **_amounts(leg.trade)}))
    ended = {"safeAsset": done.exit.refuge, "sold": done.exit.sold, "failed": done.exit.failed}
    return [*told, ("Flattened", {"actor": who, **ended})]


def _traded(before: World, trade: Trade) -> Told:
    way, rules = before.rules.routes[trade.route], before.rules
    sold = rules.claims[way.claim].reward if way.asset_in == REWARD else rules.assets[way.asset_in].token
    tokens = {"tokenIn": sold, "tokenOut": rules.assets[way.asset_out].token}
    return "Traded", {"route": trade.route, **tokens, **_amounts(trade)}


def _amounts(trade: Trade) -> dict[str, int]:
    return {"sold": trade.spent, "bought": trade.got, "floor": trade.floor}


def _report(report: Report | None) -> dict[str, int]:
    assert report is not None
    names = ("navBefore", "navAfter", "driftBefore", "driftAfter", "turnover", "loss")
    return dict(zip(names, (getattr(report, name) for name in report.__slots__), strict=True))


def _opened(event: Event) -> Event:
    """With a reason of raw bytes read as the error inside it."""
    values = dict(event.values)
    if "reason" in values and event.name != "Halted":
        values["reason"] = _read(values["reason"])
    return Event(event.name, event.address, values)


# ------------------------------------------------------------------------------------------------------------ tally


def _brief(found: Done | Refusal) -> str:
    return shown(reverted(found).args) + found.name if isinstance(found, Refusal) else "done"


def _count(tally: Tally, act: Act, found: Done | Refusal) -> None:
    tally.calls += 1
    if isinstance(found, Refusal):
        tally.errors[found.name] += 1
        return
    tally.went[act.kind] += 1
    legs = found.exit.legs if found.exit else ()
    for name, held in {
        "several trades": len(found.trades) > 1,
        "a sale of a reward": act.kind == "harvest" and bool(found.trades),
        "a leg sold": any(leg.trade for leg in legs),
        "a leg sold in parts": any(leg.trade for leg in legs) and any(leg.trade is None for leg in legs),
        "a leg failed": any(leg.trade is None for leg in legs),
        "a failed flatten in a kill": found.exit_refused is not None,
        "a loss": bool(found.report and found.report.loss),
        "a gain": bool(found.report and found.report.nav_after > found.report.nav_before),
        "a balance that vanished": bool(found.tripping and not found.tripping.by_rate),
        "a rate that fell": bool(found.tripping and found.tripping.by_rate),
        "a refuge of second rank": bool(found.exit and found.exit.refuge == 4),
    }.items():
        tally.marks[name] += held
