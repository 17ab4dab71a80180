"""The vault's oracle computed again: each voice from what it reads, the cluster from the voices (IPriceOracle)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from tests.audit.faults import NodeSilent
from tests.audit.node import Node

_BPS = 10_000
_ONE = 10**18
_YEAR = 365 * 24 * 3600
_NOBODY = "0x" + "0" * 40
_DIGITS = 120
PUSH, TWAP, DERIVED = range(3)


@dataclass(frozen=True, slots=True)
class Cluster:
    """USD with 18 decimals; `late` says that a TWAP is in it or was read for it."""

    mid: int
    low: int
    high: int
    late: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A voice that may be counted."""

    price: int
    push: bool


class Oracle:
    """The oracle at one address, at one block after another, at the block's time; what is fixed is read at `head`."""

    def __init__(self, node: Node, address: str, spread_bps: int, head: int) -> None:
        self._node = node
        self._head = head
        self._address = address
        self._spread = spread_bps

    def cluster(self, token: str, block: int, time: int) -> Cluster:
        """The price of a token as a transaction in `block` saw it. Raises NodeSilent where there is none."""
        (seats,) = self._node.call(self._address, "sources(address)", "address[]", token, block=self._head)
        if self._fixed(seats[0], "kind()", "uint8") == DERIVED:
            return self._derived(seats[0], block, time)
        first, second = (self._hear(seat, block, time) for seat in seats[:2])
        if first and second and second.push and _within([first.price, second.price], self._spread, 2):
            return _middle([first.price, second.price], late=False)
        heard = [first, second, *(self._hear(seat, block, time) for seat in seats[2:])]
        return _largest([one for one in heard if one], self._spread, f"{token} at block {block}")

    def voices(self, token: str, block: int, time: int) -> list[tuple[str, int]]:
        """Every source of a token at a block, and what it says by this computation; 0 where it does not count."""
        (seats,) = self._node.call(self._address, "sources(address)", "address[]", token, block=self._head)
        found = []
        for seat in seats:
            if self._fixed(seat, "kind()", "uint8") == DERIVED:
                found.append((seat, self._rate(seat, block, time)))
            else:
                heard = self._hear(seat, block, time)
                found.append((seat, heard.price if heard else 0))
        return found

    def _derived(self, source: str, block: int, time: int) -> Cluster:
        base = self.cluster(self._fixed(source, "underlying()", "address"), block, time)
        rate = self._rate(source, block, time)
        mid, low, high = (price * rate // _ONE for price in (base.mid, base.low, base.high))
        return Cluster(mid, low, high, base.late)

    def _rate(self, source: str, block: int, time: int) -> int:
        """Whole underlying for one whole share, 18 decimals, never above what time allows."""
        share, asset = (self._fixed(source, name, "address") for name in ("token()", "underlying()"))
        unit, asset_unit = (10 ** self._fixed(token, "decimals()", "uint8") for token in (share, asset))
        (worth,) = self._node.call(share, "convertToAssets(uint256)", "uint256", unit, block=block)
        listed = self._fixed(source, "rateAtListing()", "uint128")
        growth = self._fixed(source, "maxGrowthBpsPerYear()", "uint32")
        since = time - self._fixed(source, "listedAt()", "uint40")
        return int(min(worth * _ONE // asset_unit, listed + listed * growth * since // (_BPS * _YEAR)))

    def _hear(self, source: str, block: int, time: int) -> Said | None:
        kind = self._fixed(source, "kind()", "uint8")
        price = self._push(source, block, time) if kind == PUSH else self._twap(source, block, time)
        return Said(price, kind == PUSH) if price else None

    def _push(self, source: str, block: int, time: int) -> int:
        """A push feed's price; 0 where it is stale, ahead of the block or not positive."""
        feed = self._fixed(source, "feed()", "address")
        decimals = self._fixed(source, "feedDecimals()", "uint8")
        _, answer, _, stamped, _ = self._node.call(
            feed, "latestRoundData()", "uint80,int256,uint256,uint256,uint80", block=block
        )
        if answer <= 0 or stamped > time or time - stamped > self._fixed(source, "maxAge()", "uint32"):
            return 0
        sequencer = self._fixed(source, "sequencerFeed()", "address")
        if sequencer != _NOBODY:
            _, down, since, _, _ = self._node.call(
                sequencer, "latestRoundData()", "uint80,int256,uint256,uint256,uint80", block=block
            )
            if down or not 0 < since <= time or time - since <= self._fixed(source, "grace()", "uint32"):
                return 0
        return int(answer * 10 ** (18 - decimals) if decimals <= 18 else answer // 10 ** (decimals - 18))

    def _twap(self, source: str, block: int, time: int) -> int:
        """A pool's mean log price over the window, in USD by the fresh quote feeds; 0 where it does not count.

        A swap in the same block moves no accumulator at the block's own time: the state after it gives the same mean.
        """
        pool, window = self._fixed(source, "pool()", "address"), self._fixed(source, "window()", "uint32")
        try:
            ticks, inverse = self._node.call(pool, "observe(uint32[])", "int56[],uint160[]", [window, 0], block=block)
        except NodeSilent:
            return 0  # the pool is younger than the window
        depth = (inverse[1] - inverse[0]) % 2**160
        if not depth or (window << 128) // depth < self._fixed(source, "minLiquidity()", "uint128"):
            return 0
        quotes = [self._fixed(source, name, "address") for name in ("quoteOne()", "quoteTwo()")]
        fresh = [self._push(quote, block, time) for quote in quotes if quote != _NOBODY]
        fresh = [price for price in fresh if price]
        if not fresh:
            return 0
        token, zero = self._fixed(source, "token()", "address"), self._fixed(pool, "token0()", "address")
        other = self._fixed(pool, "token1()", "address") if token == zero else zero
        units = [10 ** self._fixed(side, "decimals()", "uint8") for side in (token, other)]
        tick = (ticks[1] - ticks[0]) // window
        return _at_tick(tick if token == zero else -tick, units[0], units[1], sum(fresh) // len(fresh))

    def _fixed(self, to: str, signature: str, kind: str) -> Any:
        """What a contract was made with, read once at the head."""
        return self._node.call(to, signature, kind, block=self._head)[0]


def _at_tick(tick: int, unit: int, quote_unit: int, quote_price: int) -> int:
    """USD of one whole token at a tick (log base 1.0001 of raw quote per raw token), rounded down."""
    with localcontext() as context:
        context.prec = _DIGITS
        return int(Decimal("1.0001") ** tick * quote_price * unit / quote_unit)


def _within(prices: Sequence[int], spread_bps: int, divisor: int = 1) -> bool:
    return (max(prices) - min(prices)) * _BPS * divisor <= spread_bps * min(prices)


def _middle(prices: Sequence[int], *, late: bool) -> Cluster:
    ordered = sorted(prices)
    below, above = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return Cluster(below + (above - below) // 2, ordered[0], ordered[-1], late)


def _largest(heard: Sequence[Said], spread_bps: int, what: str) -> Cluster:
    """The largest set within the spread, of two or more with a push feed among them; then that with more push feeds."""
    ordered = sorted(heard, key=lambda one: one.price)
    runs = [ordered[start:end] for start in range(len(ordered)) for end in range(start + 2, len(ordered) + 1)]
    runs = [run for run in runs if _within([one.price for one in run], spread_bps) and any(one.push for one in run)]
    ranks = sorted(((len(run), sum(one.push for one in run)) for run in runs), reverse=True)
    if not ranks or ranks[:2] == [ranks[0]] * 2:
        raise NodeSilent(f"no cluster of voices on {what}, and yet the vault traded")
    best = next(run for run in runs if (len(run), sum(one.push for one in run)) == ranks[0])
    return _middle([one.price for one in best], late=not all(one.push for one in heard))
