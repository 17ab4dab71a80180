"""The order in which an empty chain becomes a furnished one, always the same: two runs give the same block hash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from keeper.devnet import accounts, artifacts, chainlink, hands, node, safe, tokens, uniswap
from keeper.devnet.book import Book, Person, Pool, Token
from keeper.devnet.kit import MULTICALL3, Chain

PRICES = {"ETH": 3_000 * 10**18, "BTC": 60_000 * 10**18, "USDC": 10**18}
"""Where the market starts: USD with 18 decimals."""
MAINNET_POOLS = {
    ("USDC", "WETH", 500): "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640",
    ("USDC", "WETH", 3000): "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8",
    ("WBTC", "WETH", 3000): "0xCBCdF9626bC03E24f779434178A73a0B4bad62eD",
}
_OWNERS = ("owner_1", "owner_2", "owner_3")
_THRESHOLD = 2
VOICES = (("oracle_a1", "oracle_a2", "oracle_a3"), ("oracle_b1", "oracle_b2", "oracle_b3"))
STOCK_USD: Mapping[str, Mapping[str, int]] = {
    "maker": {
        "WETH": 900_000_000,
        "USDC": 2_000_000_000,
        "WBTC": 2_000_000_000,
        "LINK": 80_000_000,
        "DAI": 2_000_000_000,
    },
    "trader": {
        "WETH": 60_000_000,
        "USDC": 100_000_000,
        "WBTC": 100_000_000,
        "LINK": 20_000_000,
        "DAI": 100_000_000,
    },
    "user": dict.fromkeys(("WETH", "USDC", "WBTC", "LINK", "DAI"), 5_000_000),
    "thief": dict.fromkeys(("WETH", "USDC", "WBTC", "LINK", "DAI"), 10_000_000),
    "borrower": {"WETH": 40_000_000, "USDC": 1_000_000},
}
"""Whole dollars of each token at the opening prices. There are a billion LINK, so nobody has much of it."""
SPENDERS = ("maker", "trader", "thief")
"""Whose tokens SwapRouter02 may take."""
_MULTICALL3_DEPLOYER = "0x05f32B3cC3888453ff71B01135B34FF8e41263F2"
QUIET_SECONDS = 3600
"""Time let pass at the end, so that a 30-minute TWAP has something to look back on."""


def furnish(name: str, url: str, vendor: Path, client: str = node.ANVIL, opening: Mapping[str, int] = PRICES) -> Book:
    """Turn the fresh node at `url` into the quick set at the prices of `opening`; write down where everything stands.

    Prices are in USD with 18 decimals; of `opening` the quick set's assets are taken.
    """
    prices = {asset: opening[asset] for asset in PRICES}
    people = {role: Person(role, accounts.index(role), accounts.account(role).address) for role in accounts.ROLES}
    at = {role: person.address for role, person in people.items()}
    chain = hands.new(client, url, at["deployer"])
    chain.begin()
    held = tokens.furnish(chain, vendor, admin=at["admin"], lost=at["stranger"])
    feeds = chainlink.furnish(chain, vendor, [[at[role] for role in voice] for voice in VOICES], at["admin"])
    chainlink.answer_all(chain, feeds, prices)
    contracts = uniswap.furnish(chain, vendor, held["WETH"].address) | {"multicall3": _multicall3(chain, vendor)}
    stock(chain, held, prices, at)
    for token in held.values():
        tokens.approve(chain, token, at["maker"], contracts["position_manager"])
        for role in SPENDERS:
            tokens.approve(chain, token, at[role], contracts["swap_router_02"])
    pools = tuple(uniswap.open_pool(chain, contracts, held, prices, depth, at["maker"]) for depth in uniswap.DEPTHS)
    contracts |= safe.furnish(chain, vendor)
    owner_safe = safe.found_safe(chain, contracts, _OWNERS, _THRESHOLD)
    chain.mine_at(chain.now() + QUIET_SECONDS)
    chainlink.answer_all(chain, feeds, prices)
    settle(chain)
    hold_against_mainnet(pools, MAINNET_POOLS)
    last = chain.block()
    return Book(
        name=name,
        url=url,
        chain_id=node.CHAIN_ID,
        genesis=str(chain.block("0x0")["hash"]),
        furnished_block=int(last["number"], 16),
        furnished_hash=str(last["hash"]),
        tokens=held,
        feeds=feeds,
        pools=pools,
        contracts=contracts,
        owner_safe=owner_safe,
        people=people,
        client=client,
        opening=prices,
    )


def settle(chain: Chain) -> None:
    """Mine a block at the opening base fee, which an untended chain of small blocks loses within minutes."""
    chain.settle(node.BASE_FEE)


def _multicall3(chain: Chain, vendor: Path) -> str:
    code = artifacts.constant(vendor / "viem" / "_esm" / "constants" / "contracts.js", "multicall3Bytecode")
    chain.impersonate(_MULTICALL3_DEPLOYER, 10**18)
    chain.set_nonce(_MULTICALL3_DEPLOYER, 0)
    created = chain.transact(None, code, sender=_MULTICALL3_DEPLOYER).created
    chain.release(_MULTICALL3_DEPLOYER)
    if created != MULTICALL3:
        raise ValueError(f"Multicall3 came to {created}, not to {MULTICALL3}")
    return created


def stock(chain: Chain, held: Mapping[str, Token], prices: Mapping[str, int], at: Mapping[str, str]) -> None:
    """Give everybody of `STOCK_USD` what it says of the tokens `held`, at USD prices with 18 decimals."""
    for role, stocked in STOCK_USD.items():
        for symbol, usd in stocked.items():
            if symbol in held:
                token = held[symbol]
                tokens.grant(chain, token, at[role], usd * 10**18 * 10**token.decimals // prices[token.asset])


def hold_against_mainnet(pools: tuple[Pool, ...], mainnet: Mapping[tuple[str, str, int], str]) -> None:
    """Raises ValueError where a pool is not at the address that mainnet has by token0, token1 and fee."""
    for pool in pools:
        expected = mainnet[(pool.token0, pool.token1, pool.fee)]
        if pool.address != expected:
            raise ValueError(f"pool {pool.label} came to {pool.address}, on mainnet it is {expected}")
