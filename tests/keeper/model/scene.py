"""The vault that both sides play: seven assets of 6 to 24 decimals, a share, a frozen one, three claims, three sets of
limits, and venues that can be told to lie."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

from keeper.model import REWARD, Limits, RouteState
from keeper.model.envelope import AssetRule, ClaimRule, Fill, Market, Price, Refusal, Role, Rules, Swap
from keeper.units import BPS, WAD, Bps, Usd18

WETH, WBTC, USDC, GRAIN, DAI, SHARE, FROZEN = range(7)
SYMBOLS = ("WETH", "WBTC", "USDC", "GRAIN", "DAI", "SHARE", "FROZEN")
DECIMALS = (18, 8, 6, 24, 18, 18, 18)
PRICES = tuple(round(price * 10_000) * WAD // 10_000 for price in (2_000, 50_000, 1, 0.01, 1, 1.1, 5))
RANGES = ((1_000, 7_000), (500, 6_000), (0, BPS), (0, 3_000), (0, BPS), (0, 4_000), (0, 1_000))
TARGETS = tuple(Bps(bps) for bps in (3_500, 2_000, 2_500, 500, 0, 1_000, 500))
HELD = (250 * 10**18, 3 * 10**8, 120_000 * 10**6, 6 * 10**30, 0, 90_000 * 10**18, 10_000 * 10**18)
RANKS = (0, 0, 1, 0, 2, 0, 0)
ADAPTERS, TILL, TARGET, IDLE, LINK, GEM = ("honest", "odd"), "till", "rewards", "idle", "LINK", "GEM"
"""Names that stand for addresses: two adapters, their venue, two targets, two rewards not listed."""
REWARD_PRICES = (20 * WAD, PRICES[GRAIN], 3 * WAD)
RATE = 11 * 10**26
"""What 1e27 units of the share are worth at the opening."""
CLAIMS = ((TARGET, LINK, 18, 300, True), (IDLE, "GRAIN", 24, 500, True), (IDLE, GEM, 2, 500, False))
"""Target, reward, its decimals, daily cap in dollars, enabled: a plain one, one with a listed reward, one off."""

_WAYS = (
    *((WETH, USDC), (USDC, WETH), (WBTC, USDC), (USDC, WBTC), (GRAIN, USDC), (USDC, GRAIN), (WETH, WBTC), (WBTC, WETH)),
    *((WETH, DAI), (WBTC, DAI), (GRAIN, DAI), (FROZEN, USDC), (USDC, FROZEN)),
    *((DAI, USDC), (DAI, WETH), (DAI, WBTC)),
)
_SHARE_WAYS = (
    (SHARE, WBTC, "SHARE"),
    (SHARE, USDC, "SHARE"),
    (USDC, SHARE, "SHARE"),
    (SHARE, USDC, TILL),
    (SHARE, DAI, TILL),
)
ODD, OFF = 1, len(_WAYS) + len(_SHARE_WAYS)
SALES = (
    *((REWARD, USDC, 0), (REWARD, DAI, 0), (REWARD, WETH, 0), (REWARD, FROZEN, 0), (REWARD, USDC, 2), (REWARD, DAI, 0)),
)


def held(kind: int) -> tuple[int, ...]:
    """What the vault begins with: far off its targets, or, with the tight limits, on them."""
    on_target = (175 * 10**18, 4 * 10**8, 250_000 * 10**6, 5 * 10**30, 0, 90_909 * 10**18, 10_000 * 10**18)
    return on_target if kind == 1 else HELD


def limits(kind: int) -> Limits:
    """The specification's defaults; tight ones; the loosest ones."""
    bps = (
        (100, 25, 25, 1_000, 5, 500, 500, 10, 15, 75, 3_000, 20_000),
        (100, 20, 50, 300, 10, 200, 300, 3, 2, 5, 900, 1_500),
        (500, 0, 0, 10_000, 0, 1_000, 10_000, 100, 30, 200, 6_000, 40_000),
    )[kind]
    cooldowns = ((300, 3_600, 3_600), (60, 600, 600), (0, 0, 0))[kind]
    ceiling, may = ((100 * 10**9, True), (0, False), (0, True))[kind]
    return Limits(*map(Bps, bps), *cooldowns, 172_800, ceiling, may)


