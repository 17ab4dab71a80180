"""Uniswap V3 with three pools, SwapRouter02, QuoterV2; V2's factory only because the router's constructor names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from math import isqrt
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address

from keeper.devnet import artifacts
from keeper.devnet.book import Pool, Token
from keeper.devnet.kit import DEADLINE, Call, Chain, Receipt

Q192 = 2**192
_TICK = Decimal("1.0001")
_PRECISION = 40
FEE_UNIT = 10**6
"""A pool's fee counts millionths."""
CARDINALITY = 150
"""Observations a pool remembers: at one trade every 12 s that is 30 minutes, what a TWAP source asks for."""
_SPACING = {100: 1, 500: 10, 3000: 60}
_FULL_RANGE = 887_272
BAND_TICKS = 954
"""± 10 % of price."""


@dataclass(frozen=True, slots=True)
class Depth:
    """What a pool opens with: dollars over the full range, and dollars within ± 10 % of the price."""

    one: str
    other: str
    fee: int
    full_usd: int
    band_usd: int


@dataclass(frozen=True, slots=True)
class Span:
    """Dollars between two ticks."""

    usd: int
    lowest: int
    highest: int


DEPTHS = (
    Depth("WETH", "USDC", 500, 20_000_000, 60_000_000),
    Depth("WETH", "USDC", 3000, 20_000_000, 20_000_000),
    Depth("WBTC", "WETH", 3000, 20_000_000, 20_000_000),
)
ADDED_DEPTHS = (
    Depth("USDC", "DAI", 100, 10_000_000, 20_000_000),
    Depth("LINK", "WETH", 3000, 4_000_000, 4_000_000),
)
"""What the full set opens besides."""
_MAINNET = {
    "v2_factory": "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f",
    "v3_factory": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    "position_manager": "0xC36442b4a4522E871399CD717aBDD847Ab11FE88",
    "swap_router_02": "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45",
    "quoter_v2": "0x61fFE014bA17989E743c5F6cB21bF9697530B21e",
}


def furnish(chain: Chain, vendor: Path, weth: str) -> dict[str, str]:
    """Put factories, position manager, router and quoter at their mainnet addresses; returns address by name."""
    at = dict(_MAINNET)
    periphery = vendor / "v3-periphery" / "artifacts" / "contracts"

    def published(path: str) -> artifacts.Artifact:
        return artifacts.load(periphery / f"{path}.sol" / f"{path.rpartition('/')[2]}.json")

    core = vendor / "v3-core" / "artifacts" / "contracts" / "UniswapV3Factory.sol" / "UniswapV3Factory.json"
    chain.put(at["v2_factory"], artifacts.load(vendor / "v2-core" / "build" / "UniswapV2Factory.json"), chain.sender)
    chain.put(at["v3_factory"], artifacts.load(core))
    library = chain.new(published("libraries/NFTDescriptor"))
    descriptor = chain.new(
        published("NonfungibleTokenPositionDescriptor"),
        weth,
        b"ETH".ljust(32, b"\0"),
        libraries={"NFTDescriptor": library},
    )
    chain.put(at["position_manager"], published("NonfungiblePositionManager"), at["v3_factory"], weth, descriptor)
    chain.put(at["quoter_v2"], published("lens/QuoterV2"), at["v3_factory"], weth)
    router = vendor / "swap-router" / "artifacts" / "contracts" / "SwapRouter02.sol" / "SwapRouter02.json"
    chain.put(
        at["swap_router_02"],
        artifacts.load(router),
        *(at["v2_factory"], at["v3_factory"], at["position_manager"], weth),
    )
    return at


def enable_hundredth(chain: Chain, contracts: Mapping[str, str]) -> None:
    """Allow the fee of 0.01 %, which the factory does not know at first; the chain's sender owns it."""
    chain.send(contracts["v3_factory"], "enableFeeAmount(uint24,int24)", 100, _SPACING[100])


