"""Harvest: the owner's fixed claim, and sales of what it brought and no more. Mirrors contracts/core/Harvest.sol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keeper.model.checked import Report
from keeper.model.decided import Order
from keeper.model.envelope import buckets
from keeper.model.envelope.portfolio import Price, floor_up, value_up
from keeper.model.envelope.record import on_record
from keeper.model.envelope.refusals import NO_SUCH_INDEX, Refused, panic
from keeper.model.envelope.trades import (
    CENT,
    admit,
    answering,
    least_of,
    require_cooled,
    require_none_fell,
    route_of,
    settle,
    shifted,
)
from keeper.model.envelope.values import (
    Call,
    Claimed,
    ClaimUse,
    Done,
    Market,
    Rules,
    State,
    Swap,
    Trade,
    Venue,
)
from keeper.model.seen import REWARD, Limits
from keeper.model.sent import Terms
from keeper.units import NO_VALUE, WAD, Share18, TokenUnits, Usd18, mul_div_down, mul_div_up, value_of

NO_REPORT = Report(NO_VALUE, NO_VALUE, Share18(0), Share18(0), Share18(0), Share18(0))
"""Of a harvest that sells nothing."""


def harvest_level(state: State, limits: Limits, now: int) -> int:
    """How full the budget of all harvests is at `now`: share of NAV at the last trade."""
    since = max(state.harvested_at, state.unhalted_at)
    return buckets.drained(state.harvest_level, buckets.capacity(limits.harvest_cap_bps), buckets.DAY, now - since)


def claim_level(state: State, rules: Rules, source: int, now: int) -> int:
    """How full one claim's own budget is at `now`, USD; an unhalt fills it."""
    size, use = rules.claims[source].daily_cap // 2, state.claim_uses[source]
    if use.at < state.unhalted_at:
        use = ClaimUse(size, state.unhalted_at)
    return buckets.drained(use.level, size, buckets.DAY, now - use.at)


@answering
def harvest(
    state: State,
    rules: Rules,
    market: Market,
    call: Call,
    source: int,
    sales: Sequence[Order],
    terms: Terms,
    venue: Venue,
    claimed: Claimed,
) -> Done:
    """The keeper claims a reward, and may sell at most what came of it into safe assets."""
    state = admit(state, rules, call, terms)
    require_cooled(call, state.harvested_at, rules.limits.harvest_cooldown)
    state = replace(state, harvest_level=harvest_level(state, rules.limits, call.now), harvested_at=call.now)
    if source >= len(rules.claims):
        raise panic(NO_SUCH_INDEX)
    claim = rules.claims[source]
    if not claim.enabled:
        raise Refused("ClaimDisabled", source)
    if claimed.refusal is not None:
        raise Refused("ClaimFailed", claimed.refusal)
    own = () if claim.listed is None else ((claim.listed, claimed.came),)
    balances = shifted(state.balances, (*own, *claimed.beside))
    sold = _Sold(balances, venue)
    report = NO_REPORT
    if sales:
        left = sale_left(state, rules, source, call.now)
        sold = _sell(sold, rules, market, source, claimed.came, left, sales)
        state, report = _charged(state, rules, call, source, sold)
    require_none_fell(sold.balances, state.balances)
    for token, allowed in claimed.allowances:
        if allowed:
            raise Refused("AllowanceLeft", token, allowed)
    after = on_record(replace(state, balances=sold.balances), rules, market)
    return Done(after, sold.venue, report, sold.trades, claimed=claimed.came, sold_for=sold.bought)


@dataclass(frozen=True, slots=True)
class _Sold:
    """Sales so far: balances and venue after them, USD sold (rounded up) and bought (rounded down)."""

    balances: tuple[int, ...]
    venue: Venue
    value: Usd18 = NO_VALUE
    bought: Usd18 = NO_VALUE
    trades: tuple[Trade, ...] = ()


def sale_left(state: State, rules: Rules, source: int, now: int) -> Usd18:
    """USD of one claim's reward that may be sold at `now`: what two caps of any 24 h leave.

    The claim's own in USD, and all harvests' in NAV at the last trade; `state.harvest_level` is taken as of `now`.
    """
    of_all = mul_div_down(state.nav_cents * CENT, buckets.left(state.harvest_level, rules.limits.harvest_cap_bps), WAD)
    own = max(rules.claims[source].daily_cap // 2 - claim_level(state, rules, source, now), 0)
    return Usd18(min(of_all, own))


def _sell(
    sold: _Sold, rules: Rules, market: Market, source: int, claimed: int, left: int, sales: Sequence[Order]
) -> _Sold:
    for sale in sales:
        amount = min(sale.max_in, claimed)
        if amount == 0:
            raise Refused("NothingToDo", sale.route, 0, 0)
        swap, value, price = _quoted(rules, market, source, sale, amount, left - sold.value)
        settled = settle(sold.balances, swap, sold.venue)
        claimed -= settled.spent
        decimals = rules.assets[swap.route.asset_out].decimals
        sold = _Sold(
            settled.balances,
            settled.venue,
            Usd18(sold.value + value),
            Usd18(sold.bought + value_of(TokenUnits(settled.got), price.mid, decimals)),
            (*sold.trades, Trade(sale.route, settled.spent, settled.got, swap.least)),
        )
    return sold


def _quoted(
    rules: Rules, market: Market, source: int, sale: Order, amount: int, left: int
) -> tuple[Swap, Usd18, Price]:
    """A sale of the reward: the swap, worth `left` USD at most, what it sends rounded up, the price of what it buys."""
    way, claim = route_of(rules, sale.route), rules.claims[source]
    if not way.enabled or way.asset_in != REWARD or way.claim != source or claim.listed is not None:
        raise Refused("RouteDisabled", sale.route)
    bought = rules.assets[way.asset_out]
    if bought.safe_rank == 0 or bought.frozen:
        raise Refused("NotTradable", way.asset_out)
    reward, price = market.rewards[source], bought.usable(market.prices[way.asset_out])
    if reward is None or reward.mid == 0:
        raise Refused("RewardUnpriced", claim.reward)
    if price is None:
        raise Refused("PriceMissing", way.asset_out)
    value = value_up(amount, reward.mid, claim.decimals)
    if value > left:
        part = mul_div_down(amount, left, value)
        if part == 0:
            raise Refused("HarvestCap", value, left)
        amount, value = part, Usd18(mul_div_up(value, part, amount))
    floor = floor_up(amount, reward, claim.decimals, price, bought.decimals, way.slip_bps)
    return Swap(way, amount, least_of(sale, amount, floor)), value, price


def _charged(state: State, rules: Rules, call: Call, source: int, sold: _Sold) -> tuple[State, Report]:
    """Both caps charged, and the account of the sales: over NAV at the last trade, without drift."""
    nav, value = state.nav_cents * CENT, sold.value
    turnover = Share18(mul_div_up(value, WAD, nav))
    loss = Share18(mul_div_up(max(value - sold.bought, 0), WAD, nav))
    uses = list(state.claim_uses)
    uses[source] = ClaimUse(claim_level(state, rules, source, call.now) + value, call.now)
    report = Report(Usd18(nav), Usd18(nav + sold.bought), Share18(0), Share18(0), turnover, loss)
    return replace(state, harvest_level=state.harvest_level + turnover, claim_uses=tuple(uses)), report
