"""A file of real closes: one header line, one row a step, read whole and strictly, or refused in one line.

The header is `time,ETH,BTC` and any of USDC, DAI and LINK. Times are ISO 8601 (UTC where no zone is said) or Unix
seconds, one regular step of a minute to a day apart. Prices are USD a whole unit.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from keeper.devnet.faults import PriceFileRefused

NEEDED = ("ETH", "BTC")
ALLOWED = (*NEEDED, "USDC", "DAI", "LINK")
LEAST_STEP, MOST_STEP = 60, 86_400
"""Seconds between two rows."""
_MOST_PRICE = 10**12
_MOST_ROWS = 500_000
_LAST_YEAR = 4_102_444_800
"""2100-01-01 in Unix seconds: what is later was written in milliseconds."""


@dataclass(frozen=True, slots=True)
class PriceFile:
    """Closes by asset (USD with 18 decimals), one for each of `times` (Unix seconds, `step_seconds` apart)."""

    times: tuple[int, ...]
    closes: Mapping[str, tuple[int, ...]]

    @property
    def step_seconds(self) -> int:
        """Seconds from one row to the next."""
        return self.times[1] - self.times[0]


def read(path: Path) -> PriceFile:
    """Read and check a whole file. Raises PriceFileRefused with the line and what is wrong with it."""
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PriceFileRefused(str(path), f"it cannot be read ({type(error).__name__})") from error
    if not rows:
        raise PriceFileRefused(str(path), "it is empty")
    columns = _columns(path, rows[0])
    if not 3 <= len(rows) <= _MOST_ROWS:
        raise PriceFileRefused(str(path), f"it has {len(rows) - 1} rows, 2 to {_MOST_ROWS - 1} are needed")
    times: list[int] = []
    closes: dict[str, list[int]] = {asset: [] for asset in columns}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns) + 1:
            raise _at(path, number, f"{len(row)} fields, the header has {len(columns) + 1}")
        times.append(_time(path, number, row[0]))
        for asset, text in zip(columns, row[1:], strict=True):
            closes[asset].append(_price(path, number, asset, text))
    _hold_regular(path, times)
    return PriceFile(tuple(times), {asset: tuple(prices) for asset, prices in closes.items()})


def _columns(path: Path, header: Sequence[str]) -> tuple[str, ...]:
    first, *columns = (word.strip() for word in header)
    if first != "time":
        raise _at(path, 1, f"the first column is {first[:40]!r}, not 'time'")
    for column in columns:
        if column not in ALLOWED:
            raise _at(path, 1, f"unknown column {column[:40]!r}: time, {', '.join(ALLOWED)} are known")
    if len(set(columns)) != len(columns):
        raise _at(path, 1, "a column is there twice")
    for needed in NEEDED:
        if needed not in columns:
            raise _at(path, 1, f"no column {needed}")
    return tuple(columns)


def _time(path: Path, number: int, text: str) -> int:
    word = text.strip()
    if word.isascii() and word.isdigit():
        seconds = int(word[:20])
    else:
        try:
            told = datetime.fromisoformat(word)
        except ValueError:
            raise _at(path, number, f"{word[:40]!r} is neither an ISO time nor Unix seconds") from None
        seconds = int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp())
    if not 0 < seconds < _LAST_YEAR:
        raise _at(path, number, f"time {word[:40]!r} is outside 1970 to 2100 (in seconds)")
    return seconds


def _price(path: Path, number: int, asset: str, text: str) -> int:
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        raise _at(path, number, f"{asset} is {text[:40]!r}, no number") from None
    if not price.is_finite() or not Decimal(10) ** -9 <= price <= _MOST_PRICE:
        raise _at(path, number, f"{asset} is {text[:40]!r}, a price is above 0 and at most {_MOST_PRICE}")
    return int(price.scaleb(18))


def _hold_regular(path: Path, times: Sequence[int]) -> None:
    step = times[1] - times[0]
    if not LEAST_STEP <= step <= MOST_STEP:
        raise _at(path, 3, f"{step} s after the row before, rows are {LEAST_STEP} to {MOST_STEP} s apart")
    for number, (before, after) in enumerate(pairwise(times), start=3):
        if after <= before:
            raise _at(path, number, "not after the row before: rows are sorted by time, each time once")
        if after - before != step:
            raise _at(
                path, number, f"{after - before} s after the row before, not {step}: fill the gap or cut the file"
            )


def _at(path: Path, number: int, reason: str) -> PriceFileRefused:
    return PriceFileRefused(str(path), f"line {number}: {reason}")
