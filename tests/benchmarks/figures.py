"""A measured figure beside what it is measured against, and how figures are printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` and `baseline` in `unit`; a float only where it is a ratio."""

    value: int
    unit: str
    baseline: int
    note: str

    @property
    def ratio(self) -> float:
        """value / baseline, to three places."""
        return round(self.value / self.baseline, 3)

    def as_json(self) -> dict[str, object]:
        """As `make bench ARGS="--json"` prints it."""
        return {
            "value": self.value,
            "unit": self.unit,
            "baseline": self.baseline,
            "ratio": self.ratio,
            "note": self.note,
        }


def as_text(figures: Mapping[str, Figure]) -> str:
    """A table for a person."""
    width = max(len(name) for name in figures)
    lines = [
        f"{name:<{width}}  {figure.value:>9,} {figure.unit:<11} beside {figure.baseline:>9,}"
        f"  ×{figure.ratio:<7g} {figure.note}"
        for name, figure in figures.items()
    ]
    return "\n".join(lines)


def as_json(figures: Mapping[str, Figure]) -> str:
    """One object: {name: {value, unit, baseline, ratio, note}}."""
    return json.dumps({name: figure.as_json() for name, figure in figures.items()})
