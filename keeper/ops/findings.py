"""What the doctor finds: one thing looked at, how it is to be taken, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from keeper.errors import KeeperError


class Level(StrEnum):
    """How a finding is to be taken: all is well, it will not work for ever, it does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `error` is what a command would fail with; `remedy` is empty where all is well."""

    name: str
    level: Level
    found: str
    remedy: str = ""
    error: KeeperError | None = None


def good(name: str, found: str) -> Finding:
    """All is well."""
    return Finding(name, Level.OK, found)


def warned(name: str, found: str, remedy: str) -> Finding:
    """It works, and will not for ever."""
    return Finding(name, Level.WARN, found, remedy)


def failed(name: str, error: KeeperError) -> Finding:
    """It does not work."""
    return Finding(name, Level.FAIL, error.message, error.remedy, error)
