"""Verifying a journal. Level 1: its hash chains are intact. Level 2: it ends where the chain says it does.

Both compare what is there with what was hashed; level 2 also shows a tail that was removed, which no hash chain can.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from keeper.errors import JournalBroken
from keeper.ids import digest_bytes
from keeper.journal import schema
from keeper.journal.store import Journal
from keeper.journal.stream import Head, row_hash
from keeper.journal.transactions import EPOCH_FREE
from keeper.model import ZERO_HASH, ActionKind, Hash32, TxState

_REFERENCES = (
    schema.config_version.c.config_digest,
    schema.snapshot.c.snapshot_hash,
    schema.policy_state.c.state_hash,
    schema.decision.c.history_hash,
    schema.decision.c.proposal_hash,
    schema.decision.c.config_hash,
    schema.decision.c.decision_hash,
    schema.outcome.c.outcome_hash,
)
"""Columns that name a body by its hash."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found good: how many streams and rows, and to which level."""

    level: int
    streams: int
    rows: int
    bodies: int
    last_decision_id: Hash32


def verify(journal: Journal, anchored: Sequence[Hash32] | None = None) -> Verified:
    """Hold a journal against itself, and where `anchored` is given against the chain; raises JournalBroken.

    `anchored`: every decision id that the vault's events carry for this journal's keepers, in the order of the chain.
    """
    path = str(journal.path)
    with journal.reading() as connection:
        bodies = _check_bodies(connection, path)
        rows = 0
        streams = _streams(connection)
        for journal_id in streams:
            rows += _check_stream(connection, path, journal_id)
        _check_references(connection, path)
        _check_projection(connection, path)
        if anchored is not None:
            _check_anchors(connection, path, anchored)
        newest = select(schema.decision.c.decision_id).order_by(
            schema.decision.c.at.desc(), schema.decision.c.seq.desc()
        )
        last = connection.execute(newest.limit(1)).scalar() or ZERO_HASH
    return Verified(1 if anchored is None else 2, len(streams), rows, bodies, last)


def _streams(connection: Connection) -> list[Hash32]:
    queries = [select(table.c.journal_id).distinct() for table in schema.AUDIT]
    return sorted({journal_id for query in queries for journal_id in connection.execute(query).scalars()})


def _check_stream(connection: Connection, path: str, journal_id: Hash32) -> int:
    last = Head()
    for _, table, row in heapq.merge(*(_rows_of(connection, table, journal_id) for table in schema.AUDIT), key=_seq):
        seq: int = row["seq"]
        if seq != last.seq + 1:
            raise JournalBroken(path, f"{table.name} follows row {last.seq}: a row is missing or doubled", seq)
        if row["prev_hash"] != last.row_hash:
            raise JournalBroken(path, f"{table.name} is not chained to row {last.seq}", seq)
        if row["row_hash"] != row_hash(table, row):
            raise JournalBroken(path, f"{table.name} was changed after it was written", seq)
        last = Head(seq, row["row_hash"])
    return last.seq


def _rows_of(connection: Connection, table: Table, journal_id: Hash32) -> Iterator[tuple[int, Table, dict[str, Any]]]:
    query = select(table).where(table.c.journal_id == journal_id).order_by(table.c.seq)
    for row in connection.execute(query).mappings():
        yield row["seq"], table, dict(row)


def _seq(item: tuple[int, Table, dict[str, Any]]) -> int:
    return item[0]


def _check_bodies(connection: Connection, path: str) -> int:
    count = 0
    for row in connection.execute(select(schema.blob).where(schema.blob.c.body.is_not(None))):
        if digest_bytes(row.body.encode()) != row.hash:
            raise JournalBroken(path, f"the body of {row.hash} was changed after it was written")
        count += 1
    return count


def _check_references(connection: Connection, path: str) -> None:
    """A body may expire, its hash stays."""
    kept = set(connection.execute(select(schema.blob.c.hash)).scalars())
    for column in _REFERENCES:
        for found in connection.execute(select(column).where(column.is_not(None)).distinct()).scalars():
            if found not in kept:
                raise JournalBroken(path, f"{column.table.name} rests on the body {found}, and its very hash is gone")


def _check_projection(connection: Connection, path: str) -> None:
    stored = {row["intent_id"]: dict(row) for row in connection.execute(select(schema.intent_state)).mappings()}
    told = _projection(connection)
    for intent_id in sorted(stored.keys() | told.keys()):
        has, wanted = stored.get(intent_id, {}), told.get(intent_id, {})
        if has.get("state") != wanted.get("state"):
            reason = f"intent {intent_id} stands at {has.get('state')}, its events say {wanted.get('state')}"
            raise JournalBroken(path, reason)
        for name, value in wanted.items():
            if has[name] != value:
                raise JournalBroken(path, f"{name} of intent {intent_id} is {has[name]}, its rows say {value}")


def _projection(connection: Connection) -> dict[Hash32, dict[str, Any]]:
    """What `intent_state` must hold, by the audit rows alone."""
    told: dict[Hash32, dict[str, Any]] = {}
    for row in connection.execute(select(schema.intent)):
        told[row.intent_id] = {
            "chain": f"{row.chain_id}@{row.vault_id.rpartition('@')[2]}",
            "vault_id": row.vault_id,
            "signer": row.signer,
            "epoch": row.epoch,
            "state": TxState.READY.value,
            "unfinished": 1,
            "holds_epoch": 0 if row.epoch is None else 1,
        }
    events = select(schema.tx_event.c.intent_id, schema.tx_event.c.state).order_by(schema.tx_event.c.seq)
    for row in connection.execute(events):
        stands, state = told.setdefault(row.intent_id, {}), TxState(row.state)
        stands |= {"state": state.value, "unfinished": 0 if state.finished else 1}
        if state in EPOCH_FREE:
            stands["holds_epoch"] = 0
    return told


def _check_anchors(connection: Connection, path: str, anchored: Sequence[Hash32]) -> None:
    known = set(connection.execute(select(schema.decision.c.decision_id)).scalars())
    for decision_id in anchored:
        if decision_id not in known:
            raise JournalBroken(path, f"the chain carries decision {decision_id}, which is not here: a tail is gone")
    done = (
        select(schema.intent.c.decision_id)
        .join(schema.outcome, schema.outcome.c.intent_id == schema.intent.c.intent_id)
        .where(schema.outcome.c.state == TxState.FINAL_OK.value)
        .where(schema.intent.c.action != ActionKind.FLATTEN.value)  # its event carries no id: the halt's before it does
    )
    on_chain = set(anchored)
    for decision_id in connection.execute(done).scalars():
        if decision_id not in on_chain:
            raise JournalBroken(path, f"decision {decision_id} ended well here, the chain does not carry it")
