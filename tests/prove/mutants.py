"""Which of the seeded faults are tried, by which tests first, and what the score is. `python -m tests.prove.mutants`.

A mutant's place in the draw is the hash of the seed and its name: a change elsewhere does not reshuffle it. What forge
must find red is asked first of the tests beside the contract, shortly, then of the whole suite.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.prove import mutations, twins
from tests.prove.ledger import digest
from tests.prove.mutations import Mutation
from tests.prove.section import Section
from tests.prove.twins import Edit, Outcome, Twin, Verdict
from tests.prove.workshop import Filter, Workshop, WorkshopFault, opened

SEED = "ballast-1"
ALL = 185
"""Drawn for `make mutate`: some do not compile, some make the same bytecode; 150 and more are left."""
PROVED = 40
"""Of which `make prove` judges the first so many that compile into something else."""
MOST_ALIVE_BPS = 500
"""5 %: of those that could be killed."""
FOLDERS = ("core", "libraries", "sources", "adapters")
CENTRAL = (
    "contracts/core/",
    "contracts/KeeperVault.sol",
    "contracts/Rulebook.sol",
    "contracts/libraries/Bucket.sol",
    "contracts/libraries/LimitCheck.sol",
    "contracts/libraries/QueueCheck.sol",
    "contracts/libraries/RouteCheck.sol",
)
"""Bounds, roles and exits live here: drawn from twice as often."""
NEAR = {
    "contracts/adapters/": "tests/forge/adapters/*",
    "contracts/sources/": "tests/forge/sources/*",
    "contracts/libraries/TickPrice": "tests/forge/sources/*",
    "contracts/MedianOracle": "tests/forge/oracle/*",
    "contracts/core/Quotes": "tests/forge/oracle/*",
    "contracts/libraries/ClusterMath": "tests/forge/oracle/*",
    "contracts/libraries/DerivedPrice": "tests/forge/oracle/*",
    "contracts/libraries/SourceReader": "tests/forge/oracle/*",
    "contracts/Rulebook": "tests/forge/rulebook/*",
    "contracts/core/Governance": "tests/forge/rulebook/*",
    "contracts/core/Parties": "tests/forge/rulebook/*",
    "contracts/core/Clerk": "tests/forge/{rulebook,vault}/*",
    "contracts/core/Registration": "tests/forge/rulebook/*",
    "contracts/core/Appraiser": "tests/forge/{rulebook,vault}/*",
    "contracts/libraries/ClaimCheck": "tests/forge/rulebook/*",
    "contracts/libraries/LimitCheck": "tests/forge/rulebook/*",
    "contracts/libraries/QueueCheck": "tests/forge/rulebook/*",
    "contracts/libraries/RouteCheck": "tests/forge/rulebook/*",
    "contracts/libraries/PathProbe": "tests/forge/{adapters,rulebook}/*",
    "contracts/libraries/PushFeed": "tests/forge/{oracle,sources}/*",
    "contracts/libraries/Seats": "tests/forge/oracle/*",
}
"""The tests beside a contract; the vault's for all others."""
NEAR_VAULT = "tests/forge/{libraries,vault}/*"
SEARCHES = "*/{campaign,adversaries}/*"
"""Long searches: part of the whole suite, not of the first glance."""


def drawn(root: Path, count: int) -> list[Mutation]:
    """The seeded draw over the contracts: every file by its weight, its operators in turn, in the order of the hash."""
    pool: dict[str, list[Mutation]] = {}
    for file in _files(root):
        pool[file] = mutations.found(file, (root / file).read_text(encoding="utf-8"))
    weights = {file: math.sqrt(len(found)) * (2 if file.startswith(CENTRAL) else 1) for file, found in pool.items()}
    every = sum(weights.values())
    picked = [one for file, found in pool.items() for one in _turns(found)[: round(count * weights[file] / every)]]
    return sorted(picked, key=_rank)


def _files(root: Path) -> list[str]:
    found = sorted((root / "contracts").glob("*.sol"))
    for folder in FOLDERS:
        found += sorted((root / "contracts" / folder).glob("*.sol"))
    return [str(file.relative_to(root)) for file in found]


def _rank(mutation: Mutation) -> str:
    return digest(SEED, mutation.name)


def _turns(found: Sequence[Mutation]) -> list[Mutation]:
    """One of each operator, then a second of each, and so on."""
    turn: defaultdict[str, int] = defaultdict(int)
    placed = []
    for one in sorted(found, key=_rank):
        turn[one.operator] += 2 if one.operator == "swap" else 1  # most swaps are of two types, and do not compile
        placed.append((turn[one.operator], _rank(one), one))
    return [one for _, _, one in sorted(placed, key=lambda each: each[:2])]


def twin(root: Path, mutation: Mutation) -> Twin:
    """A mutant as a twin: near tests first, then all."""
    old, new = mutations.around((root / mutation.file).read_text(encoding="utf-8"), mutation)
    near = next((tests for start, tests in NEAR.items() if mutation.file.startswith(start)), NEAR_VAULT)
    first = Filter(path=near, no_path=SEARCHES, fuzz=32, runs=4, depth=16)
    whole = Filter(seconds=300)
    why = f"line {mutation.line}"
    return Twin(mutation.name, (Edit(mutation.file, old, new),), (first, whole), why)


