"""What the vault's actions cost, each beside what a person without a vault would pay for the same, on the same state.

All vaults have traded before, and so have all pools: no figure holds the price of a first time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from eth_typing import HexStr
from hexbytes import HexBytes

from keeper.chain import vault
from keeper.devnet import chainlink, hands, local, uniswap
from keeper.devnet.book import Book
from keeper.devnet.calls import encode_call
from keeper.devnet.kit import Chain, Receipt
from keeper.model import Order, Terms
from keeper.units import Timestamp, TokenUnits
from tests.benchmarks.figures import Figure
from tests.benchmarks.market import DOLLAR, Market, open_market
from tests.benchmarks.portfolios import BPS, Doors, Portfolio, give, open_doors, open_portfolio, targets_of

DRIFT_USD = 8_000
"""How far over its target each asset is that will be sold, dollars."""
REWARD_UNITS = 10 * 10**18
_COOLED = 600
_ALL = TokenUnits(10**30)
_SINGLE = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
_BARE = 21_000
"""Gas of a transaction that does nothing."""


@dataclass(frozen=True, slots=True)
class Town:
    """A local chain with a market on it, and the doors that vaults share."""

    book: Book
    market: Market
    doors: Doors
    chain: Chain

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens to the chain inside is undone."""
        before = self.chain.rpc("evm_snapshot")
        try:
            yield
        finally:
            self.chain.rpc("evm_revert", before)


def measure() -> dict[str, Figure]:
    """All figures, on a local chain of their own, which is gone afterwards: the same numbers on each run."""
    name = f"bench-gas-{os.getpid()}"
    try:
        return measured(local.up(name))
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name), ignore_errors=True)


def measured(book: Book) -> dict[str, Figure]:
    """All figures, on the running chain of `book`, fresh from its furnishing."""
    market = open_market(book)
    town = Town(book, market, open_doors(book, market), hands.of(book, "keeper"))
    figures: dict[str, Figure] = {}
    for held in (2, 3, 5):
        portfolio = _traded(town, held, 1)
        figures[f"gas_held_{held}"] = _checked(town, portfolio, [0], f"one trade over the pool, {held} assets held")
        if held == 2:
            route = [portfolio.router_route]
            figures["gas_router"] = _checked(town, portfolio, route, "one trade through SwapRouter02, 2 assets held")
            figures["gas_voice"] = _third_voice(town, portfolio)
            figures["gas_harvest"] = _harvest(town, portfolio)
            figures["gas_halt"] = _halt(town, portfolio)
    eight = _traded(town, 8, 7)
    figures["gas_seven"] = _checked(town, eight, list(range(7)), "seven trades over their pools, 8 assets held")
    figures["gas_flatten"] = _flatten(town, eight)
    return figures


def _traded(town: Town, held: int, trades: int) -> Portfolio:
    """A vault off its targets that has traded before, over each pool it will use."""
    portfolio = open_portfolio(town.book, town.market, town.doors, held)
    _drift(town, portfolio, trades)
    _rebalance(town, portfolio, list(range(trades)))
    _drift(town, portfolio, trades)
    town.chain.mine_at(town.chain.now() + _COOLED)
    return portfolio


def _drift(town: Town, portfolio: Portfolio, trades: int) -> None:
    """Deposit what leaves the first `trades` assets over their targets, only USDC under, the others on them."""
    targets = dict(zip(portfolio.symbols, targets_of(len(portfolio.symbols)), strict=True))
    deposit = trades * DRIFT_USD * BPS // targets[DOLLAR]
    for place, symbol in enumerate(portfolio.sold):
        share = deposit * targets[symbol] // BPS
        give(town.book, town.market, symbol, portfolio.vault, share + (DRIFT_USD if place < trades else 0))


def _checked(town: Town, portfolio: Portfolio, routes: Sequence[int], what: str) -> Figure:
    """A rebalance by these routes beside the router's swaps of the same amounts, together where there are several."""
    sold = portfolio.sold if len(routes) > 1 else ("WETH",)
    with town.undone():
        before = _balances(town, portfolio)
        spent = _rebalance(town, portfolio, routes).gas
        amounts = [was - now for was, now in zip(before, _balances(town, portfolio), strict=True)]
    with town.undone():
        raw = _raw(town, dict(zip(sold, amounts, strict=False)))
    return Figure(spent, "gas", raw, what)


