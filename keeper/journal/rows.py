"""How a cycle becomes rows: its snapshot with every price, its policy state, its decision and every check."""

from __future__ import annotations

from sqlalchemy import select

from keeper.journal import schema
from keeper.journal.cycle import Cycle, Deliberation
from keeper.journal.stream import Appender
from keeper.model import Hash32, PolicyState, Snapshot


def write_cycle(rows: Appender, cycle: Cycle) -> None:
    """A cycle with all that led to it."""
    deliberation = cycle.deliberation
    body, decision_id = deliberation.ids()
    snapshot_hash = write_snapshot(rows, deliberation.snapshot)
    write_decision(rows, deliberation, snapshot_hash, body, decision_id)
    for check in cycle.guard.checks if cycle.guard else ():
        rows.append(
            schema.guard_check,
            decision_id=decision_id,
            name=check.name,
            verdict=check.verdict.value,
            value=check.value,
            limit=check.limit,
            unit=check.unit,
            reason=check.reason,
        )
    rows.append(
        schema.cycle,
        action=cycle.action.value,
        verdict=cycle.verdict,
        reason_code=cycle.reason_code,
        reason=cycle.reason,
        count=1,
        first_at=deliberation.snapshot.block.timestamp,
        block_number=deliberation.snapshot.block.number,
        snapshot_hash=snapshot_hash,
        decision_id=decision_id,
    )


def write_snapshot(rows: Appender, snapshot: Snapshot) -> Hash32:
    """A snapshot, unless this very one is there already; returns its hash."""
    key = rows.keep(snapshot)
    table = schema.snapshot
    if rows.has(table, table.c.snapshot_hash == key):
        return key
    rows.append(
        table,
        snapshot_hash=key,
        block_number=snapshot.block.number,
        block_hash=snapshot.block.hash,
        block_at=snapshot.block.timestamp,
        epoch=snapshot.vault.epoch,
        config_version=snapshot.vault.config_version,
        nav=snapshot.vault.nav,
        drift=snapshot.vault.drift,
    )
    for seen in (*snapshot.observations, *snapshot.tickers):
        rows.append(
            schema.price_obs,
            snapshot_hash=key,
            asset=seen.asset,
            source=seen.source,
            kind=seen.kind.value,
            price=seen.price,
            updated_at=seen.updated_at,
            age=seen.age,
            verdict=seen.verdict.value,
            reason=seen.reason,
        )
    return key


def write_policy_state(rows: Appender, state: PolicyState) -> Hash32:
    """A policy's memory, unless it is the one last written; returns its hash."""
    key = rows.keep(state)
    table = schema.policy_state
    last = rows.connection.execute(
        select(table.c.state_hash).where(rows.of_stream(table)).order_by(table.c.seq.desc()).limit(1)
    ).scalar()
    if last != key:
        rows.append(table, state_hash=key)
    return key


def write_decision(
    rows: Appender, deliberation: Deliberation, snapshot_hash: Hash32, body: Hash32, decision_id: Hash32
) -> None:
    """A decision and what it was made from; bodies by their hash."""
    decision = deliberation.decision
    rows.append(
        schema.decision,
        decision_id=decision_id,
        body_id=body,
        previous_id=deliberation.previous,
        engine_version=deliberation.engine_version,
        snapshot_hash=snapshot_hash,
        history_hash=rows.keep(deliberation.history),
        state_hash=write_policy_state(rows, deliberation.state),
        proposal_hash=rows.keep(deliberation.proposal) if deliberation.proposal else None,
        config_hash=rows.keep(deliberation.config),
        decision_hash=rows.keep(decision),
        action=decision.action.value,
        reason_code=decision.reason_code,
        reason=decision.reason,
        cost=decision.cost,
        benefit=decision.benefit,
    )
