"""Every way to fill the same orders."""

from __future__ import annotations

from dataclasses import replace

from keeper.execute.route import MOST_CANDIDATES, candidates
from keeper.model import Order, RouteState, Snapshot
from keeper.units import Bps, TokenUnits
from tests.keeper.world import snapshot

PAIRS = ((0, 2), (2, 0), (0, 2), (1, 2), (0, 2))


def _routes(*disabled: int) -> tuple[RouteState, ...]:
    return tuple(RouteState(i, *pair, "0xA", "0xB", Bps(100), i not in disabled) for i, pair in enumerate(PAIRS))


def _seen(*disabled: int) -> Snapshot:
    return replace(snapshot(), routes=_routes(*disabled))


def _order(route: int) -> Order:
    return Order(route, TokenUnits(5), TokenUnits(3))


def test_no_orders_have_no_candidates() -> None:
    assert candidates(_seen(), ()) == ()


def test_the_decided_route_comes_first_and_amounts_stay() -> None:
    found = candidates(_seen(), (_order(2),))
    assert [orders[0].route for orders in found] == [2, 0, 4]
    assert all(orders == (_order(orders[0].route),) for orders in found)


def test_a_switched_off_route_is_no_candidate() -> None:
    assert [orders[0].route for orders in candidates(_seen(4), (_order(0),))] == [0, 2]


def test_several_orders_are_combined_up_to_the_limit() -> None:
    found = candidates(_seen(), (_order(0), _order(3)))
    assert [tuple(order.route for order in orders) for orders in found] == [(0, 3), (2, 3), (4, 3)]
    assert len(candidates(_seen(), (_order(0),) * 3)) == MOST_CANDIDATES
