"""`keeper journal verify` and `keeper journal show`: is the record intact, and what does it say?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, run_command

LastOption = Annotated[int, typer.Option("--last", min=1, max=10_000, help="How many rows.")]
TableOption = Annotated[list[str] | None, typer.Option("--table", help="Only rows of this table; may be repeated.")]
_CHAINED = ("journal_id", "prev_hash", "row_hash", "chain_id", "vault_id", "table", "seq", "at")
"""Columns that a person's line leaves out or shows first."""


def register(app: typer.Typer) -> None:
    """Add `journal` to the command line."""
    group = typer.Typer(help="The journal.", rich_markup_mode=None)
    group.command("verify")(verify)
    group.command("show")(show)
    app.add_typer(group, name="journal")


def verify(config: ConfigOption = None, json: JsonFlag = False) -> None:
    """Check that no row and no body was changed, removed or added since it was written."""
    run_command("journal verify", json, lambda: _verify(config))


def show(config: ConfigOption = None, last: LastOption = 20, table: TableOption = None, json: JsonFlag = False) -> None:
    """Print the last rows, oldest first."""
    run_command("journal show", json, lambda: _show(config, last, tuple(table or ())))


def _verify(config: Path | None) -> Answer:
    from keeper.config import config_path, load_settings
    from keeper.journal import Journal, verify

    with Journal.open(load_settings(config_path(config)).journal, create=False) as journal:
        found = verify(journal)
        data = {
            "path": str(journal.path),
            "level": found.level,
            "streams": found.streams,
            "rows": found.rows,
            "bodies": found.bodies,
            "last_decision_id": found.last_decision_id,
        }
        text = f"{journal.path} is intact: {found.rows} rows, {found.bodies} bodies, {found.streams} streams"
    return Answer(data, text)


def _show(config: Path | None, last: int, tables: tuple[str, ...]) -> Answer:
    from keeper.config import config_path, load_settings
    from keeper.errors import UsageError
    from keeper.ids import plain
    from keeper.journal import Journal, last_rows, table_names

    for name in tables:
        if name not in table_names():
            raise UsageError(f"the journal has no table {name}", remedy=f"use one of {', '.join(table_names())}")
    with Journal.open(load_settings(config_path(config)).journal, create=False) as journal:
        rows = last_rows(journal, last, tables)
    return Answer({"rows": [plain(row) for row in rows]}, "\n".join(_line(row) for row in rows))


def _line(row: dict[str, Any]) -> str:
    told = ", ".join(f"{name}={value}" for name, value in row.items() if name not in _CHAINED and value is not None)
    return f"{row['at']} {row['seq']:>6} {row['table']}: {told}"
