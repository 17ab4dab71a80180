"""Reading what a stranger's server sent: strictly, without a float, and never repeating it.

A price is decimal text (an exchange's JSON number would have been a float on somebody's side), above zero and at most
`MOST` dollars: NaN, Infinity, exponents and signs have no such text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from keeper.units import WAD, Timestamp, Usd18, median_down, parse_usd

MOST = Usd18(10**12 * WAD)
"""What no token costs: a larger figure is a defect of the one who sent it."""
_LONGEST = 40
"""Characters of a price or a time."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unusable(ValueError):
    """An answer that gives no price; says why in our words."""


class Answer(BaseModel):
    """The part of an exchange's answer that is read: of the right kinds, beside whatever else it sends."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


def _price_text(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError(f"a price of {len(text)} characters")
    try:
        price = parse_usd(text)
    except ValueError:
        raise ValueError("no decimal text with at most 18 places") from None
    if not 0 < price <= MOST:
        raise ValueError("not above 0 and below a trillion dollars")
    return text


PriceText = Annotated[str, AfterValidator(_price_text)]
A = TypeVar("A", bound=Answer)


def read(schema: type[A], body: bytes) -> A:
    """An answer's body as `schema`. Unusable where it is no JSON, says a key twice or has another shape."""
    try:
        data = json.loads(
            body.decode(),
            object_pairs_hook=_once_each,
            parse_constant=_no_constant,
            parse_float=_aside,
            parse_int=_aside,
        )
    except Unusable:
        raise
    except (ValueError, RecursionError):
        raise Unusable("its answer is not JSON") from None
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:_LONGEST] or "its answer"
        raise Unusable(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None


def _once_each(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unusable("its answer says a key twice")
    return found


def _no_constant(_text: str) -> object:
    raise Unusable("its answer holds NaN or Infinity")


def _aside(_text: str) -> None:
    """A JSON number is nothing that is read here, whatever its size."""


def inside_the_book(last: str, bid: str, ask: str) -> Usd18:
    """The last trade's price, brought inside bid and ask where the book moved since. Unusable for a crossed book."""
    low, high = parse_usd(bid), parse_usd(ask)
    if low > high:
        raise Unusable("its bid is above its ask")
    return Usd18(median_down((parse_usd(last), low, high)))


def moment(text: str) -> Timestamp:
    """An ISO 8601 time with its zone. Unusable for anything else."""
    try:
        found = datetime.fromisoformat(text[:_LONGEST])
    except ValueError:
        raise Unusable("its time is no ISO 8601 time") from None
    return _unix(found)


def moment_of_date(header: str | None) -> Timestamp:
    """The time in an HTTP Date header. Unusable where there is none, or it is no date."""
    if header is None:
        raise Unusable("its answer has no Date, so no age")
    try:
        found = parsedate_to_datetime(header[:_LONGEST])
    except ValueError:
        raise Unusable("its Date is no date") from None
    return _unix(found)


def _unix(found: datetime) -> Timestamp:
    if found.tzinfo is None:
        raise Unusable("its time has no zone")
    return Timestamp((found - _EPOCH) // timedelta(seconds=1))
