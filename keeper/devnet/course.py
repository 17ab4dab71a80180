"""The course of prices that feeds, traders and exchanges follow: a seeded story, or a file of real closes replayed.

A pure function of (seed, steps, plot) or of (seed, file): each process computes it for itself, and all agree. Between
real closes lies a Brownian bridge that meets every one of them exactly, as lively as the file's own closes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from itertools import pairwise
from pathlib import Path

from keeper.devnet import path, price_file
from keeper.devnet.faults import PriceFileRefused
from keeper.devnet.full import FULL_PRICES
from keeper.devnet.path import Dice
from keeper.errors import UsageError

STEP_SECONDS = 900
_PRECISION = 40
_TOGETHER, _ALONE = Decimal("0.8"), Decimal("0.6")
"""ETH and BTC share this much of their wandering; the squares of both come to one."""


@dataclass(frozen=True, slots=True)
class Course:
    """Prices by asset (USD, 18 decimals): index 0 is where the market opens, index k holds after step k.

    `step_seconds` is the chain time from one step to the next.
    """

    prices: tuple[Mapping[str, int], ...]
    step_seconds: int
    seed: int

    @property
    def steps(self) -> int:
        """How many steps it takes to tell it all."""
        return len(self.prices) - 1

    def count(self, seconds: int) -> int:
        """How many whole steps `seconds` last, at least one."""
        return max(1, -(-seconds // self.step_seconds))


def told(
    seed: int,
    steps: int,
    opening: Mapping[str, int] = FULL_PRICES,
    plot: str = "days",
    step_seconds: int = STEP_SECONDS,
) -> Course:
    """The seeded story of one plot, from the prices that the chain opened at. Raises UsageError for no such plot."""
    if plot not in path.PLOTS:
        raise UsageError(f"no plot {plot}", remedy=f"choose one of {', '.join(path.PLOTS)}")
    if steps < 1:
        raise UsageError(f"a story of {steps} steps", remedy="tell at least one")
    return Course(path.told(seed, steps, opening, path.PLOTS[plot]), step_seconds, seed)


def replayed(file: Path, seed: int = 7, step_seconds: int = STEP_SECONDS) -> Course:
    """A file's closes in steps of `step_seconds`: bridged where rows are longer, every n-th row where they are shorter.

    What the file lacks of USDC and DAI wanders about a dollar, LINK follows ETH. Raises PriceFileRefused.
    """
    read = price_file.read(file)
    whole, rest = divmod(read.step_seconds, step_seconds)
    with localcontext(Context(prec=_PRECISION)):
        if whole and not rest:
            columns = _bridged(read.closes, whole, seed)
        elif step_seconds % read.step_seconds == 0:
            columns = {
                asset: list(closes[:: step_seconds // read.step_seconds]) for asset, closes in read.closes.items()
            }
        else:
            reason = f"its rows are {read.step_seconds} s apart, which steps of {step_seconds} s do not divide"
            raise PriceFileRefused(str(file), reason)
        steps = len(columns["ETH"]) - 1
        if steps < 1:
            raise PriceFileRefused(str(file), f"it is shorter than one step of {step_seconds} s")
        columns = _completed(columns, steps, seed)
    prices = tuple({asset: columns[asset][step] for asset in FULL_PRICES} for step in range(steps + 1))
    return Course(prices, step_seconds, seed)


def opening_of(file: Path, seed: int = 7, step_seconds: int = STEP_SECONDS) -> Mapping[str, int]:
    """The prices a chain must open at to replay this file: its first row's, completed. Raises PriceFileRefused."""
    return replayed(file, seed, step_seconds).prices[0]


def hold_against_opening(course: Course, opening: Mapping[str, int]) -> None:
    """Raises UsageError where a course does not begin at the prices that the chain opened at."""
    for asset, price in opening.items():
        begins = course.prices[0][asset]
        if begins != price:
            raise UsageError(
                f"the chain opened with {asset} at {Decimal(price).scaleb(-18):.4f}, the prices begin at"
                f" {Decimal(begins).scaleb(-18):.4f}",
                remedy="keeper devnet up --fresh --prices FILE opens it where the file begins",
            )


def _bridged(closes: Mapping[str, Sequence[int]], parts: int, seed: int) -> dict[str, list[int]]:
    """Every close, and `parts - 1` prices between each two; the same common wandering for ETH and BTC."""
    columns: dict[str, list[int]] = {asset: [prices[0]] for asset, prices in closes.items()}
    liveliness = {asset: _liveliness(prices) / Decimal(parts).sqrt() for asset, prices in closes.items()}
    rows = len(closes["ETH"])
    for row in range(1, rows):
        common = path.bridge(Dice(seed, "between", row), parts)
        for asset, prices in closes.items():
            own = path.bridge(Dice(seed, "between", row, asset), parts)
            start, end = Decimal(prices[row - 1]).ln(), Decimal(prices[row]).ln()
            for part in range(1, parts):
                away = common[part] * _TOGETHER + own[part] * _ALONE if asset in price_file.NEEDED else own[part]
                at = start + (end - start) * part / parts + liveliness[asset] * away
                columns[asset].append(int(at.exp()))
            columns[asset].append(prices[row])
    return columns


def _liveliness(prices: Sequence[int]) -> Decimal:
    """The root mean square of the changes of the logarithm from one close to the next."""
    changes = [(Decimal(after).ln() - Decimal(before).ln()) ** 2 for before, after in pairwise(prices)]
    return (sum(changes, Decimal(0)) / len(changes)).sqrt()


def _completed(columns: dict[str, list[int]], steps: int, seed: int) -> dict[str, list[int]]:
    """The columns that a file did not have: pegs that wander, and LINK as the seeded story has it."""
    found = dict(columns)
    for asset, label in (("USDC", "peg"), ("DAI", "dai")):
        if asset not in found:
            dice, at = Dice(seed, label), FULL_PRICES[asset]
            found[asset] = [at, *(path.near_peg(at, dice) for _ in range(steps))]
    if "LINK" not in found:
        away = path.away_of_link(seed, steps)
        link, eth = FULL_PRICES["LINK"], FULL_PRICES["ETH"]
        found["LINK"] = [int(price * link // eth * away[step].exp()) for step, price in enumerate(found["ETH"])]
    return found
