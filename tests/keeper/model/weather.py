"""What changes around the vault between two acts: prices, feeds, a rate; and what of it is a proof for `trip`."""

from __future__ import annotations

import random
from collections.abc import Sequence

from keeper.model.envelope import Call, Done, Market, Price, Role, Rules, State, trip
from keeper.units import Usd18
from tests.keeper.model.scene import DAI, GRAIN, PRICES, REWARD_PRICES, SHARE, USDC


def market_after(dice: random.Random, before: Market, *, silence: float) -> Market:
    """Prices, pushes and rates a while later."""
    prices, pushes = list(before.prices), list(before.pushes)
    for index in dice.sample(range(len(prices)), dice.choice((0, 1, 1, 2))):
        base = prices[index] or Price.flat(PRICES[index])
        width = 0.001 if index in (USDC, DAI) and dice.random() < 0.8 else dice.choice((0.004, 0.02, 0.02, 0.3))
        prices[index] = _cluster(dice, round(base.mid * (1 + dice.uniform(-width, width))))
        pushes[index] = ()
        if dice.random() < silence:
            prices[index] = None
            pushes[index] = tuple(Usd18(round(PRICES[index] * share)) for share in dice.choices((0.97, 1, 9, 1.1), k=2))
        elif dice.random() < 0.02:
            prices[index] = Price.flat(PRICES[index] * dice.choice((5, 100)))
    for index, price in enumerate(prices):
        if (price is None or price.mid > 3 * PRICES[index]) and dice.random() < 0.4:
            prices[index], pushes[index] = Price.flat(PRICES[index]), ()
    if dice.random() < 0.02:
        prices[USDC] = prices[DAI] = Price.flat(PRICES[USDC] * 9 // 10)
    rewards = list(before.rewards)
    if dice.random() < 0.2:
        rewards[0] = _cluster(dice, round(REWARD_PRICES[0] * dice.uniform(0.7, 1.4))) if dice.random() < 0.85 else None
    rewards[1] = prices[GRAIN]
    rates = list(before.rates)
    if dice.random() < 0.15:
        rates[SHARE] = (
            rates[SHARE] * (10**6 - dice.choice((-300, -1, 1, 500, 999, 1_000, 1_001, 1_100, 20_000))) // 10**6
        )
    return Market(tuple(prices), tuple(rewards), tuple(pushes), tuple(rates))


def _cluster(dice: random.Random, mid: int) -> Price:
    if dice.random() < 0.6:
        return Price.flat(mid)
    spread = dice.choice((0.0003, 0.0008, 0.002, 0.004))
    return Price(Usd18(mid), Usd18(round(mid * (1 - spread))), Usd18(round(mid * (1 + spread))))


def proved(state: State, rules: Rules, market: Market) -> list[int]:
    """The assets of which there is a proof."""
    nobody = Call("0x", Role.NONE, 0)
    return [i for i in range(len(PRICES)) if isinstance(trip(state, rules, market, nobody, i), Done)]


def suspect(dice: random.Random, known: Sequence[int]) -> int:
    """Any asset, or one that is none; more often one of which there is a proof."""
    return dice.choice(known) if known and dice.random() < 0.9 else dice.choice((*range(len(PRICES)), SHARE, SHARE, 7))
