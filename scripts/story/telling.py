"""The telling: the market takes a step, the thief takes a turn, the keeper looks; and what each act does besides."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keeper.exit_codes import ExitCode
from keeper.units import Share18, Timestamp, bps_up, format_share, format_units, format_usd
from scripts.bounds import Bounds
from scripts.story import attacker, scene
from scripts.story.cast import Actor, Cast, last_words
from scripts.story.facts import Happening, Harvest, Rebalance, Scene, Sight
from scripts.story.faults import StageFailed
from scripts.story.keeping import Keeper
from scripts.story.market import Market, Moment
from scripts.story.place import KEEPER, STANDBY, Place
from scripts.story.plot import HOUR, STEP_SECONDS, Plot
from scripts.story.reckoning import least_safe
from scripts.story.theft import Ledger, Theft
from scripts.story.witness import Witness

TURN_SECONDS = 120.0
"""How long the thief may take for a turn."""
OWNER_SECONDS = 120.0
KILL_SECONDS = 90.0
MOST_KILLS = 6
"""A leg that a thin pool refuses is tried again after the arbitrageur has been there."""
MOST_ALLOCATIONS = 4
_WORTH_A_DETOUR = 25
"""Bps of NAV in assets without a target."""
_TURN = "turn"
"""What the thief is told when it may act."""
_STEPS_TO_UNHALT = HOUR + 1
_DRIFTED = Share18(5 * 10**15)
"""The owner has allocated when drift is below half a per cent."""


class Telling:
    """Tells one story at a place; `show` is given every scene, `say` every line that is worth one."""

    def __init__(
        self,
        where: Place,
        how: Plot,
        cast: Cast,
        witness: Witness,
        market: Market,
        show: Callable[[Scene], None],
        say: Callable[[str], None],
    ) -> None:
        self._where, self._how, self._cast, self._market = where, how, cast, market
        self._witness = witness
        self._show = show
        self._say = say
        self._keeper: Keeper | None = None
        self._ended: list[Keeper] = []
        self._thief: Actor | None = None
        self._ledger: Ledger | None = None
        self._seen = 0
        self._begins = 0
        self.steps = 0
        self.blocks: list[int] = []
        self.rebalances: list[Rebalance] = []
        self.harvests: list[Harvest] = []
        self.happened: list[Happening] = []

    def start(self) -> Sight:
        """The keeper takes its place; returns the vault as it is before the first step."""
        first = self._witness.sight()
        self._seen = first.block
        self._begins = self._how.begins or first.time
        self._keeper = self._hire(KEEPER)
        return first

    def drift(self, until: int) -> None:
        """Step by step up to the step `until`: prices move, and the keeper has looked before they move again."""
        while self.steps < until:
            self._step()

    def theft(self, until: int, bounds: Bounds) -> Theft:
        """A thief has the keeper's key until the step `until`; then it flattens and is gone."""
        thief = str(self._witness.book.address(KEEPER))
        ledger = self._ledger = Ledger(self._witness, thief, bounds)
        words = ("--config", str(self._where.config), "--book", str(self._book()))
        line = [sys.executable, "-m", "scripts.story.attacker", *words]
        self._thief = self._cast.start("thief", line, self._where.log("thief"), prompted=True)
        self._say("  a thief has copied the keeper's configuration, key file and password")
        first = self._seen
        self._step(_TURN)
        while self.steps < until:
            self._step(_TURN if self.steps % HOUR == 0 else "")
        self._step(attacker.LEAVE)
        code = self._cast.end(self._thief)
        if code not in (ExitCode.DONE, -15):
            raise StageFailed("thief", f"ended with {code}: {last_words(self._thief.log)}", self._thief.log)
        self._thief = self._ledger = None
        return ledger.close(self._witness.book.address("thief"), first, self._seen)

    def recover(self) -> None:
        """The owner revokes the key, an hour later unhalts, sets targets and allocates; the standby goes on."""
        self._own("revoke-keeper", self._witness.book.address(KEEPER))
        self._dismiss()
        for _ in range(_STEPS_TO_UNHALT):
            self._step()
        self._own("unhalt")
        wanted = {one.symbol: int(one.target_bps) for one in self._witness.manifest.assets}
        for targets in detour(self._witness.sight(), wanted):
            self._own("set-targets", *(f"{symbol}={target}" for symbol, target in targets.items()))
            for _ in range(MOST_ALLOCATIONS):
                if not self._own("allocate") or self._witness.sight().drift < _DRIFTED:
                    break
                self._step()
        self._keeper = self._hire(STANDBY)
        self._say("  the standby keeper goes on, with a key and a journal of its own")

    def kill(self) -> Sight:
        """The guardian's own process halts the vault and sells into the stablecoin, past the keeper that goes on.

        Returns the vault as it was just before. A leg that a pool was too thin for is tried again a step later.
        """
        before = self._witness.sight()
        config = self._where.config_of(self._keeper.name if self._keeper else KEEPER)
        for number in range(1, MOST_KILLS + 1):
            log = self._where.log(f"kill-{number}")
            words = [sys.executable, "-m", "keeper", "kill", "--yes", "--config", str(config)]
            code = self._cast.perform("kill", words, log, KILL_SECONDS)
            if self._witness.sight().safe >= least_safe(self._how) or number == MOST_KILLS:
                break
            self._say(f"  kill {number} left something unsold ({last_words(log)}); again after the next step")
            self._step()
        if code not in (ExitCode.DONE, ExitCode.REFUSED):
            raise StageFailed("kill", f"keeper kill ended with {code}: {last_words(log)}", log)
        return before

    def end(self) -> None:
        """The keeper looks once more at a halted vault; then all are told to end, and asked how they ended."""
        if self._keeper is not None:
            self._keeper.look()
        self._witnessed(())
        self._market.close()
        self._dismiss()

    def _step(self, turn: str = "") -> None:
        """One step of the market, the thief's turn if it is there, and the keeper's look."""
        moment = self._market.step()
        self.steps += 1
        self.blocks.append(moment.block)
        words = list(moment.words)
        stolen: list[str] = []
        if self._thief is not None and turn:
            self._thief.ask(turn)
            deeds = _heard(self._thief)["deeds"]
            stolen = [deed["tx"] for deed in deeds]
            words += [deed["words"] for deed in deeds]
        words += self._look()
        self._witnessed(words, moment, stolen)

    def _look(self) -> list[str]:
        """The keeper looks; a word where it latches a HALT and ends."""
        if self._keeper is None or self._keeper.code is not None:
            return []
        if self._keeper.look():
            return []
        return [f"the {self._keeper.name} sees it and latches a HALT; but nobody looks ({self._keeper.reason})"]

    def _witnessed(self, words: Iterable[str], moment: Moment | None = None, stolen: Sequence[str] = ()) -> None:
        """What the chain has new, kept and shown; `stolen` are the thief's transactions."""
        sight = self._witness.sight()
        fresh = self._witness.happenings(self._seen + 1, sight.block)
        self._seen = sight.block
        self.happened += fresh
        told = list(words)
        if self._ledger is not None and moment is not None:
            self._ledger.note(self.steps, moment.prices, tuple(one for one in fresh if one.tx in stolen))
        honest = tuple(one for one in fresh if one.tx not in stolen)
        rebalances, harvests = self._witness.rebalances(honest), self._witness.harvests(honest)
        self.rebalances += rebalances
        self.harvests += harvests
        told += [_of_rebalance(one) for one in rebalances] + [_of_harvest(one) for one in harvests]
        gas = sum(one.gas for one in self.rebalances) + sum(one.gas for one in self.harvests)
        reason = self._keeper.reason if self._keeper else "none is on"
        at = Timestamp(self._begins + self.steps * STEP_SECONDS)
        self._show(Scene(self.steps, self._how.steps, at, sight, reason, tuple(told), len(self.rebalances), gas))

    def _hire(self, name: str) -> Keeper:
        return Keeper(name, self._cast, self._where.config_of(name), self._where.log(name))

    def _dismiss(self) -> None:
        """The keeper ends, if there is one."""
        if self._keeper is not None:
            self._keeper.end()
            self._keeper = None

    def _own(self, *words: str) -> bool:
        """The owner's hand: the Safe, by scripts/owner.py; False where an allocation finds nothing to trade."""
        command = words[0]
        line = ["--manifest", str(scene.manifest_of(self._where, self._witness.book)), "--yes", *words]
        fair = (ExitCode.DONE, ExitCode.REFUSED) if command == "allocate" else (ExitCode.DONE,)
        log = f"owner-{command}"
        code = scene.run_script("owner", self._where, self._cast, line, OWNER_SECONDS, called=log, fair=fair)
        sight = self._witness.sight()
        if code == ExitCode.DONE:
            told = f"NAV {format_usd(sight.nav)}, drift {format_share(sight.drift)}"
            self._say(f"  the owner's Safe: {' '.join(words)}; {told}")
        return code == ExitCode.DONE

    def _book(self) -> Path:
        return scene.book_of(self._where)


