"""Rebalance, retarget, the owner's allocate, targets and withdrawal. Mirrors contracts/KeeperVault.sol.

Each transition gives the state after it and what its event tells, or the very refusal that the contract reverts with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from keeper.model.decided import Order
from keeper.model.envelope import buckets
from keeper.model.envelope.record import on_record
from keeper.model.envelope.refusals import Refused, fit
from keeper.model.envelope.trades import (
    admit,
    answering,
    book_of,
    require_cooled,
    require_owner,
    shifted,
    trade,
)
from keeper.model.envelope.values import ALL, Call, Done, Market, Recorded, Rules, State, Venue
from keeper.model.seen import Headroom, Limits
from keeper.model.sent import Terms
from keeper.model.words import VaultMode
from keeper.units import BPS, SHARE_PER_BPS, WAD, Bps, Share18, mul_div_down, share_from_bps

PROGRESS_SHARE_BPS = 8_000
"""Of a drift too small for the least progress, so much must go."""
NOWHERE = Recorded(())
"""The venue of what does not trade."""


def headroom(state: State, limits: Limits, now: int) -> Headroom:
    """What the budgets let through at `now`."""
    levels = state.levels.settled(limits, now - state.buckets_at)
    return buckets.room_of(levels, shift_level(state, limits, now), limits)


def shift_level(state: State, limits: Limits, now: int) -> int:
    """How full the budget of target changes is at `now`."""
    since = max(state.retargeted_at, state.unhalted_at)
    return buckets.drained(state.shift_level, buckets.capacity(limits.max_shift_bps), buckets.DAY, now - since)


def progress_needed(drift: int, limits: Limits) -> Share18:
    """By how much a rebalance must lower this drift."""
    return Share18(min(share_from_bps(limits.min_progress_bps), mul_div_down(drift, PROGRESS_SHARE_BPS, BPS)))


@answering
def rebalance(
    state: State, rules: Rules, market: Market, call: Call, orders: Sequence[Order], terms: Terms, venue: Venue
) -> Done:
    """The keeper trades towards the targets."""
    limits = rules.limits
    state = admit(state, rules, call, terms)
    require_cooled(call, state.rebalanced_at, limits.rebalance_cooldown)
    book = book_of(state, rules, market)
    levels = state.levels.settled(limits, call.now - state.buckets_at)
    room = buckets.room_of(levels, 0, limits)
    drift, least = book.drift(book.nav), share_from_bps(limits.min_drift_bps)
    if drift < least:
        raise Refused("DriftTooSmall", drift, least)
    most = mul_div_down(book.nav, limits.max_trade_bps, BPS)
    budget = mul_div_down(book.nav, buckets.turnover_left(room), WAD)
    traded = trade(state, rules, book, orders, most, budget, venue)
    report = traded.report
    if report.loss > buckets.loss_left(room):
        raise Refused("LossBudget", report.loss, buckets.loss_left(room))
    needed = progress_needed(drift, limits)
    if drift < report.drift_after + needed:
        raise Refused("NoProgress", drift, report.drift_after, needed)
    levels = levels.charged(report.loss, report.turnover)
    after = replace(
        state,
        rebalanced_at=call.now,
        buckets_at=call.now,
        levels=levels,
        balances=traded.balances,
        nav_cents=traded.nav_cents,
    )
    after = on_record(after, rules, market, traded.seen)
    room = buckets.room_of(levels, 0, limits)
    return Done(after, traded.venue, report, traded.trades, buckets.loss_left(room), buckets.turnover_left(room))


@answering
def retarget(state: State, rules: Rules, call: Call, targets: Sequence[Bps], terms: Terms) -> Done:
    """The keeper moves the targets, inside their ranges and the day's shift."""
    limits = rules.limits
    state = admit(state, rules, call, terms)
    require_cooled(call, state.retargeted_at, limits.retarget_cooldown)
    level = shift_level(state, limits, call.now)
    shift = shift_of(rules, state.targets, targets)
    left = buckets.left(level, limits.max_shift_bps)
    if shift > left:
        raise Refused("ShiftTooLarge", shift, left)
    after = replace(state, retargeted_at=call.now, targets=tuple(targets), shift_level=fit(level + shift, 64))
    return Done(after, NOWHERE, shift=shift)


@answering
def allocate(
    state: State, rules: Rules, market: Market, call: Call, orders: Sequence[Order], deadline: int, venue: Venue
) -> Done:
    """The owner's trades: floors and no overshoot, no budget."""
    require_owner(call)
    if state.mode is not VaultMode.ACTIVE:
        raise Refused("NotActive")
    if call.now > deadline:
        raise Refused("DeadlinePassed", deadline, call.now)
    traded = trade(state, rules, book_of(state, rules, market), orders, ALL, ALL, venue)
    after = replace(state, epoch=state.epoch + 1, balances=traded.balances, nav_cents=traded.nav_cents)
    after = on_record(after, rules, market, traded.seen)
    return Done(after, traded.venue, traded.report, traded.trades)


@answering
def set_targets(state: State, rules: Rules, call: Call, targets: Sequence[Bps]) -> Done:
    """The owner's retarget: inside the ranges, in any mode."""
    require_owner(call)
    shift = shift_of(rules, state.targets, targets)
    return Done(replace(state, epoch=state.epoch + 1, targets=tuple(targets)), NOWHERE, shift=shift)


@answering
def withdraw(state: State, rules: Rules, call: Call, asset: int, amount: int) -> Done:
    """The owner takes a listed asset out; ALL is all there is."""
    require_owner(call)
    held = state.balances[asset]
    amount = held if amount == ALL else amount
    if amount == 0:
        raise Refused("ZeroAmount")
    if amount > held:
        raise Refused("WithdrawFailed", rules.assets[asset].token, 0, amount)
    return Done(replace(state, balances=shifted(state.balances, ((asset, -amount),)), balances_seen=0), NOWHERE)


@answering
def rescue_native(state: State, call: Call, forced: int) -> Done:
    """The owner takes out what native coin was forced in, wei."""
    require_owner(call)
    if forced == 0:
        raise Refused("ZeroAmount")
    return Done(replace(state, balances_seen=0), NOWHERE)


def shift_of(rules: Rules, before: Sequence[Bps], targets: Sequence[Bps]) -> Share18:
    """Half the sum of target changes. Refused: BadTargets, TargetOutOfRange, NoChange."""
    for index, target in enumerate(targets):
        if index >= len(rules.assets):
            raise Refused("BadTargets", len(targets))
        rule = rules.assets[index]
        if not rule.min_bps <= target <= rule.max_bps:
            raise Refused("TargetOutOfRange", index, target, rule.min_bps, rule.max_bps)
    if sum(targets) != BPS or len(targets) != len(rules.assets):
        raise Refused("BadTargets", sum(targets))
    moved = sum(abs(target - was) for target, was in zip(targets, before, strict=True))
    if moved == 0:
        raise Refused("NoChange")
    return Share18(moved * SHARE_PER_BPS // 2)
