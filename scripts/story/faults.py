"""What can end a story early, each in one line.

KeeperError
├── StageFailed     a stage did not come to its end; names its log
├── PromiseBroken   the story was told, and what it promises did not hold (exit code 9)
└── Interrupted     Ctrl-C or SIGTERM (exit code 130)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from keeper.errors import DiffersError, KeeperError
from keeper.exit_codes import ExitCode


class StageFailed(KeeperError):
    """A stage broke off; whatever it had started was ended."""

    code = "demo-stage-failed"

    def __init__(self, stage: str, reason: str, log: Path | None, remedy: str | None = None) -> None:
        where = "" if log is None else f" ({log})"
        follow = "run make demo again" if log is None else f"read {log}, then run make demo again"
        super().__init__(f"stage {stage}: {reason}{where}", remedy=remedy or follow)
        self.stage = stage
        self.log = log


class PromiseBroken(DiffersError):
    """What the demo promises, held against the chain, and found wanting."""

    code = "demo-promise-broken"

    def __init__(self, broken: Sequence[str], journal: Path) -> None:
        remedy = f"read {journal.parent}/keeper.log and the journal beside it; another --seed tells another story"
        super().__init__("; ".join(broken), remedy=remedy, differences=broken)


class Interrupted(KeeperError):
    """The person who watched has seen enough."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("interrupted, and everything ended", remedy="run make demo again")
