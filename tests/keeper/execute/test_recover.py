"""After a crash: never lost, never twice."""

from __future__ import annotations

from keeper.execute.recover import recover
from keeper.execute.send import submit
from keeper.model import AttemptKind, Intent, Outcome, TxAttempt, TxState
from tests.keeper import wire as trouble
from tests.keeper.execute.desk import Desk, rows
from tests.keeper.execute.test_send import SENDS


def recovered(desk: Desk, timeout: float = 20) -> tuple[Outcome, ...]:
    return recover(desk.rpc, desk.journal, desk.writer, desk.deployed.manifest, timeout=timeout)


def stored(desk: Desk) -> tuple[Intent, TxAttempt]:
    """The keeper ended between storing and sending."""
    intent, fees, _ = desk.ready()
    nonce = desk.observe().nonce
    signed = desk.signer.sign(intent.chain_id, nonce, intent.to, intent.data, intent.gas_limit, fees)
    attempt = TxAttempt(
        intent.intent_id,
        0,
        AttemptKind.ORIGINAL,
        nonce,
        signed.tx_hash,
        signed.raw,
        intent.gas_limit,
        fees.max_fee,
        fees.priority_fee,
    )
    desk.writer.record_attempt(attempt)
    return intent, attempt


def test_nothing_unfinished_is_nothing_to_do(desk: Desk) -> None:
    assert recovered(desk) == ()
    assert desk.wire.seen == []


def test_what_was_never_signed_is_dropped(desk: Desk) -> None:
    intent, _, _ = desk.ready()
    (end,) = recovered(desk)
    assert (end.intent_id, end.state) == (intent.intent_id, TxState.DROPPED)
    assert desk.sends() == 0
    assert recovered(desk) == ()


def test_what_was_stored_and_never_sent_is_sent_as_it_is(desk: Desk) -> None:
    intent, attempt = stored(desk)
    (end,) = recovered(desk)
    assert (end.state, end.tx_hash) == (TxState.FINAL_OK, attempt.tx_hash)
    assert desk.sends() == 1
    assert desk.epoch() == (intent.epoch or 0) + 1
    assert recovered(desk) == ()


def test_what_was_mined_while_the_keeper_was_down_is_not_sent_again(desk: Desk) -> None:
    intent, fees, _ = desk.ready()
    desk.wire.next(SENDS, trouble.lost_reply)
    submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    (end,) = recovered(desk)
    assert end.state is TxState.FINAL_OK
    assert desk.sends() == 1
    assert desk.epoch() == (intent.epoch or 0) + 1


def test_what_can_no_longer_succeed_is_closed_and_not_sent(desk: Desk) -> None:
    intent, _ = stored(desk)
    desk.node.mine_at(intent.deadline + 1)
    (end,) = recovered(desk)
    assert end.state is TxState.DROPPED
    assert "deadline" in end.reason
    assert desk.sends() == 0


def test_an_epoch_that_moved_closes_what_was_never_sent(desk: Desk) -> None:
    intent, _ = stored(desk)
    state = desk.node.rpc("eth_call", {"to": desk.deployed.vault, "data": "0xc19d93fb"}, "latest")
    epoch = 2 + 64 * 3  # after the offset, mode and lock
    moved = f"{state[:epoch]}{(intent.epoch or 0) + 5:064x}{state[epoch + 64 :]}"
    desk.wire.next("eth_call", trouble.rewrites("eth_call", lambda _: moved))
    (end,) = recovered(desk)
    assert end.state is TxState.DROPPED
    assert "epoch moved" in end.reason
    assert desk.sends() == 0


def test_one_still_in_the_pool_stays_unfinished(desk: Desk) -> None:
    desk.node.rpc("evm_setAutomine", False)
    try:
        stored(desk)
        (end,) = recovered(desk, timeout=0.4)
        assert end.state is TxState.SENT
        assert rows(desk.journal.path, "outcome") == []
    finally:
        desk.node.rpc("evm_setAutomine", True)
    desk.node.rpc("evm_mine")
    (end,) = recovered(desk)
    assert end.state is TxState.FINAL_OK
    assert desk.sends() == 1
