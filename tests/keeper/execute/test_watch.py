"""Followed to the end: what counts as mined, what as done, and that nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keeper.chain.fees import Fees
from keeper.config import load_profile
from keeper.devnet import uniswap
from keeper.execute import simulate
from keeper.execute.send import submit
from keeper.execute.watch import settle
from keeper.model import ActionKind, Intent, Outcome, Simulation, TxAttempt, TxState
from tests.deployed import Deployed
from tests.keeper import wire as trouble
from tests.keeper.execute import desk as desks
from tests.keeper.execute.desk import DECISION, USDC, WETH, Desk, rows
from tests.keeper.execute.test_send import SENDS, spend_a_nonce

RECEIPT = "eth_getTransactionReceipt"
LONG = 20.0
SHORT = 0.4
FINALIZED_AFTER = 80
"""Blocks by which Anvil's own "finalized" lags, and more."""


def submitted(desk: Desk) -> tuple[Intent, TxAttempt, Simulation]:
    intent, fees, simulation = desk.ready()
    return intent, submit(desk.rpc, desk.writer, desk.signer, intent, fees), simulation


def followed(desk: Desk, intent: Intent, attempt: TxAttempt, timeout: float = LONG, **more: Any) -> Outcome:
    return settle(desk.rpc, desk.writer, desk.deployed.manifest, intent, (attempt,), timeout=timeout, **more)


@pytest.fixture
def deep(drifted: Deployed, tmp_path: Path) -> Iterator[Desk]:
    """A desk on a chain whose blocks count from the third on."""
    profile = load_profile("anvil", {"finality": {"depth": 3}})
    with desks.taken(drifted, tmp_path, profile=profile) as taken:
        yield taken


def test_a_rebalance_that_came_as_simulated_is_final(desk: Desk) -> None:
    intent, attempt, simulation = submitted(desk)
    before = {asset.index: asset.balance for asset in desk.observe().snapshot.assets}
    assert intent.epoch is not None
    outcome = followed(desk, intent, attempt, promised=simulation.report)
    assert outcome.state is TxState.FINAL_OK
    assert outcome.report == simulation.report
    assert outcome.deltas == simulation.deltas
    assert outcome.slippage_simulated == 0
    assert outcome.slippage_oracle == pytest.approx(simulation.report.loss, abs=2)
    assert outcome.fee_paid > 0
    assert outcome.gas_used <= simulation.gas_limit
    assert desk.epoch() == intent.epoch + 1
    assert desk.states() == ["SIGNED", "SENT", "MINED", "FINAL_OK"]
    assert [row["state"] for row in rows(desk.journal.path, "outcome")] == ["FINAL_OK"]
    after = {asset.index: asset.balance for asset in desk.observe().snapshot.assets}
    assert before == after, "it was mined when it was sent"


@pytest.mark.parametrize("fault", [trouble.lost_reply, trouble.lost_request, trouble.late(4)])
def test_a_lost_answer_is_healed_with_the_same_bytes_and_one_trade(desk: Desk, fault: trouble.Fault) -> None:
    intent, fees, _ = desk.ready()
    desk.wire.next(SENDS, fault)
    attempt = submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    outcome = followed(desk, intent, attempt)
    assert outcome.state is TxState.FINAL_OK
    assert desk.epoch() == (intent.epoch or 0) + 1
    assert len(rows(desk.journal.path, "tx_attempt")) == 1
    assert desk.states()[:2] == ["SIGNED", "UNKNOWN"]


def test_a_receipt_that_comes_late_is_waited_for(desk: Desk) -> None:
    intent, attempt, _ = submitted(desk)
    for _ in range(2):
        desk.wire.next(RECEIPT, trouble.says(RECEIPT, None))
    assert followed(desk, intent, attempt).state is TxState.FINAL_OK
    assert desk.wire.armed == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda receipt: {**receipt, "transactionHash": "0x" + "ee" * 32},
        lambda receipt: {**receipt, "blockHash": "0x" + "ee" * 32},
        lambda receipt: {**receipt, "from": "0x" + "ee" * 20},
        lambda receipt: {**receipt, "to": "0x" + "ee" * 20},
        lambda receipt: {key: value for key, value in receipt.items() if key != "status"},
        lambda _: "0x01",
    ],
    ids=["other transaction", "block of no chain", "other sender", "other target", "no status", "no receipt"],
)
def test_a_forged_receipt_proves_nothing(desk: Desk, change: Callable[[Any], Any]) -> None:
    intent, attempt, _ = submitted(desk)
    for _ in range(2):
        desk.wire.next(RECEIPT, trouble.rewrites(RECEIPT, change))
    outcome = followed(desk, intent, attempt, SHORT)
    assert outcome.state not in (TxState.MINED, TxState.FINAL_OK, TxState.FINAL_REVERT)
    assert followed(desk, intent, attempt, state=outcome.state).state is TxState.FINAL_OK


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda receipt: {**receipt, "logs": []}, "status 1, but no Rebalanced of ours in its receipt"),
        (
            lambda receipt: {
                **receipt,
                "logs": [{**log, "address": "0x" + "ee" * 20} for log in receipt["logs"]],
            },
            "status 1, but no Rebalanced of ours in its receipt",
        ),
        (
            lambda receipt: {
                **receipt,
                "logs": [
                    {**log, "topics": [t.replace("d1" * 32, "d7" * 32) for t in log["topics"]]}
                    for log in receipt["logs"]
                ],
            },
            "status 1, but no Rebalanced of ours in its receipt",
        ),
    ],
    ids=["no event", "another's event", "another decision's event"],
)
def test_mined_is_not_succeeded(desk: Desk, change: Callable[[Any], Any], reason: str) -> None:
    intent, attempt, _ = submitted(desk)
    desk.wire.next(RECEIPT, trouble.rewrites(RECEIPT, change))
    outcome = followed(desk, intent, attempt)
    assert (outcome.state, outcome.reason) == (TxState.FINAL_REVERT, reason)


