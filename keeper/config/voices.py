"""A deployment's words for where prices come from, and for the symbols they belong to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from keeper.config.kinds import AddressText, AnyBps, AnySeconds
from keeper.config.strict import Strict
from keeper.units import Seconds

Symbol = Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,12}$")]


class AggregatorVoice(Strict):
    """A push feed that speaks AggregatorV3."""

    kind: Literal["aggregator"]
    feed: AddressText
    max_age: AnySeconds
    sequencer: AddressText | None = None
    grace: AnySeconds = Seconds(0)


class TwapVoice(Strict):
    """A Uniswap V3 pool's average over `window` seconds, turned into USD by its quote token's own push feeds."""

    kind: Literal["twap"]
    pool: AddressText
    quote: Symbol
    window: AnySeconds
    min_liquidity: Annotated[int, Field(ge=1)]
    min_cardinality: Annotated[int, Field(ge=1, le=65_535)] = 1
    """Observations the pool keeps, at least."""


class Erc4626Voice(Strict):
    """The rate of an ERC-4626 share in its underlying, another asset here: price and freshness are that one's."""

    kind: Literal["erc4626"]
    underlying: Symbol
    max_growth_bps_per_year: Annotated[AnyBps, Field(ge=1)]
    """Above it, counted from deployment, the rate is believed no further."""
