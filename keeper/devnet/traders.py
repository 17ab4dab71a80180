"""The traders' process: noise, an arbitrageur for every pool, a provider who follows the price, and life in Aave.

It follows the feeds in each step of the market, with accounts of its own: `trader` makes noise, `maker` arbitrages and
provides, `borrower` may make Aave's USDC scarce for a while. Nothing is sent to or taken from anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keeper.devnet import aave, habits, hands, uniswap, uniswap_v2
from keeper.devnet.book import Book, Pair, Pool, Token
from keeper.devnet.course import Course
from keeper.devnet.kit import Call, Read
from keeper.devnet.node import BASE_FEE
from keeper.devnet.path import Dice
from keeper.devnet.ranges import Provider

_NOISE_TRADES = 2
_NOISE_USD = (1_000, 30_000)
_ARBITRAGE_USD = 200_000_000
"""What the arbitrageur could spend on one pool; the price limit stops it long before."""
_MISSED_ONE_IN = 24
"""How often the arbitrageur comes too late for a pool, and leaves it off for a step."""
_BANK_EVERY = 8
"""Steps between two visits of the maker to Aave, which bring its interest up to date."""
_BANK_USD = (20_000, 200_000)
_SQUEEZE_WITHIN = (25, 60)
_SQUEEZE_SECONDS = (7_200, 14_400)
_UNIT = 10**18


@dataclass(frozen=True, slots=True)
class TradersStep:
    """What a step did: chain time and block after it, swaps by kind, pools the arbitrageur missed, ranges moved.

    `utilisation` by symbol is the share of Aave's reserve that is lent out, 1e18 is all of it.
    """

    step: int
    time: int
    block: int
    noise: int
    arbitrage: int
    missed: tuple[str, ...]
    recentred: int
    utilisation: Mapping[str, int]
    squeezing: bool

    def as_json(self) -> dict[str, object]:
        """As the process prints it: shares as text."""
        return {
            "step": self.step,
            "time": self.time,
            "block": self.block,
            "noise": self.noise,
            "arbitrage": self.arbitrage,
            "missed": list(self.missed),
            "recentred": self.recentred,
            "utilisation": {symbol: str(share) for symbol, share in self.utilisation.items()},
            "squeezing": self.squeezing,
        }


class Traders:
    """Everybody who trades on the chain of `book`, following `course`; `squeeze` lets the borrower have his hours."""

    def __init__(self, book: Book, course: Course, *, squeeze: bool = False) -> None:
        self._book = book
        self._course = course
        self._chain = hands.of(book, "maker")
        self._chain.let_go()  # one that was killed within a step may have left the chain held
        self._provider = Provider(book, self._chain)
        self._squeeze = habits.episode(course, "squeeze", _SQUEEZE_WITHIN, _SQUEEZE_SECONDS) if squeeze else None
        self._is_lent = False
        self.taken = 0

    @property
    def is_over(self) -> bool:
        """Whether the course is told to its end."""
        return self.taken >= self._course.steps

    def step(self) -> TradersStep:
        """Take the next step: a block of noise, one of arbitrage where there is any. IndexError past the last."""
        prices = self._course.prices[self.taken + 1]
        self.taken += 1
        dice = Dice(self._course.seed, "traders", self.taken)
        noise = [self._noise(prices, dice) for _ in range(_NOISE_TRADES)]
        traded = self._chain.together([*noise, *self._bank(prices, dice)], BASE_FEE)
        trades, missed = self._arbitrage(prices)
        moved = self._provider.recentre(prices, missed)
        landed = self._chain.together([*trades, *moved], BASE_FEE) if trades or moved else []
        if moved:
            self._provider.look()
        last = self._chain.block()
        return TradersStep(
            step=self.taken,
            time=int(last["timestamp"], 16),
            block=int(last["number"], 16),
            noise=sum(traded[: len(noise)]),
            arbitrage=sum(landed[: len(trades)]),
            missed=missed,
            recentred=sum(landed[len(trades) :]),
            utilisation=self._utilisation(),
            squeezing=self._is_lent,
        )

    def _noise(self, prices: Mapping[str, int], dice: Dice) -> Call:
        pool = self._book.pools[dice.below(len(self._book.pools))]
        symbols = (pool.token0, pool.token1) if dice.below(2) else (pool.token1, pool.token0)
        sell, buy = (self._book.tokens[symbol] for symbol in symbols)
        amount = _worth(dice.between(*_NOISE_USD), sell, prices)
        router, trader = self._book.contracts["swap_router_02"], self._book.address("trader")
        return uniswap.prepare(router, sell, buy, pool.fee, amount, trader)

    def _arbitrage(self, prices: Mapping[str, int]) -> tuple[list[Call], tuple[str, ...]]:
        """One swap to the edge of its fee band for each pool that is outside, and the pools it comes too late for."""
        reads = [*map(_slot0, self._book.pools), *map(uniswap_v2.reserves_read, self._book.pairs)]
        rows = self._chain.read_all(reads)
        wanted: list[tuple[str, Call]] = []
        for pool, row in zip(self._book.pools, rows, strict=False):
            call = self._to_band(pool, int(row[0]), prices)
            wanted += [(pool.label, call)] if call else []
        for pair, row in zip(self._book.pairs, rows[len(self._book.pools) :], strict=True):
            call = self._pair_to_band(pair, int(row[0]), int(row[1]), prices)
            wanted += [(f"{pair.token0}/{pair.token1} V2", call)] if call else []
        late = [label for label, _ in wanted if self._misses(label)]
        return [call for label, call in wanted if label not in late], tuple(late)

    def _misses(self, label: str) -> bool:
        return Dice(self._course.seed, "arbitrage", label, self.taken).below(_MISSED_ONE_IN) == 0

    def _to_band(self, pool: Pool, sqrt_price: int, prices: Mapping[str, int]) -> Call | None:
        low, high = uniswap.fee_band(pool, self._book.tokens, prices)
        if low <= sqrt_price <= high:
            return None
        token0, token1 = self._book.tokens[pool.token0], self._book.tokens[pool.token1]
        sell, buy, edge = (token0, token1, high) if sqrt_price > high else (token1, token0, low)
        router, maker = self._book.contracts["swap_router_02"], self._book.address("maker")
        return uniswap.prepare(router, sell, buy, pool.fee, _worth(_ARBITRAGE_USD, sell, prices), maker, edge)

    def _pair_to_band(self, pair: Pair, reserve0: int, reserve1: int, prices: Mapping[str, int]) -> Call | None:
        token0, token1 = self._book.tokens[pair.token0], self._book.tokens[pair.token1]
        worth0, worth1 = (prices[token.asset] * 10 ** (18 - token.decimals) for token in (token0, token1))
        router, maker = self._book.contracts["v2_router_02"], self._book.address("maker")
        ways = (
            (token0, token1, uniswap_v2.to_band(reserve0, reserve1, worth0, worth1)),
            (token1, token0, uniswap_v2.to_band(reserve1, reserve0, worth1, worth0)),
        )
        for sell, buy, amount in ways:
            if amount:
                return uniswap_v2.prepare(router, sell, buy, amount, maker)
        return None

    def _bank(self, prices: Mapping[str, int], dice: Dice) -> list[Call]:
        """The maker's visit to Aave now and then, and the borrower's beginning and end."""
        if not self._book.reserves:
            return []
        pool, calls = self._book.contracts["aave_pool"], []
        maker, borrower = self._book.address("maker"), self._book.address("borrower")
        usdc, weth = self._book.tokens["USDC"], self._book.tokens["WETH"]
        if self.taken % _BANK_EVERY == 0:
            supplied = usdc if dice.below(2) else weth
            calls.append(aave.prepare_supply(pool, supplied, _worth(dice.between(*_BANK_USD), supplied, prices), maker))
        wished = self._squeeze is not None and self._squeeze.holds(self.taken)
        if wished and not self._is_lent:
            held, left = self._borrowers_weth(), self._left_in_aave("USDC")
            calls += [aave.prepare_supply(pool, weth, held, borrower)] if held else []
            calls.append(aave.prepare_borrow(pool, usdc, left * 999 // 1000, borrower))
        elif self._is_lent and not wished:
            calls.append(aave.prepare_repay(pool, usdc, borrower))
        self._is_lent = wished
        return calls

    def _borrowers_weth(self) -> int:
        weth = self._book.tokens["WETH"].address
        return int(self._chain.read(weth, "balanceOf(address)", "uint256", self._book.address("borrower")))

    def _left_in_aave(self, symbol: str) -> int:
        reserve, token = self._book.reserves[symbol], self._book.tokens[symbol].address
        return int(self._chain.read(token, "balanceOf(address)", "uint256", reserve.a_token))

    def _utilisation(self) -> dict[str, int]:
        reserves = self._book.reserves
        reads: list[Read] = []
        for symbol, reserve in reserves.items():
            token = self._book.tokens[symbol].address
            reads.append(Read(token, "balanceOf(address)", "uint256", (reserve.a_token,)))
            reads.append(Read(reserve.debt_token, "totalSupply()", "uint256"))
        told = [int(row[0]) for row in self._chain.read_all(reads)] if reads else []
        return {
            symbol: lent * _UNIT // max(left + lent, 1)
            for symbol, left, lent in zip(reserves, told[::2], told[1::2], strict=True)
        }


def _worth(usd: int, token: Token, prices: Mapping[str, int]) -> int:
    scale: int = 10**token.decimals
    return usd * _UNIT * scale // prices[token.asset]


def _slot0(pool: Pool) -> Read:
    return Read(pool.address, "slot0()", uniswap.SLOT0)
