"""What two exchanges say of a price at each step, each with a noise, a lag and outages of its own: seeded and pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from keeper.devnet import habits
from keeper.devnet.course import Course
from keeper.devnet.habits import Episode
from keeper.devnet.path import Dice

OK, LATE, DOWN, SLOW, HTML, LYING = "ok", "late", "down", "slow", "html", "lying"
COINBASE, KRAKEN = "coinbase", "kraken"
NOISE_BPS = 8
"""How far a quote lies from the reference, at most."""
SPREAD_BPS = 2
"""From the last price to bid and ask, each."""
LIE_BPS = 1_000
_LIE_WITHIN, _LIE_SECONDS = (15, 45), (3_600, 5_400)
_LATE_SECONDS = (60, 180)
_WATCH_SECONDS = 43_200
_TROUBLE_ONE_IN = 2
"""In how many watches of twelve hours an exchange has one trouble or other."""
_TROUBLE_SECONDS = (1_800, 3_600)
_TROUBLES = (LATE, LATE, DOWN, SLOW, HTML)


@dataclass(frozen=True, slots=True)
class Product:
    """What is traded: of which asset, in which (USD for the dollar itself), and to how many decimals it is quoted."""

    asset: str
    quote: str
    decimals: int


PRODUCTS = {
    COINBASE: {
        "ETH-USD": Product("ETH", "USD", 2),
        "BTC-USD": Product("BTC", "USD", 2),
        "USDC-USD": Product("USDC", "USD", 5),
        "DAI-USD": Product("DAI", "USD", 5),
        "LINK-USD": Product("LINK", "USD", 4),
        "ETH-USDC": Product("ETH", "USDC", 2),
    },
    KRAKEN: {
        "ETHUSD": Product("ETH", "USD", 2),
        "XBTUSD": Product("BTC", "USD", 2),
        "USDCUSD": Product("USDC", "USD", 5),
        "DAIUSD": Product("DAI", "USD", 5),
        "LINKUSD": Product("LINK", "USD", 4),
    },
}
"""By exchange, under the names that its requests use. ETH-USDC differs from ETH-USD when USDC is off its peg."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Last price, bid and ask, as text."""

    last: str
    bid: str
    ask: str


@dataclass(frozen=True, slots=True)
class Board:
    """One exchange at one step: its state, its quotes by product, and by how many seconds its answers lag."""

    state: str
    lag: int
    quotes: dict[str, Quote]


def board(course: Course, exchange: str, step: int) -> Board:
    """What `exchange` says at a step; while it is late, it says what held a step ago."""
    state = state_of(course, exchange, step)
    dice = Dice(course.seed, "lag", exchange, step)
    lag = dice.between(*_LATE_SECONDS) if state == LATE else dice.below(3)
    prices = course.prices[max(0, step - 1) if state == LATE else step]
    quotes: dict[str, Quote] = {}
    with localcontext(Context(prec=40)):
        for name, product in PRODUCTS[exchange].items():
            if not {product.asset, product.quote} <= {*prices, "USD"}:
                continue  # the quick set has neither LINK nor DAI
            price = Decimal(prices[product.asset]).scaleb(-18)
            if product.quote != "USD":
                price = price / Decimal(prices[product.quote]).scaleb(-18)
            noise = Dice(course.seed, "quote", exchange, name, step).between(-NOISE_BPS, NOISE_BPS)
            price *= Decimal(10_000 + noise + (lie_bps(course) if state == LYING else 0)) / 10_000
            quotes[name] = _quote(price, product.decimals)
    return Board(state, lag, quotes)


def state_of(course: Course, exchange: str, step: int) -> str:
    """ok, or the trouble that an exchange is in at a step."""
    if exchange == liar(course) and lie(course).holds(step):
        return LYING
    watch = course.count(_WATCH_SECONDS)
    for number in (step // watch, step // watch - 1):
        trouble = _trouble(course, exchange, number, watch)
        if trouble is not None and trouble[1].holds(step):
            return trouble[0]
    return OK


def liar(course: Course) -> str:
    """Which exchange lies, once."""
    return (COINBASE, KRAKEN)[Dice(course.seed, "liar").below(2)]


def lie(course: Course) -> Episode:
    """When it does."""
    return habits.episode(course, "exchange", _LIE_WITHIN, _LIE_SECONDS)


def lie_bps(course: Course) -> int:
    """How far off it is then: ten per cent, up or down."""
    return LIE_BPS if Dice(course.seed, "exchange lie").below(2) else -LIE_BPS


def _trouble(course: Course, exchange: str, number: int, watch: int) -> tuple[str, Episode] | None:
    dice = Dice(course.seed, "trouble", exchange, number)
    if number < 0 or dice.below(_TROUBLE_ONE_IN):
        return None
    kind = _TROUBLES[dice.below(len(_TROUBLES))]
    length = dice.between(course.count(_TROUBLE_SECONDS[0]), course.count(_TROUBLE_SECONDS[1]))
    return kind, Episode(number * watch + 1 + dice.below(watch), length)


def _quote(price: Decimal, decimals: int) -> Quote:
    tick = Decimal(1).scaleb(-decimals)
    away = max(price * SPREAD_BPS / 10_000, tick)
    last, bid, ask = (one.quantize(tick, ROUND_HALF_EVEN) for one in (price, price - away, price + away))
    return Quote(str(last), str(bid), str(ask))
