"""The envelope as the chain has it: limits, assets, routes and claims of the rulebook; floors and bounds from them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.audit import words
from tests.audit.case import WHOLE, Case
from tests.audit.faults import NodeSilent
from tests.audit.oracle import Cluster, Oracle

_BPS = 10_000
_DAY, _MONTH, _HOUR = 86_400, 30 * 86_400, 3_600
FEED_ERROR_BPS = 50
"""The published bounds' assumption of how far one feed may be off the market."""
REWARD_ERROR_BPS = 100
"""The same of a reward's feeds."""


def up(number: int, by: int) -> int:
    """A quotient, rounded up."""
    return -(-number // by)


@dataclass(frozen=True, slots=True)
class Listed:
    """An asset of the rulebook."""

    token: str
    decimals: int
    safe_rank: int
    depeg_bps: int


@dataclass(frozen=True, slots=True)
class Way:
    """A route of the rulebook; `asset_in` 255 is the reward of `claim`."""

    asset_in: int
    asset_out: int
    claim: int
    slip_bps: int
    enabled: bool
    adapter: str
    venue: str


class Rules:
    """Read once, at the head; nothing in this release changes them but roles and targets."""

    def __init__(self, case: Case) -> None:
        node, book, head = case.node, case.rulebook, case.record.head
        (found,) = node.call(book, "limits()", words.LIMITS, block=head)
        self.limits: dict[str, int] = {name: int(value) for name, value in zip(words.LIMIT_NAMES, found, strict=True)}
        (assets,) = node.call(book, "assets()", f"{words.ASSET}[]", block=head)
        self.assets = tuple(Listed(row[0].lower(), row[1], row[2], row[6]) for row in assets)
        (routes,) = node.call(book, "routes()", f"{words.ROUTE}[]", block=head)
        self.ways = tuple(Way(row[0], row[1], row[2], row[3], row[4], row[5].lower(), row[6].lower()) for row in routes)
        (claims,) = node.call(book, "claims()", f"{words.CLAIM}[]", block=head)
        self.rewards = tuple(row[1].lower() for row in claims)
        self._claimed = tuple(bool(row[3]) for row in claims)
        self.payout = str(node.call(book, "payout()", "address", block=head)[0]).lower()
        (oracle,) = node.call(book, "oracle()", "address", block=head)
        self.oracle = Oracle(node, oracle, self.limits["spreadBps"], head)
        self._decimals = {row.token: row.decimals for row in self.assets} | {
            one.token: one.decimals for one in case.rewards
        }

    def sold_by(self, way: Way) -> str:
        """The token a route sells."""
        return self.rewards[way.claim] if way.asset_in == words.REWARD else self.assets[way.asset_in].token

    def bought_by(self, way: Way) -> str:
        """The token a route buys."""
        return self.assets[way.asset_out].token

    def floor(self, way: Way, amount: int, block: int, time: int, slip_bps: int | None = None) -> tuple[int, bool]:
        """The least that a trade of `amount` must bring by the oracle, and whether a TWAP was heard for it."""
        token_in, token_out = self.sold_by(way), self.bought_by(way)
        sold, bought = (self.oracle.cluster(token, block, time) for token in (token_in, token_out))
        slip = way.slip_bps if slip_bps is None else slip_bps
        return self._floor(amount, token_in, sold, token_out, bought, slip), sold.late or bought.late

    def _floor(self, amount: int, token_in: str, sold: Cluster, token_out: str, bought: Cluster, slip: int) -> int:
        value = up(amount * sold.high, 10 ** self._decimals[token_in])
        least = up(value * (_BPS - slip), _BPS)
        return up(least * 10 ** self._decimals[token_out], bought.low)

    def refuge(self, block: int, time: int) -> int | None:
        """The index of the first safe asset by rank whose price lies inside its band around a dollar; None for none."""
        ranked = sorted((one.safe_rank, index) for index, one in enumerate(self.assets) if one.safe_rank)
        for _, index in ranked:
            try:
                price = self.oracle.cluster(self.assets[index].token, block, time).mid
            except NodeSilent:
                continue  # no cluster: it has no price, and is no refuge
            if abs(price - WHOLE) * _BPS <= self.assets[index].depeg_bps * WHOLE:
                return index
        return None

    # ------------------------------------------------------------------------------------------------ bounds

    def episode(self, hours: int) -> tuple[int, int]:
        """What a stolen keeper's key may cost in so many hours, by the oracle and truly: shares of NAV, rounded up."""
        limits, seconds = self.limits, hours * _HOUR
        loss = self._tighter("lossDayBps", "lossMonthBps", seconds)
        turnover = self._tighter("turnoverDayBps", "turnoverMonthBps", seconds)
        rewarded = [way for way in self.ways if way.asset_in == words.REWARD and self._claimed[way.claim]]
        sales = [way.slip_bps for way in rewarded if way.enabled]
        sold = _within(limits["harvestCapBps"], _DAY, seconds) if sales else 0
        slip = max(sales, default=0)
        two = 2 * FEED_ERROR_BPS
        rewards = up(sold * (slip + REWARD_ERROR_BPS + FEED_ERROR_BPS), _BPS)
        truly = loss + up(turnover * two, _BPS) + rewards
        return loss + up(sold * slip, _BPS), truly

    def flatten_once(self) -> int:
        """What one flatten by the keeper's key may cost, as a share of what it sells."""
        exits = [
            way.slip_bps
            for way in self.ways
            if way.enabled and way.asset_in != words.REWARD and self.assets[way.asset_out].safe_rank
        ]
        return (max(exits, default=0) + 2 * FEED_ERROR_BPS) * WHOLE // _BPS

    def _tighter(self, day: str, month: str, seconds: int) -> int:
        return min(_within(self.limits[day], _DAY, seconds), _within(self.limits[month], _MONTH, seconds))


def _within(figure_bps: int, window: int, seconds: int) -> int:
    """Half a published figure, and what leaks of the other half: a share, rounded up."""
    return up(figure_bps * (WHOLE // _BPS) * (window + seconds), 2 * window)