def test_an_epoch_that_did_not_advance_is_no_success(desk: Desk) -> None:
    intent, attempt, _ = submitted(desk)
    state = desk.node.rpc("eth_call", {"to": desk.deployed.vault, "data": "0xc19d93fb"}, hex(desk.node_block() - 1))
    desk.wire.next("eth_call", trouble.rewrites("eth_call", lambda _: state))
    outcome = followed(desk, intent, attempt)
    assert outcome.state is TxState.FINAL_REVERT
    assert "did not advance" in outcome.reason


def test_a_sandwich_between_simulation_and_inclusion_is_refused(desk: Desk) -> None:
    intent, fees, simulation = desk.ready()
    book = desk.deployed.book
    weth, usdc = book.tokens["WETH"], book.tokens["USDC"]
    dumped = 700 * 10**18
    uniswap.swap(desk.node, book.contracts["swap_router_02"], weth, usdc, 500, dumped, book.address("maker"))
    seen = desk.observe()
    freely = desk.decision(seen)
    still, _ = simulate.best(desk.rpc, seen.snapshot, freely, desk.terms(seen), desk.signer.address, desk.fees(seen))
    assert still.succeeds, "the vault's own floor would have let it through"
    attempt = submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    outcome = followed(desk, intent, attempt, promised=simulation.report)
    assert outcome.state is TxState.FINAL_REVERT
    assert outcome.reason == "it reverted"
    assert outcome.revert is not None
    assert outcome.revert.name in ("BelowMin", "BelowFloor")
    assert outcome.deltas == ()
    assert outcome.fee_paid > 0
    assert desk.epoch() == intent.epoch


def test_a_key_used_elsewhere_is_superseded_after_several_looks(desk: Desk) -> None:
    intent, fees, _ = desk.ready()
    nonce = desk.observe().nonce
    spend_a_nonce(desk)
    attempt = submit(desk.rpc, desk.writer, desk.signer, intent, fees, nonce=nonce)
    outcome = followed(desk, intent, attempt)
    assert outcome.state is TxState.SUPERSEDED
    assert "the key is used elsewhere" in outcome.reason
    assert desk.epoch() == intent.epoch


def test_what_was_never_seen_and_is_too_late_is_closed_not_sent(desk: Desk) -> None:
    intent, fees, _ = desk.ready()
    desk.wire.next(SENDS, trouble.lost_request)
    attempt = submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    desk.node.mine_at(intent.deadline + 1)
    outcome = followed(desk, intent, attempt)
    assert outcome.state is TxState.DROPPED
    assert "deadline" in outcome.reason
    assert desk.sends() == 1


def test_one_that_waits_in_the_pool_is_unfinished_and_goes_on_later(desk: Desk) -> None:
    desk.node.rpc("evm_setAutomine", False)
    try:
        intent, attempt, _ = submitted(desk)
        outcome = followed(desk, intent, attempt, SHORT)
        assert (outcome.state, outcome.tx_hash) == (TxState.SENT, attempt.tx_hash)
        assert desk.states() == ["SIGNED", "SENT"], "what the node took is not recorded again because it is seen"
        assert rows(desk.journal.path, "outcome") == []
        assert desk.sends() == 1
    finally:
        desk.node.rpc("evm_setAutomine", True)
    desk.node.rpc("evm_mine")
    assert followed(desk, intent, attempt, state=outcome.state).state is TxState.FINAL_OK


def test_the_same_bytes_twice_are_already_known(desk: Desk) -> None:
    desk.node.rpc("evm_setAutomine", False)
    try:
        intent, fees, _ = desk.ready()
        desk.wire.next(SENDS, trouble.lost_reply)
        attempt = submit(desk.rpc, desk.writer, desk.signer, intent, fees)
        desk.wire.next("eth_getTransactionByHash", trouble.says("eth_getTransactionByHash", None))
        outcome = followed(desk, intent, attempt, SHORT)
        assert outcome.state is TxState.SENT
        assert desk.sends() == 2
        assert "already" in rows(desk.journal.path, "tx_event")[-1]["reason"]
    finally:
        desk.node.rpc("evm_setAutomine", True)


