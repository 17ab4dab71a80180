"""How an intent and its transactions become rows, and the rules that hold among them.

One unfinished intent a signer; one live or successful epoch-bearing intent an epoch of a vault; one intent a nonce.
"""

from __future__ import annotations

from sqlalchemy import select

from keeper.errors import EpochTaken, IntentUnfinished, NonceTaken
from keeper.journal import schema
from keeper.journal.stream import Appender, StreamKey
from keeper.model import Intent, Outcome, TxAttempt, TxEvent, TxState

EPOCH_FREE = frozenset({TxState.FINAL_REVERT, TxState.CANCELLED, TxState.DROPPED, TxState.SUPERSEDED})
"""Where an intent ended without raising the vault's epoch: another may try for it."""


def write_intent(rows: Appender, key: StreamKey, intent: Intent) -> None:
    """A new intent, READY. Raises IntentUnfinished, EpochTaken."""
    state = schema.intent_state
    same_signer = (state.c.chain == key.chain) & (state.c.signer == intent.signer) & (state.c.unfinished == 1)
    other = rows.connection.execute(select(state.c.intent_id).where(same_signer)).scalar()
    if other is not None:
        raise IntentUnfinished(intent.signer, other)
    same_epoch = (state.c.chain == key.chain) & (state.c.vault_id == key.vault_id) & (state.c.epoch == intent.epoch)
    other = rows.connection.execute(select(state.c.intent_id).where(same_epoch & (state.c.holds_epoch == 1))).scalar()
    if intent.epoch is not None and other is not None:
        raise EpochTaken(key.vault_id, intent.epoch, other)
    rows.append(
        schema.intent,
        intent_id=intent.intent_id,
        decision_id=intent.decision_id,
        child=intent.child,
        action=intent.action.value,
        vault=intent.vault,
        signer=intent.signer,
        to=intent.to,
        data=intent.data,
        gas_limit=intent.gas_limit,
        max_fee_ceiling=intent.max_fee_ceiling,
        epoch=intent.epoch,
        deadline=intent.deadline,
    )
    rows.connection.execute(
        state.insert().values(
            intent_id=intent.intent_id,
            chain=key.chain,
            vault_id=key.vault_id,
            signer=intent.signer,
            epoch=intent.epoch,
            state=TxState.READY.value,
            unfinished=1,
            holds_epoch=0 if intent.epoch is None else 1,
        )
    )


def write_attempt(rows: Appender, key: StreamKey, attempt: TxAttempt) -> None:
    """Signed bytes, before any send, and with the first the step to SIGNED. Raises NonceTaken."""
    signer = rows.connection.execute(
        select(schema.intent_state.c.signer).where(schema.intent_state.c.intent_id == attempt.intent_id)
    ).scalar_one()
    attempts, state = schema.tx_attempt, schema.intent_state
    taken = rows.connection.execute(
        select(attempts.c.intent_id)
        .join(state, state.c.intent_id == attempts.c.intent_id)
        .where(state.c.chain == key.chain, state.c.signer == signer, state.c.state != TxState.DROPPED.value)
        .where(attempts.c.nonce == attempt.nonce, attempts.c.intent_id != attempt.intent_id)
    ).scalar()
    if taken is not None:
        raise NonceTaken(signer, attempt.nonce, taken)
    rows.append(
        attempts,
        intent_id=attempt.intent_id,
        number=attempt.number,
        kind=attempt.kind.value,
        nonce=attempt.nonce,
        tx_hash=attempt.tx_hash,
        raw=attempt.raw,
        gas_limit=attempt.gas_limit,
        max_fee=attempt.max_fee,
        priority_fee=attempt.priority_fee,
    )
    if attempt.number == 0:
        write_event(rows, TxEvent(attempt.intent_id, TxState.SIGNED, attempt.tx_hash, None, "signed and stored"))


def write_event(rows: Appender, event: TxEvent) -> None:
    """One step of an intent, and where it stands now."""
    rows.append(
        schema.tx_event,
        intent_id=event.intent_id,
        state=event.state.value,
        tx_hash=event.tx_hash,
        block_number=event.block.number if event.block else None,
        block_hash=event.block.hash if event.block else None,
        reason=event.reason,
    )
    state = schema.intent_state
    changes: dict[str, str | int] = {"state": event.state.value, "unfinished": 0 if event.state.finished else 1}
    if event.state in EPOCH_FREE:
        changes["holds_epoch"] = 0
    rows.connection.execute(state.update().where(state.c.intent_id == event.intent_id).values(changes))


def write_outcome(rows: Appender, outcome: Outcome) -> None:
    """How an intent ended: the last step and the figures."""
    write_event(rows, TxEvent(outcome.intent_id, outcome.state, outcome.tx_hash, outcome.block, outcome.reason))
    report = outcome.report
    rows.append(
        schema.outcome,
        intent_id=outcome.intent_id,
        state=outcome.state.value,
        tx_hash=outcome.tx_hash,
        block_number=outcome.block.number if outcome.block else None,
        gas_used=outcome.gas_used,
        fee_paid=outcome.fee_paid,
        nav_before=report.nav_before if report else None,
        nav_after=report.nav_after if report else None,
        drift_before=report.drift_before if report else None,
        drift_after=report.drift_after if report else None,
        turnover=report.turnover if report else None,
        loss=report.loss if report else None,
        slippage_oracle=outcome.slippage_oracle,
        slippage_simulated=outcome.slippage_simulated,
        revert=outcome.revert.name if outcome.revert else None,
        reason=outcome.reason,
        outcome_hash=rows.keep(outcome),
    )
