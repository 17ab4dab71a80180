"""Signed, stored, sent: in this order, once, whatever the wire does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account

from keeper.errors import HaltError, IntentUnfinished, RpcRefused, SignerNotEntitled
from keeper.execute.send import Reply, meaning, submit
from keeper.model import Address
from tests.keeper import wire as trouble
from tests.keeper.execute.desk import Desk, rows
from tests.keeper.wire import Exchange, refuses

SENDS = "eth_sendRawTransaction"


def spend_a_nonce(desk: Desk) -> None:
    """The key is used elsewhere: by the node, which has it unlocked."""
    account = desk.signer.address
    desk.node.transact(account, "0x", sender=account)


def test_another_signers_intent_is_not_signed(desk: Desk) -> None:
    intent, fees, _ = desk.ready()
    with pytest.raises(SignerNotEntitled, match="the intent names"):
        submit(desk.rpc, desk.writer, desk.signer, replace(intent, signer=desk.deployed.book.address("stranger")), fees)
    assert desk.sends() == 0


def test_a_bid_above_the_intents_ceiling_is_not_signed(desk: Desk) -> None:
    intent, fees, _ = desk.ready()
    with pytest.raises(ValueError, match="passes the intent's ceiling"):
        submit(desk.rpc, desk.writer, desk.signer, replace(intent, max_fee_ceiling=fees.max_fee - 1), fees)
    assert rows(desk.journal.path, "tx_attempt") == []


def test_something_pending_that_the_journal_does_not_know_halts(desk: Desk) -> None:
    intent, fees, _ = desk.ready()
    account: Address = desk.signer.address
    desk.node.rpc("evm_setAutomine", False)
    try:
        desk.node.rpc("eth_sendTransaction", {"from": account, "to": account})
        with pytest.raises(HaltError, match="1 pending transactions that this journal did not send"):
            submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    finally:
        desk.node.rpc("evm_setAutomine", True)
    assert desk.sends() == 0


def test_the_bytes_are_in_the_journal_before_the_node_has_them(desk: Desk) -> None:
    found: list[Any] = []

    def look(exchange: Exchange) -> None:
        found.extend((row["raw"], exchange.request["params"][0]) for row in rows(desk.journal.path, "tx_attempt"))
        exchange.reply(exchange.forward())

    desk.wire.next(SENDS, look)
    intent, fees, _ = desk.ready()
    attempt = submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    assert found == [(attempt.raw, attempt.raw)]
    assert Account.recover_transaction(attempt.raw) == desk.signer.address
    assert desk.states() == ["SIGNED", "SENT"]


def test_the_observed_nonce_saves_a_round_trip(desk: Desk) -> None:
    intent, fees, _ = desk.ready()
    nonce, before = desk.observe().nonce, desk.rpc.round_trips
    attempt = submit(desk.rpc, desk.writer, desk.signer, intent, fees, nonce=nonce)
    assert desk.rpc.round_trips - before == 1
    assert attempt.nonce == nonce


@pytest.mark.parametrize(
    "fault",
    [
        trouble.lost_reply,
        trouble.lost_request,
        trouble.late(4),
        trouble.html,
        trouble.truncated,
        trouble.overloaded,
        trouble.says(SENDS, "0x" + "00" * 32),
        trouble.says(SENDS, None),
        trouble.refuses(SENDS, -32603, "internal error"),
        trouble.refuses(SENDS, -32005, "limit reached"),
    ],
    ids=["lost reply", "lost request", "late", "html", "truncated", "503", "other hash", "null", "internal", "rate"],
)
def test_no_clear_answer_leaves_the_state_unknown_and_nothing_is_sent_twice(desk: Desk, fault: trouble.Fault) -> None:
    intent, fees, _ = desk.ready()
    desk.wire.next(SENDS, fault)
    submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    assert desk.sends() == 1
    assert desk.states() == ["SIGNED", "UNKNOWN"]


def test_a_definite_refusal_drops_the_intent_and_frees_its_epoch(desk: Desk) -> None:
    intent, fees, simulation = desk.ready()
    desk.wire.next(SENDS, refuses(SENDS, -32000, "insufficient funds for gas * price + value"))
    with pytest.raises(RpcRefused, match="insufficient funds"):
        submit(desk.rpc, desk.writer, desk.signer, intent, fees)
    assert desk.states() == ["SIGNED", "DROPPED"]
    assert [row["state"] for row in rows(desk.journal.path, "outcome")] == ["DROPPED"]
    again = desk.intent(desk.observe(), simulation, decision_id="0x" + "d2" * 32)
    assert again.epoch == intent.epoch


def test_a_second_intent_waits_for_the_first(desk: Desk) -> None:
    _, _, simulation = desk.ready()
    with pytest.raises(IntentUnfinished):
        desk.intent(desk.observe(), simulation, decision_id="0x" + "d2" * 32)


def test_a_spent_nonce_is_reconciled_not_raised(desk: Desk) -> None:
    intent, fees, _ = desk.ready()
    nonce = desk.observe().nonce
    spend_a_nonce(desk)
    submit(desk.rpc, desk.writer, desk.signer, intent, fees, nonce=nonce)
    assert desk.states() == ["SIGNED", "RECONCILE"]


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("already known", Reply.ACCEPTED),
        ("transaction already imported", Reply.ACCEPTED),
        ("AlreadyKnown", Reply.ACCEPTED),
        ("nonce too low: next nonce 5, tx nonce 4", Reply.NONCE_SPENT),
        ("OldNonce", Reply.NONCE_SPENT),
        ("insufficient funds for gas * price + value: balance 0", Reply.REFUSED),
        ("replacement transaction underpriced", Reply.REFUSED),
        ("max fee per gas less than block base fee", Reply.REFUSED),
        ("exceeds block gas limit", Reply.REFUSED),
        ("header not found", Reply.UNCLEAR),
        ("", Reply.UNCLEAR),
    ],
)
def test_what_a_refusal_means(words: str, reply: Reply) -> None:
    assert meaning(words) is reply
