"""The journal's database: opened, brought up to date, and made to write durably or say why not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from keeper.errors import JournalUnusable
from keeper.journal.migrate import REVISION, upgrade

SQLITE = "sqlite:///"
BUSY_MS = 5_000
"""How long a write waits for another process's before it gives up."""


class Journal:
    """An open journal. Read it through `keeper.journal.reading`, write it through a `Writer`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = create_engine(f"{SQLITE}{path}", connect_args={"timeout": BUSY_MS / 1_000})
        event.listen(self._engine, "connect", _on_connect)
        event.listen(self._engine, "begin", _on_begin)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """The journal at `sqlite:///PATH`, made (for its owner's eyes alone) and migrated where needed.

        Raises JournalUnusable where it cannot be read or written, and with create=False where there is none.
        """
        path = Path(url.removeprefix(SQLITE))
        if not create and not path.exists():
            raise JournalUnusable(str(path), "no journal there")
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise JournalUnusable(str(path), str(error.strerror).lower()) from None
        journal = cls(path)
        with journal.reading() as connection:
            found = _revision(connection)
        if found is not None and found > REVISION:
            reason = f"written by a newer keeper (revision {found}, this one knows {REVISION})"
            raise JournalUnusable(str(path), reason)
        if found != REVISION:
            with journal.transaction() as connection:
                upgrade(connection)
        return journal

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, durable when it returns. Raises JournalUnusable for whatever the database says."""
        with self._translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view that keeps no writer waiting. Raises JournalUnusable."""
        with self._translated(), self._engine.execution_options(reading=True).begin() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            origin = getattr(error, "orig", None) or error
            raise JournalUnusable(str(self.path), " ".join(str(origin).split())) from None

    def close(self) -> None:
        """Give the files back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_newer(self, found: str | None) -> None:
        if found is not None and found > REVISION:
            raise JournalUnusable(
                str(self.path), f"written by a newer keeper (revision {found}, this one knows {REVISION})"
            )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _on_connect(connection: Any, _: object) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions of its own: ours are immediate
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE")
