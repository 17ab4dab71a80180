"""Halt, unhalt and the way out: sizes, floors and who may sell what. Mirrors contracts/core/Exit.sol and Quotes.sol.

Gas is no part of the model: it takes every call to have enough, and no try to burn all it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keeper.model.envelope import buckets
from keeper.model.envelope.portfolio import Price, floor_up
from keeper.model.envelope.record import on_record, proof
from keeper.model.envelope.refusals import DIVIDED_BY_ZERO, Refusal, Refused, panic
from keeper.model.envelope.steering import NOWHERE
from keeper.model.envelope.trades import answering, require_cooled, require_owner, require_role, settle
from keeper.model.envelope.values import (
    Call,
    Done,
    Flattening,
    KeeperSale,
    Leg,
    Market,
    Role,
    Rules,
    State,
    Swap,
    Trade,
    Venue,
)
from keeper.model.seen import UNHALT_SECONDS, RouteState
from keeper.model.words import VaultMode
from keeper.units import WAD, mul_div_up, share_from_bps

COOLING = UNHALT_SECONDS
"""The owner's and guardian's discount opens over it, and no halt ends before it."""
NO_ROUTE = 65_535
HALVINGS = 3
PAYABLE = 2**128 - 1
"""What one swap may pay at most, base units."""


# ------------------------------------------------------------------------------------------------------------- halt


@answering
def halt(state: State, call: Call) -> Done:
    """Anyone with a role; a second halt does not restart the clock."""
    require_role(call)
    return Done(_halted(state, call), NOWHERE)


@answering
def unhalt(state: State, rules: Rules, market: Market, call: Call) -> Done:
    """The owner, an hour later: every budget starts used up, and what there is now is on record."""
    require_owner(call)
    if state.mode is not VaultMode.HALTED:
        raise Refused("NotHalted")
    require_cooled(call, state.halted_at, COOLING)
    limits = rules.limits
    after = replace(
        state,
        mode=VaultMode.ACTIVE,
        epoch=state.epoch + 1,
        levels=buckets.Levels.full(limits),
        shift_level=buckets.capacity(limits.max_shift_bps),
        harvest_level=buckets.capacity(limits.harvest_cap_bps),
        buckets_at=call.now,
        unhalted_at=call.now,
        halted_at=0,
        opened_at=0,
    )
    return Done(on_record(after, rules, market), NOWHERE)


@answering
def trip(state: State, rules: Rules, market: Market, call: Call, asset: int) -> Done:
    """Anyone halts an active vault, on proof that a balance vanished or the rate of a share fell since it acted."""
    if state.mode is not VaultMode.ACTIVE:
        raise Refused("NotActive")
    return Done(_halted(state, call), NOWHERE, tripping=proof(state, rules, market, asset))


@answering
def kill(state: State, rules: Rules, market: Market, call: Call, venue: Venue) -> Done:
    """Guardian or owner: the halt stands, whatever becomes of the flatten after it."""
    require_role(call)
    if call.role is Role.KEEPER:
        raise Refused("NoRole", call.caller)
    state = _halted(state, call)
    try:
        return _swept(state, rules, market, call, None, venue)
    except Refused as refused:
        return Done(state, venue, exit_refused=refused.refusal)


@answering
def flatten(state: State, rules: Rules, market: Market, call: Call, assets: Sequence[int] | None, venue: Venue) -> Done:
    """Everything into the refuge, or the named assets alone."""
    if state.mode is not VaultMode.HALTED:
        raise Refused("NotHalted")
    require_role(call)
    return _swept(state, rules, market, call, assets, venue)


def _halted(state: State, call: Call) -> State:
    if state.mode is VaultMode.HALTED:
        return state
    return replace(state, mode=VaultMode.HALTED, halted_at=call.now)


# ------------------------------------------------------------------------------------------------------------- plan


@dataclass(frozen=True, slots=True)
class _Step:
    """One asset's part of one pass: the routes to try, in order."""

    asset: int
    redeeming: bool
    routes: tuple[RouteState, ...]


def refuge(rules: Rules, market: Market) -> int:
    """The first safe asset by rank, not frozen, whose price is inside its depeg band. Refused: NoSafeAsset."""
    best, rank = 0, 0
    for index, rule in enumerate(rules.assets):
        if rule.safe_rank == 0 or rule.frozen or (rank and rule.safe_rank >= rank):
            continue
        price, band = rule.usable(market.prices[index]), share_from_bps(rule.depeg_bps)
        if price is not None and WAD - band <= price.mid <= WAD + band:
            best, rank = index, rule.safe_rank
    if rank == 0:
        raise Refused("NoSafeAsset")
    return best


def _plan(rules: Rules, assets: Sequence[int] | None, into: int) -> list[_Step]:
    """Two passes: shares redeem themselves into the refuge or what leads there; then all that is left goes there."""
    for asset in assets or ():
        if asset >= len(rules.assets):
            raise Refused("UnknownAsset", asset)
    asked = [
        index
        for index, rule in enumerate(rules.assets)
        if (assets is None or index in assets) and not rule.frozen and rule.safe_rank == 0
    ]
    redeeming = [_Step(asset, True, _redeeming(rules, asset, into)) for asset in asked]
    selling = [_Step(asset, False, _ways(rules, asset, into)) for asset in asked]
    return [step for step in redeeming if step.routes] + selling


def _ways(rules: Rules, asset: int, into: int) -> tuple[RouteState, ...]:
    return tuple(way for way in rules.routes if way.enabled and way.asset_in == asset and way.asset_out == into)


def _redeeming(rules: Rules, asset: int, into: int) -> tuple[RouteState, ...]:
    token = rules.assets[asset].token
    ways = (way for way in rules.routes if way.enabled and way.asset_in == asset and way.venue == token)
    return tuple(way for way in ways if _leads(rules, way.asset_out, into))


