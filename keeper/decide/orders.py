"""Which trades: the largest overweight into the largest underweight it has a route to, until nothing fits.

No order crosses a target: each sells at most what is over and buys at most what is under, at NAV as it is. Each is at
most the vault's maxTrade and the keeper's own stage cap, all together at most the turnover left, none below minTrade.
The vault clamps by the same rules again when the transaction is mined.
"""

from __future__ import annotations

from dataclasses import dataclass

from keeper.decide.weights import Position
from keeper.model import Order, RouteState, Snapshot
from keeper.model.envelope import turnover_left
from keeper.units import BPS, WAD, Bps, TokenUnits, Usd18, amount_for, mul_div_down, mul_div_up, value_of


@dataclass(frozen=True, slots=True)
class PlannedTrade:
    """One order with what it is worth at the vault's prices; `value` is never above what any cap allowed."""

    order: Order
    route: RouteState
    sold: Position
    bought: Position
    value: Usd18


@dataclass(frozen=True, slots=True)
class Caps:
    """What bounds the trades: one, the least one, and all together."""

    trade: Usd18
    least: Usd18
    turnover: Usd18


@dataclass(frozen=True, slots=True)
class Plan:
    """The trades, and the pairs that wanted one and had no enabled route."""

    trades: tuple[PlannedTrade, ...]
    unrouted: tuple[tuple[Position, Position], ...]

    @property
    def value(self) -> Usd18:
        """What all trades sell."""
        return Usd18(sum(trade.value for trade in self.trades))


def caps_of(snapshot: Snapshot, nav: Usd18, stage_cap: Bps) -> Caps:
    """The caps at this NAV: rounded down, the least trade rounded up."""
    limits, headroom = snapshot.vault.limits, snapshot.vault.headroom
    return Caps(
        trade=Usd18(mul_div_down(nav, min(limits.max_trade_bps, stage_cap), BPS)),
        least=Usd18(mul_div_up(nav, limits.min_trade_bps, BPS)),
        turnover=Usd18(mul_div_down(nav, turnover_left(headroom), WAD)),
    )


def plan(positions: tuple[Position, ...], routes: tuple[RouteState, ...], caps: Caps) -> Plan:
    """The trades at these prices, largest first, at most one a pair of assets."""
    excess = {one.asset.index: int(one.excess) for one in positions if one.excess}
    lack = {one.asset.index: int(one.lack) for one in positions if one.lack}
    by_index = {one.asset.index: one for one in positions}
    ways = first_routes(routes)
    turnover = int(caps.turnover)
    trades: list[PlannedTrade] = []
    unrouted: list[tuple[Position, Position]] = []
    pairs = {(i, o) for i in excess for o in lack}
    while pairs:
        i, o = min(pairs, key=lambda pair: (-min(excess[pair[0]], lack[pair[1]]), pair))
        pairs.discard((i, o))
        way = ways.get((i, o))
        if way is None:
            if min(excess[i], lack[o]) >= max(caps.least, 1):
                unrouted.append((by_index[i], by_index[o]))
            continue
        size = min(excess[i], lack[o], caps.trade, turnover)
        trade = _trade(way, by_index[i], by_index[o], Usd18(size), caps.least)
        if trade is None:
            continue
        trades.append(trade)
        excess[i] -= trade.value
        lack[o] -= trade.value
        turnover -= trade.value
    return Plan(tuple(trades), tuple(unrouted))


def first_routes(routes: tuple[RouteState, ...]) -> dict[tuple[int, int], RouteState]:
    """The enabled route with the lowest index of each pair: the owner lists the preferred one first."""
    found: dict[tuple[int, int], RouteState] = {}
    for route in sorted(routes, key=lambda route: route.index):
        if route.enabled:
            found.setdefault((route.asset_in, route.asset_out), route)
    return found


def _trade(way: RouteState, sold: Position, bought: Position, size: Usd18, least: Usd18) -> PlannedTrade | None:
    amount = amount_for(size, sold.price, sold.asset.decimals)
    amount = TokenUnits(min(amount, sold.asset.balance))
    value = value_of(amount, sold.price, sold.asset.decimals)
    if amount == 0 or value < least:
        return None
    order = Order(route=way.index, max_in=amount, min_out=TokenUnits(0))
    return PlannedTrade(order, way, sold, bought, value)
