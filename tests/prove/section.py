"""What one part of the proof hands in: a verdict, a headline with its numbers, and a table an auditor can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Section:
    """`seconds` is wall time. `figures` are what other pages quote: integers, or text where a ratio is meant.

    `headline` says in one line what holds, or what does not.
    """

    name: str
    passed: bool
    seconds: float
    headline: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: Mapping[str, int | str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """As build/proof.json has it."""
        return {
            "name": self.name,
            "passed": self.passed,
            "seconds": round(self.seconds, 1),
            "headline": self.headline,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "figures": dict(self.figures),
        }

    def as_markdown(self) -> str:
        """Heading, verdict and table."""
        verdict = "passed" if self.passed else "**FAILED**"
        lines = [f"## {self.name}: {verdict}", "", f"{self.headline} ({self.seconds:.0f} s)", ""]
        if self.rows:
            lines += [_line(self.columns), _line(("---",) * len(self.columns)), *map(_line, self.rows), ""]
        return "\n".join(lines)


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
