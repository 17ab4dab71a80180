"""Kraken's public ticker: `GET /0/public/Ticker?pair=ETHUSD`, which answers under the pair's longer name, XETHZUSD.

The answer has no time of its own: its age counts from the HTTP Date, so the book's age is known, the last trade's not.
That is why a last trade outside the book gives way to the book.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from keeper.config import quote_of
from keeper.prices.answers import Answer, PriceText, Unusable, inside_the_book, moment_of_date, read
from keeper.prices.products import Said

_SHOWN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 :-")
"""What is repeated of an error's text."""
_MOST_SHOWN = 60
Level = Annotated[tuple[PriceText, Any, Any], Field(strict=False)]
"""A price, and two volumes that nothing here reads."""
LastTrade = Annotated[tuple[PriceText, Any], Field(strict=False)]


class _Ticker(Answer):
    a: Level
    b: Level
    c: LastTrade


class _Envelope(Answer):
    error: list[str]
    result: dict[str, _Ticker] | None = None


def path(pair: str) -> str:
    """Where the ticker of a pair is."""
    return f"/0/public/Ticker?pair={pair}"


def said(body: bytes, date: str | None, pair: str) -> Said:
    """What an answer says. Unusable where it says no price of this pair."""
    found = read(_Envelope, body)
    if found.error:
        words = "".join(letter for letter in found.error[0][:_MOST_SHOWN] if letter in _SHOWN)
        raise Unusable(f"it answers with an error: {words}")
    if found.result is None or len(found.result) != 1:
        raise Unusable(f"it answers with {len(found.result or ())} pairs, asked was one")
    ((name, ticker),) = found.result.items()
    if name not in _names(pair):
        raise Unusable("its answer is of another pair")
    return Said(inside_the_book(ticker.c[0], ticker.b[0], ticker.a[0]), moment_of_date(date))


def _names(pair: str) -> tuple[str, str]:
    """The pair's short name, and the long one in which X marks a coin and Z a currency of a state."""
    quote = quote_of(pair)
    return pair, f"X{pair.removesuffix(quote)}Z{quote}"
