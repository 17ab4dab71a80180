"""[[rewards]] and [[claims]] of a deployment: what may be claimed, by which fixed call, and what it is worth."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from keeper.config.kinds import AddressText, HexText, PriceText
from keeper.config.strict import Strict
from keeper.config.voices import AggregatorVoice, Symbol, TwapVoice


class RewardEntry(Strict):
    """[[rewards]]: a token that is paid and sold, never held on purpose; the oracle prices it beside the assets."""

    symbol: Symbol
    token: AddressText
    decimals: Annotated[int, Field(ge=2, le=24)]
    sources: Annotated[
        tuple[Annotated[AggregatorVoice | TwapVoice, Field(discriminator="kind")], ...],
        Field(min_length=2, max_length=4, strict=False),
    ]


class Claimed(Strict):
    """What every claim says: the reward's symbol, and the most dollars of it that may be sold in any 24 h."""

    reward: Symbol
    daily_cap: PriceText
    enabled: bool = True


class StataRewards(Claimed):
    """The incentives of an Aave wrapper (StataToken), asked of the share for its holder."""

    kind: Literal["stata_rewards"]
    share: Symbol


class CallClaim(Claimed):
    """Any other fixed call: `data` is selector and arguments, sent to `target`."""

    kind: Literal["call"]
    target: AddressText
    data: Annotated[HexText, Field(min_length=10)]


ClaimEntry: TypeAlias = Annotated[StataRewards | CallClaim, Field(discriminator="kind")]
