"""Every way to fill the same orders: over each enabled route of the same two assets, or of the same claim's reward."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, product

from keeper.model import REWARD, Order, Snapshot

MOST_CANDIDATES = 8
"""So many are simulated side by side: with two ways a pair, three orders in one action."""


def candidates(snapshot: Snapshot, orders: tuple[Order, ...]) -> tuple[tuple[Order, ...], ...]:
    """The orders as decided first, then over the other routes; at most MOST_CANDIDATES. Empty for no orders."""
    if not orders:
        return ()
    ways = [[replace(order, route=route) for route in _ways(snapshot, order.route)] for order in orders]
    return tuple(islice(product(*ways), MOST_CANDIDATES))


def _ways(snapshot: Snapshot, decided: int) -> list[int]:
    """The route decided on, then every other enabled one of its pair, by index."""
    pairs = {
        route.index: (REWARD, route.claim) if route.asset_in == REWARD else (route.asset_in, route.asset_out)
        for route in snapshot.routes
    }
    others = [
        route.index
        for route in snapshot.routes
        if route.enabled and route.index != decided and pairs[route.index] == pairs.get(decided)
    ]
    return [decided, *others]
