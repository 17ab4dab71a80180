"""The reference prices of the market's seeded stories, in integers.

Between waypoints the logarithm of a price is a straight line plus a Brownian bridge. Numbers come from a hash, so a
seed tells one story on every version of Python; Decimal's exp and ln round correctly, so on every machine too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from itertools import pairwise

_PRECISION = 40
_UNIFORMS = 12
_RESOLUTION = 2**32
_PEG_BPS = 2
"""USDC and DAI wander this far from a dollar."""
_LINK_BPS = 40
"""LINK follows ETH and wanders this far from it a step, coming back at the end."""


class Dice:
    """A reproducible stream of numbers for a label such as (seed, "path"); other labels give unrelated streams."""

    def __init__(self, *label: int | str) -> None:
        self._label = "/".join(str(part) for part in label)
        self._thrown = 0

    def below(self, bound: int) -> int:
        """An integer in [0, bound), even enough for a market: the bias is under bound / 2^256."""
        self._thrown += 1
        return int.from_bytes(hashlib.sha256(f"{self._label}#{self._thrown}".encode()).digest()) % bound

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        return low + self.below(high - low + 1)

    def normal(self) -> Decimal:
        """Close to a standard normal: twelve uniforms less six, so never beyond ± 6."""
        thrown = sum(self.below(_RESOLUTION) for _ in range(_UNIFORMS))
        return Decimal(thrown) / _RESOLUTION - _UNIFORMS // 2


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Factors of the opening prices when `percent` of it is told; until then they wander `wander_bps` a step."""

    percent: int
    eth: Decimal
    btc: Decimal
    wander_bps: int


Plot = tuple[Waypoint, ...]
SHORT: Plot = (
    Waypoint(0, Decimal("1.00"), Decimal("1.00"), 0),
    Waypoint(10, Decimal("1.00"), Decimal("1.00"), 15),
    Waypoint(35, Decimal("1.36"), Decimal("1.12"), 40),
    Waypoint(55, Decimal("1.30"), Decimal("1.16"), 80),
    Waypoint(85, Decimal("0.88"), Decimal("0.94"), 50),
    Waypoint(100, Decimal("0.90"), Decimal("0.96"), 15),
)
"""Calm, a rally led by ETH, a choppy top, a sell-off, calm: for some 20 to 60 steps."""
DAYS: Plot = (
    Waypoint(0, Decimal("1.00"), Decimal("1.00"), 0),
    Waypoint(5, Decimal("1.01"), Decimal("1.00"), 12),
    Waypoint(27, Decimal("1.43"), Decimal("1.13"), 25),
    Waypoint(37, Decimal("1.13"), Decimal("1.04"), 50),
    Waypoint(47, Decimal("1.38"), Decimal("1.10"), 50),
    Waypoint(73, Decimal("1.35"), Decimal("1.10"), 12),
    Waypoint(78, Decimal("0.94"), Decimal("0.87"), 40),
    Waypoint(100, Decimal("1.10"), Decimal("0.98"), 25),
)
"""Calm, up, chop, calm for more than a day of five, a crash of 30 % within hours, recovery: for 480 steps and more."""
PLOTS = {"short": SHORT, "days": DAYS}
"""What can be told, by the name that a process is given."""


def told(seed: int, steps: int, opening: Mapping[str, int], plot: Plot = SHORT) -> tuple[dict[str, int], ...]:
    """The prices of step 0 (the opening ones) to step `steps`: USD with 18 decimals by asset.

    ETH, BTC and USDC always, LINK and DAI where `opening` has them; those change nothing about the others.
    """
    with localcontext(Context(prec=_PRECISION)):
        eth, btc = _walk(Dice(seed, "path"), steps, plot)
        own = away_of_link(seed, steps)
        peg, other_peg = Dice(seed, "peg"), Dice(seed, "dai")
        prices = [dict(opening)]
        for step in range(1, steps + 1):
            now = {
                "ETH": int(opening["ETH"] * eth[step].exp()),
                "BTC": int(opening["BTC"] * btc[step].exp()),
                "USDC": near_peg(opening["USDC"], peg),
            }
            if "LINK" in opening:
                now["LINK"] = int(opening["LINK"] * (eth[step] + own[step]).exp())
            if "DAI" in opening:
                now["DAI"] = near_peg(opening["DAI"], other_peg)
            prices.append(now)
    return tuple(prices)


def away_of_link(seed: int, steps: int) -> list[Decimal]:
    """By step, the logarithm of how far LINK is from following ETH."""
    return [Decimal(_LINK_BPS) / 10_000 * away for away in bridge(Dice(seed, "link"), steps)]


def near_peg(opening: int, dice: Dice) -> int:
    """A price (USD, 18 decimals) within two bps of where it opened."""
    return opening * (10_000 + dice.between(-_PEG_BPS, _PEG_BPS)) // 10_000


def _walk(dice: Dice, steps: int, plot: Plot) -> tuple[list[Decimal], list[Decimal]]:
    """The logarithms of both factors at every step; BTC shares most of its wandering with ETH."""
    eth, btc = [Decimal(0)], [Decimal(0)]
    for start, end in pairwise(plot):
        length = end.percent * steps // 100 - start.percent * steps // 100
        common = bridge(dice, length)
        own = bridge(dice, length)
        wander = Decimal(end.wander_bps) / 10_000
        for k in range(1, length + 1):
            share = Decimal(k) / length
            eth.append(_between(start.eth, end.eth, share) + wander * common[k])
            btc.append(_between(start.btc, end.btc, share) + wander * (3 * common[k] + 2 * own[k]) / 5)
    return eth, btc


def _between(start: Decimal, end: Decimal, share: Decimal) -> Decimal:
    return start.ln() + share * (end.ln() - start.ln())


def bridge(dice: Dice, length: int) -> list[Decimal]:
    """A random walk of unit steps, tied down to 0 at both ends."""
    walk = [Decimal(0)]
    for _ in range(length):
        walk.append(walk[-1] + dice.normal())
    return [at - walk[-1] * k / max(length, 1) for k, at in enumerate(walk)]
