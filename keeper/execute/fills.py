"""What each order of a candidate sold and bought: by the vault's own events, or where there are none by its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keeper.chain.vault import Trade
from keeper.model import Address, AssetDelta, Order, Report, Snapshot
from keeper.units import BPS, WAD, TokenUnits, Usd18, amount_for, mul_div_down, value_of

SANDWICH_BPS = 10
"""The least an order accepts is its simulated outcome less this: whoever moves the pool between simulation and
inclusion by more has the order refused, and leaves no more than this to whoever moves it by less."""


def of_report(snapshot: Snapshot, orders: Sequence[Order], report: Report) -> tuple[Trade, ...]:
    """The fills that a report allows: all orders scaled to its turnover, and its whole loss laid upon each of them.

    Exact for one order; for several each is taken to bring less than it did, never more. Empty where an asset has no
    price, for then there was no report either.
    """
    ways = {route.index: route for route in snapshot.routes}
    pairs = [(snapshot.assets[ways[o.route].asset_in], snapshot.assets[ways[o.route].asset_out]) for o in orders]
    values = [
        value_of(order.max_in, sold.price, sold.decimals) if sold.price else 0
        for order, (sold, _) in zip(orders, pairs, strict=True)
    ]
    asked = sum(values)
    traded = min(mul_div_down(report.turnover, report.nav_before, WAD), asked)
    change = report.nav_after - report.nav_before
    change = change if len(orders) == 1 else min(change, 0)
    fills = []
    for order, value, (sold, bought) in zip(orders, values, pairs, strict=True):
        if not bought.price or not asked:
            return ()
        got = max(value * traded // asked + change, 0)
        amount = order.max_in * traded // asked
        fills.append(Trade(sold.token, bought.token, amount, amount_for(Usd18(got), bought.price, bought.decimals)))
    return tuple(fills)


def bound(order: Order, fill: Trade, max_in: int) -> Order:
    """The order as it is sent: at most `max_in`, for at least what the fill brought less SANDWICH_BPS, in proportion.

    A stricter `min_out` of the decision's own stands; the vault scales it to what it sells.
    """
    least = fill.bought * (BPS - SANDWICH_BPS) // BPS
    decided = -(-order.min_out * fill.sold // order.max_in)
    asked = max(least, decided) * max_in // fill.sold if fill.sold else 0
    return Order(route=order.route, max_in=TokenUnits(max_in), min_out=TokenUnits(asked))


def deltas(snapshot: Snapshot, moves: Sequence[tuple[Address | int, int]]) -> tuple[AssetDelta, ...]:
    """By how much each listed asset changes; a reward that is none is left out."""
    index: Mapping[Address | int, int] = {asset.token: asset.index for asset in snapshot.assets}
    totals: dict[int, int] = {}
    for token, amount in moves:
        asset = token if isinstance(token, int) else index.get(token)
        if asset is not None:
            totals[asset] = totals.get(asset, 0) + amount
    return tuple(AssetDelta(asset, amount) for asset, amount in sorted(totals.items()))


def moves_of(fills: Sequence[Trade]) -> list[tuple[Address | int, int]]:
    """What the fills take and bring, token by token."""
    moves: list[tuple[Address | int, int]] = []
    for fill in fills:
        moves += [(fill.token_in, -fill.sold), (fill.token_out, fill.bought)]
    return moves
