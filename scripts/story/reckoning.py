"""The reckoning: what the story came to, which promises it kept, and the JSON object that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keeper.model import Hash32
from keeper.units import SHARE_PER_BPS, Share18, Timestamp, Usd18, format_share, format_usd
from scripts.story.facts import Exit, Rebalance, Sight, as_bps, as_number

LEAST_REBALANCES = 3
LEAST_STABLE = Share18(9_950 * SHARE_PER_BPS)
"""What part of NAV must be in the stablecoin after the kill."""
STABLE = "USDC"


@dataclass(frozen=True, slots=True)
class Written:
    """The journal: where it is, how many rows, why the keeper held and how often, and what verifying it came to."""

    path: Path
    rows: int
    holds: Mapping[str, int]
    verified: bool
    finding: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything seen. `first` is after the deposits, `before_kill` just before the switch, `last` at the very end."""

    client: str
    seed: int
    steps: int
    first: Sight
    before_kill: Sight
    last: Sight
    rebalances: tuple[Rebalance, ...]
    exits: tuple[Exit, ...]
    transfers: frozenset[Hash32]
    written: Written
    left_out: tuple[str, ...]

    @property
    def flattens(self) -> tuple[Exit, ...]:
        """Every flatten, in order."""
        return tuple(one for one in self.exits if one.name == "Flattened")

    @property
    def hold(self) -> Usd18:
        """The balances of the beginning at the prices of the end: what doing nothing would have come to."""
        return self.first.worth_at(self.last.prices)

    @property
    def strange_transfers(self) -> frozenset[Hash32]:
        """Transactions that moved tokens to or from the vault and were neither a rebalance nor a flatten."""
        return self.transfers - {one.tx for one in self.rebalances} - {one.tx for one in self.flattens}


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of the demo: whether it was kept, and the figures."""

    kept: bool
    saying: str


def promises(story: Story) -> tuple[Promise, ...]:
    """Every promise, kept or broken."""
    count, stable = len(story.rebalances), story.last.share(STABLE)
    upward = tuple(f"block {one.block}" for one in story.rebalances if not one.lowered_drift)
    strangers = tuple(sorted(story.strange_transfers))
    kill = f"{format_share(stable)} of NAV is {STABLE} after the kill, {format_share(LEAST_STABLE)} is promised"
    return (
        Promise(count >= LEAST_REBALANCES, f"{count} rebalances, at least {LEAST_REBALANCES} are promised"),
        Promise(not upward, "every rebalance lowered drift" + _but(upward)),
        Promise(story.last.halted, "the vault is halted" if story.last.halted else "the vault is not halted"),
        Promise(stable >= LEAST_STABLE, kill),
        Promise(story.written.verified, f"journal: {story.written.finding}"),
        Promise(not strangers, "tokens moved in rebalances and the kill alone" + _but(strangers)),
    )


def _but(exceptions: tuple[str, ...]) -> str:
    return f", but for {', '.join(exceptions)}" if exceptions else ""


def as_data(story: Story) -> dict[str, Any]:
    """The `data` of the demo's envelope; docs/demo.md says what each field is."""
    return {
        "client": story.client,
        "steps": story.steps,
        "prices": {
            "source": f"feed path of seed {story.seed}",
            "from": moment(story.first.time),
            "to": moment(story.last.time),
        },
        "nav": {"start": str(story.first.nav), "end": str(story.last.nav), "hold": str(story.hold)},
        "rebalances": [
            {
                "block": one.block,
                "tx": one.tx,
                "drift_before": as_number(one.report.drift_before),
                "drift_after": as_number(one.report.drift_after),
                "turnover": as_number(one.report.turnover),
                "loss_bps": as_bps(one.report.loss),
                "gas": one.gas,
            }
            for one in story.rebalances
        ],
        "harvests": [],
        "holds": dict(story.written.holds),
        "attack": None,
        "kill": {
            "stable_share": as_number(story.last.share(STABLE)),
            "failed_legs": story.flattens[-1].failed if story.flattens else None,
            "calls": len(story.exits),
            "seconds": story.exits[-1].time - story.before_kill.time if story.exits else None,
        },
        "journal": {
            "path": str(story.written.path),
            "rows": story.written.rows,
            "verified": story.written.verified,
        },
        "left_out": list(story.left_out),
    }


def as_text(story: Story, took: Mapping[str, float]) -> str:
    """The summary for a person."""
    last, hold = story.last, story.hold
    lines = ["", f"What it came to, from the chain's own balances and logs ({story.client}, seed {story.seed})"]
    lines += [f"  {'kept  ' if one.kept else 'BROKEN'}  {one.saying}" for one in promises(story)]
    lines.append("")
    lines.append(f"  {'block':>7} {'drift before':>13} {'after':>8} {'turnover':>9} {'loss':>9} {'gas':>9}")
    lines += [
        f"  {one.block:>7} {format_share(one.report.drift_before):>13} {format_share(one.report.drift_after):>8}"
        f" {format_share(one.report.turnover):>9} {as_bps(one.report.loss):>5.2f} bps {one.gas:>9,}"
        for one in story.rebalances
    ]
    lines.append("")
    lines.append(f"  NAV      {format_usd(story.first.nav)} at the start, {format_usd(last.nav)} at the end")
    apart = last.nav - hold
    word = "more" if apart >= 0 else "less"
    lines.append(f"  holding  {format_usd(hold)}: the vault has {format_usd(Usd18(abs(apart)))} {word}")
    held = ", ".join(f"{reason} {count}" for reason, count in story.written.holds.items()) or "never"
    lines.append(f"  held     {held}")
    lines.append(f"  journal  {story.written.rows} rows in {story.written.path}")
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
    lines.append(f"  time     {sum(took.values()):.1f} s: {stages}")
    return "\n".join(lines)


def moment(time: Timestamp) -> str:
    """Chain time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
