"""How values lie in columns: integers as decimal text, sequence numbers padded so that text sorts as numbers do."""

from __future__ import annotations

from sqlalchemy import Column, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

SEQ_DIGITS = 16


class Whole(TypeDecorator[int]):
    """An integer of any size, as decimal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base class names it
        """To text. ValueError for what is no integer."""
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ValueError(f"{value!r} is no integer")
        return None if value is None else str(int(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the base class names it
        """From text."""
        return None if value is None else int(value)


class Padded(Whole):
    """An integer from 0 up, as decimal text of one length."""

    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """To text. ValueError for a negative number or one too long."""
        text = super().process_bind_param(value, dialect)
        if text is not None and (text.startswith("-") or len(text) > SEQ_DIGITS):
            raise ValueError(f"{value} is no sequence number")
        return None if text is None else text.rjust(SEQ_DIGITS, "0")


def text(name: str, *, optional: bool = False) -> Column[str]:
    """A column of text."""
    return Column(name, Text, nullable=optional)


def whole(name: str, *, optional: bool = False) -> Column[int]:
    """A column of integers."""
    return Column(name, Whole, nullable=optional)
