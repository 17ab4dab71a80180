"""The README says what is so: its links lead somewhere, its commands exist, its bounds are those of the defaults."""

from __future__ import annotations

import re

import pytest

from keeper.cli import COMMANDS
from keeper.config.deployment import load_deployment
from keeper.units import Bps, format_units
from scripts import bounds
from scripts.toolchain import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINKS = sorted(set(re.findall(r"\]\(([^)]+)\)", README)))


def percent(bps: int) -> str:
    return f"{format_units(bps, 2, 2)} %"


def headings(path: str) -> set[str]:
    """The anchors of a page's headings."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in lines if line.startswith("#")
    }


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_to_a_file_and_its_heading(link: str) -> None:
    path, _, heading = link.partition("#")
    assert (ROOT / path).exists()
    assert not heading or heading in headings(path)


def test_every_make_target_it_names_exists() -> None:
    named = set(re.findall(r"(?:`| {4})make ([a-z-]+)", README))
    known = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "deploy", "compare", "check", "bench"} <= named
    assert named <= known | {"help"}


def test_every_keeper_command_it_names_exists() -> None:
    row = next(line for line in README.splitlines() if "`keeper doctor`" in line)
    named = re.findall(r"`(?:keeper )?([a-z]+)`", row.partition("|  ")[0].partition(". Dry")[0])
    assert {"doctor", "plan", "run", "kill"} == set(named)
    assert {*named, "devnet"} <= set(COMMANDS)


def test_the_bounds_are_those_of_the_defaults() -> None:
    """Row by row: what scripts/bounds.py computes from the example, and nothing else."""
    deployment = load_deployment(ROOT / "deploy.example.toml")
    limits, found = deployment.limits, bounds.bounds_of(deployment)
    day, month = found.episode(bounds.DAY_HOURS), found.episode(bounds.MONTH_HOURS)
    rows = {line.split("|")[1].strip(): line for line in README.splitlines() if line.startswith("| ")}
    turnover = f"T {limits.turnover_day_bps // 100} %", f"T {limits.turnover_month_bps // 100} %"
    keepers = rows["keeper's key"]
    assert f"{bounds.percent(day.true)} (L {percent(limits.loss_day_bps)}, {turnover[0]})" in keepers
    assert f"{bounds.percent(month.true)} (L {percent(limits.loss_month_bps)}, {turnover[1]})" in keepers
    assert f"{bounds.percent(found.flatten_once)} of what a flatten sells" in keepers
    at_once, later = bounds.percent(found.guardian_at_once), bounds.percent(found.guardian_after_hour)
    assert f"{at_once} of what a flatten sells at once, {later} after an hour" in rows["guardian's key"]
    assert f"| {bounds.percent(day.true)} | {bounds.percent(month.true)} | {later} of NAV" in rows["both"]
    assert f"{percent(bounds.FEED_ERROR)} here" in README
    looser = bounds.bounds_of(deployment, Bps(bounds.FEED_ERROR + 1))
    assert bounds.percent(looser.episode(bounds.MONTH_HOURS).true) not in README


def test_the_harvests_of_the_furnished_vault_are_what_it_says() -> None:
    found = bounds.bounds_of(load_deployment(ROOT / "deploy.furnished.toml")).episode(bounds.DAY_HOURS)
    assert f"{bounds.percent(found.harvest_true)} a day more" in README