def rules(kind: int, at: dict[str, str]) -> Rules:
    """The rulebook of one set of limits, its names replaced by what they stand for in `at`."""
    assets = tuple(
        AssetRule(
            at[SYMBOLS[i]],
            DECIMALS[i],
            RANKS[i],
            i == FROZEN,
            Bps(RANGES[i][0]),
            Bps(RANGES[i][1]),
            Bps(200),
            10 ** DECIMALS[i] // 10_000,
            Usd18(PRICES[i] // 4),
            Usd18(PRICES[i] * 4),
            share=i == SHARE,
        )
        for i in range(len(SYMBOLS))
    )
    ways = [(sold, bought, TILL, 0, 0) for sold, bought in _WAYS]
    ways += [(sold, bought, venue, 0, 0) for sold, bought, venue in _SHARE_WAYS]
    ways += [(WETH, USDC, TILL, 0, 0), (WETH, USDC, TILL, 0, ODD), (USDC, WBTC, TILL, 0, ODD)]
    ways += [(sold, bought, TILL, claim, ODD if n == 5 else 0) for n, (sold, bought, claim) in enumerate(SALES)]
    routes = tuple(
        RouteState(
            n, sold, bought, at[ADAPTERS[adapter]], at[venue], Bps((60, 45, 30)[n % 3]), enabled=n != OFF, claim=claim
        )
        for n, (sold, bought, venue, claim, adapter) in enumerate(ways)
    )
    claims = tuple(
        ClaimRule(
            at[target],
            at[reward],
            decimals,
            Usd18(cap * WAD),
            enabled,
            SYMBOLS.index(reward) if reward in SYMBOLS else None,
        )
        for target, reward, decimals, cap, enabled in CLAIMS
    )
    return Rules(1, limits(kind), assets, routes, claims)


def names() -> dict[str, str]:
    """Addresses for a scene that stands on no chain."""
    words = (*SYMBOLS, *ADAPTERS, TILL, TARGET, IDLE, LINK, GEM)
    return {word: f"0x{index + 1:040x}" for index, word in enumerate(words)}


def opening_market() -> Market:
    """Every price flat, as it was when the vault was filled."""
    prices, rewards = ([Price.flat(price) for price in some] for some in (PRICES, REWARD_PRICES))
    rates = tuple(RATE if i == SHARE else 0 for i in range(len(SYMBOLS)))
    return Market(tuple(prices), tuple(rewards), ((),) * len(prices), rates)


class Deed(IntEnum):
    """What the odd adapter does besides or instead: the mock's own list."""

    HONEST = 0
    SAYS_MORE = 1
    SAYS_LESS = 2
    GIVES_NOTHING = 3
    DRAWS_MORE = 4
    DRAWS_TWICE = 5
    DRAWS_HALF = 7
    TAKES_OTHER = 8
    DONATES_OTHER = 9
    REVERTS = 11


@dataclass(frozen=True, slots=True)
class Shop:
    """One adapter's settings; `depth` is what it still takes in units of what is sold, None without end."""

    skim: int = 0
    depth: int | None = None
    whole_only: bool = False
    deed: Deed = Deed.HONEST
    much: int = 0
    other: int = FROZEN
    fair: tuple[int, ...] = (0,) * len(SYMBOLS)


@dataclass(frozen=True, slots=True)
class Shops:
    """Both adapters beside the oracle that they price by, as contracts/mocks/PricedAdapter.sol fills."""

    rules: Rules
    market: Market
    shops: dict[str, Shop] = field(default_factory=dict)

    def swap(self, swap: Swap) -> tuple[Fill | Refusal, Shops]:
        """One swap at the medians less the skim."""
        shop = self.shops[swap.route.adapter]
        if shop.deed is Deed.REVERTS:
            return Refusal("NotFilled", (0, 0)), self
        if swap.in_part and shop.whole_only:
            return Refusal("PartialFillUnsupported"), self
        amount, depth = swap.amount, shop.depth
        if depth is not None and amount > depth:
            if not swap.in_part:
                return Refusal("NotFilled", (depth, amount)), self
            amount = depth
        drawn = _drawn(shop, swap.amount, amount)
        if isinstance(drawn, Refusal):
            return drawn, self
        out = self._quote(shop, swap, amount)
        if out is None:
            return Refusal("Panic", (0x12,)), self
        after = replace(shop, depth=None if depth is None else depth - amount)
        made = replace(self, shops={**self.shops, swap.route.adapter: after})
        return _filled(shop, swap, drawn, out), made

    def _quote(self, shop: Shop, swap: Swap, amount: int) -> int | None:
        way = swap.route
        if way.asset_in == REWARD:
            price, decimals = self.market.rewards[way.claim], self.rules.claims[way.claim].decimals
        else:
            price, decimals = self.market.prices[way.asset_in], DECIMALS[way.asset_in]
        fair = 0 if way.asset_in == REWARD else shop.fair[way.asset_in]
        worth = amount * (fair or (price.mid if price else 0)) // 10**decimals
        into = self.market.prices[way.asset_out]
        if into is None or into.mid == 0:
            return None
        return worth * 10 ** DECIMALS[way.asset_out] // into.mid * (BPS - shop.skim) // BPS


def _drawn(shop: Shop, most: int, amount: int) -> int | Refusal:
    """What `pay` lets it draw."""
    asked = {Deed.DRAWS_MORE: (amount + 1,), Deed.DRAWS_HALF: (amount // 2,), Deed.DRAWS_TWICE: (amount, amount)}
    left = most
    for units in asked.get(shop.deed, (amount,)):
        if left == 0:
            return Refusal("NothingPending")
        if units > left:
            return Refusal("PaymentTooLarge", (units, left))
        left -= units
    return most - left


def _filled(shop: Shop, swap: Swap, drawn: int, out: int) -> Fill:
    given, said = out, out
    if shop.deed is Deed.GIVES_NOTHING:
        given = 0
    elif shop.deed is Deed.SAYS_MORE:
        given = out - out * shop.much // BPS
    elif shop.deed is Deed.SAYS_LESS:
        said = out - out * shop.much // BPS
    beside = {Deed.TAKES_OTHER: -1, Deed.DONATES_OTHER: shop.much}.get(shop.deed, 0)
    if not beside:
        return Fill(drawn, given, said)
    if shop.other == swap.route.asset_in:
        net = drawn - beside
        rest = ((shop.other, -net),) if net < 0 else ()
        return Fill(max(net, 0), given, said, rest)
    if shop.other == swap.route.asset_out:
        return Fill(drawn, given + beside, said)
    return Fill(drawn, given, said, ((shop.other, beside),))


@dataclass(frozen=True, slots=True)
class Mandates:
    """Who may do what: the second keeper's mandate ends early, and may be revoked."""

    addresses: dict[str, str]
    ends: dict[str, int]

    def role(self, who: str, now: int) -> tuple[Role, int]:
        """The role that an account has now, and when its mandate ends."""
        if who in ("keeper", "standby"):
            ends = self.ends[who]
            return (Role.KEEPER if now < ends else Role.NONE), ends
        return {"owner_1": Role.OWNER, "guardian": Role.GUARDIAN}.get(who, Role.NONE), 0
