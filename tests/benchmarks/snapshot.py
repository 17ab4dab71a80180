"""The committed gas: gas.json beside this file. A figure may fall; one that rises needs its reason in the commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Figure

FILE = Path(__file__).with_name("gas.json")
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """What a figure was when it was committed: gas of the vault, and of what it is measured against."""

    gas: int
    raw: int


def load(path: Path = FILE) -> dict[str, Kept]:
    """The committed figures by name."""
    found: dict[str, dict[str, int]] = json.loads(path.read_text(encoding="utf-8"))
    return {name: Kept(**kept) for name, kept in found.items()}


def write(figures: Mapping[str, Figure], path: Path = FILE) -> None:
    """Commit to what was measured."""
    kept = {name: {"gas": figure.value, "raw": figure.baseline} for name, figure in sorted(figures.items())}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def complaints(figures: Mapping[str, Figure], kept: Mapping[str, Kept]) -> list[str]:
    """What differs: a figure that rose by a single unit, fell by more than a hundredth unsaid, or is not in both."""
    said = [f"{name} is measured, but not kept" for name in figures.keys() - kept.keys()]
    said += [f"{name} is kept, but not measured" for name in kept.keys() - figures.keys()]
    for name in figures.keys() & kept.keys():
        now, was = figures[name].value, kept[name].gas
        if now > was:
            said.append(f"{name} rose from {was:,} to {now:,} gas")
        if now * _PERCENT < was * (_PERCENT - 1):
            said.append(f"{name} fell from {was:,} to {now:,} gas")
        if figures[name].baseline != kept[name].raw:
            said.append(f"what {name} is measured against moved from {kept[name].raw:,} to {figures[name].baseline:,}")
    return sorted(said)
