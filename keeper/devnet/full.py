"""The full set: what is added to a quick set, in one order, so that two runs give the same block hash.

The quick set stays where it is. `PARTS_ON` says which parts each client carries, `LEFT_OUT` what it cannot do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from keeper.devnet import (
    aave,
    api3,
    chainlink,
    cow,
    hands,
    node,
    sequencer,
    signed,
    staking,
    tokens,
    uniswap,
    uniswap_v2,
)
from keeper.devnet.book import Book, Pool, Token
from keeper.devnet.furnish import PRICES, QUIET_SECONDS, SPENDERS, VOICES, hold_against_mainnet, settle, stock
from keeper.devnet.kit import Chain

_PARTS = (
    *("tokens", "Uniswap V3", "push feeds", "Safe", "Multicall3"),
    *("Uniswap V2", "signed reports", "API3", "sequencer feed", "Aave", "ERC-4626 wrappers", "StakingRewards", "CoW"),
)
PARTS_ON = {node.ANVIL: _PARTS, node.GANACHE: _PARTS}
"""The quick set's parts in the first line, the full set's below; both clients carry all of them."""
LEFT_OUT: dict[str, tuple[str, ...]] = {
    node.ANVIL: (),
    node.GANACHE: ("the rules after Shanghai", "a base fee that can be set"),
}
"""What is missing on a client, in the words that `keeper devnet up` prints and docs/devnet.md repeats."""
ADDED_PRICES = {"LINK": 15 * 10**18, "DAI": 10**18}
FULL_PRICES = PRICES | ADDED_PRICES
"""Where the full set's market starts: USD with 18 decimals."""
MAINNET_POOLS = {
    ("DAI", "USDC", 100): "0x5777d92f208679DB4b9778590Fa3CAB3aC9e2168",
    ("LINK", "WETH", 3000): "0xa6Cc3C2531FdaA6Ae1A3CA84c2855806728693e8",
}
SIGNED_ASSETS = ("ETH", "BTC", "USDC", "LINK", "DAI")
"""What the signed-report feeds and API3's beacons price."""


def extend(book: Book, vendor: Path, compiled: Path, opening: Mapping[str, int] = FULL_PRICES) -> Book:
    """Add everything to the quick set of `book` and write down where it stands. Raises ValueError off mainnet.

    `opening` are the prices that the quick set was furnished at, and those of LINK and DAI.
    """
    prices = {asset: opening[asset] for asset in FULL_PRICES}
    at = {role: person.address for role, person in book.people.items()}
    chain = hands.of(book, "deployer")
    held = tokens.furnish_added(chain, vendor, admin=at["admin"], lost=at["stranger"])
    everything = {**book.tokens, **held}
    voices = [[at[role] for role in voice] for voice in VOICES]
    feeds = chainlink.furnish(chain, vendor, voices, at["admin"], chainlink.ADDED_PROXIES)
    chainlink.answer_all(chain, feeds, prices)
    contracts = {**book.contracts, **uniswap_v2.furnish(chain, vendor, book.contracts, everything["WETH"].address)}
    all_feeds = {**book.feeds, **feeds}
    market = aave.furnish(chain, compiled, everything, all_feeds, at["stranger"])
    contracts |= market.contracts
    stock(chain, held, prices, at)
    _approve(chain, everything, held, at, contracts)
    pools = _open_pools(chain, contracts, everything, prices, at["maker"])
    pair = uniswap_v2.open_pair(chain, contracts, everything["WETH"], everything["USDC"], prices, at["maker"])
    aave.use(chain, contracts["aave_pool"], everything, prices, at["maker"])
    contracts |= staking.furnish(chain, vendor, staked=everything["WETH"], paid=everything["LINK"])
    signed_feeds, added = signed.furnish(chain, vendor, compiled, SIGNED_ASSETS)
    beacons, server = api3.furnish(chain, compiled, SIGNED_ASSETS)
    contracts |= added | server | sequencer.furnish(chain, vendor, compiled, at["admin"])
    contracts |= cow.furnish(chain, vendor, at["maker"])
    chain.mine_at(chain.now() + QUIET_SECONDS)
    found = replace(
        book,
        tokens=everything,
        feeds=all_feeds,
        pools=(*book.pools, *pools),
        contracts=contracts,
        full=True,
        signed=signed_feeds,
        beacons=beacons,
        pairs=(pair,),
        reserves=market.reserves,
        wrapped=market.wrapped,
        opening=prices,
    )
    _answer(chain, found, prices)
    settle(chain)
    last = chain.block()
    return replace(found, furnished_block=int(last["number"], 16), furnished_hash=str(last["hash"]))


def _answer(chain: Chain, book: Book, prices: Mapping[str, int]) -> None:
    """Every feed of every kind says the opening prices."""
    chainlink.answer_all(chain, book.feeds, prices)
    answers = {asset: prices[asset] // 10 ** (18 - feed.decimals) for asset, feed in book.signed.items()}
    signed.report(chain, book.contracts, book.signed, answers)
    for asset, beacon in book.beacons.items():
        api3.update(chain, book.contracts, beacon, prices[asset])


def _approve(
    chain: Chain,
    everything: Mapping[str, Token],
    held: Mapping[str, Token],
    at: Mapping[str, str],
    contracts: Mapping[str, str],
) -> None:
    """Let what is held be spent where it is needed."""
    for token in held.values():
        tokens.approve(chain, token, at["maker"], contracts["position_manager"])
        for role in SPENDERS:
            tokens.approve(chain, token, at[role], contracts["swap_router_02"])
    for token in everything.values():
        for spender in ("v2_router_02", "aave_pool"):
            tokens.approve(chain, token, at["maker"], contracts[spender])
    for symbol in ("WETH", "USDC"):
        tokens.approve(chain, everything[symbol], at["borrower"], contracts["aave_pool"])


def _open_pools(
    chain: Chain,
    contracts: Mapping[str, str],
    everything: Mapping[str, Token],
    prices: Mapping[str, int],
    maker: str,
) -> tuple[Pool, ...]:
    uniswap.enable_hundredth(chain, contracts)
    pools = tuple(
        uniswap.open_pool(chain, contracts, everything, prices, depth, maker) for depth in uniswap.ADDED_DEPTHS
    )
    hold_against_mainnet(pools, MAINNET_POOLS)
    return pools
