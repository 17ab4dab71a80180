"""Directed adversaries in fifty seeded markets: each published bound, and the most that any of them took of it.

The contracts of tests/forge/adversaries say what they found, a line of JSON a bound; they fail above a bound. Here the
best of all is taken: it must come to half of what is published, or the adversaries prove nothing. What they compute as
published must be what scripts/bounds.py publishes, and the README must show what was found. Then the weakenings
(weakenings.toml): vaults broken on purpose, of which the same adversaries must break the bound in at least eight.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from keeper.config.deployment import load_deployment
from keeper.units import Share18, format_units
from scripts.bounds import DAY_HOURS, FEED_ERROR, MONTH_HOURS, Bounds, bounds_of
from tests.prove import twins
from tests.prove.section import Section
from tests.prove.workshop import Filter, Lane, Test, Workshop, WorkshopFault, parsed

MARKETS = 50
HUNTS = Path("tests/forge/adversaries")
SECONDS = 900
"""Of processor time, for one file of adversaries: five times what it takes."""
ENV = MappingProxyType({"BALLAST_MARKETS": str(MARKETS), "FOUNDRY_GAS_LIMIT": str(2**63 - 1)})
HALF = 50
"""Per cent of a bound that the best adversary must take."""
WEAKENINGS_WANTED = 8
MILLIONTHS = 1_000_000
BLIND = "forge's maximiser"


@dataclass(frozen=True, slots=True)
class Find:
    """The most one adversary took of one bound, both as shares, 1e18 = 100 % (of NAV, or of what a flatten sold)."""

    adversary: str
    bound: str
    found: int
    limit: int
    market: int
    markets: int

    @property
    def per_cent(self) -> int:
        """Of the bound, rounded down."""
        return self.found * 100 // self.limit


def finds(tests: Iterable[Test], published: Mapping[str, Share18]) -> tuple[Find, ...]:
    """What the adversaries said, and what the maximiser came to."""
    told: list[Find] = []
    for test in tests:
        for line in test.detail.get("decoded_logs", ()):
            said = json.loads(line)
            numbers = (int(said["found"]), int(said["limit"]), said["market"], said["markets"])
            told.append(Find(said["adversary"], said["bound"], *numbers))
        best = test.detail.get("kind", {}).get("Invariant", {}).get("optimization_best_value")
        if best is not None:
            limit = published["keeper_day"]
            told.append(Find(BLIND, "keeper_day", int(best) * limit // MILLIONTHS, limit, 0, 1))
    return tuple(told)


def published_by(bounds: Bounds) -> dict[str, Share18]:
    """The bounds that scripts/bounds.py publishes, by the adversaries' names for them."""
    day, month = bounds.episode(DAY_HOURS), bounds.episode(MONTH_HOURS)
    return {
        "keeper_day_oracle": day.oracle,
        "keeper_day": day.true,
        "keeper_month_oracle": month.oracle,
        "keeper_month": month.true,
        "flatten_once": bounds.flatten_once,
        "guardian_at_once": bounds.guardian_at_once,
        "guardian_after_hour": bounds.guardian_after_hour,
        "both_day": bounds.both(DAY_HOURS),
    }


def best_of(told: Sequence[Find]) -> dict[str, Find]:
    """By bound, the find that came nearest to it."""
    best: dict[str, Find] = {}
    for find in told:
        held = best.get(find.bound)
        if held is None or find.found * held.limit > held.found * find.limit:
            best[find.bound] = find
    return best


