"""How the demo's JSON cuts a number, and how it writes a time (docs/demo.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal


def cut(share: int, places: int) -> Decimal:
    """A share of 10^18 as a number, 1 = 100 %, cut after so many places; rounds down below 0 too."""
    return Decimal(share // 10 ** (18 - places)).scaleb(-places)


def cut_bps(share: int, places: int) -> Decimal:
    """A share in basis points, cut after so many places."""
    return Decimal(share // 10 ** (14 - places)).scaleb(-places)


def moment(time: int) -> str:
    """Unix seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