def detour(sight: Sight, wanted: Mapping[str, int]) -> list[dict[str, int]]:
    """The targets that the owner sets one after another, bps by symbol, the wanted ones last.

    What nobody wants any more is sold into the first refuge alone, and no trade crosses a target: so the refuge's own
    is raised by that much first, and the largest lowered.
    """
    unwanted = sum(bps_up(sight.weight(held)) for held in sight.holdings if not wanted[held.symbol])
    refuge = next(held.symbol for held in sight.holdings if held.safe)
    largest = max((symbol for symbol in wanted if symbol != refuge), key=lambda symbol: wanted[symbol])
    if unwanted < _WORTH_A_DETOUR or unwanted >= wanted[largest]:
        return [dict(wanted)]
    raised = {refuge: wanted[refuge] + unwanted, largest: wanted[largest] - unwanted}
    return [{**wanted, **raised}, dict(wanted)]


def _heard(thief: Actor) -> dict[str, Any]:
    said = thief.line(TURN_SECONDS)
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        raise StageFailed("thief", said, thief.log) from None
    return found


def _of_rebalance(done: Rebalance) -> str:
    before, after = format_share(done.report.drift_before), format_share(done.report.drift_after)
    turnover, gas = format_share(done.report.turnover), f"{done.gas:,}"
    return f"rebalanced in block {done.block}: drift {before} -> {after}, turnover {turnover}, gas {gas}"


def _of_harvest(done: Harvest) -> str:
    return f"harvested in block {done.block}: {format_units(done.claimed, 18)} LINK claimed, gas {done.gas:,}"
