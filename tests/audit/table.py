"""Claimed beside recomputed, figure by figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.audit.faults import Differs

NOWHERE = "(not there)"
_WIDTH = 44


@dataclass(frozen=True, slots=True)
class Row:
    """One figure as the demo has it and as the chain does; `known` says that the audit has such a figure at all."""

    name: str
    claimed: Any
    recomputed: Any
    known: bool

    @property
    def agrees(self) -> bool:
        """Equal to the last unit, and of one kind: 1 is not true."""
        same_kind = isinstance(self.claimed, bool) == isinstance(self.recomputed, bool)
        return self.known and same_kind and self.claimed == self.recomputed


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure of an object by its path; an empty list or mapping is a figure itself."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from leaves(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple) and value:
        for key, part in enumerate(value):
            yield from leaves(part, f"{name}[{key}]")
    else:
        yield name, value


def rows(claimed: Any, recomputed: Any) -> list[Row]:
    """Every figure that either side has."""
    said, made = dict(leaves(claimed)), dict(leaves(recomputed))
    found = [Row(name, value, made.get(name, NOWHERE), name in made) for name, value in said.items()]
    return found + [Row(name, NOWHERE, value, known=True) for name, value in made.items() if name not in said]


def line(row: Row) -> str:
    """As printed."""
    mark = "  " if row.agrees else "! "
    return f"{mark}{row.name:<42} {_short(row.claimed):<{_WIDTH}} {_short(row.recomputed)}"


def first_difference(found: list[Row]) -> Differs | None:
    """The first figure that does not agree, said in one line."""
    wrong = next((row for row in found if not row.agrees), None)
    if wrong is None:
        return None
    if not wrong.known:
        return Differs(f"{wrong.name} = {wrong.claimed}: the audit knows no such figure; teach it, or drop the figure")
    return Differs(f"{wrong.name}: claimed {wrong.claimed}, recomputed {wrong.recomputed}")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < _WIDTH else f"…{text[-(_WIDTH - 2) :]}"
