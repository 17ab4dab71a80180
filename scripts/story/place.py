"""Where a story happens: its folder below the ignored `.tools/`, its local chain's name, and one story at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keeper.errors import UsageError
from scripts.toolchain import TOOLS

DEFAULT = "demo"
VAULT = "treasury"
KEEPER, STANDBY, GUARDIAN = "keeper", "standby", "guardian"
"""Roles of the local chain that the story gives configurations or keys."""


@dataclass(frozen=True, slots=True)
class Place:
    """The story called `name`: its chain has the same name, its files lie in one folder."""

    name: str
    folder: Path

    @property
    def deployment(self) -> Path:
        """The TOML that scripts/deploy.py reads."""
        return self.folder / "deployment.toml"

    @property
    def config(self) -> Path:
        """The keeper's configuration."""
        return self.config_of(KEEPER)

    @property
    def journal(self) -> Path:
        """The keeper's record; it stays when the story has ended."""
        return self.journal_of(KEEPER)

    def config_of(self, name: str) -> Path:
        """The configuration of the keeper called `name`."""
        return self.folder / f"{name}.toml"

    def journal_of(self, name: str) -> Path:
        """The record of the keeper called `name`."""
        return self.folder / ("journal.sqlite" if name == KEEPER else f"journal-{name}.sqlite")

    def log(self, name: str) -> Path:
        """What the actor or command called `name` said."""
        return self.folder / f"{name}.log"


def place(name: str) -> Place:
    """The place of that name. UsageError for a name that is no plain word beginning with demo."""
    if not name.startswith(DEFAULT) or not name.replace("-", "").isalnum():
        raise UsageError(f"{name!r} cannot name a demo", remedy="use demo, or demo- with letters and digits")
    return Place(name, TOOLS / name)


@contextmanager
def occupied(where: Place) -> Iterator[None]:
    """The place for this process alone, swept; what earlier stories left of their files is gone.

    Raises UsageError where another process tells its story there, which the system forgets when that process dies.
    """
    TOOLS.mkdir(parents=True, exist_ok=True)
    lock = os.open(TOOLS / f"{where.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
            remedy = f"wait for it, or end it with kill {holder}"
            raise UsageError(f"a demo is being told already, by process {holder}", remedy=remedy) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        shutil.rmtree(where.folder, ignore_errors=True)
        where.folder.mkdir(mode=0o700)
        yield
        os.ftruncate(lock, 0)
    finally:
        os.close(lock)
