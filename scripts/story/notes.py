"""The keeper's journal: why it held and how often, and whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from keeper.errors import JournalBroken
from keeper.journal import Journal, last_rows, row_count, verify
from keeper.model import ActionKind, GuardVerdict, Hash32
from scripts.story.reckoning import Written

_EVERY = 1_000_000
"""More rows than a story writes."""


class Notes:
    """An open journal; close it by leaving the block it is opened in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._journal = Journal.open(f"sqlite:///{path}", create=False)

    def close(self) -> None:
        """Give the files back."""
        self._journal.close()

    def written(self, anchored: Sequence[Hash32]) -> Written:
        """The whole record, verified to level 2: `anchored` are the decision ids that the chain carries."""
        try:
            found = verify(self._journal, anchored)
        except JournalBroken as error:
            return Written(self._path, row_count(self._journal), self._holds(), False, error.message)
        finding = f"{found.rows} rows whole, and {len(anchored)} decision ids of the chain found in them"
        return Written(self._path, found.rows, self._holds(), True, finding)

    def _holds(self) -> dict[str, int]:
        """How often each reason ended a cycle without a transaction."""
        counts: dict[str, int] = {}
        for row in last_rows(self._journal, _EVERY, ("cycle",)):
            if row["action"] == ActionKind.NOOP or row["verdict"] != GuardVerdict.PASS:
                counts[row["reason_code"]] = counts.get(row["reason_code"], 0) + int(row["count"])
        return dict(sorted(counts.items(), key=lambda item: -item[1]))
