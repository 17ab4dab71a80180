"""Reading the journal: what recovery, the loop and a person want to know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from keeper.ids import revive
from keeper.journal import schema
from keeper.journal.store import Journal
from keeper.journal.stream import StreamKey
from keeper.model import (
    ZERO_HASH,
    ActionKind,
    Address,
    AttemptKind,
    Decision,
    Hash32,
    Intent,
    Outcome,
    PolicyState,
    TxAttempt,
    TxState,
)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An intent whose end is not known, with every signed attempt, oldest first."""

    intent: Intent
    state: TxState
    attempts: tuple[TxAttempt, ...]


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """A HALT that no person has acknowledged."""

    incident_id: Hash32
    code: str
    reason: str
    at: int


def last_decision_id(connection: Connection, journal_id: Hash32) -> Hash32:
    """The decision id before the next; zeroes before the first."""
    table = schema.decision
    query = select(table.c.decision_id).where(table.c.journal_id == journal_id).order_by(table.c.seq.desc()).limit(1)
    return connection.execute(query).scalar() or ZERO_HASH


def unfinished_intents(journal: Journal, key: StreamKey) -> tuple[Unfinished, ...]:
    """What recovery must bring to an end before anything else, oldest first."""
    table, state = schema.intent, schema.intent_state
    query = (
        select(table, state.c.state)
        .join(state, state.c.intent_id == table.c.intent_id)
        .where(table.c.journal_id == key.journal_id, state.c.unfinished == 1)
        .order_by(table.c.seq)
    )
    with journal.reading() as connection:
        return tuple(
            Unfinished(_intent(row), TxState(row.state), _attempts(connection, row.intent_id))
            for row in connection.execute(query)
        )


def known_nonce(journal: Journal, key: StreamKey, signer: Address) -> int | None:
    """How many transactions of `signer` on the stream's chain this journal answers for: the nonce after the last it
    signed, or what a person or a first start said; None where it has never heard of the account.

    What was DROPPED answers for the nonces before it alone: its own may have become somebody else's.
    """
    action = schema.operator_action
    told = select(action.c.arguments).where(
        action.c.journal_id == key.journal_id, action.c.command.in_(("begin", "resume")), action.c.actor == "keeper"
    )
    with journal.reading() as connection:
        signed = connection.execute(_signed_by(key, signer)).all()
        found = [row.nonce if row.state == TxState.DROPPED else row.nonce + 1 for row in signed]
        for text in connection.execute(told).scalars():
            arguments = json.loads(text)
            if arguments.get("account") == signer:
                found.append(int(arguments["nonce"]))
    return max(found, default=None)


def dropped_attempts(journal: Journal, key: StreamKey, signer: Address) -> tuple[tuple[int, Hash32], ...]:
    """Nonce and hash of all that `signer` signed and that was DROPPED: a node may have kept it, a block taken it."""
    with journal.reading() as connection:
        signed = connection.execute(_signed_by(key, signer)).all()
    return tuple((row.nonce, row.tx_hash) for row in signed if row.state == TxState.DROPPED)


def _signed_by(key: StreamKey, signer: Address) -> Select[tuple[int, str, str]]:
    attempt, state = schema.tx_attempt, schema.intent_state
    return (
        select(attempt.c.nonce, attempt.c.tx_hash, state.c.state)
        .join(state, state.c.intent_id == attempt.c.intent_id)
        .where(state.c.chain == key.chain, state.c.signer == signer)
        .order_by(attempt.c.seq)
    )


def policy_state(journal: Journal, key: StreamKey) -> PolicyState:
    """The policy's memory after the last decision of the stream; a fresh one before the first.

    A decision's own successor state counts only once its intent has succeeded or where it needed none.
    """
    decision, intent, state = schema.decision, schema.intent, schema.intent_state
    query = (
        select(decision.c.action, decision.c.state_hash, decision.c.decision_hash, state.c.state)
        .outerjoin(intent, intent.c.decision_id == decision.c.decision_id)
        .outerjoin(state, state.c.intent_id == intent.c.intent_id)
        .where(decision.c.journal_id == key.journal_id)
        .order_by(decision.c.seq.desc())
        .limit(1)
    )
    with journal.reading() as connection:
        last = connection.execute(query).first()
        if last is None:
            return PolicyState()
        if last.action == ActionKind.NOOP or last.state == TxState.FINAL_OK:
            return revive(Decision, _body(connection, last.decision_hash)).next_state
        return revive(PolicyState, _body(connection, last.state_hash))


