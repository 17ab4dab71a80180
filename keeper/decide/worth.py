"""What acting costs and what it is worth. Both are estimates by a stated rule, written into every decision.

cost     Σ value × slip / 2 + gas. A route's slip is the most that the vault lets a trade lose (pool fee, feeds'
         deviations, a margin); half of it is a cautious guess at what it does lose. Gas is a count of gas for each
         trade, at twice the block's base fee: the fee the transaction may have to pay. It is priced by the listed asset
         that wraps the native coin; where none is listed gas cannot be priced and is not in the figure.
benefit  NAV × (D0² - D1²): a portfolio at drift D is held to be D² of NAV worse than one on target. Not a forecast of
         profit but a price on being off target; the first percent matters little, the tenth much.
         At drift 2 % it is 4 bps of NAV, at 10 % it is 100 bps. D1 is the drift expected after the trades.

The simulation knows the true cost; guard holds it against the vault's budgets.
"""

from __future__ import annotations

from dataclasses import dataclass

from keeper.decide.orders import Plan
from keeper.model import Snapshot
from keeper.units import BPS, WAD, Bps, Share18, Usd18, mul_div_down, mul_div_up

WRAPPED_NATIVE = frozenset({"WETH"})
"""Symbols whose price is the native coin's on the chains that have a profile."""
GAS_BASE = 450_000
"""Gas of a rebalance before its trades: rulebook, one price vector of five assets, budgets (measured on prototypes)."""
GAS_PER_TRADE = 300_000
"""Gas of one trade through a router with proxied tokens (measured on prototypes)."""
BASE_FEE_FACTOR = 2
"""The base fee can rise by an eighth a block; twice is six blocks of that."""


@dataclass(frozen=True, slots=True)
class Worth:
    """The two figures, and what they are made of. `gas` is None where the native coin has no listed price."""

    slip: Usd18
    gas: Usd18 | None
    benefit: Usd18

    @property
    def cost(self) -> Usd18:
        """Slip and gas."""
        return Usd18(self.slip + (self.gas or 0))

    def suffices(self, nav: Usd18, min_benefit: Bps) -> bool:
        """Whether the benefit exceeds the cost by at least `min_benefit` of NAV."""
        return self.benefit - self.cost >= mul_div_up(nav, min_benefit, BPS)


def worth_of(snapshot: Snapshot, nav: Usd18, drift: Share18, plan: Plan) -> Worth:
    """What these trades cost and are worth at this block."""
    slip = sum(mul_div_up(trade.value, trade.route.slip_bps, 2 * BPS) for trade in plan.trades)
    moved = mul_div_down(plan.value, WAD, nav)
    after = max(drift - moved, 0)
    return Worth(
        slip=Usd18(slip),
        gas=gas_cost(snapshot, len(plan.trades)),
        benefit=Usd18(mul_div_down(nav, drift * drift - after * after, WAD * WAD)),
    )


def gas_cost(snapshot: Snapshot, trades: int) -> Usd18 | None:
    """What a rebalance of `trades` trades may cost in gas at this block; None without a price of the native coin."""
    price = native_price(snapshot)
    if price is None:
        return None
    wei = (GAS_BASE + GAS_PER_TRADE * trades) * snapshot.block.base_fee * BASE_FEE_FACTOR
    return Usd18(mul_div_up(wei, price, WAD))


def native_price(snapshot: Snapshot) -> Usd18 | None:
    """The price of one native coin by the listed asset that wraps it."""
    for asset in snapshot.assets:
        if asset.symbol in WRAPPED_NATIVE and asset.price:
            return asset.price
    return None
