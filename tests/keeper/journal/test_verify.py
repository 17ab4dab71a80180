"""Verifying: every way to tamper with a journal shows, and a whole one passes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from keeper.errors import JournalBroken
from keeper.exit_codes import ExitCode
from keeper.journal import Journal, Writer, table_names, verify
from keeper.model import ZERO_HASH, ActionKind
from tests.keeper.journal import scene


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Two acts, the first of them successful, and two holds; its triggers are gone, as a forger would have it."""
    path = tmp_path / "journal.sqlite"
    with Journal.open(f"sqlite:///{path}") as opened:
        with Writer(opened, scene.KEY, lambda: scene.START) as writer:
            for number in (1, 2):
                cycle = scene.cycle(number, writer.previous_id)
                writer.record_cycle(cycle)
                intent = scene.intent(cycle.deliberation.decision_id, epoch=6 + number)
                writer.record_intent(intent)
                writer.record_attempt(scene.attempt(intent, number))
                writer.record_outcome(scene.outcome(intent))
            writer.record_hold("rpc", "down")
        with closing(sqlite3.connect(path)) as raw, raw:
            for table in table_names():
                raw.execute(f"DROP TRIGGER {table}_no_update")
                raw.execute(f"DROP TRIGGER {table}_no_delete")
        yield opened


def tamper(journal: Journal, *statements: str) -> None:
    with closing(sqlite3.connect(journal.path)) as raw, raw:
        for statement in statements:
            assert raw.execute(statement).rowcount > 0


def anchors(journal: Journal) -> list[str]:
    with closing(sqlite3.connect(journal.path)) as raw:
        return [row[0] for row in raw.execute("SELECT decision_id FROM decision ORDER BY seq")]


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE decision SET cost = '1' WHERE seq = (SELECT min(seq) FROM decision)", "decision was changed"),
        ("UPDATE cycle SET reason = 'another'", "cycle was changed"),
        ("UPDATE price_obs SET price = NULL", "price_obs was changed"),
        ("UPDATE tx_attempt SET raw = '0x00'", "tx_attempt was changed"),
        ("UPDATE lease SET at = '1'", "lease was changed"),
        ("UPDATE outcome SET prev_hash = row_hash", "outcome is not chained"),
        ("DELETE FROM guard_check WHERE seq = (SELECT min(seq) FROM guard_check)", "a row is missing"),
        ("DELETE FROM outcome", "a row is missing"),
        ("UPDATE blob SET body = replace(body, 'REBALANCE', 'HARVEST')", "the body of"),
        ("UPDATE intent_state SET state = 'DROPPED'", "stands at DROPPED, its events say FINAL_OK"),
        ("DELETE FROM intent_state", "stands at None"),
        ("UPDATE intent_state SET unfinished = '1' WHERE epoch = '7'", "unfinished of intent .* is 1, its rows say 0"),
        ("UPDATE intent_state SET holds_epoch = '0'", "holds_epoch of intent .* is 0, its rows say 1"),
        ("UPDATE intent_state SET epoch = '9' WHERE epoch = '7'", "epoch of intent .* is 9, its rows say 7"),
        ("UPDATE intent_state SET signer = '0x00'", "signer of intent .* is 0x00, its rows say "),
        ("UPDATE intent_state SET chain = '1@0x9e'", "chain of intent .* is 1@0x9e, its rows say 31337@0x9e9e9e9e"),
        ("DELETE FROM blob WHERE hash IN (SELECT decision_hash FROM decision)", "decision rests"),
        ("DELETE FROM blob WHERE hash IN (SELECT outcome_hash FROM outcome)", "outcome rests on the body 0x"),
    ],
)
def test_tampering_shows(journal: Journal, statement: str, complaint: str) -> None:
    tamper(journal, statement)
    with pytest.raises(JournalBroken, match=complaint) as caught:
        verify(journal)
    assert caught.value.exit_code is ExitCode.DIFFERS


def test_a_row_moved_to_another_stream_shows(journal: Journal) -> None:
    tamper(journal, "UPDATE cycle SET journal_id = 'another' WHERE seq = (SELECT max(seq) FROM cycle)")
    with pytest.raises(JournalBroken):
        verify(journal)


def test_a_cut_tail_shows_only_against_the_chain(journal: Journal) -> None:
    known = anchors(journal)
    with closing(sqlite3.connect(journal.path)) as raw, raw:
        (last,) = raw.execute("SELECT max(seq) - 1 FROM snapshot").fetchone()
        for table in table_names():
            raw.execute(f"DELETE FROM {table} WHERE CAST(seq AS INTEGER) > {int(last)}")  # noqa: S608 - names of ours
        raw.execute("DELETE FROM intent_state WHERE intent_id NOT IN (SELECT intent_id FROM intent)")
    assert verify(journal).level == 1
    with pytest.raises(JournalBroken, match=f"the chain carries decision {known[1]}.*a tail is gone"):
        verify(journal, known)


def test_a_success_the_chain_does_not_know_shows(journal: Journal) -> None:
    with pytest.raises(JournalBroken, match="the chain does not carry it"):
        verify(journal, anchors(journal)[:1])


def test_a_flatten_needs_no_anchor_because_its_event_carries_none(journal: Journal) -> None:
    known = anchors(journal)
    with Writer(journal, scene.KEY, lambda: scene.START) as writer:
        cycle = scene.cycle(3, writer.previous_id)
        writer.record_cycle(cycle)
        intent = replace(scene.intent(cycle.deliberation.decision_id, epoch=None), action=ActionKind.FLATTEN)
        writer.record_intent(intent)
        writer.record_attempt(scene.attempt(intent, 3))
        writer.record_outcome(scene.outcome(intent))
    assert verify(journal, known).last_decision_id not in known


def test_a_whole_journal_passes_both_levels(journal: Journal) -> None:
    found = verify(journal, anchors(journal))
    assert (found.level, found.streams, found.last_decision_id) == (2, 1, anchors(journal)[-1])
    assert found.rows > 20
    assert found.bodies >= 6
    assert verify(journal).level == 1


def test_expired_bodies_leave_their_hashes_in_force(journal: Journal) -> None:
    tamper(journal, "UPDATE blob SET body = NULL")
    assert verify(journal).bodies == 0


def test_an_empty_journal_is_intact(tmp_path: Path) -> None:
    with Journal.open(f"sqlite:///{tmp_path / 'fresh.sqlite'}") as fresh:
        found = verify(fresh, [])
    assert (found.rows, found.streams, found.last_decision_id) == (0, 0, ZERO_HASH)
