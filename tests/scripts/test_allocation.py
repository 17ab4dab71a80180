"""The owner's orders: what is tried, cut down, and given up; floors a little above the vault's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from keeper.errors import RefusedError
from keeper.model import Order
from scripts.allocation import HALVINGS, allocation, tightened, wanted_orders
from scripts.outlook import snapshot_of
from tests.furnished import Stage

pytestmark = pytest.mark.timeout(300)


def test_orders_are_halved_until_the_vault_would_take_them(stage: Stage) -> None:
    stage.act("owner", "setTargets(uint16[])", [3_000, 2_500, 2_000, 2_500, 0])
    seen = snapshot_of(stage.reader, stage.deployed.manifest)
    (whole,) = wanted_orders(seen)
    tried: list[int] = []

    def at_most_a_third(orders: Sequence[Order]) -> bytes | None:
        tried.append(orders[0].max_in)
        return None if orders[0].max_in * 3 <= whole.max_in else b"refused"

    (order,) = allocation(seen, at_most_a_third)
    assert order.max_in == whole.max_in // 4
    assert whole.min_out // 4 <= order.min_out <= whole.min_out // 4 + 2
    assert tried[:3] == [whole.max_in, whole.max_in // 2, whole.max_in // 4]


def test_what_is_executed_at_once_leaves_a_sandwich_little(stage: Stage) -> None:
    """It brings 40 bps less than fair: its least is 60 to 70 below, where the floor's is 105."""
    stage.act("owner", "setTargets(uint16[])", [3_000, 2_500, 2_000, 2_500, 0])
    seen = snapshot_of(stage.reader, stage.deployed.manifest)
    (loose,) = wanted_orders(seen)
    fair = loose.min_out * 10_000 // 9_895

    def forty_short(orders: Sequence[Order]) -> bytes | None:
        return None if orders[0].min_out <= fair * 9_960 // 10_000 + 10 else b"refused"

    (order,) = tightened([loose], seen, forty_short)
    assert (order.route, order.max_in) == (loose.route, loose.max_in)
    assert fair * 9_930 // 10_000 <= order.min_out <= fair * 9_940 // 10_000 + 10
    assert tightened([loose], seen, lambda _: b"refused") == (loose,)


def test_what_never_passes_is_given_up_and_said(stage: Stage) -> None:
    stage.act("owner", "setTargets(uint16[])", [3_000, 2_500, 2_000, 2_500, 0])
    seen = snapshot_of(stage.reader, stage.deployed.manifest)
    with pytest.raises(RefusedError, match=f"none of 1 orders passes its floor, halved {HALVINGS} times"):
        allocation(seen, lambda _: b"refused")


def test_the_least_lies_a_little_above_the_vaults_own_floor(stage: Stage) -> None:
    """320,000 dollars of WETH into USDC by a route of 115 bps: fair less 105."""
    stage.act("owner", "setTargets(uint16[])", [3_000, 2_500, 2_000, 2_500, 0])
    (order,) = wanted_orders(snapshot_of(stage.reader, stage.deployed.manifest))
    fair = order.max_in * 3_000 // 10**12
    assert abs(order.min_out - fair * 9_895 // 10_000) <= 10
