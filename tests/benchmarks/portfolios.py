"""Vaults of two to eight assets, deployed part by part, a million dollars in each, all on target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3.utils import get_create_address

from keeper.devnet import hands
from keeper.devnet.book import Book
from keeper.devnet.kit import ZERO
from scripts import wiring
from tests.benchmarks.market import DOLLAR, SYMBOLS, Market, ours

NAV_USD = 1_000_000
REWARD = "PLAINC"
"""What the claim of a portfolio pays; listed in none that harvests."""
_LIMITS = (100, 25, 25, 1000, 5, 500, 500, 10, 15, 75, 3000, 20_000, 300, 3600, 3600, 2 * 86_400, 0, True)
"""`Limits`, in the order of IRulebook: the specification's defaults."""
_SLIP_BPS = 120
_MAX_AGE = 5_400
_TWAP = (1_800, 10**16, 150)
BPS = 10_000


@dataclass(frozen=True, slots=True)
class Doors:
    """What all portfolios of one chain share: push sources and adapters, each deployed once."""

    sources: dict[str, list[str]]
    pool: str
    router: str
    clerk: str
    rewards: str


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A vault that holds `symbols`; route i sells the i-th of them but USDC over its pool; the last two are others."""

    vault: str
    rulebook: str
    oracle: str
    symbols: tuple[str, ...]

    @property
    def sold(self) -> tuple[str, ...]:
        """What is not USDC, in the order of the routes."""
        return tuple(symbol for symbol in self.symbols if symbol != DOLLAR)

    @property
    def router_route(self) -> int:
        """WETH to USDC through SwapRouter02."""
        return len(self.sold)

    @property
    def reward_route(self) -> int:
        """The reward of claim 0 to USDC over its pool."""
        return len(self.sold) + 1


def open_doors(book: Book, market: Market) -> Doors:
    """Deploy what vaults share; WETH has a TWAP as a third voice."""
    chain = hands.of(book, "deployer")
    sources: dict[str, list[str]] = {}
    for symbol in SYMBOLS:
        token = market.tokens[symbol]
        sources[symbol] = [
            chain.new(ours("AggregatorSource"), token.address, voice.proxy, _MAX_AGE, ZERO, 0)
            for voice in market.feeds[token.asset]
        ]
    weth, quotes = market.tokens["WETH"].address, sources[DOLLAR]
    sources["WETH"].append(chain.new(ours("TwapSource"), weth, market.pools["WETH"].address, _TWAP, quotes))
    return Doors(
        sources,
        pool=chain.new(ours("V3PoolAdapter"), market.contracts["v3_factory"], wiring.POOL_INIT_CODE_HASH),
        router=chain.new(ours("SwapRouter02Adapter")),
        clerk=chain.new(ours("Clerk")),
        rewards=chain.new(ours("MockRewards"), market.tokens[REWARD].address),
    )


def open_portfolio(book: Book, market: Market, doors: Doors, held: int) -> Portfolio:
    """Deploy a vault of the first `held` tokens and put NAV_USD into it, at its targets."""
    chain, symbols = hands.of(book, "deployer"), SYMBOLS[:held]
    priced = symbols if REWARD in symbols else (*symbols, REWARD)
    listings = [(market.tokens[symbol].address, doors.sources[symbol]) for symbol in priced]
    oracle = chain.new(ours("MedianOracle"), listings)
    nonce = int(chain.rpc("eth_getTransactionCount", chain.sender, "latest"), 16)
    foretold = get_create_address(to_checksum_address(chain.sender), nonce + 1)
    setup = _setup(book, market, doors, symbols, foretold, oracle, chain.now())
    rulebook = chain.new(ours("Rulebook"), setup, doors.clerk)
    targets = targets_of(held)
    vault = chain.new(ours("KeeperVault"), rulebook, targets)
    for symbol, bps in zip(symbols, targets, strict=True):
        give(book, market, symbol, vault, NAV_USD * bps // BPS)
    return Portfolio(vault, rulebook, oracle, symbols)


def give(book: Book, market: Market, symbol: str, to: str, dollars: int) -> None:
    """Send so many whole dollars' worth of a token from the user."""
    user = hands.of(book, "user")
    user.send(market.tokens[symbol].address, "transfer(address,uint256)", to, market.worth(symbol, dollars))


def targets_of(held: int) -> list[int]:
    """Equal shares, bps; the remainder is USDC's."""
    share = BPS // held
    return [BPS - share * (held - 1) if symbol == DOLLAR else share for symbol in SYMBOLS[:held]]


def _setup(
    book: Book, market: Market, doors: Doors, symbols: Sequence[str], vault: str, oracle: str, now: int
) -> tuple[Any, ...]:
    """`Setup`, in the order of IRulebook."""
    owner, reward = book.address("owner_1"), market.tokens[REWARD].address
    dollar = symbols.index(DOLLAR)

    def over_pool(asset: int, symbol: str) -> tuple[Any, ...]:
        pool = market.pools[symbol]
        return (asset, dollar, 0, _SLIP_BPS, True, doors.pool, pool.address, encode(["uint24"], [pool.fee]))

    routes = [over_pool(place, symbol) for place, symbol in enumerate(symbols) if symbol != DOLLAR]
    weth, usdc = market.tokens["WETH"].address, market.tokens[DOLLAR].address
    path = bytes.fromhex(weth[2:]) + market.pools["WETH"].fee.to_bytes(3, "big") + bytes.fromhex(usdc[2:])
    routes.append(
        (symbols.index("WETH"), dollar, 0, _SLIP_BPS, True, doors.router, market.contracts["swap_router_02"], path)
    )
    claims = []
    if REWARD not in symbols:
        routes.append(over_pool(255, REWARD))
        claims.append((doors.rewards, reward, NAV_USD * 10**18, True, keccak(text="claim()")[:4]))
    assets = [_asset(market, symbol) for symbol in symbols]
    mandates = [(book.address("keeper"), now + 30 * 86_400)]
    return (vault, owner, owner, oracle, _LIMITS, assets, routes, claims, [book.address("guardian")], mandates)


def _asset(market: Market, symbol: str) -> tuple[Any, ...]:
    token = market.tokens[symbol]
    price = market.prices[token.asset]
    safe = (1, 200) if symbol == DOLLAR else (0, 0)
    return (token.address, token.decimals, safe[0], False, 0, BPS, safe[1], 1000, price // 2, price * 2)
