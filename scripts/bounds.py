"""The published bounds: the most a stolen key can cost, computed from the configuration. bps of NAV, rounded up.

loss by the oracle ≤ L;  true loss ≤ L + T·(δin + δout);  flatten once: slip + δ + δsafe
"""

from __future__ import annotations

from dataclasses import dataclass

from keeper.config.deployment import DeploymentFile
from keeper.units import BPS, Bps, mul_div_up

FEED_ERROR = Bps(50)
"""δ: how far a feed may be off the market; an assumption. Real ETH/USD rounds step by 19 bp in the median, p99 85."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """bps of NAV; `delta` is the assumption they rest on, for each of the two feeds of a trade."""

    delta: Bps
    day: Bps
    month: Bps
    flatten_once: Bps

    def lines(self) -> list[str]:
        """As printed: what a person who deploys must have read."""
        return [
            f"published bounds, each feed at most {_percent(self.delta)} off the market:",
            f"  stolen keeper key    {_percent(self.day)} in any 24 h, {_percent(self.month)} in any 30 d",
            f"  and, once, a flatten {_percent(self.flatten_once)} more",
            f"  stolen guardian key  {_percent(self.flatten_once)}: a flatten, once",
            "  not bounded: the market inside your ranges, trades missed while halted, the owner's own key",
        ]


def bounds_of(deployment: DeploymentFile, delta: Bps = FEED_ERROR) -> Bounds:
    """The bounds of a deployment. A flatten sells by the routes into safe assets: the widest of their slips counts."""
    limits = deployment.limits
    safe = {asset.symbol for asset in deployment.assets if asset.safe_rank}
    slips = [route.slip_bps for route in deployment.routes if route.symbols[-1] in safe and route.enabled]
    keeper_flattens = max(slips, default=0)
    return Bounds(
        delta=delta,
        day=Bps(limits.loss_day_bps + mul_div_up(limits.turnover_day_bps, 2 * delta, BPS)),
        month=Bps(limits.loss_month_bps + mul_div_up(limits.turnover_month_bps, 2 * delta, BPS)),
        flatten_once=Bps(keeper_flattens + 2 * delta),
    )


def _percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d} %"
