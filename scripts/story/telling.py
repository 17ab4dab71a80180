"""The telling: the market takes a step, the keeper looks, and so on; then the guardian presses the switch."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from keeper.devnet import local
from keeper.exit_codes import ExitCode
from scripts.story.cast import Actor, Cast, last_words
from scripts.story.facts import Rebalance, Scene, Sight
from scripts.story.faults import StageFailed
from scripts.story.place import Place
from scripts.story.reckoning import LEAST_STABLE, STABLE
from scripts.story.witness import Witness

STEP_SECONDS = 60.0
"""How long a step of the market may take on a busy machine."""
START_SECONDS = 60.0
"""How long the keeper may take from its start to its first decision."""
LOOK_SECONDS = 60.0
"""How long the keeper may take to look at a new block, and to act on it."""
KILL_SECONDS = 90.0
MOST_KILLS = 6
"""A leg that a thin pool refuses is tried again after the arbitrageur has been there."""
_TICK = re.compile(r"\bevent=tick\b.* block=(?P<block>[0-9]+)\b")
"""The keeper's log line of a tick that has ended, its transaction settled."""


@dataclass(frozen=True, slots=True)
class Script:
    """How long the story is. The market's path is `told` steps long; the switch is pressed after `taken` of them.

    The path's sell-off lies between 55 and 85 % of it (keeper/devnet/path.py): the switch is pressed while prices fall.
    """

    seed: int
    told: int
    taken: int


def script(seed: int, *, quick: bool) -> Script:
    """The short or the whole story."""
    return Script(seed, 25, 20) if quick else Script(seed, 60, 48)


class Telling:
    """Tells one story at a place; `show` is given every scene, `say` every line that is worth one."""

    def __init__(
        self, where: Place, cast: Cast, witness: Witness, show: Callable[[Scene], None], say: Callable[[str], None]
    ) -> None:
        self._where = where
        self._cast = cast
        self._witness = witness
        self._show = show
        self._say = say
        self._keeper: Actor | None = None
        self._market: Actor | None = None
        self._reason = ""
        self.steps = 0

    def start(self, how: Script) -> Sight:
        """Market and keeper take their places; returns the vault as it is before the first step."""
        first = self._witness.sight()
        self._keeper = self._play("keeper", "-m", "keeper", "run", "--mode", "live", *self._configured())
        story = ("--seed", str(how.seed), "--steps", str(how.told), "--on-demand")
        book = local.folder_of(self._where.name) / local.BOOK
        self._market = self._play("market", "-m", "keeper.devnet", "market", "--book", str(book), *story, prompted=True)
        _hear_tick(self._keeper, first.block, START_SECONDS)
        return first

    def drift(self, how: Script) -> tuple[Rebalance, ...]:
        """Step by step: prices move, and the keeper has looked before they move again. Returns every rebalance."""
        done: tuple[Rebalance, ...] = ()
        seen = self._witness.sight().block
        while self.steps < how.taken:
            self._step()
            sight = self._witness.sight()
            fresh = self._witness.rebalances(seen + 1, sight.block)
            seen, done = sight.block, (*done, *fresh)
            self._show(Scene(self.steps, how.taken, sight, self._reason, done))
        return done

    def kill(self) -> Sight:
        """The guardian's own process halts the vault and sells into the stablecoin, past the keeper that goes on.

        Returns the vault as it was just before. A leg that a pool was too thin for is tried again a step later.
        """
        before = self._witness.sight()
        for number in range(1, MOST_KILLS + 1):
            log = self._where.log(f"kill-{number}")
            code = self._cast.perform(
                "kill", [sys.executable, "-m", "keeper", "kill", "--yes", *self._configured()], log, KILL_SECONDS
            )
            if self._witness.sight().share(STABLE) >= LEAST_STABLE or number == MOST_KILLS:
                break
            self._say(f"  kill {number} left something unsold ({last_words(log)}); again after the next step")
            self._step()
        if code != ExitCode.DONE:
            raise StageFailed("kill", f"keeper kill ended with {code}: {last_words(log)}", log)
        return before

    def end(self) -> None:
        """The keeper looks once more at a halted vault; then both are told to end, and asked how they ended."""
        if self._market is None or self._keeper is None:
            raise ValueError("the telling has not started")
        _hear_tick(self._keeper, self._witness.sight().block, LOOK_SECONDS)
        for actor in (self._market, self._keeper):
            code = self._cast.end(actor)
            if code != ExitCode.DONE:
                raise StageFailed(actor.name, f"told to end, it ended with {code}: {last_words(actor.log)}", actor.log)

    def _step(self) -> None:
        """One step of the market; then the keeper has had its look."""
        if self._market is None or self._keeper is None or self._market.prompt is None:
            raise ValueError("the telling has not started")
        try:
            self._market.prompt.write("\n")
            self._market.prompt.flush()
        except BrokenPipeError:
            raise StageFailed("market", f"it ended: {last_words(self._market.log)}", self._market.log) from None
        said = self._market.line(STEP_SECONDS)
        try:
            block = int(json.loads(said)["block"])
        except (ValueError, KeyError, TypeError):
            raise StageFailed("market", said, self._market.log) from None
        self.steps += 1
        self._reason = _hear_tick(self._keeper, block, LOOK_SECONDS)

    def _play(self, name: str, *words: str, prompted: bool = False) -> Actor:
        return self._cast.start(name, [sys.executable, *words], self._where.log(name), prompted=prompted)

    def _configured(self) -> tuple[str, str]:
        return "--config", str(self._where.config)


def _hear_tick(keeper: Actor, block: int, seconds: float) -> str:
    """Wait until the keeper has ended a tick that saw this block or a later one; its reason, in its own words.

    The log repeats the sentence only when the reason is another than the tick's before.
    """
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        line = keeper.line(seconds)
        found = _TICK.search(line)
        if found is not None and int(found["block"]) >= block:
            words = dict(word.partition("=")[::2] for word in shlex.split(line))
            return words.get("reason", f"{words.get('reason_code', '')}, as before")
    raise StageFailed("keeper", f"it did not get to see block {block} within {seconds:g} s", keeper.log)
