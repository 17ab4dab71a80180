"""The tables that the first release writes.

A record of the past: it names its columns itself and is never edited; later migrations add.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, Text, text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STREAM = "journal_id seq prev_hash row_hash chain_id vault_id at"
AUDIT = {
    "config_version": "config_digest engine_version",
    "cycle": "action verdict reason_code reason count first_at block_number? snapshot_hash? decision_id?",
    "snapshot": "snapshot_hash block_number block_hash block_at epoch config_version nav? drift?",
    "price_obs": "snapshot_hash asset source kind price? updated_at age verdict reason",
    "policy_state": "state_hash",
    "decision": (
        "decision_id body_id previous_id engine_version snapshot_hash history_hash state_hash proposal_hash?"
        " config_hash decision_hash action reason_code reason cost benefit"
    ),
    "guard_check": "decision_id name verdict value? limit? unit reason",
    "intent": ("intent_id decision_id child action vault signer to data gas_limit max_fee_ceiling epoch? deadline"),
    "tx_attempt": "intent_id number kind nonce tx_hash raw gas_limit max_fee priority_fee",
    "tx_event": "intent_id state tx_hash? block_number? block_hash? reason",
    "outcome": (
        "intent_id state tx_hash? block_number? gas_used fee_paid nav_before? nav_after? drift_before? drift_after?"
        " turnover? loss? slippage_oracle? slippage_simulated? revert? reason outcome_hash"
    ),
    "operator_action": "actor command arguments tx_hash? reason",
    "incident": "incident_id step code reason",
    "lease": "token step holder",
}


def upgrade() -> None:
    """Make them, and let the database itself refuse to change or remove an audit row."""
    for name, columns in AUDIT.items():
        op.create_table(
            name, *_columns(f"{STREAM} {columns}"), PrimaryKeyConstraint("journal_id", "seq", name=f"pk_{name}")
        )
        if op.get_bind().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
                    f"BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
                )
    op.create_table("blob", Column("hash", Text, primary_key=True), Column("body", Text, nullable=True))
    op.create_table(
        "intent_state",
        Column("intent_id", Text, primary_key=True),
        *_columns("chain vault_id signer epoch? state unfinished holds_epoch"),
    )
    _unique_where("one_unfinished_intent_a_signer", ["chain", "signer"], "unfinished = '1'")
    _unique_where("one_intent_an_epoch", ["chain", "vault_id", "epoch"], "holds_epoch = '1'")


def _columns(names: str) -> list[Column[str]]:
    return [Column(name.removesuffix("?"), Text, nullable=name.endswith("?")) for name in names.split()]


def _unique_where(name: str, columns: list[str], condition: str) -> None:
    where = text(condition)
    op.create_index(name, "intent_state", columns, unique=True, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """There is no way back: a journal is never unwritten."""
    raise RuntimeError("a journal is never unwritten")
