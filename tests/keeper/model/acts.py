"""What may happen next at a vault: chosen at random, and so that most of it lands.

An act is the world's change before it (prices, venues, time) and one call. `played` gives it to the model.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from keeper.model import Order, Terms, VaultMode
from keeper.model.envelope import (
    ALL,
    Call,
    Claimed,
    Done,
    Market,
    Refusal,
    Rules,
    State,
    allocate,
    flatten,
    halt,
    harvest,
    kill,
    rebalance,
    rescue_native,
    retarget,
    set_targets,
    trip,
    unhalt,
    withdraw,
)
from tests.keeper.model.scene import (
    ADAPTERS,
    FROZEN,
    GRAIN,
    HELD,
    PRICES,
    SALES,
    SHARE,
    USDC,
    Deed,
    Mandates,
    Shops,
)
from tests.keeper.model.weather import market_after, proved, suspect

U128 = 2**128 - 1
NOTHING_CLAIMED = Claimed()
NOTHING_TO_CLAIM = "0x969bf728"
"""What the mock of a claim's target reverts with: no error of ours."""
DECISION = "0x" + "11" * 32
GAPS = (0, 40, 120, 310, 700, 1_900, 3_600, 3_700, 9_000, 30_000, 90_000, 400_000)
SKIMS, SKIM_WEIGHTS = (0, 3, 8, 15, 25, 29, 30, 44, 45, 60, 120), (8, 8, 8, 8, 6, 4, 2, 1, 1, 1, 1)
"""What a venue keeps back, bps, and how often."""
RIGHT = {
    "rebalance": "keeper",
    "retarget": "keeper",
    "harvest": "keeper",
    "halt": "guardian",
    "kill": "guardian",
    "flatten": "guardian",
}
"""Who may; the owner does the rest."""
WEIGHTS = {
    "rebalance": 20,
    "allocate": 3,
    "retarget": 5,
    "setTargets": 0.7,
    "harvest": 5,
    "halt": 0.5,
    "kill": 0.4,
    "flatten": 0.3,
    "unhalt": 0.3,
    "withdraw": 1,
    "revokeKeeper": 0.3,
    "deposit": 0.8,
    "vanish": 0.8,
    "trip": 0.8,
    "rescueNative": 0.3,
}

HALTED_WEIGHTS = {
    "flatten": 14,
    "unhalt": 14,
    "halt": 3,
    "kill": 2,
    "rebalance": 1.5,
    "retarget": 0.5,
    "harvest": 0.5,
    "deposit": 4,
    "withdraw": 1,
    "vanish": 0.4,
    "trip": 0.4,
}
"""While the vault is halted."""


@dataclass(frozen=True, slots=True)
class World:
    """One side of the story: the model's vault with all that surrounds it."""

    state: State
    rules: Rules
    market: Market
    shops: Shops
    mandates: Mandates
    now: int


@dataclass(frozen=True, slots=True)
class Act:
    """One call after its world's changes. `arguments` are the model's, in the order of the contract's."""

    kind: str
    who: str
    now: int
    gas_price: int
    market: Market
    shops: Shops
    arguments: tuple[Any, ...]
    claimed: Claimed = NOTHING_CLAIMED


def played(world: World, act: Act) -> tuple[World, Done | Refusal]:
    """The act on the model: the world after it, and what came of it."""
    role, expires = world.mandates.role(act.who, act.now)
    call = Call(world.mandates.addresses[act.who], role, act.now, act.gas_price, expires)
    state, rules, args, market, shops = world.state, world.rules, act.arguments, act.market, act.shops
    world = replace(world, market=market, shops=shops, now=act.now)
    if act.kind == "revokeKeeper":
        gone = replace(world.mandates, ends={**world.mandates.ends, "standby": 0})
        newer = replace(rules, config_version=rules.config_version + 1)
        return replace(world, rules=newer, mandates=gone), Done(state, shops)
    if act.kind in ("deposit", "vanish"):
        held = list(state.balances)
        held[args[0]] += args[1] if act.kind == "deposit" else -args[1]
        return replace(world, state=replace(state, balances=tuple(held))), Done(state, shops)
    made: dict[str, Callable[[], Done | Refusal]] = {
        "rebalance": lambda: rebalance(state, rules, market, call, args[0], args[1], shops),
        "allocate": lambda: allocate(state, rules, market, call, args[0], args[1], shops),
        "retarget": lambda: retarget(state, rules, call, args[0], args[1]),
        "setTargets": lambda: set_targets(state, rules, call, args[0]),
        "harvest": lambda: harvest(state, rules, market, call, args[0], args[1], args[2], shops, act.claimed),
        "halt": lambda: halt(state, call),
        "kill": lambda: kill(state, rules, market, call, shops),
        "flatten": lambda: flatten(state, rules, market, call, args[0], shops),
        "unhalt": lambda: unhalt(state, rules, market, call),
        "trip": lambda: trip(state, rules, market, call, args[0]),
        "rescueNative": lambda: rescue_native(state, call, args[0]),
        "withdraw": lambda: withdraw(state, rules, call, args[0], args[1]),
    }
    found = made[act.kind]()
    if isinstance(found, Done):
        trades = act.kind in ("rebalance", "allocate", "harvest", "flatten", "kill")
        after = found.venue if trades and isinstance(found.venue, Shops) else shops
        world = replace(world, state=found.state, shops=after)
    return world, found


