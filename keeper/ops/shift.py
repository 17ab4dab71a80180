"""A shift at a post: the lease is held, what was unfinished is followed first, a latched HALT stops everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from structlog.typing import FilteringBoundLogger

from keeper.chain.lens import Observation
from keeper.errors import HaltError, HoldError
from keeper.execute.recover import recover
from keeper.journal import Journal, Writer, open_incidents, policy_state, unfinished_intents
from keeper.model import GuardVerdict, Outcome, PolicyState, Snapshot, TxState
from keeper.ops import keys
from keeper.ops.breaker import Breaker
from keeper.ops.claims import look
from keeper.ops.cycle import SETTLE_SECONDS, Tick, tick
from keeper.ops.keys import KeyWatch
from keeper.ops.log import settled, told
from keeper.ops.post import Post, entitled
from keeper.ops.stop import Stop

MOST_FAILURES = 3
"""Transactions in a row that failed on chain, or that no node took, before a person must look."""


@dataclass(slots=True)
class LastSeen:
    """The last snapshot of a shift; None before its first."""

    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A post that is manned: its journal open for writing, and the log."""

    post: Post
    journal: Journal
    writer: Writer
    log: FilteringBoundLogger
    stop: Stop = field(default_factory=Stop)
    """Set when the process is to end: nothing new begins, and nothing is waited for."""
    last: LastSeen = field(default_factory=LastSeen)
    """What the tick before saw: what can be asked beside the next look is known from it."""
    key: KeyWatch = field(default_factory=KeyWatch)
    failures: Breaker = field(default_factory=lambda: Breaker(MOST_FAILURES))
    """Transactions that failed in a row, whichever tick saw their end."""


@contextmanager
def begin(post: Post, log: FilteringBoundLogger) -> Iterator[Shift]:
    """Take the lease, refuse while a HALT is latched, follow what is unfinished; give the lease back at the end.

    Raises JournalError, HaltError, ChainError, SignerNotEntitled.
    """
    post.clock.saw(post.head())
    with Journal.open(post.settings.journal) as journal, Writer(journal, post.stream(), post.clock.now) as writer:
        writer.record_config(post.settings.public_dump())
        refuse_latched(journal, post)
        shift = Shift(post, journal, writer, log)
        if post.signer is not None:
            for outcome in finish(shift):  # before the mandate is looked at: what was sent under it is followed
                settled(log, outcome)
            seen = post.observe()
            keys.first_look(post, writer, journal, seen, shift.key)
            refuse_lost_key(shift, seen)
            entitled(post, seen, "keeper")
        yield shift


def refuse_latched(journal: Journal, post: Post) -> None:
    """HaltError where a HALT stands that no person has acknowledged."""
    for incident in open_incidents(journal, post.stream()):
        raise HaltError(
            f"halted: {incident.code}: {incident.reason}",
            remedy=keys.remedy(post, incident.code, incident.incident_id),
        )


def finish(shift: Shift) -> tuple[Outcome, ...]:
    """Bring every unfinished intent nearer to its end.

    HaltError where one was overtaken by a stranger's, or was one failure in a row too many.
    """
    post = shift.post
    ends = recover(
        post.rpc, shift.journal, shift.writer, post.manifest, timeout=SETTLE_SECONDS, stopping=shift.stop.is_set
    )
    for end in ends:
        weigh(shift, end)
    return ends


def weigh(shift: Shift, outcome: Outcome) -> None:
    """Latch and raise a HaltError where this end, or so many failures in a row, want a person."""
    refuse_superseded(shift, outcome)
    if outcome.state is TxState.DROPPED:
        shift.key.answered = None  # its nonce is anybody's again
    if outcome.state is TxState.FINAL_OK:
        shift.failures.succeeded()
    elif outcome.state.finished and outcome.tx_hash is not None:  # what was never signed failed nowhere
        failed(shift, outcome.reason)


def failed(shift: Shift, reason: str) -> None:
    """One more transaction that came to nothing. HaltError where it is one too many."""
    shift.failures.failed(reason)
    if shift.failures.open:
        text = f"{shift.failures.failures} transactions in a row, the last: {shift.failures.last}"
        raise latched(shift, "transactions-fail", text)


def refuse_superseded(shift: Shift, outcome: Outcome) -> None:
    """Latch and raise a HaltError where somebody else used our key's nonce."""
    if outcome.state is TxState.SUPERSEDED:
        raise latched(shift, keys.USED_ELSEWHERE, outcome.reason)


def refuse_lost_key(shift: Shift, seen: Observation) -> None:
    """Latch and raise a HaltError where the signer's key did something that is not ours, or was revoked."""
    before = shift.last.snapshot
    elsewhere = keys.used_elsewhere(shift.post, shift.journal, shift.writer, seen, shift.key, before)
    if elsewhere:
        raise latched(shift, keys.USED_ELSEWHERE, elsewhere)
    gone = keys.revoked(shift.post, seen, before)
    if gone:
        raise latched(shift, keys.REVOKED, gone)


def latched(shift: Shift, code: str, reason: str) -> HaltError:
    """A HALT written into the journal, as the error to raise."""
    incident_id = shift.writer.open_incident(code, reason)
    return HaltError(f"{code}: {reason}", remedy=keys.remedy(shift.post, code, incident_id))


def turn(shift: Shift, state: PolicyState | None = None) -> Tick | None:
    """One tick; None while an earlier transaction is under way. `state`: the policy's memory, the journal's if None.

    Raises HoldError, HaltError, ChainError, JournalError.
    """
    post = shift.post
    if unfinished_intents(shift.journal, post.stream()):
        if post.signer is None:
            raise HoldError("an intent is unfinished, and dry sends nothing", remedy="run it with --mode live")
        for outcome in finish(shift):
            settled(shift.log, outcome)
            if not outcome.state.finished:
                return None
    memory = policy_state(shift.journal, post.stream()) if state is None else state
    seen = look(post, memory, shift.last.snapshot)
    refuse_lost_key(shift, seen)
    shift.last.snapshot = seen.snapshot
    done = tick(post, shift.writer, memory, seen, shift.stop.is_set)
    told(shift.log, done)
    if done.outcome is not None:
        weigh(shift, done.outcome)
    guard = done.considered.guard
    if guard is not None and guard.verdict is GuardVerdict.HALT:
        bad = next(check for check in guard.checks if check.verdict is GuardVerdict.HALT)
        raise latched(shift, bad.name, bad.reason)
    return done
