"""`make prove ARGS="--only NAME --json --fresh"`: every section of the proof, build/proof.json and build/proof.md.

Exit codes: 0 every section passed · 1 a section failed · 2 no such section · 3 the proof could not be made.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.prove import page
from tests.prove.section import Section
from tests.prove.workshop import ROOT, Workshop, WorkshopFault, opened

ORDER = ("sizes", "slither", "campaign", "symbolic", "adversaries", "attacks", "mutants", "branches")
"""Modules of this folder with a `prove(shop) -> Section`; the first in the order is the first to get a lane."""
AT_ONCE = 2
"""Sections under way: one that waits for its last lane leaves the other to the next."""


def _prover(name: str) -> Callable[[Workshop], Section]:
    module = importlib.import_module(f"tests.prove.{name}")
    found: Callable[[Workshop], Section] = module.prove
    return found


def proved(shop: Workshop, names: Sequence[str]) -> list[Section]:
    """The sections in their order. One that cannot be made is a section that failed, and says why."""
    provers = {name: _prover(name) for name in names}

    def one(name: str) -> Section:
        shop.say(f"{name} begins")
        begun = time.monotonic()
        try:
            section = provers[name](shop)
        except WorkshopFault as fault:
            section = Section(name, False, time.monotonic() - begun, f"could not be made: {fault}", (), ())
        shop.say(f"{name} {'passed' if section.passed else 'FAILED'}: {section.headline}")
        return section

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, names))


def main(words: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make prove", description=__doc__)
    parser.add_argument("--only", action="append", help=f"one of {', '.join(ORDER)}; may be given again")
    parser.add_argument("--json", action="store_true", help="the proof on stdout as JSON, not as a page")
    parser.add_argument("--fresh", action="store_true", help="recall nothing from earlier runs")
    asked = parser.parse_args(words)
    strangers = [name for name in asked.only or () if name not in ORDER]
    if strangers:
        print(f"prove: no section {', '.join(strangers)}; there are {', '.join(ORDER)}", file=sys.stderr)
        return 2
    names = [name for name in ORDER if name in (asked.only or ORDER)]
    begun = time.monotonic()
    try:
        with opened(fresh=asked.fresh) as shop:
            sections = proved(shop, names)
    except WorkshopFault as fault:
        print(f"prove: {fault}", file=sys.stderr)
        return 3
    proof = page.Proof(tuple(sections), time.monotonic() - begun, page.surroundings(ROOT), whole=not asked.only)
    page.write(ROOT / "build", proof)
    print(json.dumps(proof.as_json(), indent=1) if asked.json else proof.as_markdown())
    return 0 if all(section.passed for section in sections) else 1


if __name__ == "__main__":
    sys.exit(main())