def arguments() -> dict[str, str]:
    """Mutants that no test can tell from the original, each with its argument, from equivalents.toml."""
    told = tomllib.loads((twins.FOLDER / "equivalents.toml").read_text(encoding="utf-8"))
    return {entry["mutant"]: entry["because"] for entry in told.get("equivalent", [])}


def judged(shop: Workshop, count: int, label: str, *, enough: int = 0) -> list[Verdict]:
    """The draw's first mutants judged; with `enough`, only until so many compiled into something else."""
    waiting = [twin(shop.tree, one) for one in drawn(shop.tree, count)]
    bench = twins.Bench(shop)
    verdicts: list[Verdict] = []
    while waiting and (not enough or sum(map(_alive, verdicts)) < enough):
        size = max(enough - sum(map(_alive, verdicts)), 1) if enough else len(waiting)
        batch, waiting = waiting[:size], waiting[size:]
        verdicts += bench.judge(batch, label)
    return verdicts


def _alive(verdict: Verdict) -> bool:
    """Compiles, and into something else."""
    return verdict.outcome not in (Outcome.STILLBORN, Outcome.EQUAL)


def section(name: str, verdicts: Sequence[Verdict], argued: Mapping[str, str], seconds: float) -> Section:
    """The score: killed of those that compile into something else and are not argued equivalent. All must be."""
    living = [one for one in verdicts if _alive(one)]
    wrongly = [one.twin.name for one in living if one.killed and one.twin.name in argued]
    counted = [one for one in living if one.killed or one.twin.name not in argued]
    killed = sum(one.killed for one in counted)
    score = 10_000 * killed // len(counted) if counted else 0
    left = [one for one in counted if not one.killed]
    passed = bool(counted) and not wrongly and 10_000 - score <= MOST_ALIVE_BPS
    argued_now = len(living) - len(counted)
    headline = f"{killed} of {len(counted)} mutants killed, {score / 100:.1f} %; {argued_now} argued equivalent"
    if wrongly:
        headline += f"; argued equivalent and yet killed: {', '.join(wrongly)}"
    if left:
        headline += f"; left: {', '.join(one.twin.name for one in left)}"
    rows = tuple((one.twin.name, _said(one, argued), one.by() or argued.get(one.twin.name, "")) for one in verdicts)
    figures = {
        "drawn": len(verdicts),
        "killed": killed,
        "counted": len(counted),
        "score_bps": score,
        "argued": argued_now,
        "stillborn": sum(one.outcome is Outcome.STILLBORN for one in verdicts),
        "equal": sum(one.outcome is Outcome.EQUAL for one in verdicts),
        "timeouts": sum(one.outcome is Outcome.TIMEOUT for one in verdicts),
    }
    return Section(name, passed, seconds, headline, ("mutant", "verdict", "killed by, or why not"), rows, figures)


def _said(verdict: Verdict, argued: Mapping[str, str]) -> str:
    return "argued equivalent" if not verdict.killed and verdict.twin.name in argued else verdict.outcome.value


def prove(shop: Workshop) -> Section:
    """The fixed draw's first forty."""
    begun = time.monotonic()
    verdicts = judged(shop, ALL, "mutants", enough=PROVED)
    return section("mutants", verdicts, arguments(), time.monotonic() - begun)


def main(words: Sequence[str] | None = None) -> int:
    """`make mutate`: the whole draw; docs/mutation.md. Exit code 0: score reached, 1: not, 3: not made."""
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="only so many of the draw; then nothing is written")
    parser.add_argument("--match", default="", help="only mutants whose name has this; then nothing is written")
    parser.add_argument("--fresh", action="store_true", help="recall nothing from earlier runs")
    parser.add_argument("--lanes", type=int, default=2, help="scratch copies at work at once")
    asked = parser.parse_args(words)
    begun = time.monotonic()
    try:
        with opened(width=asked.lanes, fresh=asked.fresh) as shop:
            chosen = [one for one in drawn(shop.tree, ALL) if asked.match in one.name][: asked.first or None]
            verdicts = twins.judge(shop, [twin(shop.tree, one) for one in chosen], "mutate")
            made = section("mutation", verdicts, arguments(), time.monotonic() - begun)
            if not (asked.first or asked.match):
                _write(shop.root, made)
    except WorkshopFault as fault:
        print(f"mutate: {fault}", file=sys.stderr)
        return 3
    print(made.as_markdown())
    return 0 if made.passed else 1


def _write(root: Path, made: Section) -> None:
    told = [
        "# Mutation testing",
        "",
        "Made by `make mutate`: operators in tests/prove/mutations.py, the draw in tests/prove/mutants.py.",
        f"Seed `{SEED}`. {made.headline}.",
        "",
        *[f"- {name}: {value}" for name, value in made.figures.items()],
        "",
        made.as_markdown().partition("\n\n")[2].partition("\n\n")[2],
    ]
    (root / "docs/mutation.md").write_text("\n".join(told).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
