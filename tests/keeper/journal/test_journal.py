"""The journal: what it refuses first, then what it keeps."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from keeper import journal as journals
from keeper.errors import EpochTaken, IntentUnfinished, JournalLocked, JournalUnusable, NoLease, NonceTaken
from keeper.journal import Journal, Writer, dropped_attempts, known_nonce
from keeper.model import ZERO_HASH, AttemptKind, PolicyState, TxEvent, TxState
from tests.keeper.journal import scene

OTHER_SIGNER = "0x00000000000000000000000000000000000000D4"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(f"sqlite:///{path}") as opened:
        yield opened


@pytest.fixture
def writer(journal: Journal) -> Iterator[Writer]:
    with Writer(journal, scene.KEY, lambda: scene.START) as one:
        yield one


def acted(writer: Writer, number: int = 1) -> str:
    cycle = scene.cycle(number, writer.previous_id)
    writer.record_cycle(cycle)
    return cycle.deliberation.decision_id


def fill(writer: Writer) -> None:
    for number in range(200):
        acted(writer, number)


def test_a_second_writer_is_refused_by_name(journal: Journal, writer: Writer) -> None:
    with pytest.raises(JournalLocked, match=r"journal\.sqlite is held by pid \d+ on "):
        Writer(journal, scene.KEY, lambda: 0)


def test_a_second_keeper_of_another_name_is_refused_too(journal: Journal, writer: Writer) -> None:
    with pytest.raises(JournalLocked):
        Writer(journal, replace(scene.KEY, keeper="other"), lambda: 0)


def test_another_name_of_the_same_file_is_the_same_journal(path: Path, journal: Journal, writer: Writer) -> None:
    other = path.with_name("other.sqlite")
    other.symlink_to(path)
    with Journal.open(f"sqlite:///{other}") as second, pytest.raises(JournalLocked):
        Writer(second, scene.KEY, lambda: scene.START)


def test_an_operator_writes_beside_the_loop_in_a_stream_of_its_own(journal: Journal, writer: Writer) -> None:
    with Writer(journal, replace(scene.KEY, keeper="operator"), lambda: 9, role="operator") as operator:
        operator.record_operator_action("alice", "kill", {"reason": "drill"}, "drill", "0x" + "01" * 32)
    acted(writer)
    assert journals.verify(journal).streams == 2


def test_the_lock_of_a_killed_writer_is_free(path: Path, journal: Journal) -> None:
    code = (
        "import os, signal, sys\nfrom keeper.journal import Journal, Writer\nfrom tests.keeper.journal import scene\n"
        f"Writer(Journal.open('sqlite:///{path}'), scene.KEY, lambda: 0).record_hold('rpc', 'down')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with Writer(journal, scene.KEY, lambda: 5):
        assert journals.reason_counts(journal) == {"rpc": 1}
    assert journals.verify(journal).rows == 4


def test_a_closed_writer_writes_no_more(writer: Writer) -> None:
    writer.close()
    with pytest.raises(NoLease):
        writer.record_hold("rpc", "down")


def test_one_unfinished_intent_a_signer(writer: Writer) -> None:
    decision_id = acted(writer)
    first = scene.intent(decision_id)
    writer.record_intent(first)
    with pytest.raises(IntentUnfinished, match=first.intent_id):
        writer.record_intent(scene.intent(decision_id, epoch=8, child=1))
    writer.record_intent(scene.intent(decision_id, epoch=8, child=1, signer=OTHER_SIGNER))


@pytest.mark.parametrize("end", [TxState.FINAL_REVERT, TxState.CANCELLED, TxState.DROPPED, TxState.SUPERSEDED])
def test_an_epoch_is_free_again_where_its_intent_failed(writer: Writer, end: TxState) -> None:
    decision_id = acted(writer)
    first = scene.intent(decision_id)
    writer.record_intent(first)
    writer.record_outcome(scene.outcome(first, end))
    writer.record_intent(scene.intent(decision_id, child=1))


def test_a_successful_epoch_is_taken_for_ever_and_for_every_signer(writer: Writer) -> None:
    decision_id = acted(writer)
    first = scene.intent(decision_id)
    writer.record_intent(first)
    with pytest.raises(EpochTaken, match=r"epoch 7 .* already has the intent"):
        writer.record_intent(scene.intent(decision_id, child=1, signer=OTHER_SIGNER))
    writer.record_outcome(scene.outcome(first))
    with pytest.raises(EpochTaken):
        writer.record_intent(scene.intent(decision_id, child=1))
    writer.record_intent(scene.intent(decision_id, epoch=None, child=2))


def test_the_database_itself_holds_both_rules(path: Path, writer: Writer) -> None:
    writer.record_intent(scene.intent(acted(writer)))
    insert = (
        "INSERT INTO intent_state SELECT 'x', chain, vault_id, {}, {}, state, unfinished, holds_epoch FROM intent_state"
    )
    with closing(sqlite3.connect(path)) as raw:
        for signer, epoch in (("signer", "'8'"), ("'other'", "epoch")):
            with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
                raw.execute(insert.format(signer, epoch))


def test_never_a_second_intent_at_one_nonce(writer: Writer) -> None:
    decision_id = acted(writer)
    first, second = scene.intent(decision_id), scene.intent(decision_id, epoch=8, child=1)
    writer.record_intent(first)
    writer.record_attempt(scene.attempt(first, 4))
    writer.record_attempt(scene.attempt(first, 4, number=1))
    writer.record_outcome(scene.outcome(first))
    writer.record_intent(second)
    with pytest.raises(NonceTaken, match="nonce 4 of"):
        writer.record_attempt(scene.attempt(second, 4))
    writer.record_attempt(scene.attempt(second, 5))


def test_a_dropped_intent_gives_its_nonce_back(writer: Writer) -> None:
    decision_id = acted(writer)
    first, second = scene.intent(decision_id), scene.intent(decision_id, child=1)
    writer.record_intent(first)
    writer.record_attempt(scene.attempt(first, 4))
    writer.record_event(TxEvent(first.intent_id, TxState.DROPPED, None, None, "refused: insufficient funds"))
    writer.record_intent(second)
    writer.record_attempt(scene.attempt(second, 4))


def test_a_refused_step_leaves_no_row_and_no_gap(journal: Journal, writer: Writer) -> None:
    decision_id = acted(writer)
    writer.record_intent(scene.intent(decision_id))
    before = journals.row_count(journal)
    with pytest.raises(IntentUnfinished):
        writer.record_intent(scene.intent(decision_id, epoch=8, child=1))
    assert journals.row_count(journal) == before
    writer.record_hold("rpc", "down")
    assert journals.verify(journal).rows == before + 1


def test_a_signal_between_commit_and_return_forks_no_stream(path: Path) -> None:
    class Struck(Journal):
        """Its next transaction is durable, and its caller never gets to know."""

        armed = False

        @contextmanager
        def transaction(self) -> Iterator[Connection]:
            with super().transaction() as connection:
                yield connection
            if self.armed:
                self.armed = False
                raise KeyboardInterrupt

    with Struck.open(f"sqlite:///{path}") as struck:
        with Writer(struck, scene.KEY, lambda: scene.START) as taken:
            struck.armed = True
            with pytest.raises(KeyboardInterrupt):
                taken.record_hold("rpc", "down")
        assert journals.verify(struck).rows == 3


def test_a_decision_that_forgets_its_predecessor_is_refused(writer: Writer) -> None:
    acted(writer)
    with pytest.raises(ValueError, match="the stream ends at"):
        writer.record_cycle(scene.cycle(2, ZERO_HASH))


@pytest.mark.parametrize("verb", ["UPDATE {} SET at = '0'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_an_audit_row(path: Path, journal: Journal, writer: Writer, verb: str) -> None:
    decision_id = acted(writer)
    intent = scene.intent(decision_id)
    writer.record_intent(intent)
    writer.record_attempt(scene.attempt(intent, 0))
    writer.record_outcome(scene.outcome(intent))
    writer.record_operator_action("alice", "run", {}, "start")
    writer.open_incident("foreign-nonce", "nonce 4")
    writer.record_config({"mode": "dry"})
    with closing(sqlite3.connect(path)) as raw:
        for table in journals.table_names():
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(verb.format(table))


def test_a_full_disk_says_so_and_stops_the_step(journal: Journal, writer: Writer) -> None:
    with journal.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalUnusable, match="full"):
        fill(writer)


def test_a_journal_that_something_else_holds_says_so(
    path: Path, journal: Journal, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keeper.journal.store.BUSY_MS", 50)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, Journal.open(f"sqlite:///{path}") as impatient:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalUnusable, match="database is locked") as caught, impatient.transaction():
            pass
        other.execute("ROLLBACK")
    assert caught.value.remedy == "end whatever else has it open, a backup or a shell, and start again"
    writer.record_hold("rpc", "down")
    assert journals.verify(journal).rows == 2


def test_a_journal_of_a_newer_keeper_is_refused(path: Path, journal: Journal) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(JournalUnusable, match="newer keeper"):
        Journal.open(f"sqlite:///{path}")


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to look like a file of one kind or another" * 20)
    with pytest.raises(JournalUnusable, match="not a database"):
        Journal.open(f"sqlite:///{path}")


def test_an_absent_journal_is_not_made_by_reading_it(path: Path) -> None:
    with pytest.raises(JournalUnusable, match="no journal"):
        Journal.open(f"sqlite:///{path}", create=False)
    assert not path.exists()


def test_a_journal_is_for_its_owners_eyes_and_durable(path: Path, journal: Journal) -> None:
    assert path.stat().st_mode & 0o077 == 0
    with journal.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


def test_an_act_is_written_whole(journal: Journal, writer: Writer) -> None:
    decision_id = acted(writer)
    rows = journals.last_rows(journal, 100)
    assert [row["table"] for row in rows] == [
        *("lease", "snapshot", "price_obs", "price_obs", "policy_state", "decision", "guard_check", "cycle"),
    ]
    assert rows[5]["decision_id"] == rows[7]["decision_id"] == decision_id == writer.previous_id
    assert rows[5]["cost"] == 10**18
    assert rows[6]["limit"] == 200 * 10**9


def test_skips_alike_are_one_row_with_a_count(journal: Journal, writer: Writer) -> None:
    first = scene.cycle(1, writer.previous_id, acts=False, code="in-band")
    assert writer.record_cycle(first)
    for number in range(2, 8):
        assert not writer.record_cycle(scene.cycle(number, writer.previous_id, acts=False, code="in-band"))
    assert writer.record_cycle(scene.held(8, writer.previous_id, "gas-ceiling"))
    cycles = journals.last_rows(journal, 100, ["cycle"])
    assert [(row["reason_code"], row["count"]) for row in cycles] == [
        ("in-band", 1),
        ("in-band", 6),
        ("gas-ceiling", 1),
    ]
    assert len(journals.last_rows(journal, 100, ["decision"])) == 2
    assert journals.reason_counts(journal) == {"gas-ceiling": 1, "in-band": 7}


def test_a_long_run_of_skips_is_written_now_and_then(journal: Journal, writer: Writer) -> None:
    for _ in range(251):
        writer.record_hold("rpc-unreachable", "chain.local.rpc[0] does not answer")
    assert journals.reason_counts(journal) == {"rpc-unreachable": 201}
    writer.close()
    assert journals.reason_counts(journal) == {"rpc-unreachable": 251}


def test_an_act_ends_a_run_of_skips(journal: Journal, writer: Writer) -> None:
    for number in (1, 2):
        writer.record_cycle(scene.cycle(number, writer.previous_id, acts=False, code="in-band"))
    acted(writer, 3)
    assert writer.record_cycle(scene.cycle(4, writer.previous_id, acts=False, code="in-band"))
    assert journals.reason_counts(journal) == {"drift": 1, "in-band": 3}


def test_a_skip_is_no_repetition_of_an_act(journal: Journal, writer: Writer) -> None:
    acted(writer, 1)
    would_act = replace(scene.cycle(2, writer.previous_id), acts=False)
    assert writer.record_cycle(would_act)
    assert writer.previous_id == would_act.deliberation.decision_id


def test_the_same_snapshot_is_stored_once(journal: Journal, writer: Writer) -> None:
    acted(writer, 1)
    acted(writer, 1)
    assert len(journals.last_rows(journal, 100, ["snapshot"])) == 1
    assert len(journals.last_rows(journal, 100, ["price_obs"])) == 2


def test_recovery_finds_what_is_unfinished_with_its_bytes(journal: Journal, writer: Writer) -> None:
    intent = scene.intent(acted(writer))
    writer.record_intent(intent)
    first, second = scene.attempt(intent, 4), scene.attempt(intent, 4, number=1)
    writer.record_attempt(first)
    writer.record_event(TxEvent(intent.intent_id, TxState.UNKNOWN, first.tx_hash, None, "timed out"))
    writer.record_attempt(second)
    writer.close()
    with Writer(journal, scene.KEY, lambda: scene.START + 60) as restarted:
        (found,) = journals.unfinished_intents(journal, scene.KEY)
        assert (found.intent, found.state, found.attempts) == (intent, TxState.UNKNOWN, (first, second))
        assert second.kind is AttemptKind.REPLACEMENT
        restarted.record_outcome(scene.outcome(intent))
        assert journals.unfinished_intents(journal, scene.KEY) == ()
    assert [outcome.state for outcome, _ in journals.outcomes(journal)] == [TxState.FINAL_OK]


def test_a_restarted_writer_goes_on_from_the_last_decision(journal: Journal, writer: Writer) -> None:
    decision_id = acted(writer)
    writer.close()
    with Writer(journal, scene.KEY, lambda: scene.START + 60) as again:
        assert (again.previous_id, again.token) == (decision_id, 2)
        acted(again, 2)
    assert journals.verify(journal).last_decision_id != decision_id


def test_a_policy_remembers_only_what_succeeded(journal: Journal, writer: Writer) -> None:
    assert journals.policy_state(journal, scene.KEY) == PolicyState()
    intent = scene.intent(acted(writer))
    writer.record_intent(intent)
    assert journals.policy_state(journal, scene.KEY) == PolicyState()
    writer.record_outcome(scene.outcome(intent))
    assert journals.policy_state(journal, scene.KEY) == scene.decision().next_state


def test_a_latched_halt_survives_until_it_is_acknowledged(journal: Journal, writer: Writer) -> None:
    first = writer.open_incident("foreign-nonce", "nonce 4 was used elsewhere")
    second = writer.open_incident("foreign-nonce", "nonce 5 was used elsewhere")
    assert first != second
    writer.acknowledge_incident(first, "foreign-nonce", "it was me")
    (left,) = journals.open_incidents(journal, scene.KEY)
    assert (left.incident_id, left.reason) == (second, "nonce 5 was used elsewhere")


def test_settings_are_written_when_they_change(journal: Journal, writer: Writer) -> None:
    for mode in ("dry", "dry", "live"):
        writer.record_config({"mode": mode})
    assert len(journals.last_rows(journal, 100, ["config_version"])) == 2


def test_a_dropped_attempt_answers_only_for_what_came_before_it(journal: Journal, writer: Writer) -> None:
    """A node that refuses our bytes may hold somebody else's of the same nonce: those are not ours."""
    one = scene.intent(acted(writer))
    writer.record_intent(one)
    assert known_nonce(journal, scene.KEY, scene.SIGNER) is None
    writer.record_attempt(scene.attempt(one, 5))
    assert known_nonce(journal, scene.KEY, scene.SIGNER) == 6
    assert dropped_attempts(journal, scene.KEY, scene.SIGNER) == ()
    writer.record_outcome(scene.outcome(one, TxState.DROPPED))
    assert known_nonce(journal, scene.KEY, scene.SIGNER) == 5
    assert dropped_attempts(journal, scene.KEY, scene.SIGNER) == ((5, scene.attempt(one, 5).tx_hash),)
    other = scene.intent(acted(writer, 2))
    writer.record_intent(other)
    writer.record_attempt(scene.attempt(other, 6))
    writer.record_outcome(scene.outcome(other))
    assert known_nonce(journal, scene.KEY, scene.SIGNER) == 7
