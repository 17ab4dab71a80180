"""The kinds of text and numbers that settings are made of."""

from __future__ import annotations

import re
from typing import Annotated

from eth_hash.auto import keccak
from pydantic import AfterValidator, Field

from keeper.units import Bps, Seconds, Share18, Usd18, parse_usd

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_ADDRESS_LENGTH = 42
ZERO_ADDRESS = "0x" + "00" * 20
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,31}$"


def checksummed(text: str) -> str:
    """An address in EIP-55 form. Mixed case must carry a right checksum; ValueError for anything else and for zero."""
    if _ADDRESS.fullmatch(text) is None:
        # what is longer is not repeated: it may be a private key
        shown = text if len(text) <= _ADDRESS_LENGTH else f"a text of {len(text)} characters"
        raise ValueError(f"{shown} is not an address (0x and 40 hex digits)")
    if int(text, 16) == 0:
        raise ValueError("the zero address is nobody's")
    digits = text[2:].lower()
    marks = keccak(digits.encode()).hex()
    result = "0x" + "".join(c.upper() if mark in "89abcdef" else c for c, mark in zip(digits, marks, strict=False))
    if text[2:] not in (digits, digits.upper()) and text != result:
        raise ValueError(f"{text} has a wrong checksum: a digit is mistyped")
    return result


AddressText = Annotated[str, AfterValidator(checksummed)]
HashText = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
HexText = Annotated[str, Field(pattern=r"^0x([0-9a-f]{2})*$")]
NameText = Annotated[str, Field(pattern=NAME_PATTERN)]
AnyBps = Annotated[Bps, Field(ge=0, le=10_000)]
AnySeconds = Annotated[Seconds, Field(ge=0, le=2**32 - 1)]
PriceText = Annotated[str, AfterValidator(lambda text: text if parse_usd(text) > 0 else _refuse(text))]
"""Dollars as decimal text, `"1500.25"`: a TOML float would be a float near money."""
RatioText = Annotated[str, AfterValidator(lambda text: text if parse_usd(text) > 0 else _refuse(text))]
"""How many times, as decimal text, `"1.5"`: a TOML float would be a float near money."""


def ratio(text: str) -> Share18:
    """A RatioText's value, 1e18 = once."""
    return Share18(parse_usd(text))


def _refuse(text: str) -> str:
    raise ValueError(f"{text} is not above 0")


def price(text: str) -> Usd18:
    """A PriceText's value."""
    return parse_usd(text)
