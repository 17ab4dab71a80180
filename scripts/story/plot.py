"""How a story goes: which prices, how many steps, when the key is stolen, when the switch is pressed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from keeper.devnet import course, full, furnish, node, price_file
from keeper.devnet.course import Course
from keeper.errors import UsageError

STEP_SECONDS = 900
HOUR = 4
"""Steps."""
QUICK_STEPS, QUICK_KILL = 25, 20
"""The short path's sell-off lies between 55 and 85 % of it: the switch is pressed while prices fall."""
DAYS, LONG_DAYS = 5, 10
GANACHE_DAYS = 1
"""A step takes Ganache ten times as long; nor can a thief try there what it would do, for want of eth_simulateV1."""
_THEFT_PERCENT = 46
"""Where the seeded path's calm begins: what the thief takes is then the thief's doing. In a file it comes early."""
_CRASH_PERCENT = 73
"""Where that calm ends."""
_UNNOTICED = 24 * HOUR
_AFTERWARDS = 3 * HOUR
"""What the owner needs to revoke, wait, unhalt and allocate, and the standby to have a look."""
_LEAST_BEFORE = 6 * HOUR
WORST = "worst"


@dataclass(frozen=True, slots=True)
class Plot:
    """One story. Steps count from 1; `theft` and `kill` come after the step of that number, `theft` 0 is none."""

    seed: int
    quick: bool
    course: Course
    prices: Path | None
    theft: int
    noticed: int
    kill: int
    steps: int
    """How many steps are told."""
    least_rebalances: int
    client: str
    forked: bool
    left_out: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What the market's processes are told of the path."""
        if self.prices is not None:
            return ("--prices", str(self.prices), "--seed", str(self.seed))
        plot = "short" if self.quick else "days"
        return ("--seed", str(self.seed), "--steps", str(self.course.steps), "--plot", plot)

    @property
    def source(self) -> str:
        """Where the prices come from, in words."""
        return f"seeded path of seed {self.seed}" if self.prices is None else f"{self.prices.name}, seed {self.seed}"

    @property
    def begins(self) -> int:
        """Unix seconds of a price file's first row; 0 for a seeded path, whose time is the chain's."""
        return 0 if self.prices is None else price_file.read(self.prices).times[0]


def plot_of(options: argparse.Namespace) -> Plot:
    """The story that the command line asks for. Raises UsageError, PriceFileRefused."""
    if options.quick:
        return _short(options)
    path, steps = _path(options)
    theft, noticed = _theft(options, steps)
    kill = _kill(options.kill_at, path, noticed, steps)
    left_out: tuple[str, ...] = () if theft else ("a stolen key",)
    if options.client != node.ANVIL and not asked_length(options):
        left_out += (f"all but {GANACHE_DAYS} of {DAYS} days",)
    least = _least_rebalances(path, kill, replayed=options.prices is not None)
    return Plot(
        seed=options.seed,
        quick=False,
        course=path,
        prices=options.prices,
        theft=theft,
        noticed=noticed,
        kill=kill,
        steps=min(kill + HOUR, steps) if options.prices or options.hours else steps,
        least_rebalances=least,
        client=options.client,
        forked=options.fork,
        left_out=left_out,
    )


def _short(options: argparse.Namespace) -> Plot:
    """The short story has a path and an end of its own. UsageError for what only the whole one can have."""
    only = {"--long": options.long, "--hours": options.hours, "--prices": options.prices}
    for word in (word for word, value in only.items() if value):
        raise UsageError(f"--quick and {word} do not go together", remedy="leave one of them out")
    return Plot(
        seed=options.seed,
        quick=True,
        course=course.told(options.seed, QUICK_STEPS, furnish.PRICES, "short"),
        prices=None,
        theft=0,
        noticed=0,
        kill=QUICK_KILL,
        steps=QUICK_KILL,
        least_rebalances=3,
        client=options.client,
        forked=options.fork,
        left_out=("harvests", "a stolen key"),
    )


def asked_length(options: argparse.Namespace) -> bool:
    """Whether the person said how long the story is."""
    return bool(options.long or options.hours or options.prices)


def worst(path: Course, first: int, last: int) -> int:
    """The step, of those from `first` to `last`, before which ETH fell most within an hour; the earliest of equals."""

    def fall(step: int) -> int:
        return path.prices[step]["ETH"] * 10**18 // path.prices[max(step - HOUR, 0)]["ETH"]

    return min(range(first, last + 1), key=fall)


def _path(options: argparse.Namespace) -> tuple[Course, int]:
    """The whole path and how many steps of it are told."""
    asked = options.hours * HOUR if options.hours else 0
    if options.prices is not None:
        path = course.replayed(options.prices, options.seed, STEP_SECONDS)
        return path, min(asked or path.steps, path.steps)
    days = LONG_DAYS if options.long else DAYS if options.client == node.ANVIL else GANACHE_DAYS
    steps = asked or days * 24 * HOUR
    return course.told(options.seed, steps, full.FULL_PRICES, "days"), steps


def _least_rebalances(path: Course, kill: int, *, replayed: bool) -> int:
    """Five in the whole story; two where the path is shorter or real, and ETH moved by a fifth before the kill."""
    if not replayed and path.steps >= DAYS * 24 * HOUR:
        return 5
    prices = [path.prices[step]["ETH"] for step in range(kill + 1)]
    return 2 if max(prices) * 5 >= min(prices) * 6 else 0


def _theft(options: argparse.Namespace, steps: int) -> tuple[int, int]:
    """When the key is stolen and when the owner notices; none where there is no time for it, or it is not wanted."""
    replayed = options.prices is not None
    theft = _LEAST_BEFORE if replayed else steps * _THEFT_PERCENT // 100
    last = steps if replayed else steps * _CRASH_PERCENT // 100
    simulated = options.client == node.ANVIL
    if options.no_attack or not simulated or theft < _LEAST_BEFORE or theft + _UNNOTICED + _AFTERWARDS > last:
        return 0, 0
    return theft, theft + _UNNOTICED


def _kill(asked: str, path: Course, noticed: int, steps: int) -> int:
    first = noticed + _AFTERWARDS if noticed else min(_LEAST_BEFORE, steps)
    if asked == WORST:
        return worst(path, first, steps)
    step = int(asked) if asked.isdigit() else 0
    if not first <= step <= steps:
        raise UsageError(f"--kill-at {asked}", remedy=f"say {WORST}, or a step from {first} to {steps}")
    return step
