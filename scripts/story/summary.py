"""The summary for a person: promises, rebalances, harvests, the stolen key, NAV and time."""

from __future__ import annotations

from collections.abc import Mapping

from keeper.units import Usd18, format_share, format_units, format_usd
from scripts.story.facts import as_bps
from scripts.story.reckoning import Story, promises
from scripts.story.robbed import attack_lines

_REWARD_DECIMALS = 18


def as_text(story: Story, took: Mapping[str, float]) -> str:
    """What the story came to, in lines."""
    lines = ["", f"What it came to, from the chain's own balances and logs ({story.client}, {story.how.source})"]
    lines += [f"  {'kept  ' if one.kept else 'BROKEN'}  {one.saying}" for one in promises(story)]
    lines += _rebalances(story)
    for one in story.harvests:
        claimed = format_units(one.claimed, _REWARD_DECIMALS)
        lines.append(f"  {one.block:>7} harvest: {claimed} LINK claimed, gas {one.gas:,}")
    if story.theft is not None:
        lines += attack_lines(story.theft)
    return "\n".join(lines + _end(story, took))


def _rebalances(story: Story) -> list[str]:
    head = f"  {'block':>7} {'drift before':>13} {'after':>8} {'turnover':>9} {'loss':>9} {'gas':>9}"
    return ["", head] + [
        f"  {one.block:>7} {format_share(one.report.drift_before):>13} {format_share(one.report.drift_after):>8}"
        f" {format_share(one.report.turnover):>9} {as_bps(one.report.loss):>5.2f} bps {one.gas:>9,}"
        for one in story.rebalances
    ]


def _end(story: Story, took: Mapping[str, float]) -> list[str]:
    last, hold = story.last, story.hold
    apart = last.nav - hold
    word = "more" if apart >= 0 else "less"
    held = ", ".join(f"{reason} {count}" for reason, count in story.holds.items()) or "never"
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
    lines = [
        "",
        f"  NAV      {format_usd(story.first.nav)} at the start, {format_usd(last.nav)} at the end",
        f"  holding  {format_usd(hold)}: the vault has {format_usd(Usd18(abs(apart)))} {word}",
        f"  held     {held}",
        *(f"  journal  {one.rows} rows in {one.path}" for one in story.written),
    ]
    if story.left_out:
        lines.append(f"  left out {', '.join(story.left_out)}")
    return [*lines, f"  time     {sum(took.values()):.1f} s: {stages}"]
