"""What the person sees: a live table where the output is a terminal, a line a step where it is not."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from keeper.units import (
    WAD,
    Share18,
    Timestamp,
    Usd18,
    format_gwei,
    format_share,
    format_units,
    format_usd,
    share_from_bps,
)
from scripts.story.facts import Scene
from scripts.story.reckoning import moment

_BAR = 30
"""Characters of a weight bar: 60 % of NAV."""
_BAR_ALL = Share18(WAD * 6 // 10)
_WIDTH = 110
_REASON = 90
_FEW, _EVERY = 40, 4
"""On no terminal a short story is told step by step, a longer one each so many steps."""


class Screen:
    """Talks to stderr when stdout is kept for JSON, to stdout otherwise."""

    def __init__(self, *, as_json: bool) -> None:
        stream = sys.stderr if as_json else sys.stdout
        self._console = Console(file=stream, highlight=False)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rest()

    def say(self, line: str) -> None:
        """One line, above the table where there is one."""
        self._console.print(Text(line), soft_wrap=True)

    def show(self, scene: Scene) -> None:
        """A sentence for everything that happened; then the table anew, or on no terminal a line now and then."""
        for words in scene.told:
            self.say(f"  {clock(scene.at)}  {words}")
        if not self._console.is_terminal:
            if scene.of <= _FEW or scene.step % _EVERY == 0:
                self.say(line_of(scene))
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(table_of(scene), refresh=True)

    def rest(self) -> None:
        """Leave the table as it stands, and the cursor below it."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def line_of(scene: Scene) -> str:
    """A scene in one line."""
    sight = scene.sight
    prices = "  ".join(f"{held.symbol} {format_usd(held.price)}" for held in sight.holdings if not held.stable)
    weights = "/".join(format_share(sight.weight(held)).partition(".")[0] for held in sight.holdings)
    return (
        f"  {scene.step:>3}/{scene.of} {clock(scene.at)}  {prices}  {weights} %"
        f"  drift {format_share(sight.drift)}  {_cut(scene.reason)}"
    )


def _cut(words: str) -> str:
    """So much of a reason that a line stays one."""
    return words if len(words) <= _REASON else f"{words[: _REASON - 1]}…"


def table_of(scene: Scene) -> Group:
    """A scene as a table and what stands below it."""
    sight = scene.sight
    table = Table(expand=False, pad_edge=False)
    for name in ("asset", "price", "weight, | its target", "", "", "value"):
        table.add_column(name, justify="left" if name in ("asset", "weight, | its target") else "right")
    for held in sight.holdings:
        target = share_from_bps(held.target_bps)
        weight = sight.weight(held)
        table.add_row(
            held.symbol,
            price(held.price),
            bar(weight, target),
            format_share(weight),
            f"of {format_share(target)}",
            format_usd(held.value),
        )
    left = f"loss {format_share(sight.loss_left)}, turnover {format_share(sight.turnover_left)}"
    below = [
        f"step {scene.step} of {scene.of}   {moment(scene.at)}   block {sight.block}   epoch {sight.epoch}",
        f"NAV {format_usd(sight.nav)}   drift {format_share(sight.drift)}   rebalances {scene.rebalances}",
        f"budgets left: {left}   base fee {format_gwei(sight.base_fee)}   gas {scene.gas:,}",
        f"keeper: {scene.reason}",
    ]
    return Group(table, Panel(Text("\n".join(below)), width=_WIDTH))


def bar(weight: Share18, target: Share18) -> str:
    """A weight as a bar with its target marked."""
    filled, mark = (min(share * _BAR // _BAR_ALL, _BAR - 1) for share in (weight, target))
    return "".join("|" if place == mark else "█" if place < filled else "·" for place in range(_BAR))


def price(usd: Usd18) -> str:
    """Dollars and cents, and a hundredth of a cent where a peg is looked at."""
    return format_usd(usd) if usd >= 2 * WAD else f"${format_units(usd, 18, 4)}"


def clock(time: Timestamp) -> str:
    """The market's time as day, hours and minutes."""
    return datetime.fromtimestamp(time, UTC).strftime("%d %b %H:%M")
