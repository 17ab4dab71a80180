"""The market of a story: feeds, traders and exchanges, each a process with keys of its own, in step with one another.

Feeds go first, for they set the time; traders and exchanges follow side by side.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keeper.exit_codes import ExitCode
from scripts.story.cast import Actor, Cast, last_words
from scripts.story.faults import StageFailed
from scripts.story.place import Place

STEP_SECONDS = 60.0
"""How long a step of the market may take on a busy machine."""
_SCARCE = 97 * 10**16
"""Utilisation of a reserve, 1e18 = 100 %, above which it is worth a word."""
_STATES = {
    "late": "answers of a minute ago",
    "down": "is down",
    "slow": "does not answer in time",
    "html": "answers with a web page",
    "lying": "is 10 % off",
    "ok": "answers again",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """The market after a step: its block, the true prices (USD, 18 decimals, by asset), and what is worth a word."""

    step: int
    block: int
    prices: Mapping[str, int]
    words: tuple[str, ...]


class Market:
    """Three processes at one chain. `exchanges` has the addresses of the local exchanges once `open` was called."""

    def __init__(self, where: Place, cast: Cast, book: Path, words: Sequence[str]) -> None:
        self._where = where
        self._cast = cast
        self._words = ("--book", str(book), *words, "--on-demand")
        self._actors: dict[str, Actor] = {}
        self._silent: frozenset[str] = frozenset()
        self._states: dict[str, str] = {}
        self._scarce: frozenset[str] = frozenset()
        self.exchanges: dict[str, str] = {}

    def open(self, *, exchanges: bool, extra: Mapping[str, Sequence[str]]) -> None:
        """Start the processes; `extra` words for some of them."""
        for name in ("feeds", "traders", *(["exchanges"] if exchanges else [])):
            line = [sys.executable, "-m", "keeper.devnet", name, *self._words, *extra.get(name, ())]
            self._actors[name] = self._cast.start(name, line, self._where.log(name), prompted=True)
        if exchanges:
            self.exchanges = {name: str(url) for name, url in self._hear("exchanges").items()}

    def step(self) -> Moment:
        """The next step of all of them. StageFailed where one does not take it."""
        self._prompt("feeds")
        said = self._hear("feeds")
        others = [name for name in self._actors if name != "feeds"]
        for name in others:
            self._prompt(name)
        heard = {name: self._hear(name) for name in others}
        words = self._silence(said) + self._scarcity(heard["traders"]) + self._quotes(heard.get("exchanges", {}))
        prices = {str(asset): int(price) for asset, price in said["prices"].items()}
        return Moment(int(said["step"]), int(heard["traders"]["block"]), prices, words)

    def close(self) -> None:
        """Tell all of them to end, and ask how they ended."""
        for actor in self._actors.values():
            code = self._cast.end(actor)
            if code != ExitCode.DONE:
                raise StageFailed(actor.name, f"told to end, it ended with {code}: {last_words(actor.log)}", actor.log)

    def _prompt(self, name: str) -> None:
        self._actors[name].ask("")

    def _hear(self, name: str) -> dict[str, Any]:
        actor = self._actors[name]
        said = actor.line(STEP_SECONDS)
        try:
            found: dict[str, Any] = json.loads(said)
        except ValueError:
            raise StageFailed(name, said, actor.log) from None
        return found

    def _silence(self, said: Mapping[str, Any]) -> tuple[str, ...]:
        """Voices that have fallen silent, or speak again."""
        now, before = frozenset(said.get("silent", ())), self._silent
        self._silent = now
        fell = [f"the feed {name} misses its beats" for name in sorted(now - before)]
        return (*fell, *(f"the feed {name} is heard again" for name in sorted(before - now)))

    def _scarcity(self, said: Mapping[str, Any]) -> tuple[str, ...]:
        """Reserves of Aave that are all but lent out."""
        used = {str(symbol): int(share) for symbol, share in said.get("utilisation", {}).items()}
        now, before = frozenset(symbol for symbol, share in used.items() if share >= _SCARCE), self._scarce
        self._scarce = now
        scarce = [f"Aave has lent out {used[symbol] / 10**16:.1f} % of its {symbol}" for symbol in sorted(now - before)]
        return (*scarce, *(f"Aave has {symbol} to give again" for symbol in sorted(before - now)))

    def _quotes(self, said: Mapping[str, Any]) -> tuple[str, ...]:
        """Exchanges whose state is another than at the step before."""
        now: dict[str, str] = {str(name): str(state) for name, state in said.get("states", {}).items()}
        changed = [name for name, state in now.items() if state != self._states.get(name, "ok")]
        self._states = now
        return tuple(f"the exchange {name} {_STATES.get(now[name], now[name])}" for name in sorted(changed))
