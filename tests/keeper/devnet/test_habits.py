"""Lags and silences: they happen, seldom, within their bounds, and to each voice by itself."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest

from keeper.devnet import course, habits
from keeper.devnet.course import Course

NAMES = [f"{asset}/{kind}" for asset in ("ETH", "BTC", "USDC", "LINK", "DAI") for kind in ("0", "1", "signed", "api3")]


@pytest.fixture(scope="module")
def told() -> Course:
    return course.told(7, 480)


def test_a_voice_is_behind_now_and_then_never_by_more_than_two_steps_and_never_goes_back(told: Course) -> None:
    late = 0
    for name in NAMES:
        seen = [habits.step_seen(told, name, step) for step in range(told.steps + 1)]
        assert all(0 <= step - at <= habits.MOST_LATE for step, at in enumerate(seen))
        assert all(before <= after for before, after in pairwise(seen))
        late += sum(step != at for step, at in enumerate(seen))
    assert len(NAMES) * told.steps // 100 < late < len(NAMES) * told.steps // 10


def test_silences_last_an_hour_or_so_and_are_rare(told: Course) -> None:
    shortest, longest = (told.count(seconds) for seconds in habits.SILENT_SECONDS)
    lengths = [
        len(list(steps))
        for name in NAMES
        for silent, steps in groupby(range(1, told.steps + 1), key=lambda step: habits.is_silent(told, name, step))
        if silent
    ]
    assert 3 <= len(lengths) <= 40
    assert shortest <= min(lengths)
    assert max(lengths) <= longest


def test_voices_and_seeds_have_habits_of_their_own(told: Course) -> None:
    def of(one: Course, name: str) -> list[int]:
        return [habits.step_seen(one, name, step) for step in range(200)]

    assert of(told, "ETH/0") == of(course.told(7, 480), "ETH/0")
    assert of(told, "ETH/0") != of(told, "ETH/1")
    assert of(told, "ETH/0") != of(course.told(8, 480), "ETH/0")


def test_seconds_are_counted_in_steps_of_the_course() -> None:
    short = course.told(7, 480, step_seconds=60)
    assert (short.count(3_600), short.count(30), short.count(61)) == (60, 1, 2)


@pytest.mark.parametrize("seed", range(5))
def test_an_episode_begins_and_ends_where_it_is_told_to(seed: int) -> None:
    one = habits.episode(course.told(seed, 400), "any", (20, 60), (3_600, 7_200))
    assert 80 <= one.first <= 240
    assert 4 <= one.length <= 8
    assert [step for step in range(400) if one.holds(step)] == list(range(one.first, one.first + one.length))
