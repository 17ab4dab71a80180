"""The market: prices walk, oracles answer, noise trades, and an arbitrageur brings each pool back to its fee band.

Every holding drifts through prices alone; nothing is ever transferred to or from anybody's vault. The market sends with
accounts of its own, holds no mining and expects others to send at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keeper.devnet import api3, chainlink, hands, path, signed, uniswap, uniswap_v2
from keeper.devnet.book import Beacon, Book, Pair, Pool, SignedFeed, Voice
from keeper.devnet.chainlink import Answer
from keeper.devnet.faults import CallReverted
from keeper.devnet.full import FULL_PRICES
from keeper.devnet.furnish import PRICES, settle
from keeper.devnet.kit import Read

STEP_SECONDS = 900
_BPS = 10_000
_VOICE_BPS = 3
"""How far a voice's own view lies from the reference, at most."""
_ORACLE_BPS = 1
"""How far an oracle's observation lies from its voice's view, at most."""
_NOISE_TRADES = 2
_NOISE_USD = (1_000, 30_000)
_ARBITRAGE_USD = 200_000_000
"""What the arbitrageur could spend on one pool; the price limit stops it long before."""
_PASSED = "SPL"
"""Uniswap's word for a price limit that the price has already passed."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did: chain time and block after it, reference prices (USD, 18 decimals), who answered, trades."""

    step: int
    time: int
    block: int
    prices: Mapping[str, int]
    answered: tuple[str, ...]
    arbitrage: int
    noise: int

    def as_json(self) -> dict[str, object]:
        """As the market's process prints it: prices as text, because they exceed what JSON readers hold exactly."""
        return {
            "step": self.step,
            "time": self.time,
            "block": self.block,
            "prices": {asset: str(price) for asset, price in self.prices.items()},
            "answered": list(self.answered),
            "arbitrage": self.arbitrage,
            "noise": self.noise,
        }


