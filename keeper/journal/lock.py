"""One writer a journal: an advisory lock on a file beside the database, lifted by the system when a process dies."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import Literal

from keeper.errors import JournalLocked, JournalUnusable

Role = Literal["keeper", "operator"]
"""The loop and an operator's command each have a lock and a stream of their own: a kill waits for no loop."""


class FileLock:
    """Held from construction to `release`. Raises JournalLocked with the holder's own words, JournalUnusable."""

    def __init__(self, database: Path, role: Role) -> None:
        self.holder = f"pid {os.getpid()} on {socket.gethostname()}"
        database = database.resolve()  # two names of one file are one journal
        path = database.with_name(f"{database.name}.{role}.lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalUnusable(str(path), str(error.strerror).lower()) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 200).decode(errors="replace").strip() or "another process"
            os.close(self._file)
            raise JournalLocked(str(database), holder) from None
        os.ftruncate(self._file, 0)
        os.write(self._file, self.holder.encode())

    def release(self) -> None:
        """Let the next one in; the file stays, so that two never lock two different files of one name."""
        os.ftruncate(self._file, 0)
        os.close(self._file)
