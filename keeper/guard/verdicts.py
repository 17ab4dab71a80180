"""How a check is made and how checks add up: the worst verdict wins."""

from __future__ import annotations

from collections.abc import Iterable

from keeper.model import Check, GuardVerdict

_WORSE = (GuardVerdict.PASS, GuardVerdict.HOLD, GuardVerdict.HALT)


def made(
    name: str,
    fits: bool,
    reason: str,
    otherwise: GuardVerdict = GuardVerdict.HOLD,
    *,
    value: int | None = None,
    limit: int | None = None,
    unit: str = "",
) -> Check:
    """A check that passes when `fits`, else says `otherwise`; its reason carries the figures either way."""
    return Check(name, GuardVerdict.PASS if fits else otherwise, value, limit, unit, reason)


def worst(checks: Iterable[Check]) -> GuardVerdict:
    """The worst verdict among them; PASS among none."""
    return max((found.verdict for found in checks), key=_WORSE.index, default=GuardVerdict.PASS)