def _leads(rules: Rules, asset: int, into: int) -> bool:
    if asset == into:
        return True
    rule = rules.assets[asset]
    return not rule.frozen and rule.safe_rank == 0 and bool(_ways(rules, asset, into))


# ------------------------------------------------------------------------------------------------------------- legs


@dataclass(frozen=True, slots=True)
class _Sweep:
    """A flatten under way; `may` is what may still be sold of the asset at hand, `why` the last route's refusal."""

    state: State
    venue: Venue
    legs: tuple[Leg, ...] = ()
    sold: int = 0
    failed: int = 0
    may: int = 0
    tried: int = NO_ROUTE
    why: Refusal | None = None


def _swept(state: State, rules: Rules, market: Market, call: Call, assets: Sequence[int] | None, venue: Venue) -> Done:
    privileged = call.role is not Role.KEEPER
    if privileged and state.opened_at == 0:
        state = replace(state, opened_at=call.now)
    if not privileged and not rules.limits.keeper_may_flatten:
        raise Refused("FlattenSwitchedOff")
    into = refuge(rules, market)
    sweep = _Sweep(state, venue)
    for step in _plan(rules, assets, into):
        sweep = _stepped(sweep, rules, market, call, step)
    done = Flattening(into, sweep.legs, sweep.sold, sweep.failed)
    return Done(sweep.state, sweep.venue, exit=done)


def _stepped(sweep: _Sweep, rules: Rules, market: Market, call: Call, step: _Step) -> _Sweep:
    dust, held = rules.assets[step.asset].dust, sweep.state.balances[step.asset]
    if held <= dust:
        return sweep
    sweep = replace(sweep, may=held, tried=NO_ROUTE, why=None)
    if call.role is Role.KEEPER:
        sweep = _keepers(sweep, step.asset, held)
    for way in step.routes:
        if sweep.may > dust:
            sweep = _tried(sweep, rules, market, call, step.asset, way)
    if sweep.state.balances[step.asset] <= dust:
        return replace(sweep, sold=sweep.sold + 1)
    if step.redeeming:
        return sweep
    lost = Leg(step.asset, None, sweep.tried, sweep.why)
    return replace(sweep, legs=(*sweep.legs, lost), failed=sweep.failed + 1)


def _keepers(sweep: _Sweep, asset: int, held: int) -> _Sweep:
    """A keeper sells once what was held when it first flattened the asset in this halt; remainders may be retried."""
    state, told = sweep.state, sweep.state.keeper_sales[asset]
    if told.halt != state.halted_at:
        told = KeeperSale(state.halted_at, held)
        state = _told(state, asset, told)
    return replace(sweep, state=state, may=min(held, told.left))


def _told(state: State, asset: int, sale: KeeperSale) -> State:
    sales = list(state.keeper_sales)
    sales[asset] = sale
    return replace(state, keeper_sales=tuple(sales))


def _tried(sweep: _Sweep, rules: Rules, market: Market, call: Call, asset: int, way: RouteState) -> _Sweep:
    """Whole; else in part; else a half, a quarter, an eighth. The reason kept is the whole's."""
    for n in range(2 + HALVINGS):
        size = min(sweep.may if n <= 1 else sweep.may >> (n - 1), PAYABLE)
        try:
            return _sold(sweep, rules, market, call, asset, Swap(way, size, 0, in_part=n == 1))
        except Refused as refused:
            if n == 0:
                sweep = replace(sweep, tried=way.index, why=refused.refusal)
    return sweep


def _sold(sweep: _Sweep, rules: Rules, market: Market, call: Call, asset: int, swap: Swap) -> _Sweep:
    swap = replace(swap, least=_least(rules, market, call, sweep.state, swap))
    settled = settle(sweep.state.balances, swap, sweep.venue)
    if swap.amount == 0:
        raise panic(DIVIDED_BY_ZERO)
    floor = mul_div_up(swap.least, settled.spent, swap.amount)
    state = replace(sweep.state, balances=settled.balances)
    if call.role is Role.KEEPER:
        told = state.keeper_sales[asset]
        state = _told(state, asset, replace(told, left=told.left - settled.spent))
    leg = Leg(asset, Trade(swap.route.index, settled.spent, settled.got, floor))
    may = sweep.may - settled.spent
    return replace(sweep, state=state, venue=settled.venue, may=may, legs=(*sweep.legs, leg))


def _least(rules: Rules, market: Market, call: Call, state: State, swap: Swap) -> int:
    """The floor of an exit: by the clusters; where there is none and the caller is privileged, by the highest push."""
    way, privileged = swap.route, call.role is not Role.KEEPER
    sold, bought = rules.assets[way.asset_in], rules.assets[way.asset_out]
    price, into = sold.usable(market.prices[way.asset_in]), bought.usable(market.prices[way.asset_out])
    if price is None and privileged:
        price = _highest(rules, market, way.asset_in)
        if into is None and way.venue == sold.token:
            into = _highest(rules, market, way.asset_out)
    if price is None:
        raise Refused("PriceMissing", way.asset_in)
    if into is None:
        raise Refused("PriceMissing", way.asset_out)
    opening = min(call.now - state.opened_at, COOLING) * WAD // COOLING if privileged else 0
    slip = way.slip_bps + (rules.limits.emergency_bps - way.slip_bps) * opening // WAD
    return floor_up(swap.amount, price, sold.decimals, into, bought.decimals, slip)


def _highest(rules: Rules, market: Market, asset: int) -> Price | None:
    found = [Price.flat(push) for push in market.pushes[asset]]
    usable = [price for price in found if rules.assets[asset].usable(price) is not None]
    return max(usable, key=lambda price: price.mid, default=None)
