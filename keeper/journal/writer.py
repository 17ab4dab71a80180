"""Writing the journal: everything of one step in one durable transaction, chained to what was written before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Self

from sqlalchemy import func, select

from keeper import ENGINE_VERSION
from keeper.errors import NoLease
from keeper.ids import Plain, canonical, digest
from keeper.journal import schema
from keeper.journal.cycle import Cycle
from keeper.journal.lock import FileLock, Role
from keeper.journal.reading import last_decision_id
from keeper.journal.rows import write_cycle
from keeper.journal.store import Journal
from keeper.journal.stream import Appender, Head, StreamKey, head_of
from keeper.journal.transactions import write_attempt, write_event, write_intent, write_outcome
from keeper.model import Hash32, Intent, Outcome, TxAttempt, TxEvent, TxState

MOST_UNWRITTEN = 100
"""So many skips alike become a row even if they go on: a crash forgets fewer than this, and never an act."""

NOTHING_SEEN = "NONE"
"""What stands for action and verdict in a cycle that could not even observe."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Skips alike since the one that was written in full: `count` of them are not written yet."""

    action: str
    verdict: str
    reason_code: str
    reason: str
    count: int = 0
    first_at: int = 0
    last_at: int = 0
    block_number: int | None = None


class Writer:
    """The one writer of a stream, from construction to `close`. `clock` gives Unix seconds, the chain's or the wall's.

    Raises JournalLocked where another process writes, JournalUnusable where the database will not.
    """

    def __init__(self, journal: Journal, key: StreamKey, clock: Callable[[], int], *, role: Role = "keeper") -> None:
        self.key = key
        self._journal = journal
        self._clock = clock
        self._run: _Run | None = None
        self._lock: FileLock | None = FileLock(journal.path, role)
        with ExitStack() as undo:
            undo.callback(self._lock.release)
            with journal.transaction() as connection:
                self._head: Head | None = head_of(connection, key.journal_id)
                self.previous_id: Hash32 = last_decision_id(connection, key.journal_id)
                taken = select(func.count()).where(schema.lease.c.step == "acquired")
                self.token: int = connection.execute(taken).scalar_one() + 1
            self._write_lease("acquired")
            undo.pop_all()

    def record_config(self, public: dict[str, Plain]) -> Hash32:
        """The settings in force, secrets not among them; returns their digest. Written when they changed."""
        key = digest(public)
        table = schema.config_version
        with self._appending() as rows:
            last = select(table.c.config_digest).where(rows.of_stream(table)).order_by(table.c.seq.desc()).limit(1)
            if rows.connection.execute(last).scalar() != key:
                rows.keep(public)
                rows.append(table, config_digest=key, engine_version=ENGINE_VERSION)
        return key

    def record_cycle(self, cycle: Cycle) -> bool:
        """A tick. True: written in full, and its decision id is the stream's last. False: one more skip like the last.

        ValueError where the decision was not made on top of the stream's last one.
        """
        deliberation = cycle.deliberation
        if deliberation.previous != self.previous_id:
            raise ValueError(f"decided after {deliberation.previous}, the stream ends at {self.previous_id}")
        block = deliberation.snapshot.block
        run = _Run(cycle.action.value, cycle.verdict, cycle.reason_code, cycle.reason)
        if not cycle.acts and self._repeats(run):
            self._count(run, block.number)
            return False
        self.flush()
        with self._appending() as rows:
            write_cycle(rows, cycle)
        self.previous_id = deliberation.decision_id
        self._run = None if cycle.acts else run
        return True

    def record_hold(self, reason_code: str, reason: str) -> None:
        """A tick that could not even observe; the first of several alike is written at once."""
        run = _Run(NOTHING_SEEN, "HOLD", reason_code, reason)
        if self._repeats(run):
            self._count(run, None)
            return
        self.flush()
        now = self._clock()
        self._write_run(replace(run, count=1, first_at=now, last_at=now))
        self._run = run

    def record_intent(self, intent: Intent) -> None:
        """What is about to be signed. Raises IntentUnfinished, EpochTaken."""
        with self._appending() as rows:
            write_intent(rows, self.key, intent)

    def record_attempt(self, attempt: TxAttempt) -> None:
        """Signed bytes: durable when this returns, so call it before any send. Raises NonceTaken."""
        with self._appending() as rows:
            write_attempt(rows, self.key, attempt)

    def record_event(self, event: TxEvent) -> None:
        """One step of an intent."""
        with self._appending() as rows:
            write_event(rows, event)

    def record_outcome(self, outcome: Outcome) -> None:
        """How an intent ended; its last step is written with it."""
        with self._appending() as rows:
            write_outcome(rows, outcome)

    def state_of(self, intent_id: Hash32) -> TxState:
        """Where an intent stands. Raises JournalUnusable where there is none of that id."""
        table = schema.intent_state
        with self._journal.reading() as connection:
            found = connection.execute(select(table.c.state).where(table.c.intent_id == intent_id)).scalar_one()
        return TxState(found)

    def record_operator_action(
        self, actor: str, command: str, arguments: dict[str, Plain], reason: str, tx_hash: Hash32 | None = None
    ) -> None:
        """What a person had done; `arguments` hold no secrets."""
        text = canonical(arguments).decode()
        with self._appending() as rows:
            rows.append(
                schema.operator_action, actor=actor, command=command, arguments=text, tx_hash=tx_hash, reason=reason
            )

    def open_incident(self, code: str, reason: str) -> Hash32:
        """Latch a HALT; returns the id to acknowledge it by."""
        with self._appending() as rows:
            incident_id = digest({"journal_id": self.key.journal_id, "seq": rows.head.seq + 1, "code": code})
            rows.append(schema.incident, incident_id=incident_id, step="opened", code=code, reason=reason)
        return incident_id

    def acknowledge_incident(self, incident_id: Hash32, code: str, reason: str) -> None:
        """Lift one latched HALT, with the person's reason."""
        with self._appending() as rows:
            rows.append(schema.incident, incident_id=incident_id, step="acknowledged", code=code, reason=reason)

    def flush(self) -> None:
        """Write the skips that were only counted so far."""
        run = self._run
        if run is not None and run.count:
            self._write_run(run)
            self._run = replace(run, count=0)

    def close(self) -> None:
        """Write what is only counted, say that the lease ends, and let the next writer in. Twice is as good as once."""
        if self._lock is None:
            return
        try:
            self.flush()
            self._write_lease("released")
        finally:
            lock, self._lock = self._lock, None
            lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _repeats(self, run: _Run) -> bool:
        last = self._run
        return last is not None and (last.action, last.verdict, last.reason_code) == (
            run.action,
            run.verdict,
            run.reason_code,
        )

    def _count(self, run: _Run, block_number: int | None) -> None:
        last, now = self._run or run, self._clock()
        first = last.first_at if last.count else now
        self._run = replace(run, count=last.count + 1, first_at=first, last_at=now, block_number=block_number)
        if self._run.count >= MOST_UNWRITTEN:
            self.flush()

    def _write_run(self, run: _Run) -> None:
        with self._appending() as rows:
            rows.append(
                schema.cycle,
                at=run.last_at,
                action=run.action,
                verdict=run.verdict,
                reason_code=run.reason_code,
                reason=run.reason,
                count=run.count,
                first_at=run.first_at,
                block_number=run.block_number,
                snapshot_hash=None,
                decision_id=None,
            )

    def _write_lease(self, step: str) -> None:
        if self._lock is None:
            raise NoLease(str(self._journal.path))
        with self._appending() as rows:
            rows.append(schema.lease, token=self.token, step=step, holder=self._lock.holder)

    @contextmanager
    def _appending(self) -> Iterator[Appender]:
        if self._lock is None:
            raise NoLease(str(self._journal.path))
        with self._journal.transaction() as connection:
            # None: what was written last may or may not be there, as where a signal came between commit and return
            rows = Appender(connection, self.key, self._head or head_of(connection, self.key.journal_id), self._clock())
            self._head = None
            yield rows
        self._head = rows.head
