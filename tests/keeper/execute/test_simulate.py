"""Candidates run on a real vault by a real node, before anything is signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keeper.chain.fees import Fees
from keeper.config import load_profile
from keeper.devnet.furnish import settle
from keeper.errors import RpcRefused, RpcUnreachable
from keeper.execute import simulate
from keeper.execute.fills import SANDWICH_BPS
from keeper.model import ActionKind, AssetDelta, Order
from keeper.units import BPS, GWEI, TokenUnits, Wei
from tests.deployed import Deployed
from tests.keeper.execute import desk as desks
from tests.keeper.execute.desk import DECISION, USDC, WBTC, WETH, Desk
from tests.keeper.wire import Exchange, refuses, says


@pytest.mark.parametrize(
    ("terms", "name"),
    [({"epoch": 9}, "EpochMoved"), ({"config_version": 9}, "ConfigMoved"), ({"deadline": 1}, "DeadlinePassed")],
)
def test_terms_that_have_moved_revert_by_name(desk: Desk, terms: dict[str, int], name: str) -> None:
    seen = desk.observe()
    best, every = simulate.best(
        desk.rpc, seen.snapshot, desk.decision(seen), desk.terms(seen, **terms), desk.signer.address, desk.fees(seen)
    )
    assert best.revert is not None
    assert (best.revert.name, best.revert.args[0]) == (name, str(next(iter(terms.values()))))
    assert best.gas_limit == 0
    assert [simulation.succeeds for simulation in every] == [False, False]
    assert best is every[0]


@pytest.fixture
def dear_gas(desk: Desk) -> Iterator[None]:
    """A base fee of 300 gwei: the node keeps it beyond the undoing of a test, so it is put back."""
    desk.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(300 * GWEI))
    desk.node.rpc("evm_mine")
    yield
    settle(desk.node)


@pytest.mark.usefixtures("dear_gas")
def test_the_vaults_gas_ceiling_is_visible_in_the_base_fee_and_not_in_the_tip_alone(desk: Desk) -> None:
    seen = desk.observe()
    fees = Fees(max_fee=Wei(400 * GWEI), priority_fee=Wei(GWEI), ceiling=Wei(400 * GWEI), expected=Wei(301 * GWEI))
    best, _ = simulate.best(desk.rpc, seen.snapshot, desk.decision(seen), desk.terms(seen), desk.signer.address, fees)
    assert best.revert is not None
    assert best.revert.name == "GasPriceTooHigh"
    price, ceiling = (int(value) for value in best.revert.args)
    assert ceiling == 200 * GWEI < price <= 301 * GWEI


def test_a_stranger_is_refused_by_the_vault(desk: Desk) -> None:
    seen, stranger = desk.observe(), desk.deployed.book.address("stranger")
    best, _ = simulate.best(desk.rpc, seen.snapshot, desk.decision(seen), desk.terms(seen), stranger, desk.fees(seen))
    assert best.revert is not None
    assert (best.revert.name, best.revert.args) == ("NotKeeper", (stranger,))


def test_a_node_that_cannot_simulate_is_named(desk: Desk) -> None:
    seen = desk.observe()
    desk.wire.next("eth_simulateV1", refuses("eth_simulateV1", -32601, "no such method"))
    with pytest.raises(RpcRefused, match=r"chain\.local\.rpc\[0\] refuses eth_simulateV1"):
        simulate.best(
            desk.rpc, seen.snapshot, desk.decision(seen), desk.terms(seen), desk.signer.address, desk.fees(seen)
        )


@pytest.mark.parametrize("answer", [[], [{"calls": []}], {"calls": 1}, "0x"])
def test_a_simulation_of_another_shape_is_no_answer(desk: Desk, answer: object) -> None:
    seen = desk.observe()
    desk.wire.next("eth_simulateV1", says("eth_simulateV1", answer))
    with pytest.raises(RpcUnreachable, match="its answer is not what was asked for"):
        simulate.best(
            desk.rpc, seen.snapshot, desk.decision(seen), desk.terms(seen), desk.signer.address, desk.fees(seen)
        )


def test_what_is_simulated_is_what_would_be_signed(desk: Desk) -> None:
    """geth drops the base fee from a simulation without `validation`; Anvil does not, so the wire is looked at."""
    asked: list[dict[str, Any]] = []

    def look(exchange: Exchange) -> None:
        asked.extend(one["params"][0] for one in exchange.request if one["method"] == "eth_simulateV1")
        exchange.reply(exchange.forward())

    seen = desk.observe()
    fees = desk.fees(seen)
    desk.wire.next("eth_simulateV1", look)
    simulate.best(desk.rpc, seen.snapshot, desk.decision(seen), desk.terms(seen), desk.signer.address, fees)
    assert len(asked) == 2
    for one in asked:
        (call,) = one["blockStateCalls"][0]["calls"]
        assert one["validation"] is True
        assert call["from"] == desk.signer.address
        assert (int(call["maxFeePerGas"], 16), int(call["maxPriorityFeePerGas"], 16)) == (
            fees.max_fee,
            fees.priority_fee,
        )


def test_both_doors_are_tried_in_one_round_trip_and_the_better_is_taken(desk: Desk) -> None:
    seen = desk.observe()
    before = desk.rpc.round_trips
    best, every = simulate.best(
        desk.rpc, seen.snapshot, desk.decision(seen), desk.terms(seen), desk.signer.address, desk.fees(seen)
    )
    assert desk.rpc.round_trips - before == 1
    assert [simulation.orders[0].route for simulation in every] == [
        desk.way(seen, WETH, USDC),
        desk.way(seen, WETH, USDC, place=1),
    ]
    assert all(simulation.succeeds for simulation in every)
    assert every[0].report == every[1].report, "one pool behind both doors"
    assert best is min(every, key=lambda simulation: simulation.gas_used)
    assert best.gas_used < best.gas_limit < 2 * best.gas_used


def test_what_is_sent_is_bound_to_what_was_simulated(desk: Desk) -> None:
    seen = desk.observe()
    best = desk.simulated(seen)
    (order,) = best.orders
    weth, usdc = seen.snapshot.assets[WETH], seen.snapshot.assets[USDC]
    assert order.max_in < 10**20, "the vault clamps: no target is crossed"
    assert best.deltas[0] == AssetDelta(WETH, -order.max_in)
    assert order.min_out == best.deltas[1].amount * (BPS - SANDWICH_BPS) // BPS
    assert best.report is not None
    assert best.report.drift_after < best.report.drift_before
    assert weth.weight > weth.target
    assert usdc.weight < usdc.target
    again, _ = simulate.best(
        desk.rpc, seen.snapshot, desk.decision(seen, order), desk.terms(seen), desk.signer.address, desk.fees(seen)
    )
    assert again.report == best.report
    assert again.orders == best.orders


def test_a_stricter_minimum_of_the_decision_stands(desk: Desk) -> None:
    seen = desk.observe()
    (order,) = desk.simulated(seen).orders
    strict = replace(order, min_out=TokenUnits(order.min_out + 1_000))
    best, _ = simulate.best(
        desk.rpc, seen.snapshot, desk.decision(seen, strict), desk.terms(seen), desk.signer.address, desk.fees(seen)
    )
    assert best.orders[0].min_out == order.min_out + 1_000


def test_two_orders_are_bound_each_to_its_own_fill(desk: Desk) -> None:
    seen = desk.observe()
    orders = [Order(desk.way(seen, WETH, bought), TokenUnits(12 * 10**18), TokenUnits(0)) for bought in (USDC, WBTC)]
    best, every = simulate.best(
        desk.rpc, seen.snapshot, desk.decision(seen, *orders), desk.terms(seen), desk.signer.address, desk.fees(seen)
    )
    assert len(every) == 4
    assert best.succeeds
    assert [delta.asset for delta in best.deltas] == [WETH, WBTC, USDC]
    assert best.deltas[0].amount == -sum(order.max_in for order in best.orders)
    assert best.orders[0].min_out == best.deltas[2].amount * (BPS - SANDWICH_BPS) // BPS
    assert best.orders[1].min_out == best.deltas[1].amount * (BPS - SANDWICH_BPS) // BPS


@pytest.fixture
def plain(drifted: Deployed, tmp_path: Path) -> Iterator[Desk]:
    """The desk at a node that has no simulation, by its profile."""
    folder = tmp_path / "plain"
    folder.mkdir()
    with desks.taken(drifted, folder, profile=load_profile("anvil", {"simulate": "call"})) as taken:
        yield taken


def test_plain_calls_find_what_a_simulation_finds(desk: Desk, plain: Desk) -> None:
    seen = desk.observe()
    args = (desk.decision(seen), desk.terms(seen), desk.signer.address, desk.fees(seen))
    real, _ = simulate.best(desk.rpc, seen.snapshot, *args)
    before, plain.wire.seen[:] = plain.rpc.round_trips, []
    best, every = simulate.best(plain.rpc, seen.snapshot, *args)
    assert plain.rpc.round_trips - before == 1
    assert plain.wire.seen == [("eth_call", "eth_call", "eth_estimateGas")]
    assert [one.report for one in every] == [real.report, real.report]
    (order,), (known,) = best.orders, real.orders
    assert order.min_out * known.max_in // order.max_in == pytest.approx(known.min_out, rel=1e-6)
    assert [delta.amount for delta in best.deltas] == pytest.approx([delta.amount for delta in real.deltas], rel=1e-6)
    assert best.gas_limit > best.gas_used > 300_000


def test_the_better_of_plain_calls_is_estimated_where_it_is_not_the_first(plain: Desk) -> None:
    seen = plain.observe()
    broken = Order(plain.way(seen, WETH, USDC), TokenUnits(10**20), TokenUnits(10**12))
    args = (plain.terms(seen), plain.signer.address, plain.fees(seen))
    plain.wire.next("eth_call", _first_call_reverts)
    best, every = simulate.best(plain.rpc, seen.snapshot, plain.decision(seen), *args)
    assert [one.succeeds for one in every] == [False, True]
    assert best is every[1]
    assert best.gas_limit > 300_000
    refused, _ = simulate.best(plain.rpc, seen.snapshot, plain.decision(seen, broken), *args)
    assert refused.revert is not None
    assert refused.revert.name == "BelowMin"


@pytest.mark.usefixtures("dear_gas")
def test_the_vaults_gas_ceiling_is_visible_to_a_plain_call(plain: Desk) -> None:
    seen = plain.observe()
    fees = Fees(max_fee=Wei(400 * GWEI), priority_fee=Wei(GWEI), ceiling=Wei(400 * GWEI), expected=Wei(301 * GWEI))
    args = (plain.decision(seen), plain.terms(seen), plain.signer.address, fees)
    best, _ = simulate.best(plain.rpc, seen.snapshot, *args)
    assert best.revert is not None
    assert best.revert.name == "GasPriceTooHigh"


def _first_call_reverts(exchange: Exchange) -> None:
    answers = json.loads(exchange.forward())
    for place in (0, 2):
        answers[place] = {
            "jsonrpc": "2.0",
            "id": answers[place]["id"],
            "error": {"code": 3, "message": "", "data": "0x"},
        }
    exchange.reply(json.dumps(answers).encode())


def test_a_halt_can_be_tried_and_a_flatten_only_after_it(desk: Desk) -> None:
    seen = desk.observe()
    halt, flatten = (
        simulate.exit_trials(desk.rpc, seen.snapshot, action, DECISION, desk.signer.address, desk.fees(seen))[0]
        for action in (ActionKind.HALT, ActionKind.FLATTEN)
    )
    assert halt.succeeds
    assert halt.gas_limit > halt.gas_used > 21_000
    assert flatten.revert is not None
    assert flatten.revert.name == "NotHalted"


def test_an_action_without_orders_has_no_candidates(desk: Desk) -> None:
    seen = desk.observe()
    noop = replace(desk.decision(seen), orders=())
    with pytest.raises(ValueError, match="0 orders"):
        simulate.best(desk.rpc, seen.snapshot, noop, desk.terms(seen), desk.signer.address, desk.fees(seen))