class Market:
    """A story of `steps` steps on the chain of `book`; the same seed moves the same prices at the same steps."""

    def __init__(self, book: Book, *, seed: int, steps: int, step_seconds: int = STEP_SECONDS) -> None:
        self._book = book
        self._seed = seed
        self._seconds = step_seconds
        self._chain = hands.of(book, "maker")
        self._voices = [voice for voices in book.feeds.values() for voice in voices]
        self.prices = path.told(seed, steps, FULL_PRICES if book.full else PRICES)
        self.taken = 0

    @property
    def is_over(self) -> bool:
        """Whether every step of the story was taken."""
        return self.taken >= len(self.prices) - 1

    def step(self) -> Step:
        """Take the next step; then the latest block is fresh and at the opening base fee. IndexError past the last."""
        prices = self.prices[self.taken + 1]
        self.taken += 1
        dice = path.Dice(self._seed, "step", self.taken)
        then = self._chain.now() + self._seconds
        said = self._answers()
        self._chain.next_at(then)
        answered = tuple(
            self._name(voice)
            for voice, answer in zip(self._voices, said, strict=True)
            if self._answer_if_due(voice, answer, prices, then, dice)
        )
        noise = sum(self._trade_noise(prices, dice) for _ in range(_NOISE_TRADES))
        answered += self._report_if_due(prices) + self._sign_if_due(prices)
        arbitrage = sum(
            self._arbitrage(pool, sqrt_price, prices)
            for pool, sqrt_price in zip(self._book.pools, self._sqrt_prices(), strict=True)
        )
        arbitrage += sum(self._arbitrage_pair(pair, prices) for pair in self._book.pairs)
        settle(self._chain)
        last = self._chain.block()
        return Step(self.taken, int(last["timestamp"], 16), int(last["number"], 16), prices, answered, arbitrage, noise)

    def _name(self, voice: Voice) -> str:
        return f"{voice.asset}/{self._book.feeds[voice.asset].index(voice)}"

    def _answers(self) -> list[Answer]:
        found = self._chain.read_all([chainlink.answer_read(voice) for voice in self._voices])
        return [Answer(int(row[0]), int(row[1]), int(row[3])) for row in found]

    def _sqrt_prices(self) -> list[int]:
        return [int(row[0]) for row in self._chain.read_all([_slot0(pool) for pool in self._book.pools])]

    def _answer_if_due(self, voice: Voice, said: Answer, prices: Mapping[str, int], now: int, dice: path.Dice) -> bool:
        """Answer on deviation or heartbeat, as a real voice does; the dice fall alike whether it is due or not."""
        view = _shifted(prices[voice.asset] // 10 ** (18 - voice.decimals), dice.between(-_VOICE_BPS, _VOICE_BPS))
        observations = [_shifted(view, dice.between(-_ORACLE_BPS, _ORACLE_BPS)) for _ in voice.oracles]
        moved = abs(view - said.answer) * _BPS >= said.answer * voice.deviation_bps
        if not moved and now - said.updated_at < voice.heartbeat:
            return False
        chainlink.submit(self._chain, voice, observations)
        return True

    def _report_if_due(self, prices: Mapping[str, int]) -> tuple[str, ...]:
        """The network of signers puts every answer of its own that is due into one report."""
        dice = path.Dice(self._seed, "signed", self.taken)
        due = self._due(list(self._book.signed.values()), prices, dice)
        if due:
            signed.report(self._chain, self._book.contracts, self._book.signed, due)
        return tuple(f"{asset}/signed" for asset in due)

    def _sign_if_due(self, prices: Mapping[str, int]) -> tuple[str, ...]:
        """API3's first-party oracle signs each value that is due; each is carried in by itself."""
        dice = path.Dice(self._seed, "api3", self.taken)
        beacons = self._book.beacons
        due = self._due(list(beacons.values()), prices, dice)
        for asset, value in due.items():
            api3.update(self._chain, self._book.contracts, beacons[asset], value)
        return tuple(f"{asset}/api3" for asset in due)

    def _due(self, feeds: Sequence[SignedFeed | Beacon], prices: Mapping[str, int], dice: path.Dice) -> dict[str, int]:
        """By asset, the views (feed's decimals) that deviation or heartbeat asks for; dice fall for due and not due."""
        now, found = self._chain.now(), {}
        told = self._chain.read_all([chainlink.answer_read(feed) for feed in feeds])
        for feed, said in zip(feeds, told, strict=True):
            view = _shifted(prices[feed.asset] // 10 ** (18 - feed.decimals), dice.between(-_VOICE_BPS, _VOICE_BPS))
            moved = abs(view - said[1]) * _BPS >= said[1] * feed.deviation_bps
            if moved or now - said[3] >= feed.heartbeat:
                found[feed.asset] = view
        return found

    def _trade_noise(self, prices: Mapping[str, int], dice: path.Dice) -> int:
        pool = self._book.pools[dice.below(len(self._book.pools))]
        symbols = (pool.token0, pool.token1) if dice.below(2) else (pool.token1, pool.token0)
        sell, buy = (self._book.tokens[symbol] for symbol in symbols)
        amount = dice.between(*_NOISE_USD) * 10**18 * 10**sell.decimals // prices[sell.asset]
        router, trader = self._book.contracts["swap_router_02"], self._book.address("trader")
        uniswap.swap(self._chain, router, sell, buy, pool.fee, amount, trader)
        return 1

    def _arbitrage(self, pool: Pool, sqrt_price: int, prices: Mapping[str, int]) -> int:
        """One swap to the edge of the fee band if the pool is outside; 0 where it is inside, or others were faster."""
        low, high = uniswap.fee_band(pool, self._book.tokens, prices)
        if low <= sqrt_price <= high:
            return 0
        token0, token1 = self._book.tokens[pool.token0], self._book.tokens[pool.token1]
        sell, buy, edge = (token0, token1, high) if sqrt_price > high else (token1, token0, low)
        amount = _ARBITRAGE_USD * 10**18 * 10**sell.decimals // prices[sell.asset]
        router, maker = self._book.contracts["swap_router_02"], self._book.address("maker")
        try:
            uniswap.swap(self._chain, router, sell, buy, pool.fee, amount, maker, edge)
        except CallReverted as error:
            if _PASSED not in error.reason:
                raise
            return 0
        return 1

    def _arbitrage_pair(self, pair: Pair, prices: Mapping[str, int]) -> int:
        """One swap that leaves a V2 pair where trading on no longer pays; 0 where none is worth its gas."""
        token0, token1 = self._book.tokens[pair.token0], self._book.tokens[pair.token1]
        [reserves] = self._chain.read_all([uniswap_v2.reserves_read(pair)])
        worth0, worth1 = (prices[token.asset] * 10 ** (18 - token.decimals) for token in (token0, token1))
        router, maker = self._book.contracts["v2_router_02"], self._book.address("maker")
        ways = (
            (token0, token1, uniswap_v2.to_band(reserves[0], reserves[1], worth0, worth1)),
            (token1, token0, uniswap_v2.to_band(reserves[1], reserves[0], worth1, worth0)),
        )
        for sell, buy, amount in ways:
            if amount:
                uniswap_v2.swap(self._chain, router, sell, buy, amount, maker)
                return 1
        return 0


def _shifted(value: int, bps: int) -> int:
    return value * (_BPS + bps) // _BPS


def _slot0(pool: Pool) -> Read:
    return Read(pool.address, "slot0()", uniswap.SLOT0)