def complaints(told: Sequence[Find], published: Mapping[str, Share18], readme: str) -> list[str]:
    """Why these finds prove nothing, or too much; none if all is well."""
    best = best_of(told)
    wrong = [f"nobody went for {bound}" for bound in published if bound not in best]
    for find in told:
        limit = published.get(find.bound, find.limit)
        if find.limit != limit:
            wrong.append(f"{find.bound} is published as {limit}, the adversaries hold it for {find.limit}")
        if find.found > find.limit:
            wrong.append(f"{find.adversary} broke {find.bound} in market {find.market}: {find.found} of {find.limit}")
        if find.markets != MARKETS and find.adversary != BLIND:
            wrong.append(f"{find.adversary} played {find.markets} markets, not {MARKETS}")
    wrong += [
        f"only {best[bound].per_cent} % of {bound} was reached"
        for bound in published
        if bound in best and best[bound].per_cent < HALF
    ]
    wrong += [f"the README lacks: {row}" for row in readme_rows(best) if row not in readme]
    return wrong


README_ROWS = (
    ("keeper's key, any 24 h", "keeper_day"),
    ("keeper's key, any 30 d", "keeper_month"),
    ("keeper's key, a flatten", "flatten_once"),
    ("guardian's key, at once", "guardian_at_once"),
    ("guardian's key, after an hour", "guardian_after_hour"),
    ("both keys, 24 h and a flatten", "both_day"),
)


def readme_rows(best: Mapping[str, Find]) -> list[str]:
    """The README's table of what was found, line by line."""
    return [
        f"| {stolen} | {_percent(best[bound].limit)} | {_percent(best[bound].found)} ({best[bound].adversary}) |"
        for stolen, bound in README_ROWS
        if bound in best
    ]


def _percent(share: int) -> str:
    """Of a share, three places, cut."""
    return f"{format_units(share, 16, 3)} %"


def _hunted(lane: Lane, file: str) -> tuple[Test, ...]:
    wanted = Filter(path=str(HUNTS / file), seconds=SECONDS, fail_fast=False)
    # -vv: else forge keeps what a test says to itself
    words = ("test", "--json", "-vv", "-j", "1", *wanted.words())
    ran = lane.forge(*words, seconds=wanted.seconds, env=ENV)
    if ran.timed_out:
        raise WorkshopFault(f"{file}: no answer in {SECONDS} s of processor time")
    return parsed(ran)


def prove(shop: Workshop) -> Section:
    """Fifty markets, then ten weakenings."""
    begun = time.monotonic()
    published = published_by(bounds_of(load_deployment(shop.root / "deploy.example.toml"), FEED_ERROR))
    files = sorted(path.name for path in (shop.tree / HUNTS).glob("*.t.sol"))
    hunts = shop.spread(_hunted, files)
    tests = [test for hunt in hunts for test in hunt]
    told = finds(tests, published)
    wrong = [f"{test.contract}.{test.name}: {test.reason}" for test in tests if test.red]
    wrong += complaints(told, published, (shop.root / "README.md").read_text(encoding="utf-8"))
    verdicts = twins.judge(shop, twins.load("weakenings.toml"), "weakenings")
    broken = sum(verdict.killed for verdict in verdicts)
    if broken < WEAKENINGS_WANTED:
        wrong.append(f"only {broken} of {len(verdicts)} weakenings were broken")
    rows = [
        (find.bound, _percent(find.limit), _percent(find.found), f"{find.per_cent} %", find.adversary)
        for find in sorted(told, key=lambda one: (one.bound, -one.found))
    ]
    rows += [("weakened: " + one.twin.name, "", one.outcome.value, "", one.by()) for one in verdicts]
    least = min((find.per_cent for bound, find in best_of(told).items() if bound in published), default=0)
    headline = f"{len({find.adversary for find in told})} adversaries in {MARKETS} markets: never above a bound, "
    headline += f"at least {least} % of each reached; {broken} of {len(verdicts)} weakenings broken"
    figures: dict[str, int | str] = {"markets": MARKETS, "weakenings": len(verdicts), "broken": broken}
    figures |= {bound: find.found for bound, find in best_of(told).items()}
    figures |= {f"{bound}_limit": find.limit for bound, find in best_of(told).items()}
    columns = ("bound", "published", "most that was taken", "of it", "by")
    seconds = time.monotonic() - begun
    return Section("adversaries", not wrong, seconds, "; ".join(wrong) or headline, columns, tuple(rows), figures)
