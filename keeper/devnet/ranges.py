"""The liquidity provider of the V3 pools follows the price: a narrow range that it left is taken out and put around it.

Without that, a move of ten per cent would leave every pool with its thin full range alone, which no real pool is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from keeper.devnet import uniswap
from keeper.devnet.book import Book, Pool
from keeper.devnet.calls import encode_call
from keeper.devnet.kit import DEADLINE, Call, Chain, Read

_POSITION = "uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,uint128,uint128"
_ALL = 2**128 - 1
_STRAY_TICKS = uniswap.BAND_TICKS // 2
"""Half of the way to a range's edge, some five per cent of price: so far the price may stray from the middle."""


@dataclass(frozen=True, slots=True)
class _Range:
    """A position: its token's id, its ticks and its liquidity."""

    position: int
    lowest: int
    highest: int
    liquidity: int


class Provider:
    """The maker's narrow range in each pool of `book`; `recentre` moves those that the price has strayed from."""

    def __init__(self, book: Book, chain: Chain) -> None:
        self._book = book
        self._chain = chain
        self._manager = book.contracts["position_manager"]
        self._ranges = self._found()

    def recentre(self, prices: Mapping[str, int], but: Collection[str]) -> list[Call]:
        """The transactions that put each strayed range around where `prices` (USD, 18 decimals) have its pool.

        They follow the arbitrage that takes the pools there, so those it misses, `but` by their labels, wait. The
        dollars are those that a pool opened with.
        """
        calls: list[Call] = []
        for pool in self._book.pools:
            held = self._ranges.get(pool.address)
            tick = uniswap.tick_at(self._book.tokens[pool.token0], self._book.tokens[pool.token1], prices)
            if (
                held is not None
                and pool.label not in but
                and abs(tick - (held.lowest + held.highest) // 2) > _STRAY_TICKS
            ):
                calls.append(self._moved(pool, held, tick, prices))
        return calls

    def look(self) -> None:
        """Find the positions anew, after some were moved."""
        self._ranges = self._found()

    def _moved(self, pool: Pool, held: _Range, tick: int, prices: Mapping[str, int]) -> Call:
        maker = self._book.address("maker")
        takes = (
            encode_call(
                "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))",
                (held.position, held.liquidity, 0, 0, DEADLINE),
            ),
            encode_call("collect((uint256,address,uint128,uint128))", (held.position, maker, _ALL, _ALL)),
            encode_call("burn(uint256)", held.position),
        )
        put = uniswap.mint_call(self._book.tokens, pool, uniswap.band_around(pool, tick), prices, maker)
        steps = [bytes.fromhex(data[2:]) for data in (*takes, encode_call(put[0], *put[1]))]
        return Call(maker, self._manager, "multicall(bytes[])", (steps,))

    def _found(self) -> dict[str, _Range]:
        """The maker's narrow position by the pool's address."""
        maker = self._book.address("maker")
        count = self._chain.read(self._manager, "balanceOf(address)", "uint256", maker)
        asked = [
            Read(self._manager, "tokenOfOwnerByIndex(address,uint256)", "uint256", (maker, place))
            for place in range(count)
        ]
        ids = [int(row[0]) for row in self._chain.read_all(asked)]
        rows = self._chain.read_all([Read(self._manager, "positions(uint256)", _POSITION, (at,)) for at in ids])
        pools = {(self._at(pool.token0), self._at(pool.token1), pool.fee): pool.address for pool in self._book.pools}
        found: dict[str, _Range] = {}
        for position, row in zip(ids, rows, strict=True):
            address = pools.get((row[2].lower(), row[3].lower(), row[4]))
            if address is not None and row[6] - row[5] < 3 * uniswap.BAND_TICKS and row[7]:
                found[address] = _Range(position, row[5], row[6], row[7])
        return found

    def _at(self, symbol: str) -> str:
        return self._book.tokens[symbol].address.lower()
