"""The journal's tables: all of them, also those a later release is the first to write (it brings their migration).

An audit table's row belongs to one hash stream (`journal_id`, one for each keeper and vault) and to one place in it,
`seq`; `row_hash` covers every other column, the table's name and `prev_hash`. Two tables are no audit tables: `blob`,
bodies by their hash, which may expire, and `intent_state`, a projection for the two rules a database must enforce.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, PrimaryKeyConstraint, Table, Text

from keeper.journal.columns import Padded, text, whole

metadata = MetaData()


def _audit(name: str, *columns: Column[str] | Column[int]) -> Table:
    return Table(
        name,
        metadata,
        text("journal_id"),
        Column("seq", Padded, nullable=False),
        text("prev_hash"),
        text("row_hash"),
        whole("chain_id"),
        text("vault_id"),
        whole("at"),
        *columns,
        PrimaryKeyConstraint("journal_id", "seq", name=f"pk_{name}"),
    )


config_version = _audit("config_version", text("config_digest"), text("engine_version"))
cycle = _audit(
    "cycle",
    text("action"),
    text("verdict"),
    text("reason_code"),
    text("reason"),
    whole("count"),
    whole("first_at"),
    whole("block_number", optional=True),
    text("snapshot_hash", optional=True),
    text("decision_id", optional=True),
)
snapshot = _audit(
    "snapshot",
    text("snapshot_hash"),
    whole("block_number"),
    text("block_hash"),
    whole("block_at"),
    whole("epoch"),
    whole("config_version"),
    whole("nav", optional=True),
    whole("drift", optional=True),
)
price_obs = _audit(
    "price_obs",
    text("snapshot_hash"),
    whole("asset"),
    text("source"),
    text("kind"),
    whole("price", optional=True),
    whole("updated_at"),
    whole("age"),
    text("verdict"),
    text("reason"),
)
policy_state = _audit("policy_state", text("state_hash"))
decision = _audit(
    "decision",
    text("decision_id"),
    text("body_id"),
    text("previous_id"),
    text("engine_version"),
    text("snapshot_hash"),
    text("history_hash"),
    text("state_hash"),
    text("proposal_hash", optional=True),
    text("config_hash"),
    text("decision_hash"),
    text("action"),
    text("reason_code"),
    text("reason"),
    whole("cost"),
    whole("benefit"),
)
guard_check = _audit(
    "guard_check",
    text("decision_id"),
    text("name"),
    text("verdict"),
    whole("value", optional=True),
    whole("limit", optional=True),
    text("unit"),
    text("reason"),
)
intent = _audit(
    "intent",
    text("intent_id"),
    text("decision_id"),
    whole("child"),
    text("action"),
    text("vault"),
    text("signer"),
    text("to"),
    text("data"),
    whole("gas_limit"),
    whole("max_fee_ceiling"),
    whole("epoch", optional=True),
    whole("deadline"),
)
tx_attempt = _audit(
    "tx_attempt",
    text("intent_id"),
    whole("number"),
    text("kind"),
    whole("nonce"),
    text("tx_hash"),
    text("raw"),
    whole("gas_limit"),
    whole("max_fee"),
    whole("priority_fee"),
)
tx_event = _audit(
    "tx_event",
    text("intent_id"),
    text("state"),
    text("tx_hash", optional=True),
    whole("block_number", optional=True),
    text("block_hash", optional=True),
    text("reason"),
)
outcome = _audit(
    "outcome",
    text("intent_id"),
    text("state"),
    text("tx_hash", optional=True),
    whole("block_number", optional=True),
    whole("gas_used"),
    whole("fee_paid"),
    whole("nav_before", optional=True),
    whole("nav_after", optional=True),
    whole("drift_before", optional=True),
    whole("drift_after", optional=True),
    whole("turnover", optional=True),
    whole("loss", optional=True),
    whole("slippage_oracle", optional=True),
    whole("slippage_simulated", optional=True),
    text("revert", optional=True),
    text("reason"),
    text("outcome_hash"),
)
operator_action = _audit(
    "operator_action", text("actor"), text("command"), text("arguments"), text("tx_hash", optional=True), text("reason")
)
incident = _audit("incident", text("incident_id"), text("step"), text("code"), text("reason"))
lease = _audit("lease", whole("token"), text("step"), text("holder"))

blob = Table("blob", metadata, Column("hash", Text, primary_key=True), text("body", optional=True))
intent_state = Table(
    "intent_state",
    metadata,
    Column("intent_id", Text, primary_key=True),
    text("chain"),
    text("vault_id"),
    text("signer"),
    whole("epoch", optional=True),
    text("state"),
    whole("unfinished"),
    whole("holds_epoch"),
)
Index(
    "one_unfinished_intent_a_signer",
    intent_state.c.chain,
    intent_state.c.signer,
    unique=True,
    sqlite_where=intent_state.c.unfinished == 1,
    postgresql_where=intent_state.c.unfinished == 1,
)
Index(
    "one_intent_an_epoch",
    intent_state.c.chain,
    intent_state.c.vault_id,
    intent_state.c.epoch,
    unique=True,
    sqlite_where=intent_state.c.holds_epoch == 1,
    postgresql_where=intent_state.c.holds_epoch == 1,
)

history = _audit("history", text("history_hash"), text("source_digest"), whole("grid"), whole("until"))
proposal = _audit("proposal", text("proposal_id"), text("step"), text("producer_digest"), text("weights"))
parent_order = _audit(
    "parent_order", text("parent_id"), text("step"), whole("route"), whole("remaining"), whole("next_at")
)
flow = _audit(
    "flow", text("kind"), text("token"), text("counterparty"), whole("amount"), whole("block_number"), text("tx_hash")
)
lot = _audit("lot", text("lot_id"), text("token"), whole("amount"), whole("price"), text("decision_id"))

LATER = frozenset({history, proposal, parent_order, flow, lot})
"""Declared; migrated by the release that first writes them."""
NOT_AUDIT = frozenset({blob, intent_state})
AUDIT = tuple(table for table in metadata.sorted_tables if table not in LATER | NOT_AUDIT)
"""The audit tables of this release, by name."""
WRITTEN = (*AUDIT, blob, intent_state)
"""All tables of this release."""
