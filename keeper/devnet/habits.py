"""How late or silent a voice of the market is, and when: seeded, a pure function of its name and the step."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.devnet.course import Course
from keeper.devnet.path import Dice

MOST_LATE = 2
"""Steps that a voice is behind, at most."""
_LATE_ONE_IN, _LATER_ONE_IN = 32, 128
"""How often, in steps, a voice is a step behind, and two."""
_WATCH_SECONDS = 43_200
_SILENT_ONE_IN = 16
"""In how many watches of twelve hours a voice falls silent once."""
SILENT_SECONDS = (3_600, 5_400)
"""How long a silence lasts."""


@dataclass(frozen=True, slots=True)
class Episode:
    """Steps from `first` on, `length` of them."""

    first: int
    length: int

    def holds(self, step: int) -> bool:
        """Whether the step is one of them."""
        return self.first <= step < self.first + self.length


def step_seen(course: Course, name: str, step: int) -> int:
    """Whose step's price `name` goes by at `step`: that one, or one or two before, and never back again."""
    return max(at - _late(course.seed, name, at) for at in range(max(0, step - MOST_LATE), step + 1))


def is_silent(course: Course, name: str, step: int) -> bool:
    """Whether `name` misses its beats at this step: an hour or so, now and then."""
    watch = course.count(_WATCH_SECONDS)
    return any(
        silence is not None and silence.holds(step)
        for silence in (_silence(course, name, at, watch) for at in (step // watch - 1, step // watch))
    )


def episode(course: Course, name: str, within: tuple[int, int], seconds: tuple[int, int]) -> Episode:
    """One episode of `name`: it begins between two percentages of the course and lasts so many seconds."""
    dice = Dice(course.seed, "episode", name)
    first = dice.between(course.steps * within[0] // 100, course.steps * within[1] // 100)
    return Episode(max(1, first), dice.between(course.count(seconds[0]), course.count(seconds[1])))


def _late(seed: int, name: str, step: int) -> int:
    if step == 0:
        return 0
    thrown = Dice(seed, "late", name, step).below(_LATER_ONE_IN)
    late = 2 if thrown == 0 else 1 if thrown <= _LATER_ONE_IN // _LATE_ONE_IN else 0
    return min(late, step)


def _silence(course: Course, name: str, number: int, watch: int) -> Episode | None:
    dice = Dice(course.seed, "silence", name, number)
    if number < 0 or dice.below(_SILENT_ONE_IN):
        return None
    length = dice.between(course.count(SILENT_SECONDS[0]), course.count(SILENT_SECONDS[1]))
    return Episode(number * watch + 1 + dice.below(watch), length)
