"""Each asset's distance from its target in dollars, with the vault's own arithmetic and rounding."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.model import AssetState, Snapshot
from keeper.model.envelope import drift_up
from keeper.units import NO_VALUE, WAD, Share18, Usd18, mul_div_down


@dataclass(frozen=True, slots=True)
class Position:
    """A counted, priced asset: what it is worth, what it should be worth at this NAV, and its price."""

    asset: AssetState
    price: Usd18
    value: Usd18
    goal: Usd18

    @property
    def excess(self) -> Usd18:
        """What it has too much; 0 at or below the target."""
        return Usd18(max(self.value - self.goal, 0))

    @property
    def lack(self) -> Usd18:
        """What it has too little; 0 at or above the target."""
        return Usd18(max(self.goal - self.value, 0))


def positions(snapshot: Snapshot, nav: Usd18) -> tuple[Position, ...]:
    """The counted assets in the vault's order; targets renormalised over them and goals rounded down, as it does."""
    counted = [asset for asset in snapshot.assets if asset.counted]
    whole = sum(asset.target_bps for asset in counted)
    return tuple(
        Position(
            asset=asset,
            price=asset.price,
            value=asset.value,
            goal=Usd18(mul_div_down(nav, asset.target_bps, whole)) if whole else NO_VALUE,
        )
        for asset in counted
        if asset.price
    )


def distance(position: Position, nav: Usd18) -> Share18:
    """|value - goal| as a share of NAV, rounded down: a band is left when the figure reaches it."""
    return Share18(mul_div_down(position.excess + position.lack, WAD, nav))


def drift(whole: tuple[Position, ...], nav: Usd18) -> Share18:
    """Half the sum of |value - goal| over NAV, rounded up, as the vault does."""
    return drift_up([(one.value, one.goal) for one in whole], nav)
