"""Pairing on its own, with more assets than the small portfolio has."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from keeper.decide.orders import Caps, plan
from keeper.decide.weights import Position
from keeper.units import WAD, Usd18
from tests.keeper.world import routes, snapshot

STABLE = snapshot().assets[2]
OPEN = Caps(trade=Usd18(10**30), least=Usd18(0), turnover=Usd18(10**30))


def position(index: int, value: int, goal: int) -> Position:
    """An asset at one dollar apiece; dollars."""
    asset = replace(STABLE, index=index, balance=value * 10**6)  # type: ignore[arg-type]  # units of USDC
    return Position(asset, Usd18(WAD), Usd18(value * WAD), Usd18(goal * WAD))


def test_an_asset_sold_into_two_is_not_sold_past_its_target() -> None:
    book = (position(0, 20, 10), position(1, 20, 10), position(2, 0, 10), position(3, 0, 10))
    trades = plan(book, routes((0, 2), (0, 3), (1, 2), (1, 3)), OPEN).trades
    assert [(t.sold.asset.index, t.bought.asset.index, t.value // WAD) for t in trades] == [(0, 2, 10), (1, 3, 10)]


def test_pairs_without_a_route_are_named_and_the_rest_is_traded() -> None:
    book = (position(0, 20, 10), position(1, 20, 10), position(2, 0, 10), position(3, 0, 10))
    found = plan(book, routes((1, 3)), OPEN)
    assert [(t.sold.asset.index, t.bought.asset.index) for t in found.trades] == [(1, 3)]
    assert [(i.asset.index, o.asset.index) for i, o in found.unrouted] == [(0, 2), (0, 3), (1, 2)]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=2, max_size=8))
def test_no_target_is_crossed_among_many_assets(book: list[tuple[int, int]]) -> None:
    whole = tuple(position(index, value, goal) for index, (value, goal) in enumerate(book))
    every = [(i, o) for i in range(len(book)) for o in range(len(book)) if i != o]
    trades = plan(whole, routes(*every), OPEN).trades
    for one in whole:
        assert sum(t.value for t in trades if t.sold.asset.index == one.asset.index) <= one.excess
        assert sum(t.value for t in trades if t.bought.asset.index == one.asset.index) <= one.lack
