"""Uniswap V2: Router02 and one WETH/USDC pair, both at their mainnet addresses."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from pathlib import Path

from eth_utils.address import to_checksum_address

from keeper.devnet import artifacts
from keeper.devnet.book import Pair, Token
from keeper.devnet.kit import DEADLINE, Call, Chain, Read, Receipt

MAINNET_PAIR = "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"
_ROUTER = "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D"
_SIDE_USD = 5_000_000
"""Whole dollars on each side of the pair when it opens."""
_FEE_KEPT, _FEE_UNIT = 997, 1000
_WORTH = 2000
"""An arbitrage below one part in this many of the pool's side is not worth its gas."""
RESERVES = "uint112,uint112,uint32"


def furnish(chain: Chain, vendor: Path, contracts: Mapping[str, str], weth: str) -> dict[str, str]:
    """Put the router at its mainnet address, over the factory that already stands; returns its address by name."""
    artifact = artifacts.load(vendor / "v2-periphery" / "build" / "UniswapV2Router02.json")
    return {"v2_router_02": chain.put(_ROUTER, artifact, contracts["v2_factory"], weth)}


def open_pair(
    chain: Chain, contracts: Mapping[str, str], one: Token, other: Token, prices: Mapping[str, int], maker: str
) -> Pair:
    """Create the pair and fill both sides from `maker`, who has approved the router, at the assets' USD prices.

    Raises ValueError where it is not at mainnet's address, which only the same bytecode can give.
    """
    amounts = [_SIDE_USD * 10**18 * 10**token.decimals // prices[token.asset] for token in (one, other)]
    chain.send(
        contracts["v2_router_02"],
        "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
        *(one.address, other.address, *amounts, 0, 0, maker, DEADLINE),
        sender=maker,
    )
    address = chain.read(contracts["v2_factory"], "getPair(address,address)", "address", one.address, other.address)
    if to_checksum_address(address) != MAINNET_PAIR:
        raise ValueError(f"the pair came to {address}, on mainnet it is {MAINNET_PAIR}")
    token0, token1 = sorted((one, other), key=lambda token: int(token.address, 16))
    return Pair(to_checksum_address(address), token0.symbol, token1.symbol)


def reserves_read(pair: Pair) -> Read:
    """The view call for both sides' base units, in the pair's own order."""
    return Read(pair.address, "getReserves()", RESERVES)


def swap(chain: Chain, router: str, sell: Token, buy: Token, amount: int, trader: str) -> Receipt:
    """Sell exactly `amount` base units for whatever comes out; `trader` has approved the router."""
    return chain.call(prepare(router, sell, buy, amount, trader))


def prepare(router: str, sell: Token, buy: Token, amount: int, trader: str) -> Call:
    """The transaction of `swap`."""
    signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
    return Call(trader, router, signature, (amount, 0, [sell.address, buy.address], trader, DEADLINE))


def to_band(reserve_in: int, reserve_out: int, worth_in: int, worth_out: int) -> int:
    """How much to sell so that selling more no longer pays; 0 where nothing worth its gas does.

    `worth_*` are USD with 18 decimals of one base unit each, times any common factor. After the fee a pair's marginal
    price is reserve_out / reserve_in * 0.997, so it pays until reserve_in has grown to sqrt(product * that ratio).
    """
    goal = isqrt(reserve_in * reserve_out * worth_out * _FEE_KEPT // (worth_in * _FEE_UNIT))
    wanted = goal - reserve_in
    return wanted if wanted > reserve_in // _WORTH else 0
