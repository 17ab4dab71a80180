"""When to claim a reward and sell it: what the node says a harvest brings, held against what it costs.

benefit  what the sale buys, in dollars, from the vault's own report of a harvest tried at this block
cost     the gas the node estimates, at twice the block's base fee, and the chain's fee for the data, both priced by the
         listed asset that wraps the native coin; where that has no price nothing is harvested

A claim is looked at once the vault's cooldown is over and `harvest_every` seconds have passed since the last look, and
harvested where it brings `harvest_min_ratio` times its cost. Steering goes first where both are due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keeper.decide.reasons import ReasonCode, Standing
from keeper.decide.succession import after_action
from keeper.decide.worth import BASE_FEE_FACTOR, native_price
from keeper.model import (
    REWARD,
    ActionKind,
    Decision,
    DecisionConfig,
    HarvestQuote,
    LastHarvest,
    Order,
    PolicyState,
    Snapshot,
    VaultMode,
)
from keeper.units import NO_VALUE, WAD, Share18, Timestamp, TokenUnits, Usd18, format_units, format_usd, mul_div_up

ALL = TokenUnits(2**128 - 1)
"""What an order may ask for at most: the vault sells no more than was claimed."""
_UNABLE = frozenset({ReasonCode.HALTED, ReasonCode.MANDATE_EXPIRED})


@dataclass(frozen=True, slots=True)
class Weighed:
    """A quote with its cost; None where the native coin has no price."""

    quote: HarvestQuote
    cost: Usd18 | None

    @property
    def left(self) -> int:
        """Dollars it leaves, for choosing among several; what cannot be priced comes last."""
        return self.quote.benefit - self.cost if self.cost is not None else -1

    def suffices(self, ratio: Share18) -> bool:
        """Whether it brings `ratio` times its cost, and anything at all."""
        enough = self.cost is not None and self.quote.benefit >= mul_div_up(self.cost, ratio, WAD)
        return enough and not self.quote.refusal and self.quote.benefit > 0


def due(
    snapshot: Snapshot, state: PolicyState, config: DecisionConfig, now: Timestamp | None = None
) -> tuple[int, ...]:
    """The claims to quote at `now` (the block's own time where None): enabled, cooled down, not looked at lately."""
    vault, at = snapshot.vault, snapshot.block.timestamp if now is None else now
    if vault.mode is VaultMode.HALTED or at >= vault.mandate_expires or at < vault.next_harvest_at:
        return ()
    if not config.harvest_every:
        return ()
    looked = {last.claim: last.looked_at for last in state.harvests}
    return tuple(
        claim.index
        for claim in snapshot.claims
        if claim.enabled and at >= looked.get(claim.index, 0) + config.harvest_every and ways(snapshot, claim.index)
    )


def ways(snapshot: Snapshot, claim: int) -> tuple[int, ...]:
    """The enabled routes that sell what a claim pays, by index."""
    return tuple(
        route.index for route in snapshot.routes if route.enabled and route.asset_in == REWARD and route.claim == claim
    )


def instead(snapshot: Snapshot, state: PolicyState, config: DecisionConfig, steering: Decision) -> Decision:
    """A HARVEST in place of a decision to do nothing, or that decision with what a harvest would bring and cost."""
    if steering.action is not ActionKind.NOOP or steering.reason_code in _UNABLE or not snapshot.quotes:
        return steering
    found = [Weighed(quote, cost(snapshot, quote)) for quote in snapshot.quotes]
    best = max(found, key=lambda one: (one.suffices(config.harvest_min_ratio), not one.quote.refusal, one.left))
    said = _said(best, config)
    if best.suffices(config.harvest_min_ratio):
        return _harvest(snapshot, state, best, said)
    idle = ReasonCode(steering.reason_code).standing is not Standing.HOLD
    code = ReasonCode.HARVEST_REFUSED if best.quote.refusal else ReasonCode.HARVEST_BELOW_COST
    return replace(
        steering,
        reason_code=code if idle else steering.reason_code,
        reason=f"{steering.reason}; {said}",
        cost=best.cost or NO_VALUE,
        benefit=best.quote.benefit,
        next_state=_looked(state, {quote.claim for quote in snapshot.quotes}, snapshot.block.timestamp),
    )


def cost(snapshot: Snapshot, quote: HarvestQuote) -> Usd18 | None:
    """What this harvest may cost at this block; None without a price of the native coin."""
    price = native_price(snapshot)
    if price is None:
        return None
    wei = quote.gas * snapshot.block.base_fee * BASE_FEE_FACTOR + quote.l1_fee
    return Usd18(mul_div_up(wei, price, WAD))


def _harvest(snapshot: Snapshot, state: PolicyState, best: Weighed, said: str) -> Decision:
    claim, now = best.quote.claim, snapshot.block.timestamp
    others = tuple(last for last in state.harvests if last.claim != claim)
    done = replace(state, harvests=(*others, LastHarvest(claim, looked_at=now, harvested_at=now)))
    return Decision(
        action=ActionKind.HARVEST,
        orders=(Order(best.quote.route, ALL, TokenUnits(0)),),
        reason_code=ReasonCode.WORTH_CLAIMING,
        reason=said,
        cost=best.cost or NO_VALUE,
        benefit=best.quote.benefit,
        next_state=after_action(done, ActionKind.HARVEST, now),
        claim=claim,
    )


def _looked(state: PolicyState, claims: set[int], now: Timestamp) -> PolicyState:
    before = {last.claim: last for last in state.harvests}
    fresh = {
        claim: LastHarvest(claim, now, before[claim].harvested_at if claim in before else Timestamp(0))
        for claim in sorted(claims)
    }
    return replace(state, harvests=tuple((before | fresh).values()))


def _said(best: Weighed, config: DecisionConfig) -> str:
    quote, what = best.quote, f"claim {best.quote.claim} over route {best.quote.route}"
    if quote.refusal:
        return f"{what} would revert with {quote.refusal}"
    if best.cost is None:
        return f"{what} brings {format_usd(quote.benefit)}, and gas has no price to hold it against"
    data = f" and {format_units(quote.l1_fee, 18, 6)} of the coin for data" if quote.l1_fee else ""
    price = f"{quote.gas} gas at {BASE_FEE_FACTOR} base fees{data}"
    ratio = format_units(config.harvest_min_ratio, 18, 2)
    brings, costs = format_usd(quote.benefit), format_usd(best.cost)
    return f"{what} brings {brings} and costs {costs} ({price}), wanted is {ratio} times that"
