"""Bringing a journal to this release's revision: migrations add, never rewrite."""

from __future__ import annotations

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

REVISION = "0001"
"""The newest migration this release brings."""


def upgrade(connection: Connection) -> None:
    """Run what is missing, inside the transaction of `connection`."""
    with as_file(files("keeper.journal") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
