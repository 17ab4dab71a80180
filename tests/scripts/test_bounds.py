"""The published bounds: the specification's own figures, the arithmetic of an episode, and the command."""

from __future__ import annotations

import dataclasses
import json

import pytest

from keeper.config.deployment import load_deployment
from keeper.errors import UsageError
from keeper.units import SHARE_PER_BPS, Bps
from scripts.bounds import DAY_HOURS, MONTH_HOURS, Bounds, arguments, bounds_of, delta_of, percent, run
from scripts.toolchain import ROOT

EXAMPLE, FURNISHED = ROOT / "deploy.example.toml", ROOT / "deploy.furnished.toml"
ONE_BPS = SHARE_PER_BPS


@pytest.fixture
def plain() -> Bounds:
    return bounds_of(load_deployment(EXAMPLE))


@pytest.fixture
def furnished() -> Bounds:
    return bounds_of(load_deployment(FURNISHED))


def test_the_published_bounds_are_those_of_the_specification(plain: Bounds) -> None:
    """Defaults, each feed at most 0.5 % off: 0.45 % in any 24 h and 2.75 % in any 30 d."""
    day, month = plain.episode(DAY_HOURS), plain.episode(MONTH_HOURS)
    assert (day.oracle, day.true) == (15 * ONE_BPS, 45 * ONE_BPS)
    assert (month.oracle, month.true) == (75 * ONE_BPS, 275 * ONE_BPS)
    assert plain.flatten_once == plain.guardian_at_once == (145 + 2 * 50) * ONE_BPS
    assert plain.guardian_after_hour == (500 + 2 * 50) * ONE_BPS
    assert plain.both(DAY_HOURS) == (45 + 600) * ONE_BPS


def test_an_episode_is_half_at_once_and_half_as_it_leaks(plain: Bounds) -> None:
    at_once, half_a_day, two_days = (plain.episode(hours) for hours in (0, 12, 48))
    assert at_once.oracle == 75 * ONE_BPS // 10
    assert half_a_day.oracle == 1125 * ONE_BPS // 100
    assert two_days.oracle == 225 * ONE_BPS // 10
    assert two_days.true - two_days.oracle == 45 * 10**16 // 100  # turnover 45 % of NAV, 1 % of it


def test_after_weeks_the_month_binds_and_the_day_no_longer(plain: Bounds) -> None:
    assert plain.episode(MONTH_HOURS).oracle == 75 * ONE_BPS < plain.episode(DAY_HOURS).oracle * 30


def test_harvests_count_only_where_a_route_sells_what_they_bring(plain: Bounds, furnished: Bounds) -> None:
    """H · slip by the oracle and H · (slip + δr + δ) truly: 10 bps of NAV a day at 1.45 % and at 2.95 %."""
    assert plain.episode(DAY_HOURS).harvest_true == 0
    day = furnished.episode(DAY_HOURS)
    assert day.harvest_oracle == 145 * ONE_BPS // 1000
    assert day.harvest_true == 295 * ONE_BPS // 1000
    assert day.true == 45 * ONE_BPS + day.harvest_true
    assert day.oracle == 15 * ONE_BPS + day.harvest_oracle


def test_the_error_of_a_rewards_feeds_is_its_own_figure() -> None:
    """It moves what harvests cost, and nothing else; the other one moves all."""
    deployment = load_deployment(FURNISHED)
    found, surer = bounds_of(deployment), bounds_of(deployment, delta_reward=Bps(0))
    assert surer.episode(DAY_HOURS).harvest_true == 195 * ONE_BPS // 1000
    assert found.episode(DAY_HOURS).true - surer.episode(DAY_HOURS).true == 100 * ONE_BPS // 1000
    assert surer.guardian_after_hour == found.guardian_after_hour
    exact = bounds_of(deployment, delta=Bps(0)).episode(DAY_HOURS)
    assert exact.harvest_true == 245 * ONE_BPS // 1000
    assert exact.true == 15 * ONE_BPS + exact.harvest_true


def test_a_lying_feed_costs_its_spread_of_the_turnover_and_an_rpc_what_the_keeper_costs(plain: Bounds) -> None:
    """30 % of NAV a day, 1 % wrong on one side besides; and an RPC may only make the honest keeper sign."""
    assert plain.one_feed(DAY_HOURS) == (45 + 30) * ONE_BPS
    assert plain.one_feed(MONTH_HOURS) == (275 + 200) * ONE_BPS
    assert plain.one_rpc(DAY_HOURS) == plain.episode(DAY_HOURS).true < plain.both(DAY_HOURS)


def test_the_owners_key_has_no_bound_but_the_payouts_delay(plain: Bounds) -> None:
    assert plain.payout_delay == load_deployment(EXAMPLE).limits.delay == 2 * 86_400
    assert any("48 h after it queues a new payout" in line for line in plain.lines())


def test_a_keeper_that_may_not_flatten_costs_nothing_by_it() -> None:
    deployment = load_deployment(EXAMPLE)
    limits = deployment.limits.model_copy(update={"keeper_may_flatten": False})
    found = bounds_of(deployment.model_copy(update={"limits": limits}))
    assert (found.flatten_once, found.guardian_at_once) == (0, 245 * ONE_BPS)


def test_what_is_shown_is_rounded_up(plain: Bounds) -> None:
    tight = dataclasses.replace(plain, loss=(Bps(1), Bps(5)), turnover=(Bps(0), Bps(0)))
    assert percent(tight.episode(0).true) == "0.01 %"


@pytest.mark.parametrize("bps", [-1, 10_001])
def test_what_is_no_share_is_refused(bps: int) -> None:
    with pytest.raises(UsageError, match="is no share"):
        delta_of(bps)


def test_an_episode_before_it_began_is_refused(plain: Bounds) -> None:
    with pytest.raises(UsageError, match="-1 hours"):
        plain.episode(-1)


def test_the_command_prints_lines_or_one_object(furnished: Bounds, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--config", str(FURNISHED), "--hours", "36"]
    assert run(arguments(words)) == 0
    shown = capsys.readouterr().out
    assert f"36 h of the keeper's  {percent(furnished.episode(36).true)}" in shown
    assert run(arguments([*words, "--json"])) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["episode"]["true"] == str(furnished.episode(36).true)
    assert told["day"]["hours"] == 24
    assert (told["delta_bps"], told["delta_reward_bps"], told["owner"]) == (50, 100, {"payout_delay_seconds": 172_800})
    assert told["month"]["one_feed"] == str(furnished.one_feed(MONTH_HOURS))
    assert run(arguments([*words, "--json", "--delta-reward-bps", "50"])) == 0
    assert json.loads(capsys.readouterr().out)["day"]["true"] == str(furnished.episode(24).true - ONE_BPS // 20)
