"""The attacks of the specification's table, each replayed by a test, and each on a vault that lacks the very check.

An attack that finds nothing in the real vault proves little; the same test must be red on the vulnerable twin
(vulnerable.toml, each entry named by the attack's number in the table). All numbers must be there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from tests.prove import twins
from tests.prove.section import Section
from tests.prove.twins import Verdict
from tests.prove.workshop import Workshop, WorkshopFault

ATTACKS = 21
PARTS = {21: 3}
"""Attacks of several parts: our own first drafts had three faults."""
_NUMBER = re.compile(r"(\d\d) (.+)")


def number(name: str) -> int:
    """Of the attack a twin is for. Raises WorkshopFault where its name does not begin with one."""
    found = _NUMBER.fullmatch(name)
    if found is None:
        raise WorkshopFault(f"vulnerable.toml: {name!r} does not begin with an attack's two digits")
    return int(found[1])


def absent(names: Sequence[str]) -> list[str]:
    """What of the table no twin is for; none if all is there."""
    numbers = [number(name) for name in names]
    wanted = {one: PARTS.get(one, 1) for one in range(1, ATTACKS + 1)}
    lacking = [f"attack {one} has {numbers.count(one)} of {many}" for one, many in wanted.items()]
    return [line for line, (one, many) in zip(lacking, wanted.items(), strict=True) if numbers.count(one) < many]


def _row(verdict: Verdict) -> tuple[str, ...]:
    stage = verdict.twin.stages[0]
    test = stage.test or stage.contract.strip("^$")
    return (verdict.twin.name, verdict.twin.why, test, verdict.outcome.value, verdict.by())


def prove(shop: Workshop) -> Section:
    """Every attack on the vault, which is green (the control), and on its vulnerable twin, which must be red."""
    begun = time.monotonic()
    listed = sorted(twins.load("vulnerable.toml"), key=lambda twin: number(twin.name))
    wrong = absent([twin.name for twin in listed])
    verdicts = twins.judge(shop, listed, "attacks")
    wrong += [f"{one.twin.name}: {one.outcome.value}" for one in verdicts if not one.killed]
    robbed = sum(verdict.killed for verdict in verdicts)
    headline = f"{ATTACKS} attacks fail on the vault; {robbed} of {len(verdicts)} vulnerable twins are robbed"
    columns = ("attack", "what stops it here", "test", "its twin", "found by")
    figures = {"attacks": ATTACKS, "twins": len(verdicts), "robbed": robbed}
    rows = tuple(_row(verdict) for verdict in verdicts)
    seconds = time.monotonic() - begun
    return Section("attacks", not wrong, seconds, "; ".join(wrong) or headline, columns, rows, figures)
