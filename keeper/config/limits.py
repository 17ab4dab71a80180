"""The envelope's numbers as a deployment may set them, with the defaults of the specification."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from keeper.config.kinds import AnyBps, AnySeconds
from keeper.config.profile import ChainProfile
from keeper.config.strict import Strict
from keeper.model import Limits
from keeper.units import GWEI, Bps, Seconds, Wei

HOUR = 3_600
DAY = 24 * HOUR
LongBps = Annotated[Bps, Field(ge=0, le=65_535)]
"""Turnover over a month may pass 100 % of NAV."""


class LimitsSection(Strict):
    """[limits]: named and ordered as the rulebook's; bps of NAV and seconds."""

    spread_bps: AnyBps = Bps(100)
    min_drift_bps: AnyBps = Bps(25)
    min_progress_bps: AnyBps = Bps(25)
    max_trade_bps: AnyBps = Bps(1_000)
    min_trade_bps: AnyBps = Bps(5)
    emergency_bps: AnyBps = Bps(500)
    max_shift_bps: AnyBps = Bps(500)
    harvest_cap_bps: AnyBps = Bps(10)
    loss_day_bps: AnyBps = Bps(15)
    loss_month_bps: AnyBps = Bps(75)
    turnover_day_bps: AnyBps = Bps(3_000)
    turnover_month_bps: LongBps = Bps(20_000)
    rebalance_cooldown: AnySeconds = Seconds(5 * 60)
    retarget_cooldown: AnySeconds = Seconds(HOUR)
    harvest_cooldown: AnySeconds = Seconds(HOUR)
    delay: AnySeconds = Seconds(2 * DAY)
    max_gas_price_gwei: Annotated[int, Field(ge=0, le=2**63 // GWEI)] | None = None
    """0 is off; the chain profile's ceiling where absent."""
    keeper_may_flatten: bool = True

    def to_limits(self, profile: ChainProfile) -> Limits:
        """The value the rulebook is built with."""
        fields = self.model_dump(exclude={"max_gas_price_gwei"})
        gwei = self.max_gas_price_gwei
        return Limits(**fields, max_gas_price=profile.gas_ceiling if gwei is None else Wei(gwei * GWEI))
