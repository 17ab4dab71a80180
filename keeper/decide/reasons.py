"""The few words a decision's reason begins with: what each means, and what it asks of a person."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Standing(StrEnum):
    """What a reason amounts to: there is work, there is none, it waits for a known time, or something is in the way."""

    ACT = "act"
    IDLE = "idle"
    WAIT = "wait"
    HOLD = "hold"


class ReasonCode(StrEnum):
    """Every reason a decision can give; `standing` says what it amounts to."""

    OUTSIDE_BAND = "outside-band"
    INSIDE_BAND = "inside-band"
    BELOW_MIN_DRIFT = "below-min-drift"
    TOO_SMALL = "too-small"
    BENEFIT_BELOW_COST = "benefit-below-cost"
    COOLDOWN = "cooldown"
    HALTED = "halted"
    MANDATE_EXPIRED = "mandate-expired"
    NO_PRICE = "no-price"
    EMPTY_VAULT = "empty-vault"
    NO_ROUTE = "no-route"
    BUDGET_EXHAUSTED = "budget-exhausted"
    ORDERED = "ordered"
    WORTH_CLAIMING = "worth-claiming"
    HARVEST_BELOW_COST = "harvest-below-cost"
    HARVEST_REFUSED = "harvest-refused"

    @property
    def standing(self) -> Standing:
        """What this reason amounts to."""
        return MEANINGS[self][0]

    @property
    def meaning(self) -> str:
        """The line of the documentation's table."""
        return MEANINGS[self][1]


MEANINGS: Mapping[ReasonCode, tuple[Standing, str]] = MappingProxyType(
    {
        ReasonCode.OUTSIDE_BAND: (Standing.ACT, "an asset left its band, and bringing it back is worth what it costs"),
        ReasonCode.ORDERED: (Standing.ACT, "a person ordered it: halt or flatten"),
        ReasonCode.WORTH_CLAIMING: (
            Standing.ACT,
            "nothing to steer, and a reward is worth harvest_min_ratio times its gas",
        ),
        ReasonCode.INSIDE_BAND: (Standing.IDLE, "every asset is nearer to its target than absolute_bps"),
        ReasonCode.BELOW_MIN_DRIFT: (Standing.IDLE, "the vault refuses to trade below its own minDrift"),
        ReasonCode.TOO_SMALL: (Standing.IDLE, "what could be traded is below the vault's minTrade"),
        ReasonCode.BENEFIT_BELOW_COST: (
            Standing.IDLE,
            "the drift removed is not worth its cost and min_benefit_bps of NAV",
        ),
        ReasonCode.HARVEST_BELOW_COST: (
            Standing.IDLE,
            "nothing to steer, and a reward is not yet worth harvest_min_ratio times its gas",
        ),
        ReasonCode.HARVEST_REFUSED: (
            Standing.IDLE,
            "nothing to steer, and the vault or the claim would revert; the reason names the error",
        ),
        ReasonCode.COOLDOWN: (Standing.WAIT, "the vault acted a moment ago; the reason names when it is ready"),
        ReasonCode.HALTED: (Standing.HOLD, "the vault is halted: only its owner can start it again"),
        ReasonCode.MANDATE_EXPIRED: (Standing.HOLD, "the keeper's mandate is over: the owner appoints it again"),
        ReasonCode.NO_PRICE: (Standing.HOLD, "an asset has no price; the reason names what each voice said"),
        ReasonCode.EMPTY_VAULT: (Standing.HOLD, "nothing that is counted is in the vault, or has a target"),
        ReasonCode.NO_ROUTE: (Standing.HOLD, "no enabled route leads from an overweight to an underweight asset"),
        ReasonCode.BUDGET_EXHAUSTED: (Standing.HOLD, "the vault's loss or turnover budget is used up; it refills"),
    }
)
