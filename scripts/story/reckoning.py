"""The reckoning: what the story came to, which promises it kept, and the JSON object that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keeper.model import Hash32
from keeper.units import SHARE_PER_BPS, Share18, Timestamp, Usd18, format_share, format_units
from scripts.story.facts import Exit, Harvest, Leg, Rebalance, Sight, as_bps, as_number
from scripts.story.plot import STEP_SECONDS, Plot
from scripts.story.robbed import attack_data, attack_promises
from scripts.story.theft import Theft

LEAST_SAFE = Share18(9_950 * SHARE_PER_BPS)
"""What part of NAV must be in safe assets after the kill."""
LEAST_SAFE_REPLAYED = Share18(9_500 * SHARE_PER_BPS)
"""The same where real prices are replayed, and the switch pressed in the worst hour."""
LEAST_UNSTABLE = Share18(5_000 * SHARE_PER_BPS)
"""What part of NAV must be at the market's mercy before it, or the kill would prove little."""
MOST_CALLS_REPLAYED = 2
"""Where the first refuge is taken; the second one's pools may be too thin for that."""


def least_safe(how: Plot) -> Share18:
    """What part of NAV this story promises to be in safe assets after the kill."""
    return LEAST_SAFE if how.prices is None else LEAST_SAFE_REPLAYED


@dataclass(frozen=True, slots=True)
class Written:
    """A journal: where it is, how many rows, why the keeper held and how often, and what verifying it came to."""

    path: Path
    rows: int
    holds: Mapping[str, int]
    verified: bool
    finding: str


