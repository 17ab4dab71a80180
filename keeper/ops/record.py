"""What the journal remembers, read without its lease and where there may be none yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keeper.config.settings import SQLITE
from keeper.journal import Journal, last_rows, policy_state
from keeper.journal.reading import last_decision_id
from keeper.model import ZERO_HASH, Hash32, PolicyState
from keeper.ops.post import Post


@dataclass(frozen=True, slots=True)
class Memory:
    """What the policy remembers, and the decision id the next one builds on."""

    state: PolicyState
    previous: Hash32


def remembered(post: Post) -> Memory:
    """The stream's memory; a fresh one where there is no journal yet. Raises JournalUnusable."""
    url = post.settings.journal
    if not exists(url):
        return Memory(PolicyState(), ZERO_HASH)
    key = post.stream()
    with Journal.open(url, create=False) as journal:
        with journal.reading() as connection:
            previous = last_decision_id(connection, key.journal_id)
        return Memory(policy_state(journal, key), previous)


def last_cycles(url: str, count: int) -> list[dict[str, Any]]:
    """The last cycles of all streams, oldest first; none where there is no journal yet. Raises JournalUnusable."""
    if not exists(url):
        return []
    with Journal.open(url, create=False) as journal:
        return last_rows(journal, count, ("cycle",))


def exists(url: str) -> bool:
    """Whether there is a journal at `url`."""
    return Path(url.removeprefix(SQLITE)).exists()
