"""What a hunt is worth: each way in which it could prove nothing is told, and so is a bound that broke."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from keeper.config.deployment import load_deployment
from scripts.bounds import bounds_of
from tests.prove import twins, workshop
from tests.prove.adversaries import (
    MARKETS,
    README_ROWS,
    Find,
    best_of,
    complaints,
    finds,
    published_by,
    readme_rows,
)
from tests.prove.attacks import absent, number
from tests.prove.workshop import ROOT, WorkshopFault

PUBLISHED = published_by(bounds_of(load_deployment(ROOT / "deploy.example.toml")))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _told(per_cent: int = 90) -> tuple[Find, ...]:
    return tuple(Find("thief", bound, limit * per_cent // 100, limit, 0, MARKETS) for bound, limit in PUBLISHED.items())


def _readme(told: tuple[Find, ...]) -> str:
    return "\n".join(readme_rows(best_of(told)))


def _but(told: tuple[Find, ...], bound: str, found: int) -> tuple[Find, ...]:
    return tuple(replace(find, found=found) if find.bound == bound else find for find in told)


def test_finds_near_every_bound_leave_nothing_to_say() -> None:
    assert complaints(_told(), PUBLISHED, _readme(_told())) == []


@pytest.mark.parametrize("bound", PUBLISHED)
def test_each_bound_that_breaks_or_that_nobody_comes_near_or_goes_for_is_told(bound: str) -> None:
    told, limit = _told(), PUBLISHED[bound]
    broken = _but(told, bound, limit + 1)
    assert f"thief broke {bound} in market 0: {limit + 1} of {limit}" in complaints(broken, PUBLISHED, _readme(broken))
    idle = _but(told, bound, limit * 49 // 100)
    assert f"only 49 % of {bound} was reached" in complaints(idle, PUBLISHED, _readme(idle))
    fewer = tuple(find for find in told if find.bound != bound)
    assert f"nobody went for {bound}" in complaints(fewer, PUBLISHED, _readme(told))


def test_another_bound_than_the_published_one_and_fewer_markets_are_told() -> None:
    first, *others = _told()
    wider = (replace(first, limit=first.limit * 2), *others)
    assert any(f"{first.bound} is published as" in line for line in complaints(wider, PUBLISHED, _readme(_told())))
    fewer = (replace(first, markets=MARKETS - 1), *others)
    assert f"thief played {MARKETS - 1} markets, not {MARKETS}" in complaints(fewer, PUBLISHED, _readme(_told()))


def test_a_readme_that_shows_other_finds_is_told() -> None:
    wrong = complaints(_told(90), PUBLISHED, _readme(_told(80)))
    assert len(wrong) == len(README_ROWS)
    assert all(line.startswith("the README lacks: | ") for line in wrong)


def test_the_nearest_find_counts_and_the_maximiser_is_one_of_the_adversaries() -> None:
    line = {"adversary": "churn", "bound": "keeper_day", "found": "7", "limit": "10", "market": 3, "markets": 50}
    hunt = workshop.Test(
        "", "", "", "Success", "", {"decoded_logs": [json.dumps(line), json.dumps(line | {"found": "6"})]}
    )
    blind = workshop.Test("", "", "", "Success", "", {"kind": {"Invariant": {"optimization_best_value": "500000"}}})
    told = finds([hunt, blind], PUBLISHED)
    assert [find.found for find in told] == [7, 6, PUBLISHED["keeper_day"] // 2]
    assert best_of(told)["keeper_day"] == Find("churn", "keeper_day", 7, 10, 3, 50)


def test_the_readme_shows_a_find_of_each_published_bound() -> None:
    for stolen, bound in README_ROWS:
        row = next(line for line in README.splitlines() if line.startswith(f"| {stolen} | "))
        limit, found = (Decimal(cell.split(" %")[0]) for cell in row.split("|")[2:4])
        assert limit * 10**16 == PUBLISHED[bound]
        assert limit / 2 <= found <= limit


def test_every_attack_of_the_table_has_its_vulnerable_twins() -> None:
    names = [twin.name for twin in twins.load("vulnerable.toml")]
    assert absent(names) == []
    assert absent([name for name in names if number(name) != 14]) == ["attack 14 has 0 of 1"]
    one_draft_less = names.copy()
    one_draft_less.remove(next(name for name in names if number(name) == 21))
    assert absent(one_draft_less) == ["attack 21 has 2 of 3"]
    with pytest.raises(WorkshopFault, match="two digits"):
        number("Moonwell")


def test_ten_weakenings_each_name_the_bound_that_breaks() -> None:
    listed = twins.load("weakenings.toml")
    assert len(listed) == 10
    assert all(twin.reason.startswith("breaks ") for twin in listed)
