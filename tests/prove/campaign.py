"""The one campaign: a million calls by every actor in three worlds, and each invariant's planted bug found red.

tests/forge/campaign says what is done and held; this runs it at length, counts what took effect, and judges bugs.toml.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.prove import twins
from tests.prove.section import Section
from tests.prove.workshop import Filter, Lane, Tested, Workshop, WorkshopFault

WORLDS = ("CalmTest", "CrashTest", "HostileTest")
PARTS = 2
"""Runs of each world, each with a seed of its own: six pieces keep two lanes busy to the end."""
RUNS = 840
DEPTH = 200
"""Calls of one sequence: some 50 simulated days."""
LEAST_CALLS = 1_000_000
LEAST_LANDED = 20
"""Percent of an action's tries that must take effect, over the three worlds; else the campaign proves little of it."""
SECONDS = 1500
"""Of processor time, for one piece: ten times what it takes."""
BUG_RUNS, BUG_DEPTH = 60, 100
"""What a planted bug's world searches for it at most, from a fixed seed: some ten seconds."""
INVARIANTS = 20
ENV = {
    # what forge would look up and remember of each call costs as much as the call; the actions draw for themselves
    "FOUNDRY_INVARIANT_INCLUDE_STORAGE": "false",
    "FOUNDRY_INVARIANT_INCLUDE_PUSH_BYTES": "false",
    "FOUNDRY_INVARIANT_MAX_FUZZ_DICTIONARY_VALUES": "64",
    "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One world from one seed."""

    world: str
    seed: int


@dataclass(frozen=True, slots=True)
class Action:
    """Calls of one action, and those that did not land: the handler reverts where nothing took effect."""

    name: str
    calls: int
    missed: int

    @property
    def landed(self) -> int:
        """Percent of its tries, rounded down."""
        return 100 * (self.calls - self.missed) // self.calls if self.calls else 0


def run(lane: Lane, piece: Piece) -> Tested:
    """One piece. Raises WorkshopFault if it ran out of time or is red: neither is a proof."""
    wanted = Filter(
        contract=f"^{piece.world}$", runs=RUNS, depth=DEPTH, seed=piece.seed, seconds=SECONDS, fail_fast=False, env=ENV
    )
    tested = lane.test(wanted)
    if tested.timed_out:
        raise WorkshopFault(f"{piece.world} from seed {piece.seed} had no answer in {SECONDS} s of processor time")
    for test in tested.red:
        raise WorkshopFault(f"{piece.world} from seed {piece.seed} is red: {test.reason}")
    return tested


def counted(pieces: Iterable[Tested]) -> tuple[Action, ...]:
    """Every action over all pieces, by forge's own metrics, the hardest to land first."""
    calls: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for tested in pieces:
        for test in tested.tests:
            for selector, told in test.detail["kind"]["Invariant"]["metrics"].items():
                name = selector.rpartition(".")[2]
                calls[name] += told["calls"]
                missed[name] += told["reverts"] + told["discards"]
    actions = [Action(name, count, missed[name]) for name, count in calls.items()]
    return tuple(sorted(actions, key=lambda action: (action.landed, action.name)))


def unseen(verdicts: Sequence[twins.Verdict]) -> tuple[int, ...]:
    """Invariants without a planted bug that was found red under that invariant's number."""
    seen = set()
    for verdict in verdicts:
        number = re.fullmatch(r"I(\d\d)", verdict.twin.reason)
        if number and verdict.killed:
            seen.add(int(number[1]))
    return tuple(number for number in range(1, INVARIANTS + 1) if number not in seen)


def bugs() -> tuple[twins.Twin, ...]:
    """bugs.toml, each entry's world searched as long as a planted bug deserves."""
    found = []
    for twin in twins.load("bugs.toml"):
        stages = tuple(replace(stage, runs=BUG_RUNS, depth=BUG_DEPTH, env=ENV) for stage in twin.stages)
        found.append(replace(twin, stages=stages))
    return tuple(found)


def prove(shop: Workshop) -> Section:
    """Green at length, every action effective, every invariant's planted bug red."""
    begun = time.monotonic()
    pieces = [Piece(world, 1 + part) for part in range(PARTS) for world in WORLDS]
    actions = counted(shop.spread(run, pieces))
    calls = sum(action.calls for action in actions)
    idle = [action.name for action in actions if action.landed < LEAST_LANDED]
    shop.say(f"campaign: {calls:,} calls of {len(actions)} actions, {len(idle)} of them below {LEAST_LANDED} %")
    verdicts = twins.judge(shop, bugs(), "bugs")
    missing = unseen(verdicts)
    alive = [verdict.twin.name for verdict in verdicts if not verdict.killed]
    rows = [(action.name, f"{action.calls:,}", f"{action.landed} % landed", "") for action in actions]
    rows += [(one.twin.name, one.twin.reason, one.outcome.value, one.by()) for one in verdicts]
    passed = calls >= LEAST_CALLS and not idle and not missing and not alive
    headline = (
        f"{calls:,} calls in {len(WORLDS)} worlds, no invariant broken; {len(actions)} actions, "
        f"the least landing {actions[0].landed} % ({actions[0].name}); "
        f"{INVARIANTS - len(missing)} of {INVARIANTS} invariants shown red by {len(verdicts) - len(alive)} planted bugs"
    )
    if idle or missing or alive:
        headline += f"; too idle: {idle}, without a red bug: {missing}, bugs alive: {alive}"
    figures = {"calls": calls, "actions": len(actions), "bugs": len(verdicts), "red": len(verdicts) - len(alive)}
    columns = ("action or bug", "calls or invariant", "result", "found by")
    return Section("campaign", passed, time.monotonic() - begun, headline, columns, tuple(rows), figures)
