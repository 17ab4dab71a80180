"""What the vault costs is committed: it may fall, and rises only by a commit that says why."""

from __future__ import annotations

import pytest

from tests.benchmarks import gas, snapshot
from tests.benchmarks.figures import Figure
from tests.benchmarks.snapshot import Kept

REWRITE = 'make bench ARGS="--only gas --write", and the reason in the commit'
MULTIPLES = {"gas_held_2": 2.8, "gas_held_5": 4.8}
"""Most a checked trade may cost, the raw swap being 1."""
MOST = {"gas_seven": 1_300_000, "gas_halt": 38_000}
"""Most gas."""


@pytest.fixture(scope="module")
def figures(built: None) -> dict[str, Figure]:
    return gas.measure()


def test_gas_is_what_was_committed(figures: dict[str, Figure]) -> None:
    assert not snapshot.complaints(figures, snapshot.load()), REWRITE


def test_gas_keeps_its_promises(figures: dict[str, Figure]) -> None:
    broken = {name: figures[name].ratio for name, most in MULTIPLES.items() if figures[name].ratio > most}
    broken |= {name: figures[name].value for name, most in MOST.items() if figures[name].value > most}
    assert not broken


def _figure(value: int, raw: int = 100) -> Figure:
    return Figure(value, "gas", raw, "")


@pytest.mark.parametrize(
    ("now", "complaint"),
    [
        ({"a": _figure(1000)}, []),
        ({"a": _figure(990)}, []),
        ({"a": _figure(1001)}, ["a rose from 1,000 to 1,001 gas"]),
        ({"a": _figure(989)}, ["a fell from 1,000 to 989 gas"]),
        ({"a": _figure(1000, 101)}, ["what a is measured against moved from 100 to 101"]),
        ({}, ["a is kept, but not measured"]),
        ({"a": _figure(1000), "b": _figure(1)}, ["b is measured, but not kept"]),
    ],
)
def test_a_rise_an_unsaid_fall_and_a_missing_figure_are_complained_of(
    now: dict[str, Figure], complaint: list[str]
) -> None:
    assert snapshot.complaints(now, {"a": Kept(1000, 100)}) == complaint
