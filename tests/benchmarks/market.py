"""Eight tokens, each with two push feeds and a pool against USDC: a local chain's quick set, and what is added here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keeper.devnet import artifacts, chainlink, checkout, furnish, hands, tokens, uniswap
from keeper.devnet.artifacts import Artifact
from keeper.devnet.book import Book, Pool, Token, Voice
from keeper.devnet.full import ADDED_PRICES
from keeper.devnet.kit import Chain
from scripts.toolchain import TOOLS

PLAIN = ("PLAINA", "PLAINB", "PLAINC")
"""Tokens of ours, as plain as an ERC-20 can be, each with feeds and a pool of the real kinds."""
SYMBOLS = ("WETH", "USDC", "WBTC", "LINK", "DAI", *PLAIN)
"""In the order in which a portfolio of n assets takes them."""
DOLLAR = "USDC"
_PRICES = furnish.PRICES | ADDED_PRICES | dict.fromkeys(PLAIN, 20 * 10**18)
_POOL_USD = 20_000_000
_PLAIN_USD = 50_000_000
_FIRST_FEED = 0xFEED_0000
"""Where the plain tokens' first feeds stand: any address without code would do."""


@dataclass(frozen=True, slots=True)
class Market:
    """Tokens by symbol, their feeds by asset, each token's pool against USDC, prices by asset (USD, 18 decimals)."""

    tokens: Mapping[str, Token]
    feeds: Mapping[str, tuple[Voice, ...]]
    pools: Mapping[str, Pool]
    prices: Mapping[str, int]
    contracts: Mapping[str, str]

    def worth(self, symbol: str, dollars: int) -> int:
        """Base units of a token worth so many whole dollars."""
        token = self.tokens[symbol]
        return dollars * 10**18 * 10**token.decimals // self.prices[token.asset]


def ours(name: str) -> Artifact:
    """A contract of this project, as `make build` left it."""
    return artifacts.load(TOOLS / "forge" / "out" / f"{name}.sol" / f"{name}.json")


def open_market(book: Book) -> Market:
    """Add what is missing to the quick set of `book`; the clock has moved on by an hour when it returns."""
    chain, vendor = hands.of(book, "deployer"), checkout.vendor()
    at = {role: person.address for role, person in book.people.items()}
    added = tokens.furnish_added(chain, vendor, admin=at["admin"], lost=at["stranger"])
    furnish.stock(chain, added, _PRICES, at)
    added |= {symbol: _plain(chain, symbol, (at["maker"], at["user"])) for symbol in PLAIN}
    held = {**book.tokens, **added}
    proxies = chainlink.ADDED_PROXIES | {symbol: f"0x{place:040x}" for place, symbol in enumerate(PLAIN, _FIRST_FEED)}
    voices = [[at[role] for role in voice] for voice in furnish.VOICES]
    feeds = {**book.feeds, **chainlink.furnish(chain, vendor, voices, at["admin"], proxies)}
    for token in held.values():
        tokens.approve(chain, token, at["maker"], book.contracts["position_manager"])
        tokens.approve(chain, token, at["user"], book.contracts["swap_router_02"])
    uniswap.enable_hundredth(chain, book.contracts)
    pools = {"WETH": book.pool("WETH", DOLLAR, 500)}
    for symbol in SYMBOLS:
        if symbol not in (DOLLAR, *pools):
            fee = 100 if symbol == "DAI" else 3000
            depth = uniswap.Depth(symbol, DOLLAR, fee, _POOL_USD, _POOL_USD)
            pools[symbol] = uniswap.open_pool(chain, book.contracts, held, _PRICES, depth, at["maker"])
    chain.mine_at(chain.now() + furnish.QUIET_SECONDS)
    chainlink.answer_all(chain, feeds, _PRICES)
    return Market(held, feeds, pools, _PRICES, book.contracts)


def _plain(chain: Chain, symbol: str, holders: tuple[str, ...]) -> Token:
    token = Token(symbol, chain.new(ours("MockToken"), symbol, 18), 18, symbol)
    for holder in holders:
        tokens.grant(chain, token, holder, _PLAIN_USD * 10**18 * 10**18 // _PRICES[symbol])
    return token
