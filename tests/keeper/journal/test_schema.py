"""The declared tables, and that the migrations make exactly those this release writes."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from keeper.journal import Journal, schema

SCHEMAS_TABLES = {
    "config_version", "cycle", "snapshot", "price_obs", "history", "policy_state", "proposal", "decision",
    "guard_check", "parent_order", "intent", "tx_attempt", "tx_event", "outcome", "flow", "lot", "operator_action",
    "incident", "lease", "blob",
}  # fmt: skip
STREAM_COLUMNS = ["journal_id", "seq", "prev_hash", "row_hash", "chain_id", "vault_id", "at"]


def test_every_table_is_declared() -> None:
    assert set(schema.metadata.tables) == SCHEMAS_TABLES | {"intent_state"}


def test_every_audit_row_carries_its_place_in_the_stream() -> None:
    for table in (*schema.AUDIT, *schema.LATER):
        assert [column.name for column in table.columns][: len(STREAM_COLUMNS)] == STREAM_COLUMNS


def test_migrations_make_what_is_declared_and_nothing_later(tmp_path: Path) -> None:
    with Journal.open(f"sqlite:///{tmp_path / 'journal.sqlite'}") as journal, journal.reading() as connection:
        made = inspect(connection)
        assert set(made.get_table_names()) == {table.name for table in schema.WRITTEN} | {"alembic_version"}
        for table in schema.WRITTEN:
            columns = made.get_columns(table.name)
            declared = [(column.name, bool(column.nullable)) for column in table.columns]
            assert [(column["name"], column["nullable"]) for column in columns] == declared
            assert {str(column["type"]) for column in columns} == {"TEXT"}
            assert made.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
        names = {index["name"] for index in made.get_indexes("intent_state")}
        assert names == {index.name for index in schema.intent_state.indexes}
