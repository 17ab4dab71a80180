"""The policy of absolute bands: act when an asset is `absolute_bps` of NAV or more away from its target.

Between the bands nothing happens; once one is left, every over- and underweight is traded back towards its target, as
far as the caps allow, if that is worth its cost. The policy keeps no memory but when it last acted, takes no proposal
and looks at no history.
"""

from __future__ import annotations

from keeper.decide.gates import cooldown, standing_refusal
from keeper.decide.orders import Caps, Plan, caps_of, plan
from keeper.decide.reasons import ReasonCode
from keeper.decide.succession import after_action
from keeper.decide.weights import Position, distance, drift, positions
from keeper.decide.worth import Worth, worth_of
from keeper.model import ActionKind, Decision, DecisionConfig, History, PolicyState, Proposal, Snapshot
from keeper.model.envelope import loss_left, turnover_left
from keeper.units import (
    BPS,
    NO_VALUE,
    WAD,
    Share18,
    Usd18,
    format_share,
    format_units,
    format_usd,
    mul_div_down,
    mul_div_up,
    nearest,
    share_from_bps,
)


def decide(
    snapshot: Snapshot,
    _history: History,
    state: PolicyState,
    _proposal: Proposal | None,
    config: DecisionConfig,
) -> Decision:
    """A REBALANCE with its orders, or a NOOP with the first reason against one."""
    refusal = standing_refusal(snapshot)
    nav = snapshot.vault.nav
    if refusal is not None or not nav:
        return _noop(state, *(refusal or (ReasonCode.EMPTY_VAULT, "NAV is unknown")))
    whole = positions(snapshot, nav)
    furthest = max(whole, key=lambda one: (distance(one, nav), -one.asset.index))
    off, band = distance(furthest, nav), share_from_bps(config.absolute_bps)
    stand = _stands(furthest, nav, off)
    if off < band:
        return _noop(state, ReasonCode.INSIDE_BAND, f"{stand}, inside the {format_share(band)} band")
    drifted, least = drift(whole, nav), share_from_bps(snapshot.vault.limits.min_drift_bps)
    if drifted < least:
        text = f"drift is {format_share(drifted)}, the vault's minDrift {format_share(least)}"
        return _noop(state, ReasonCode.BELOW_MIN_DRIFT, text)
    waiting = cooldown(snapshot)
    if waiting is not None:
        return _noop(state, waiting[0], f"{stand}, but {waiting[1]}")
    if not loss_left(snapshot.vault.headroom):
        return _noop(state, ReasonCode.BUDGET_EXHAUSTED, f"{stand}, but no loss at all is left in the vault's budget")
    caps = caps_of(snapshot, nav, config.stage_cap_bps)
    trades = plan(whole, snapshot.routes, caps)
    if not trades.trades:
        return _noop(state, *_why_no_trade(snapshot, whole, trades, caps))
    worth = worth_of(snapshot, nav, drifted, trades)
    if not worth.suffices(nav, config.min_benefit_bps):
        return _noop(state, ReasonCode.BENEFIT_BELOW_COST, _short(worth, nav, config), worth)
    text = f"{stand}, beyond the {format_share(band)} band: {_said(trades)}"
    return Decision(
        action=ActionKind.REBALANCE,
        orders=tuple(trade.order for trade in trades.trades),
        reason_code=ReasonCode.OUTSIDE_BAND,
        reason=text,
        cost=worth.cost,
        benefit=worth.benefit,
        next_state=after_action(state, ActionKind.REBALANCE, snapshot.block.timestamp),
    )


def _noop(state: PolicyState, code: ReasonCode, reason: str, worth: Worth | None = None) -> Decision:
    cost, benefit = (worth.cost, worth.benefit) if worth else (NO_VALUE, NO_VALUE)
    return Decision(ActionKind.NOOP, (), code, reason, cost, benefit, next_state=state)


def _stands(position: Position, nav: Usd18, off: Share18) -> str:
    weight, goal = (nearest(Share18(mul_div_down(value, WAD, nav))) for value in (position.value, position.goal))
    return f"{position.asset.symbol} {format_share(weight)} against {format_share(goal)} is {format_share(off)} off"


def _said(trades: Plan) -> str:
    words = []
    for trade in trades.trades:
        sold = trade.sold.asset
        places = min(sold.decimals, 2 if trade.order.max_in >= 10 ** (sold.decimals + 2) else 4)
        amount = format_units(trade.order.max_in, sold.decimals, places)
        words.append(f"sell {amount} {sold.symbol} for {trade.bought.asset.symbol} over route {trade.route.index}")
    return ", ".join(words)


def _why_no_trade(snapshot: Snapshot, whole: tuple[Position, ...], trades: Plan, caps: Caps) -> tuple[ReasonCode, str]:
    headroom = snapshot.vault.headroom
    if caps.turnover < caps.least:
        left = turnover_left(headroom)
        least = share_from_bps(snapshot.vault.limits.min_trade_bps)
        text = f"turnover left is {format_share(left)} of NAV, the least trade {format_share(least)}"
        return ReasonCode.BUDGET_EXHAUSTED, text
    if trades.unrouted:
        sold, bought = trades.unrouted[0]
        text = f"no enabled route from {sold.asset.symbol} ({format_usd(sold.excess)} over) to {bought.asset.symbol}"
        return ReasonCode.NO_ROUTE, text
    largest = max(whole, key=lambda one: one.excess)
    text = f"{largest.asset.symbol} is {format_usd(largest.excess)} over, the largest trade allowed "
    return ReasonCode.TOO_SMALL, f"{text}{format_usd(caps.trade)}, the least {format_usd(caps.least)}"


def _short(worth: Worth, nav: Usd18, config: DecisionConfig) -> str:
    gas = "gas not priced" if worth.gas is None else f"gas {format_usd(worth.gas)}"
    wanted = Usd18(mul_div_up(nav, config.min_benefit_bps, BPS))
    return (
        f"worth {format_usd(worth.benefit)}, costs {format_usd(worth.cost)} (slip {format_usd(worth.slip)}, {gas}): "
        f"not {format_usd(wanted)} ({config.min_benefit_bps} bps of NAV) more"
    )