def test_a_receipt_counts_from_its_depth_on(deep: Desk) -> None:
    intent, attempt, _ = submitted(deep)
    outcome = followed(deep, intent, attempt, SHORT)
    assert outcome.state is TxState.MINED
    assert deep.states() == ["SIGNED", "SENT", "MINED"]
    deep.node.rpc("anvil_mine", "0x2")
    assert followed(deep, intent, attempt, state=outcome.state).state is TxState.FINAL_OK


def test_a_block_that_goes_takes_its_receipt_with_it_and_the_same_bytes_follow(deep: Desk) -> None:
    before = deep.node.rpc("evm_snapshot")
    intent, attempt, _ = submitted(deep)
    outcome = followed(deep, intent, attempt, SHORT)
    assert outcome.state is TxState.MINED
    assert deep.node.rpc("evm_revert", before)
    outcome = followed(deep, intent, attempt, 1.0, state=outcome.state)
    assert outcome.state is TxState.MINED
    deep.node.rpc("anvil_mine", "0x2")
    assert followed(deep, intent, attempt, state=outcome.state).state is TxState.FINAL_OK
    assert deep.states() == ["SIGNED", "SENT", "MINED", "SENT", "MINED", "FINAL_OK"]
    assert deep.epoch() == (intent.epoch or 0) + 1
    assert len(rows(deep.journal.path, "tx_attempt")) == 1


def test_a_node_that_is_away_is_waited_for(desk: Desk) -> None:
    intent, attempt, _ = submitted(desk)
    for _ in range(4):
        desk.wire.next(RECEIPT, trouble.lost_request)
    assert followed(desk, intent, attempt).state is TxState.FINAL_OK


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("eth_getTransactionCount", "many"),
        ("eth_getTransactionCount", None),
        ("eth_call", "0x"),
        ("eth_getBlockByNumber", {"number": "0x1"}),
    ],
)
def test_an_answer_of_another_shape_is_waited_out(desk: Desk, method: str, answer: object) -> None:
    intent, attempt, _ = submitted(desk)
    for _ in range(4):
        desk.wire.next(method, trouble.says(method, answer))
    assert followed(desk, intent, attempt).state is TxState.FINAL_OK
    assert desk.wire.armed == 0


def test_halt_then_flatten_end_with_the_vaults_own_events(drifted: Deployed, tmp_path: Path) -> None:
    with desks.taken(drifted, tmp_path, role="guardian") as desk:
        ends = [_exit(desk, action) for action in (ActionKind.HALT, ActionKind.FLATTEN)]
        assert [end.state for end in ends] == [TxState.FINAL_OK, TxState.FINAL_OK]
        assert [delta.asset for delta in ends[1].deltas] == [0, 1, 2]
        seen = desk.observe().snapshot
        assert seen.vault.mode == "HALTED"
        assert ends[1].deltas[USDC].amount > 0 > ends[1].deltas[WETH].amount
        assert seen.assets[USDC].weight > 999 * 10**15


def test_what_rebalances_waits_for_the_nodes_word_of_finality(drifted: Deployed, tmp_path: Path) -> None:
    profile = load_profile("anvil", {"finality": {"tag": "finalized"}})
    with desks.taken(drifted, tmp_path, profile=profile) as desk:
        intent, attempt, _ = submitted(desk)
        outcome = followed(desk, intent, attempt, SHORT)
        assert outcome.state is TxState.MINED
        desk.node.rpc("anvil_mine", hex(FINALIZED_AFTER))
        assert followed(desk, intent, attempt, state=outcome.state).state is TxState.FINAL_OK


def test_an_exit_does_not_wait_for_it_and_the_flatten_follows_the_halt(drifted: Deployed, tmp_path: Path) -> None:
    profile = load_profile("anvil", {"finality": {"tag": "finalized"}})
    with desks.taken(drifted, tmp_path, profile=profile, role="guardian") as desk:
        ends = [_exit(desk, action, 3.0) for action in (ActionKind.HALT, ActionKind.FLATTEN)]
        assert [end.state for end in ends] == [TxState.FINAL_OK, TxState.FINAL_OK]


def _exit(desk: Desk, action: ActionKind, timeout: float = LONG) -> Outcome:
    seen = desk.observe()
    fees: Fees = desk.fees(seen)
    (trial,) = simulate.exit_trials(desk.rpc, seen.snapshot, action, DECISION, desk.signer.address, fees)
    assert trial.succeeds, trial.revert
    bound = {"decision_id": DECISION if action is ActionKind.HALT else "0x" + "d2" * 32}
    intent = desk.intent(seen, replace(trial, orders=()), action, **bound)
    assert intent.epoch is None
    attempt = submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    outcome = followed(desk, intent, attempt, timeout)
    assert outcome.deltas == trial.deltas
    return outcome