def chosen(dice: random.Random, world: World, *, busy: bool = False) -> Act:
    """The next act; where `busy`, one soon follows the other, so that budgets fill."""
    now = world.now + 60 + dice.choice(GAPS[:5] if busy else GAPS) + dice.randrange(3)
    halted = world.state.mode is VaultMode.HALTED
    weights = dict(WEIGHTS) | (HALTED_WEIGHTS if halted else {})
    if world.mandates.ends["standby"] == 0:
        del weights["revokeKeeper"]
    if proved(world.state, world.rules, world.market):
        weights["trip"] = 6
    kind = dice.choices(list(weights), list(weights.values()))[0]
    who = RIGHT.get(kind, "owner_1")
    if kind == "flatten" and dice.random() < 0.5:
        who = "keeper"
    if kind == "trip":
        who = "stranger"
    if kind not in ("revokeKeeper", "deposit", "vanish") and dice.random() < 0.04:
        who = dice.choice(("keeper", "standby", "guardian", "owner_1", "stranger"))
    elif who == "keeper" and dice.random() < 0.05:
        who = "standby"
    if kind == "unhalt" and dice.random() < 0.8:
        now += 3_600
    market = market_after(dice, world.market, silence=0.25 if kind in ("flatten", "kill") else 0.03)
    shops = _shops(dice, world, market, kind)
    gas = 10**9 * dice.choices((2, 100, 101), (40, 2, 1))[0]
    act = Act(kind, who, now, gas, market, shops, ())
    later = replace(world, market=market, shops=shops, now=now)
    return _filled_in(dice, later, act)


# -------------------------------------------------------------------------------------------------------- the world


def _shops(dice: random.Random, world: World, market: Market, kind: str) -> Shops:
    shops = dict(world.shops.shops)
    for name in shops:
        if dice.random() < 0.3:
            shops[name] = replace(shops[name], skim=dice.choices(SKIMS, SKIM_WEIGHTS)[0])
    honest, odd = (world.mandates.addresses[name] for name in ADAPTERS)
    depth = None
    if kind in ("flatten", "kill") and dice.random() < 0.6:
        depth = dice.choice((10**9, 40 * 10**18, 10**23, 10**29))
    fair = [0] * len(PRICES)
    for index, pushes in enumerate(market.pushes):
        if pushes and dice.random() < 0.8:
            fair[index] = PRICES[index]
    shops[honest] = replace(shops[honest], depth=depth, whole_only=dice.random() < 0.5, fair=tuple(fair))
    if dice.random() < 0.4:
        much = dice.choice((1, 5, 40, 300))
        shops[odd] = replace(
            shops[odd], deed=dice.choice((*Deed, *(Deed.HONEST,) * 6)), much=much, other=dice.choice((FROZEN, USDC))
        )
        if shops[odd].deed is Deed.TAKES_OTHER:
            shops[odd] = replace(shops[odd], other=FROZEN)
    return Shops(world.rules, market, shops)


# --------------------------------------------------------------------------------------------------------- the call