def open_incidents(journal: Journal, key: StreamKey) -> tuple[OpenIncident, ...]:
    """Every latched HALT of the stream, oldest first."""
    table = schema.incident
    query = select(table).where(table.c.journal_id == key.journal_id).order_by(table.c.seq)
    found: dict[str, OpenIncident] = {}
    with journal.reading() as connection:
        for row in connection.execute(query):
            if row.step == "opened":
                found[row.incident_id] = OpenIncident(row.incident_id, row.code, row.reason, row.at)
            else:
                found.pop(row.incident_id, None)
    return tuple(found.values())


def reason_counts(journal: Journal) -> dict[str, int]:
    """How often each reason ended a cycle, skips alike included."""
    counts: dict[str, int] = {}
    with journal.reading() as connection:
        for row in connection.execute(select(schema.cycle.c.reason_code, schema.cycle.c["count"])):
            counts[row.reason_code] = counts.get(row.reason_code, 0) + row[1]
    return dict(sorted(counts.items()))


def outcomes(journal: Journal) -> tuple[tuple[Outcome, int], ...]:
    """Every ended intent whose body is still kept, with the time it was written, oldest first."""
    table = schema.outcome
    with journal.reading() as connection:
        rows = connection.execute(select(table.c.outcome_hash, table.c.at).order_by(table.c.at, table.c.seq)).all()
        return tuple((revive(Outcome, _body(connection, row.outcome_hash)), row.at) for row in rows)


def table_names() -> tuple[str, ...]:
    """The audit tables of this release."""
    return tuple(table.name for table in schema.AUDIT)


def row_count(journal: Journal) -> int:
    """How many audit rows there are, over all streams."""
    with journal.reading() as connection:
        return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in schema.AUDIT)


def last_rows(journal: Journal, limit: int, tables: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The last `limit` rows of all streams, oldest first, each with its table; all tables where none is named."""
    found: list[dict[str, Any]] = []
    with journal.reading() as connection:
        for table in schema.AUDIT:
            if tables and table.name not in tables:
                continue
            query = select(table).order_by(table.c.at.desc(), table.c.seq.desc()).limit(limit)
            newest = connection.execute(query).mappings()
            found.extend({"table": table.name, **row} for row in newest)
    return sorted(found, key=lambda row: (row["at"], row["journal_id"], row["seq"]))[-limit:]


def _intent(row: Row[Any]) -> Intent:
    return Intent(
        intent_id=row.intent_id,
        decision_id=row.decision_id,
        child=row.child,
        action=ActionKind(row.action),
        chain_id=row.chain_id,
        vault=row.vault,
        signer=row.signer,
        to=row.to,
        data=row.data,
        gas_limit=row.gas_limit,
        max_fee_ceiling=row.max_fee_ceiling,
        epoch=row.epoch,
        deadline=row.deadline,
    )


def _attempts(connection: Connection, intent_id: Hash32) -> tuple[TxAttempt, ...]:
    table = schema.tx_attempt
    query = select(table).where(table.c.intent_id == intent_id).order_by(table.c.seq)
    return tuple(
        TxAttempt(
            intent_id=row.intent_id,
            number=row.number,
            kind=AttemptKind(row.kind),
            nonce=row.nonce,
            tx_hash=row.tx_hash,
            raw=row.raw,
            gas_limit=row.gas_limit,
            max_fee=row.max_fee,
            priority_fee=row.priority_fee,
        )
        for row in connection.execute(query)
    )


def _body(connection: Connection, key: Hash32) -> Any:
    return json.loads(connection.execute(select(schema.blob.c.body).where(schema.blob.c.hash == key)).scalar_one())