def _balances(town: Town, portfolio: Portfolio) -> list[int]:
    tokens = (town.market.tokens[symbol].address for symbol in portfolio.sold)
    return [int(town.chain.read(token, "balanceOf(address)", "uint256", portfolio.vault)) for token in tokens]


def _rebalance(town: Town, portfolio: Portfolio, routes: Sequence[int]) -> Receipt:
    orders = [Order(route, _ALL, TokenUnits(0)) for route in routes]
    return _act(town, "keeper", portfolio, vault.rebalance(orders, _terms(town, portfolio)))


def _terms(town: Town, portfolio: Portfolio) -> Terms:
    chain = town.chain
    state = chain.rpc("eth_call", vault.read_epoch(HexStr(portfolio.vault)), "latest")
    epoch = vault.epoch_of(HexBytes(state))
    config = int(chain.read(portfolio.rulebook, "configVersion()", "uint32"))
    return Terms(epoch, config, Timestamp(chain.now() + 600), "0x" + "d1" * 32)


def _act(town: Town, role: str, portfolio: Portfolio, data: HexBytes | str) -> Receipt:
    return town.chain.transact(portfolio.vault, str(data), sender=town.book.address(role))


def _raw(town: Town, amounts: dict[str, int]) -> int:
    """Gas of the router alone, for a user who holds the tokens and has traded before; one multicall for several."""
    user, router = hands.of(town.book, "user"), town.market.contracts["swap_router_02"]
    swaps = [
        uniswap.prepare(
            *(router, town.market.tokens[symbol], town.market.tokens[DOLLAR], town.market.pools[symbol].fee),
            *(amount, user.sender),
        )
        for symbol, amount in amounts.items()
    ]
    if len(swaps) == 1:
        return user.call(swaps[0]).gas
    calls = [bytes.fromhex(encode_call(swap.signature, *swap.arguments)[2:]) for swap in swaps]
    return user.send(router, "multicall(bytes[])", calls).gas


def _third_voice(town: Town, portfolio: Portfolio) -> Figure:
    """The same trade when WETH's two feeds are 0.7 % apart, so that its TWAP is read too."""
    asset = town.market.tokens["WETH"].asset
    feed, price = town.market.feeds[asset][1], town.market.prices[asset]
    with town.undone():
        deployer = hands.of(town.book, "deployer")
        chainlink.submit(deployer, feed, [price * 10_070 // 10_000 // 10**10] * len(feed.oracles))
        return _checked(town, portfolio, [0], "one trade, 2 assets held, a third voice read for one of them")


def _harvest(town: Town, portfolio: Portfolio) -> Figure:
    """A claim, and the sale of all of it."""
    with town.undone():
        town.chain.send(town.doors.rewards, "setDue(uint256)", REWARD_UNITS)
        orders = [Order(portfolio.reward_route, _ALL, TokenUnits(0))]
        spent = _act(town, "keeper", portfolio, vault.harvest(0, orders, _terms(town, portfolio))).gas
    with town.undone():
        raw = _raw(town, {"PLAINC": REWARD_UNITS})
    return Figure(spent, "gas", raw, "a claim and the sale of the reward over its pool, 2 assets held; beside the sale")


def _halt(town: Town, portfolio: Portfolio) -> Figure:
    with town.undone():
        spent = _act(town, "guardian", portfolio, vault.halt("0x" + "ff" * 32)).gas
    return Figure(spent, "gas", _BARE, "a guardian's halt; beside a transaction that does nothing")


def _flatten(town: Town, portfolio: Portfolio) -> Figure:
    """Everything sold by a guardian."""
    with town.undone():
        amounts = dict(zip(portfolio.sold, _balances(town, portfolio), strict=True))
        _act(town, "guardian", portfolio, vault.halt("0x" + "ff" * 32))
        spent = _act(town, "guardian", portfolio, vault.flatten()).gas
    with town.undone():
        raw = _raw(town, amounts)
    return Figure(spent, "gas", raw, "everything sold into the dollar, 7 legs, 8 assets held")
