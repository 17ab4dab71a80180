"""How the model says no: the contract's own error with its arguments, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Argument: TypeAlias = "int | str | Refusal"

NO_SUCH_INDEX = 0x32
"""Solidity's panic where an array has no such element."""
DIVIDED_BY_ZERO = 0x12


@dataclass(frozen=True, slots=True)
class Refusal:
    """A revert: the error's name and its arguments in order. An argument of raw bytes is the refusal inside it."""

    name: str
    arguments: tuple[Argument, ...] = ()


class Refused(Exception):
    """Carries a Refusal out of a transition, and undoes it whole; never leaves this package."""

    def __init__(self, name: str, *arguments: Argument) -> None:
        super().__init__(name)
        self.refusal = Refusal(name, arguments)


def panic(code: int) -> Refused:
    """Solidity's own revert."""
    return Refused("Panic", code)


def fit(value: int, bits: int) -> int:
    """`value`, if it fits into so many bits; SafeCast's error where it does not."""
    if value >> bits:
        raise Refused("SafeCastOverflowedUintDowncast", bits, value)
    return value
