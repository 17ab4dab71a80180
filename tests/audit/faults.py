"""What an audit can come to instead of agreement, and the exit code of each (docs/audit.md)."""

from __future__ import annotations

AGREED = 0
USAGE = 2
UNREACHABLE = 6
DIFFERS = 9


class AuditFault(Exception):
    """One line for a person; `code` is the exit code."""

    code = DIFFERS


class Unusable(AuditFault):
    """What was given is no demo's JSON, or its files are not there."""

    code = USAGE


class NodeSilent(AuditFault):
    """The node does not answer, or refuses a question."""

    code = UNREACHABLE


class Differs(AuditFault):
    """A figure, or a statement about the chain, does not hold."""
