"""Integers that know what they count. One unit a type; nothing here, and nothing near money anywhere, is a float.

Usd18      dollars × 1e18                  NAV, values, prices of one whole token
Share18    1e18 = 100 % of NAV             weights, drift, turnover, loss
Bps        10 000 = 100 %                  targets, slips, spreads, bands
Wei        the chain's own coin × 1e18     gas prices, fees
TokenUnits a token's base units            balances, amounts (2 to 24 decimals)
Seconds    whole seconds                   ages, windows; Timestamp is Unix time
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NewType

Usd18 = NewType("Usd18", int)
Share18 = NewType("Share18", int)
Bps = NewType("Bps", int)
Wei = NewType("Wei", int)
TokenUnits = NewType("TokenUnits", int)
Seconds = NewType("Seconds", int)
Timestamp = NewType("Timestamp", int)

WAD = 10**18
"""1e18: one dollar in Usd18, 100 % in Share18, one coin in Wei."""
NO_VALUE = Usd18(0)
"""Worth nothing."""
BPS = 10_000
"""100 % in basis points."""
GWEI = 10**9
"""One gwei in Wei."""
SHARE_PER_BPS = WAD // BPS
"""One basis point in Share18: exact, 1e14."""

_USD_TEXT = re.compile(r"(?P<whole>[0-9]{1,60})(?:\.(?P<places>[0-9]{1,18}))?")


def mul_div_down(a: int, b: int, denominator: int) -> int:
    """a × b / denominator, rounded down, without an intermediate loss. Not for negative numbers: ValueError."""
    _refuse_negative(a, b)
    if denominator <= 0:
        raise ValueError(f"denominator {denominator} is not above 0")
    return a * b // denominator


def mul_div_up(a: int, b: int, denominator: int) -> int:
    """a × b / denominator, rounded up. Not for negative numbers: ValueError."""
    _refuse_negative(a, b)
    if denominator <= 0:
        raise ValueError(f"denominator {denominator} is not above 0")
    return -(-a * b // denominator)


def median_down(numbers: Sequence[int]) -> int:
    """The middle of the sorted numbers; of an even count the mean of the two middle ones, rounded down. ValueError of
    none."""
    if not numbers:
        raise ValueError("no numbers have no median")
    ordered, middle = sorted(numbers), len(numbers) // 2
    return ordered[middle] if len(numbers) % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def _refuse_negative(*numbers: int) -> None:
    for number in numbers:
        if number < 0:
            raise ValueError(f"{number} is negative")


def value_of(amount: TokenUnits, price: Usd18, decimals: int) -> Usd18:
    """What `amount` base units are worth at `price` (USD of one whole token), rounded down as the vault does."""
    return Usd18(mul_div_down(amount, price, 10**decimals))


def amount_for(value: Usd18, price: Usd18, decimals: int) -> TokenUnits:
    """How many base units `value` buys at `price`, rounded down. A price of 0 is a ValueError."""
    return TokenUnits(mul_div_down(value, 10**decimals, price))


def share_of(part: Usd18, whole: Usd18) -> Share18:
    """part / whole with 1e18 = 100 %, rounded down; 0 of an empty whole is 0."""
    return Share18(0 if whole == 0 and part == 0 else mul_div_down(part, WAD, whole))


def share_from_bps(bps: Bps) -> Share18:
    """Basis points as a share; exact."""
    return Share18(bps * SHARE_PER_BPS)


def bps_up(share: Share18) -> Bps:
    """A share in whole basis points, rounded up: for losses."""
    return Bps(-(-share // SHARE_PER_BPS))


def format_units(amount: int, decimals: int, places: int = 2) -> str:
    """A number of base units for a person's eye: thousands parted by commas, cut (not rounded) after `places`."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 10**decimals)
    fraction = str(rest).rjust(decimals, "0") if decimals else ""
    shown = fraction[:places].ljust(places, "0")
    return f"{sign}{whole:,}.{shown}" if places else f"{sign}{whole:,}"


def format_usd(value: Usd18) -> str:
    """Dollars and cents: `$1,234.56`."""
    text = format_units(value, 18)
    return f"-${text[1:]}" if text.startswith("-") else f"${text}"


def format_share(share: Share18) -> str:
    """A share as a percentage with two places: `2.37 %`."""
    return f"{format_units(share, 16)} %"


def nearest(share: Share18) -> Share18:
    """The whole basis point nearest to a share: for showing weights, never for comparing them."""
    return share_from_bps(Bps((share + SHARE_PER_BPS // 2) // SHARE_PER_BPS))


def format_gwei(wei: Wei) -> str:
    """A gas price in gwei with three places: `1.250 gwei`."""
    return f"{format_units(wei, 9, 3)} gwei"


def parse_usd(text: str) -> Usd18:
    """Decimal text in dollars, "1500.25", exactly; more than 18 places, a sign or an exponent is a ValueError."""
    match = _USD_TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number of dollars with at most 18 places")
    return Usd18(int(match["whole"]) * WAD + int((match["places"] or "").ljust(18, "0")))
