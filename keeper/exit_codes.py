"""The one table of exit codes: commands answer with them, the documentation prints them, tests read them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of ours tells its supervisor; `meaning` says it in words."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    HOLD = 3
    HALT = 4
    REFUSED = 5
    CHAIN = 6
    SIGNER = 7
    JOURNAL = 8
    DIFFERS = 9
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """The line of the table that documents this code."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done, or nothing to do",
    ExitCode.UNEXPECTED: "unexpected: a defect of ours",
    ExitCode.USAGE: "usage or configuration",
    ExitCode.HOLD: "HOLD: clears itself",
    ExitCode.HALT: "HALT: latched until a person resumes",
    ExitCode.REFUSED: "refused by guard or simulation",
    ExitCode.CHAIN: "chain unreachable or wrong",
    ExitCode.SIGNER: "signer",
    ExitCode.JOURNAL: "journal",
    ExitCode.DIFFERS: "differs (verify, replay, compare)",
    ExitCode.INTERRUPTED: "interrupted",
}
