"""The root of every error and its eight kinds, one for each who has to act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from keeper.exit_codes import ExitCode


class KeeperError(Exception):
    """The root: `code` names the failure for programs, `remedy` says to a person what to do next."""

    code: ClassVar[str] = "unexpected"
    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = " ".join(message.split())
        self.remedy = " ".join(remedy.split())

    def __str__(self) -> str:
        return f"{self.message}. Remedy: {self.remedy}"


class UsageError(KeeperError):
    """The command or the configuration is wrong; nothing was done."""

    code = "usage"
    exit_code = ExitCode.USAGE


class HoldError(KeeperError):
    """Not now; it clears itself, and the next tick looks again."""

    code = "hold"
    exit_code = ExitCode.HOLD


class HaltError(KeeperError):
    """Latched: it survives a restart and wants a person."""

    code = "halt"
    exit_code = ExitCode.HALT


class RefusedError(KeeperError):
    """Guard or simulation said no; nothing was sent."""

    code = "refused"
    exit_code = ExitCode.REFUSED


class ChainError(KeeperError):
    """The chain cannot be read, or is not the one configured."""

    code = "chain"
    exit_code = ExitCode.CHAIN


class SignerError(KeeperError):
    """The key cannot be used; another key is never tried."""

    code = "signer"
    exit_code = ExitCode.SIGNER


class JournalError(KeeperError):
    """The journal cannot be read or written: without a durable row nothing is sent."""

    code = "journal"
    exit_code = ExitCode.JOURNAL


class DiffersError(KeeperError):
    """Two things that should agree do not: the journal's head and the chain's, the manifest and the contracts."""

    code = "differs"
    exit_code = ExitCode.DIFFERS

    def __init__(self, message: str, *, remedy: str, differences: Sequence[str] = ()) -> None:
        super().__init__(message, remedy=remedy)
        self.differences = tuple(differences)
