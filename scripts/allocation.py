"""The owner's orders back to the targets: planned at the oracle's prices, cut down until the vault would take them.

An allocation has no largest trade and no budget, but its floors stand: what moves a pool beyond its route's slip is
refused. So each order is tried by itself, and halved until it passes; what is left over waits for the next allocation,
when arbitrage has brought the pools back. What is executed at once is held to what it brings now: the floor alone would
leave a sandwich a hundredth of all that is traded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from keeper.decide.orders import Caps, PlannedTrade, plan
from keeper.decide.weights import positions
from keeper.errors import RefusedError
from keeper.model import Order, Snapshot
from keeper.units import BPS, TokenUnits, Usd18, mul_div_up, value_of

RAISE_BPS = 10
"""How far above the vault's own floor an order's least lies; a quarter of the route's slip where that is less."""
HALVINGS = 4
SPARE_BPS = 20
"""How far below what it brings now the least of an order lies that is executed at once: pools move in a block."""
STEP_BPS = 10
"""How finely what it brings is found."""
Trial = Callable[[Sequence[Order]], bytes | None]
"""What an allocation of these orders would revert with; None if it would pass."""


def allocation(snapshot: Snapshot, trial: Trial) -> tuple[Order, ...]:
    """Orders that the vault would take now, largest first. Raises RefusedError where there is nothing to do."""
    wanted = wanted_orders(snapshot)
    if not wanted:
        raise RefusedError("nothing is far enough from its target to be traded", remedy="leave it as it is")
    fitting = [order for order in (_fitted([order], trial) for order in wanted) if order]
    orders = _fitted([order[0] for order in fitting], trial)
    if not orders:
        raise RefusedError(
            f"none of {len(wanted)} orders passes its floor, halved {HALVINGS} times",
            remedy="wait until the pools are back at the market, then allocate again",
        )
    return tuple(orders)


def tightened(orders: Sequence[Order], snapshot: Snapshot, trial: Trial) -> tuple[Order, ...]:
    """The same orders, each least raised to what it brings now beside the others, less SPARE_BPS and a step at most."""
    slips = {route.index: route.slip_bps for route in snapshot.routes}
    current = list(orders)
    for place, order in enumerate(orders):
        kept = _kept(slips[order.route])
        for part in range(BPS, kept, -STEP_BPS):
            current[place] = _at(order, part, kept)
            if trial(current) is None:
                current[place] = _at(order, max(part - SPARE_BPS, kept), kept)
                break
            current[place] = order
    return tuple(current)


def wanted_orders(snapshot: Snapshot) -> list[Order]:
    """What would bring every counted asset to its target at these prices, each with a floor a little above the vault's.

    Raises RefusedError where a counted asset has no price.
    """
    nav = snapshot.vault.nav
    if not nav:
        raise RefusedError(
            "the vault's NAV is unknown: an asset has no price", remedy="look at its feeds (keeper status)"
        )
    least = Usd18(mul_div_up(nav, snapshot.vault.limits.min_trade_bps, BPS))
    planned = plan(positions(snapshot, nav), snapshot.routes, Caps(trade=nav, least=least, turnover=nav))
    return [dataclasses.replace(trade.order, min_out=least_out(trade)) for trade in planned.trades]


def least_out(trade: PlannedTrade) -> TokenUnits:
    """The fair amount at the oracle's medians, less the route's slip, plus the raise; rounded up."""
    kept = _kept(trade.route.slip_bps)
    worth = value_of(trade.order.max_in, trade.sold.price, trade.sold.asset.decimals)
    bought = trade.bought
    return TokenUnits(mul_div_up(worth * kept, 10**bought.asset.decimals, bought.price * BPS))


def _kept(slip: int) -> int:
    """How much of the fair amount an order by a route of this slip asks for at least, in bps."""
    return BPS - slip + min(RAISE_BPS, slip // 4)


def _at(order: Order, part: int, kept: int) -> Order:
    """An order that asks for `part` of the fair amount instead of `kept`, both in bps."""
    return dataclasses.replace(order, min_out=TokenUnits(mul_div_up(order.min_out, part, kept)))


def _fitted(orders: Sequence[Order], trial: Trial) -> list[Order]:
    """These orders, all halved together until they pass; none where they never do."""
    current = list(orders)
    for _ in range(HALVINGS + 1):
        if not current or trial(current) is None:
            return current
        current = [_half(order) for order in current]
    return []


def _half(order: Order) -> Order:
    return Order(order.route, TokenUnits(order.max_in // 2), TokenUnits(-(-order.min_out // 2)))
