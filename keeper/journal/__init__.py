"""The journal: append-only, hash-chained, durable before anything is sent."""

from __future__ import annotations

from keeper.journal.cycle import Cycle, Deliberation
from keeper.journal.reading import (
    OpenIncident,
    Unfinished,
    dropped_attempts,
    known_nonce,
    last_rows,
    open_incidents,
    outcomes,
    policy_state,
    reason_counts,
    row_count,
    table_names,
    unfinished_intents,
)
from keeper.journal.store import Journal
from keeper.journal.stream import StreamKey
from keeper.journal.verify import Verified, verify
from keeper.journal.writer import Writer

__all__ = [
    "Cycle",
    "Deliberation",
    "Journal",
    "OpenIncident",
    "StreamKey",
    "Unfinished",
    "Verified",
    "Writer",
    "dropped_attempts",
    "known_nonce",
    "last_rows",
    "open_incidents",
    "outcomes",
    "policy_state",
    "reason_counts",
    "row_count",
    "table_names",
    "unfinished_intents",
    "verify",
]
