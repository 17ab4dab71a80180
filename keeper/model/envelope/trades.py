"""The gate of every keeper's action, and the one way in which the vault trades. Mirrors contracts/core/Envelope.sol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec

from keeper.model.checked import Report
from keeper.model.decided import Order
from keeper.model.envelope.portfolio import Book, Place, floor_up, opened, value_up
from keeper.model.envelope.refusals import NO_SUCH_INDEX, Refusal, Refused, fit, panic
from keeper.model.envelope.values import (
    Call,
    Done,
    Market,
    Role,
    Rules,
    State,
    Swap,
    Trade,
    Venue,
)
from keeper.model.seen import REWARD, RouteState
from keeper.model.sent import Terms
from keeper.model.words import VaultMode
from keeper.units import BPS, WAD, Share18, Usd18, mul_div_down, mul_div_up

KEEPER_DEADLINE = 3_600
"""Seconds: a keeper's transaction is decided on a state at most so old."""
CENT = 10**16
_CENTS_MOST = 2**64 - 1

P = ParamSpec("P")


def answering(transition: Callable[Concatenate[State, P], Done]) -> Callable[Concatenate[State, P], Done | Refusal]:
    """The transition with its refusal as an answer instead of an exception."""

    @wraps(transition)
    def answered(state: State, /, *args: P.args, **kwargs: P.kwargs) -> Done | Refusal:
        try:
            return transition(state, *args, **kwargs)
        except Refused as refused:
            return refused.refusal

    return answered


# ---------------------------------------------------------------------------------------------------------- the gate


def admit(state: State, rules: Rules, call: Call, terms: Terms) -> State:
    """Gate 1: who, when, decided on what. The epoch rises."""
    if call.role is not Role.KEEPER:
        raise (
            Refused("MandateExpired", call.caller, call.expires) if call.expires else Refused("NotKeeper", call.caller)
        )
    if state.mode is not VaultMode.ACTIVE:
        raise Refused("NotActive")
    if call.now > terms.deadline:
        raise Refused("DeadlinePassed", terms.deadline, call.now)
    latest = call.now + KEEPER_DEADLINE
    if terms.deadline > latest:
        raise Refused("DeadlineTooFar", terms.deadline, latest)
    if terms.epoch != state.epoch:
        raise Refused("EpochMoved", terms.epoch, state.epoch)
    if terms.config_version != rules.config_version:
        raise Refused("ConfigMoved", terms.config_version, rules.config_version)
    ceiling = rules.limits.max_gas_price
    if ceiling and call.gas_price > ceiling:
        raise Refused("GasPriceTooHigh", call.gas_price, ceiling)
    return replace(state, epoch=state.epoch + 1)


def require_cooled(call: Call, last: int, cooldown: int) -> None:
    """TooSoon until `cooldown` seconds after `last`."""
    if call.now < last + cooldown:
        raise Refused("TooSoon", last + cooldown)


def require_owner(call: Call) -> None:
    """NotOwner for anybody else."""
    if call.role is not Role.OWNER:
        raise Refused("NotOwner", call.caller)


def require_role(call: Call) -> None:
    """NoRole for a stranger, also for a keeper whose mandate has ended."""
    if call.role is Role.NONE:
        raise Refused("NoRole", call.caller)


def route_of(rules: Rules, index: int) -> RouteState:
    """A route by its index; Solidity's panic where there is none."""
    if index >= len(rules.routes):
        raise panic(NO_SUCH_INDEX)
    return rules.routes[index]


# -------------------------------------------------------------------------------------------------------- one swap


@dataclass(frozen=True, slots=True)
class Settled:
    """A swap that stood: what was spent and got, the listed balances and the venue after it."""

    spent: int
    got: int
    balances: tuple[int, ...]
    venue: Venue


def settle(balances: tuple[int, ...], swap: Swap, venue: Venue, books: Sequence[int] | None = None) -> Settled:
    """One swap, held to its amount and its floor. What came is the lesser of balance and word.

    What is spent and got counts from `books`: the balances that trades before it explain, where not those there are.
    """
    fill, after = venue.swap(swap)
    if isinstance(fill, Refusal):
        raise Refused(fill.name, *fill.arguments)
    sold, bought = swap.route.asset_in, swap.route.asset_out
    moves = ((sold, -fill.spent), (bought, fill.came), *fill.beside)
    found, before = shifted(balances, moves), balances if books is None else books
    index, spent = swap.route.index, fill.spent if sold == REWARD else max(before[sold] - found[sold], 0)
    if spent > swap.amount:
        raise Refused("Overspent", index, spent, swap.amount)
    got, least = min(max(found[bought] - before[bought], 0), fill.said), swap.least
    if swap.in_part:
        if spent == 0:
            raise Refused("NothingToDo", index, 0, 0)
        least = mul_div_up(least, spent, swap.amount)
    if got < least:
        raise Refused("BelowFloor", index, got, least)
    return Settled(spent, got, found, after)