@dataclass(frozen=True, slots=True)
class Where:
    """Where a reader finds it all again: paths, the vault's address, and the node, if it was kept."""

    vault: str
    manifest: Path
    book: Path
    rpc: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything seen. `first` is after the deposits, `before_kill` just before the switch, `last` at the very end."""

    how: Plot
    client: str
    where: Where
    steps: tuple[int, ...]
    """The market's last block in each step."""
    first: Sight
    before_kill: Sight
    last: Sight
    rebalances: tuple[Rebalance, ...]
    harvests: tuple[Harvest, ...]
    exits: tuple[Exit, ...]
    """The kill's: Halted and Flattened after `before_kill`."""
    legs: tuple[Leg, ...]
    theft: Theft | None
    moving: frozenset[Hash32]
    """Transactions that may move tokens: those that emitted an event of the vault which says so."""
    transfers: frozenset[Hash32]
    written: tuple[Written, ...]
    left_out: tuple[str, ...]

    @property
    def flattens(self) -> tuple[Exit, ...]:
        """Every flatten of the kill, in order."""
        return tuple(one for one in self.exits if one.name == "Flattened")

    @property
    def hold(self) -> Usd18:
        """The balances of the beginning at the prices of the end: what doing nothing would have come to."""
        return self.first.worth_at(self.last.prices)

    @property
    def holds(self) -> dict[str, int]:
        """How often each reason ended a tick without a transaction, over all journals."""
        counts: dict[str, int] = {}
        for one in self.written:
            for reason, count in one.holds.items():
                counts[reason] = counts.get(reason, 0) + count
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    @property
    def begins(self) -> Timestamp:
        """The market's time at the first look."""
        return Timestamp(self.how.begins or self.first.time)

    def step_of(self, block: int) -> int:
        """The step in which a block was made."""
        return sum(one < block for one in self.steps)


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of the demo: whether it was kept, and the figures."""

    kept: bool
    saying: str


def promises(story: Story) -> tuple[Promise, ...]:
    """Every promise, kept or broken."""
    count, least = len(story.rebalances), story.how.least_rebalances
    upward = tuple(f"block {one.block}" for one in story.rebalances if not one.lowered_drift)
    strangers = tuple(sorted(story.transfers - story.moving))
    broken = [one.finding for one in story.written if not one.verified]
    found = [
        Promise(count >= least, f"{count} rebalances, at least {least} are promised"),
        Promise(not upward, "every rebalance lowered drift" + _but(upward)),
        Promise(story.last.halted, "the vault is halted" if story.last.halted else "the vault is not halted"),
        *_of_kill(story),
        Promise(not broken, "journal: " + "; ".join(broken or [one.finding for one in story.written])),
        Promise(not strangers, "tokens moved only where the vault's own events say so" + _but(strangers)),
    ]
    if not story.how.quick and story.how.prices is None and "harvests" not in story.left_out:
        found.append(Promise(bool(story.harvests), f"{len(story.harvests)} harvests, at least 1 is promised"))
    if story.theft is not None:
        found += [Promise(kept, saying) for kept, saying in attack_promises(story.theft)]
    return tuple(found)


def _of_kill(story: Story) -> list[Promise]:
    safe, least = story.last.safe, least_safe(story.how)
    below = tuple(f"{one.symbol} in block {one.block}" for one in story.legs if one.bought < one.floor)
    share = f"{format_share(safe)} of NAV is in safe assets after the kill, {format_share(least)} is promised"
    found = [
        Promise(safe >= least, share),
        Promise(not below, "no leg of the kill was sold below its floor" + _but(below)),
    ]
    refuges = [one.refuge for one in story.flattens if one.refuge is not None]
    strayed = tuple(f"{one.symbol} at {format_units(one.price, 18, 4)}" for one in refuges if not one.within)
    found.append(Promise(not strayed, "every flatten was into an asset that had kept its peg" + _but(strayed)))
    if story.how.prices is None:
        unstable = story.before_kill.unstable
        said = f"{format_share(unstable)} of NAV was not stable before it, {format_share(LEAST_UNSTABLE)} is promised"
        return [*found, Promise(unstable >= LEAST_UNSTABLE, said)]
    if any(one.rank > 1 for one in refuges):
        return found
    calls = len(story.exits)
    said = f"the kill took {calls} calls, at most {MOST_CALLS_REPLAYED} are promised"
    return [*found, Promise(0 < calls <= MOST_CALLS_REPLAYED, said)]


def _but(exceptions: tuple[str, ...]) -> str:
    return f", but for {', '.join(exceptions)}" if exceptions else ""


def as_data(story: Story) -> dict[str, Any]:
    """The `data` of the demo's envelope; docs/demo.md says what each field is."""
    steps = len(story.steps)
    return {
        "client": story.client,
        "steps": steps,
        "prices": {
            "source": story.how.source,
            "from": moment(story.begins),
            "to": moment(Timestamp(story.begins + steps * STEP_SECONDS)),
        },
        "nav": {"start": str(story.first.nav), "end": str(story.last.nav), "hold": str(story.hold)},
        "rebalances": [_rebalance(story, one) for one in story.rebalances],
        "harvests": [
            {
                "block": one.block,
                "tx": one.tx,
                "claimed": str(one.claimed),
                "sold_for": str(one.sold_for),
                "gas": one.gas,
            }
            for one in story.harvests
        ],
        "holds": story.holds,
        "attack": None if story.theft is None else attack_data(story.theft),
        "kill": _kill(story),
        "journal": _journal(story.written[0]) | {"others": [_journal(one) for one in story.written[1:]]},
        "left_out": list(story.left_out),
        "blocks": {
            "first": story.first.block,
            "kill": story.before_kill.block,
            "last": story.last.block,
            "steps": list(story.steps),
        },
        "vault": story.where.vault,
        "manifest": str(story.where.manifest),
        "book": str(story.where.book),
        "rpc": story.where.rpc,
    }


def _rebalance(story: Story, one: Rebalance) -> dict[str, Any]:
    step = story.step_of(one.block)
    return {
        "block": one.block,
        "tx": one.tx,
        "step": step,
        "at": moment(Timestamp(story.begins + step * STEP_SECONDS)),
        "drift_before": as_number(one.report.drift_before),
        "drift_after": as_number(one.report.drift_after),
        "turnover": as_number(one.report.turnover),
        "loss_bps": as_bps(one.report.loss),
        "gas": one.gas,
    }


def _kill(story: Story) -> dict[str, Any]:
    return {
        "stable_share": as_number(story.last.safe),
        "non_stable_before": as_number(story.before_kill.unstable),
        "failed_legs": story.flattens[-1].failed if story.flattens else None,
        "calls": len(story.exits),
        "seconds": story.exits[-1].time - story.before_kill.time if story.exits else None,
        "refuges": [
            {"asset": one.refuge.symbol, "price": str(one.refuge.price)} for one in story.flattens if one.refuge
        ],
        "legs": [
            {"asset": one.symbol, "sold": str(one.sold), "bought": str(one.bought), "floor": str(one.floor)}
            for one in story.legs
        ],
    }


def _journal(written: Written) -> dict[str, Any]:
    return {"path": str(written.path), "rows": written.rows, "verified": written.verified}


def moment(time: Timestamp) -> str:
    """Unix seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
