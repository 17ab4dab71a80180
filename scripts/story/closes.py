"""Real closes for `make demo --prices`: columns of several CSV files, joined on one regular step.

python -m scripts.story.closes --column ETH=FILE:TIME:PRICE[:LATER] --column BTC=… --from ISO --to ISO --step SECONDS

TIME and PRICE are the file's own column names, LATER the seconds from its time to its price (a bar that is named by its
opening closes later). A row takes the last price known by then: nothing is invented, a gap of over a day is refused.
"""

from __future__ import annotations

import argparse
import csv
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from keeper.errors import KeeperError, UsageError
from keeper.exit_codes import ExitCode

MOST_STALE = 86_400
"""Seconds; a price older than this is not the market's any more."""


@dataclass(frozen=True, slots=True)
class Column:
    """One asset's prices as the file writes them, and when each was known, in Unix seconds, oldest first."""

    asset: str
    times: tuple[int, ...]
    prices: tuple[str, ...]

    def at(self, time: int) -> str:
        """The last price known by then. UsageError where there is none, or an old one alone."""
        place = bisect_right(self.times, time) - 1
        if place < 0 or time - self.times[place] > MOST_STALE:
            raise UsageError(f"no price of {self.asset} within a day before {_iso(time)}", remedy="choose other times")
        return self.prices[place]


def column(text: str) -> Column:
    """A column from its words on the command line. UsageError where they name no such file or column."""
    asset, _, rest = text.partition("=")
    words = rest.split(":")
    if len(words) not in (3, 4) or (len(words) == 4 and not words[3].isdigit()):
        raise UsageError(f"--column {text}", remedy="write ASSET=FILE:TIME:PRICE or ASSET=FILE:TIME:PRICE:SECONDS")
    file, time, price, later = words[0], words[1], words[2], int(words[3]) if len(words) == 4 else 0
    try:
        with Path(file).open(encoding="utf-8", newline="") as lines:
            rows = [(moment(row[time]) + later, row[price]) for row in csv.DictReader(lines) if row[price]]
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({type(error).__name__})", remedy="name another file") from None
    except KeyError as error:
        raise UsageError(f"{file} has no column {error}", remedy="name one of its header") from None
    rows.sort()
    return Column(asset, tuple(time for time, _ in rows), tuple(price for _, price in rows))


def moment(text: str) -> int:
    """ISO 8601 as Unix seconds, UTC where no zone is said. UsageError for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text[:40]!r} is no time", remedy="write ISO 8601, such as 2020-03-10T00:00Z") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def joined(columns: Sequence[Column], first: int, last: int, step: int) -> Iterator[list[str]]:
    """The header and a row for every step from `first` to `last`, both told. UsageError for no rows, or a gap."""
    if step < 1 or last <= first:
        raise UsageError("there is no step from the first time to the last", remedy="give --from, a later --to, --step")
    yield ["time", *(one.asset for one in columns)]
    for time in range(first, last + 1, step):
        yield [_iso(time), *(one.at(time) for one in columns)]


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main(words: Sequence[str] | None = None) -> int:
    """Print the joined file; returns the exit code, one line an error on stderr."""
    parser = argparse.ArgumentParser(prog="closes", description="join real closes into one file for the demo")
    parser.add_argument("--column", action="append", required=True, help="ASSET=FILE:TIME:PRICE[:SECONDS]; repeat it")
    parser.add_argument("--from", dest="first", required=True, help="the first row's time")
    parser.add_argument("--to", dest="last", required=True, help="the last row's time")
    parser.add_argument("--step", type=int, default=3_600, help="seconds from row to row")
    asked = parser.parse_args(words)
    try:
        rows = joined([column(text) for text in asked.column], moment(asked.first), moment(asked.last), asked.step)
        csv.writer(sys.stdout, lineterminator="\n").writerows(list(rows))
    except KeeperError as error:
        print(f"error[{error.code}]: {error}", file=sys.stderr)
        return int(error.exit_code)
    return int(ExitCode.DONE)


if __name__ == "__main__":
    sys.exit(main())