def shifted(balances: tuple[int, ...], moves: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Balances after signed moves; what is no listed asset is left out."""
    found = list(balances)
    for asset, units in moves:
        if asset != REWARD:
            found[asset] += units
    return tuple(found)


def require_none_fell(found: Sequence[int], expected: Sequence[int]) -> None:
    """BalanceFell of the first listed balance below what is expected of it."""
    for index, (balance, least) in enumerate(zip(found, expected, strict=True)):
        if balance < least:
            raise Refused("BalanceFell", index, balance, least)


def least_of(order: Order, amount: int, floor: int) -> int:
    """The order's own least in proportion to the clamped amount, where it is above the floor."""
    return max(floor, mul_div_up(order.min_out, amount, order.max_in))


# ---------------------------------------------------------------------------------------------------------- trades


def book_of(state: State, rules: Rules, market: Market) -> Book:
    """The one price vector of a call. Refused: PriceMissing, EmptyVault, NoTargets."""
    places = []
    for rule, price, balance, target in zip(rules.assets, market.prices, state.balances, state.targets, strict=True):
        counted = not rule.frozen and (target != 0 or balance > rule.dust)
        usable = rule.usable(price) if counted else None
        places.append(Place(counted, balance, target if counted else 0, rule.decimals, usable))
    return opened(places)


@dataclass(frozen=True, slots=True)
class Traded:
    """Orders filled: the account of it, the balances that are there, NAV in cents, and the venue.

    `seen`: the balances as they were read last, those of the last order by its books.
    """

    report: Report
    balances: tuple[int, ...]
    nav_cents: int
    trades: tuple[Trade, ...]
    venue: Venue
    seen: tuple[int, ...]


def trade(
    state: State, rules: Rules, book: Book, orders: Sequence[Order], most: int, budget: int, venue: Venue
) -> Traded:
    """Orders in turn, each worth `most` USD at most, all together `budget`."""
    if not orders:
        raise Refused("NoOrders")
    now, turnover, balances = book, 0, state.balances
    trades: list[Trade] = []
    last: tuple[int, ...] = ()
    for order in orders:
        swap, sent = sized(rules, now, order, min(most, budget - turnover))
        settled = settle(balances, swap, venue, [place.balance for place in now.places])
        last = (swap.route.asset_in, swap.route.asset_out)
        balances, venue = settled.balances, settled.venue
        now = now.moved(swap.route.asset_in, settled.spent, swap.route.asset_out, settled.got)
        trades.append(Trade(order.route, settled.spent, settled.got, swap.least))
        turnover += sent
    books = [place.balance for place in now.places]
    require_none_fell(balances, books)
    seen = tuple(books[i] if i in last else held for i, held in enumerate(balances))
    cents = min(now.worth() // CENT, _CENTS_MOST)
    return Traded(_report(book, now, turnover), balances, cents, tuple(trades), venue, seen)


def sized(rules: Rules, book: Book, order: Order, most: int) -> tuple[Swap, Usd18]:
    """The swap an order comes to, and the value it sends, rounded up."""
    way = route_of(rules, order.route)
    if not way.enabled or way.asset_in == REWARD:
        raise Refused("RouteDisabled", order.route)
    for asset in (way.asset_in, way.asset_out):
        if not book.places[asset].counted:
            raise Refused("NotTradable", asset)
    sold, bought = book.places[way.asset_in], book.places[way.asset_out]
    amount = min(order.max_in, book.clamp(way.asset_in, way.asset_out, most))
    sent = value_up(amount, sold.sure.mid, sold.decimals)
    least = mul_div_down(book.nav, rules.limits.min_trade_bps, BPS)
    if amount == 0 or sent < least:
        raise Refused("NothingToDo", order.route, sent, least)
    floor = floor_up(amount, sold.sure, sold.decimals, bought.sure, bought.decimals, way.slip_bps)
    return Swap(way, amount, least_of(order, amount, floor)), sent


def _report(before: Book, after: Book, turnover: int) -> Report:
    nav = after.worth()
    lost = max(before.nav - nav, 0)
    return Report(
        nav_before=before.nav,
        nav_after=nav,
        drift_before=before.drift(before.nav),
        drift_after=after.drift(nav),
        turnover=_share_up(turnover, before.nav),
        loss=_share_up(lost, before.nav),
    )


def _share_up(part: int, whole: int) -> Share18:
    return Share18(fit(mul_div_up(part, WAD, whole), 64))