def _filled_in(dice: random.Random, world: World, act: Act) -> Act:
    if act.kind == "rebalance":
        return replace(act, arguments=(_orders(dice, world), _terms(dice, world)))
    if act.kind == "allocate":
        deadline = world.now + dice.choice((0, 1, 90_000) if dice.random() < 0.9 else (-1,))
        return replace(act, arguments=(_orders(dice, world), deadline))
    if act.kind == "retarget":
        return replace(act, arguments=(_targets(dice, world), _terms(dice, world)))
    if act.kind == "setTargets":
        return replace(act, arguments=(_targets(dice, world),))
    if act.kind == "harvest":
        return _harvest(dice, world, act)
    if act.kind == "flatten" and dice.random() < 0.5:
        some = tuple(dice.sample(range(7 if dice.random() < 0.9 else 8), dice.randrange(4)))
        return replace(act, arguments=(some,))
    if act.kind == "withdraw":
        asset = dice.choice((0, 1, USDC, GRAIN, 5))
        held = world.state.balances[asset]
        amount = dice.choice((held // 20, held // 7, 0, held + 1, ALL if dice.random() < 0.3 else held // 3))
        return replace(act, arguments=(asset, amount))
    if act.kind == "deposit":
        asset = dice.randrange(len(PRICES))
        dust = world.rules.assets[asset].dust
        return replace(act, arguments=(asset, dice.choice((1, dust, dust + 1, HELD[asset] // 15, HELD[asset] // 40))))
    if act.kind == "vanish":
        asset = dice.choice((*range(len(PRICES)), SHARE))
        part = dice.choice((1, 100, 500, 511, 512, 513, 1_000))
        return replace(act, arguments=(asset, world.state.balances[asset] // part))
    if act.kind == "trip":
        return replace(act, arguments=(suspect(dice, proved(world.state, world.rules, world.market)),))
    if act.kind == "rescueNative":
        return replace(act, arguments=(dice.choice((0, 1, 10**18)),))
    return replace(act, arguments=(None,))


def _terms(dice: random.Random, world: World) -> Terms:
    epoch = world.state.epoch + (dice.choice((-1, 1)) if dice.random() < 0.015 else 0)
    version = world.rules.config_version + (1 if dice.random() < 0.015 else 0)
    ahead = dice.choice((0, 60, 3_600)) if dice.random() < 0.98 else dice.choice((-1, 3_601))
    return Terms(epoch, version, world.now + ahead, DECISION)


def _orders(dice: random.Random, world: World) -> tuple[Order, ...]:
    count = dice.choices((0, 1, 2, 3, 4), (0.5, 20, 12, 4, 1))[0]
    over, under = _sides(world)
    fitting = [way for way in world.rules.routes if way.enabled and way.asset_in in over and way.asset_out in under]
    found = []
    dice.shuffle(fitting)
    for n in range(min(count, max(len(fitting), 1))):
        wild = n >= len(fitting) or dice.random() < 0.04
        route = dice.randrange(len(world.rules.routes) + 1) if wild else fitting[n].index
        sold = 18 if route >= len(world.rules.routes) else world.rules.routes[route].asset_in
        held = 10**18 if sold >= len(world.state.balances) else world.state.balances[sold]
        most = dice.choice(
            (
                U128,
                U128,
                held // 9,
                held // 30,
                held // 60,
                held // 200,
                dice.randrange(held + 1),
                1 if dice.random() < 0.2 else U128,
            )
        )
        found.append(Order(route, most, _least(dice, world, route, most)))
    return tuple(found)


def _least(dice: random.Random, world: World, route: int, most: int) -> int:
    """None of its own, or near what the venue gives."""
    if dice.random() < 0.85 or route >= len(world.rules.routes) or most == U128:
        return 0
    way = world.rules.routes[route]
    sold, bought = (world.market.prices[i] if i < 7 else None for i in (way.asset_in, way.asset_out))
    if sold is None or bought is None or not bought.mid:
        return 0
    worth = most * sold.mid * 10 ** world.rules.assets[way.asset_out].decimals
    return min(
        worth
        // 10 ** world.rules.assets[way.asset_in].decimals
        // bought.mid
        * dice.choice((990, 998, 1_001))
        // 1_000,
        U128,
    )


def _sides(world: World) -> tuple[set[int], set[int]]:
    values = [
        balance * (price.mid if price else 0) // 10**rule.decimals
        for balance, price, rule in zip(world.state.balances, world.market.prices, world.rules.assets, strict=True)
    ]
    values[FROZEN] = 0
    nav, whole = sum(values), sum(world.state.targets) - world.state.targets[FROZEN]
    goals = [nav * target // whole if whole else 0 for target in world.state.targets]
    goals[FROZEN] = 0
    return (
        {i for i, value in enumerate(values) if value > goals[i]},
        {i for i, value in enumerate(values) if value < goals[i]},
    )


def _targets(dice: random.Random, world: World) -> tuple[int, ...]:
    targets = list(world.state.targets)
    for _ in range(dice.choice((1, 1, 2))):
        one, other = dice.sample(range(len(targets)), 2)
        step = min(dice.choice((1, 50, 50, 120, 120, 200, 300, 700, 2_500)), targets[one])
        targets[one] -= step
        targets[other] += step
    if dice.random() < 0.03:
        targets[dice.randrange(len(targets))] += 1
    if dice.random() < 0.03:
        return (*targets, 0)
    return tuple(targets[:-1]) if dice.random() < 0.03 else tuple(targets)


def _harvest(dice: random.Random, world: World, act: Act) -> Act:
    source = dice.choices((0, 1, 2, 3), (20, 2, 1, 1))[0]
    first = len(world.rules.routes) - len(SALES)
    due = dice.choice((0, 10**17, 10**18, 3 * 10**18, 20 * 10**18, 45 * 10**18, 300 * 10**18))
    came = {0: due, 1: due * 10**7}.get(source, 0)
    sales = []
    for _ in range(dice.choices((0, 1, 2), (2, 8, 3))[0]):
        route = dice.choice((first, first, first, first + 1, first + 5, first + 5)) if source == 0 else first
        route = route if dice.random() < 0.9 else dice.randrange(len(world.rules.routes) + 1)
        most = dice.choice((U128, U128, came // 2, came // 3, 10**18, 0 if dice.random() < 0.2 else 1))
        sales.append(Order(route, most, 0 if dice.random() < 0.8 else most // 10**12 * 21))
    claimed = Claimed(came)
    if source == 0 and dice.random() < 0.12:
        claimed = dice.choice(
            (
                Claimed(refusal=Refusal("Unknown", (NOTHING_TO_CLAIM,))),
                Claimed(came, beside=((FROZEN, -1),)),
                Claimed(came, beside=((FROZEN, 10**6),)),
                Claimed(came, allowances=((world.rules.assets[FROZEN].token, 1),)),
                Claimed(0),
            )
        )
    return replace(act, arguments=(source, tuple(sales), _terms(dice, world)), claimed=claimed)