def sqrt_price(token0: Token, token1: Token, prices: Mapping[str, int], up: int = 1, down: int = 1) -> int:
    """sqrtPriceX96 of token1 a token0 at the assets' USD prices (18 decimals), times sqrt(up / down); rounded down."""
    above = prices[token0.asset] * 10**token1.decimals * up
    below = prices[token1.asset] * 10**token0.decimals * down
    return isqrt(above * Q192 // below)


def tick_at(token0: Token, token1: Token, prices: Mapping[str, int]) -> int:
    """The tick of token1 a token0 at the assets' USD prices (18 decimals), rounded down."""
    with localcontext(Context(prec=_PRECISION)):
        ratio = Decimal(prices[token0.asset] * 10**token1.decimals) / (prices[token1.asset] * 10**token0.decimals)
        return int((ratio.ln() / _TICK.ln()).to_integral_value(ROUND_FLOOR))


def fee_band(pool: Pool, tokens: Mapping[str, Token], prices: Mapping[str, int]) -> tuple[int, int]:
    """The two sqrtPriceX96 between which no arbitrage pays: the reference price less the fee, and divided by it."""
    token0, token1 = tokens[pool.token0], tokens[pool.token1]
    kept = FEE_UNIT - pool.fee
    return sqrt_price(token0, token1, prices, kept, FEE_UNIT), sqrt_price(token0, token1, prices, FEE_UNIT, kept)


def open_pool(
    chain: Chain,
    contracts: Mapping[str, str],
    tokens: Mapping[str, Token],
    prices: Mapping[str, int],
    depth: Depth,
    maker: str,
) -> Pool:
    """Create a pool at the reference price and fill it from `maker`, who has approved the position manager."""
    pair = sorted((tokens[depth.one], tokens[depth.other]), key=lambda token: int(token.address, 16))
    token0, token1 = pair
    manager = contracts["position_manager"]
    chain.send(
        manager,
        "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
        *(token0.address, token1.address, depth.fee, sqrt_price(token0, token1, prices)),
        sender=maker,
    )
    address = chain.read(
        contracts["v3_factory"], "getPool(address,address,uint24)", "address", token0.address, token1.address, depth.fee
    )
    pool = Pool(to_checksum_address(address), token0.symbol, token1.symbol, depth.fee)
    full = Span(depth.full_usd, -_FULL_RANGE, _FULL_RANGE)
    for span in (full, _band(depth, slot0(chain, address)[1])):
        signature, arguments = mint_call(tokens, pool, span, prices, maker)
        chain.send(manager, signature, *arguments, sender=maker)
    chain.send(address, "increaseObservationCardinalityNext(uint16)", CARDINALITY)
    return pool


def band_around(pool: Pool, tick: int) -> Span:
    """The narrow range of a pool around a tick, with the dollars that it opens with."""
    [depth] = [
        depth
        for depth in (*DEPTHS, *ADDED_DEPTHS)
        if {depth.one, depth.other} == {pool.token0, pool.token1} and depth.fee == pool.fee
    ]
    return _band(depth, tick)


def _band(depth: Depth, tick: int) -> Span:
    return Span(depth.band_usd, tick - BAND_TICKS, tick + BAND_TICKS)


def mint_call(
    tokens: Mapping[str, Token], pool: Pool, span: Span, prices: Mapping[str, int], maker: str
) -> tuple[str, tuple[Any, ...]]:
    """The position manager's function and arguments that put a span's dollars, half of each token, into a pool."""
    token0, token1 = tokens[pool.token0], tokens[pool.token1]
    spacing = _SPACING[pool.fee]
    ticks = (-(-span.lowest // spacing) * spacing, span.highest // spacing * spacing)
    amounts = [span.usd * 10**18 * 10**token.decimals // (2 * prices[token.asset]) for token in (token0, token1)]
    signature = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
    return signature, ((token0.address, token1.address, pool.fee, *ticks, *amounts, 0, 0, maker, DEADLINE),)


def slot0(chain: Chain, pool: str) -> tuple[int, int]:
    """The pool's sqrtPriceX96 and its tick."""
    found = chain.read(pool, "slot0()", SLOT0)
    return int(found[0]), int(found[1])


SLOT0 = "uint160,int24,uint16,uint16,uint16,uint8,bool"


def swap(
    chain: Chain, router: str, sell: Token, buy: Token, fee: int, amount: int, trader: str, limit: int = 0
) -> Receipt:
    """SwapRouter02's exactInputSingle: sell up to `amount` base units, stopping at sqrtPriceX96 `limit` if given."""
    return chain.call(prepare(router, sell, buy, fee, amount, trader, limit))


def prepare(router: str, sell: Token, buy: Token, fee: int, amount: int, trader: str, limit: int = 0) -> Call:
    """The transaction of `swap`."""
    signature = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
    return Call(trader, router, signature, ((sell.address, buy.address, fee, trader, amount, 0, limit),))
