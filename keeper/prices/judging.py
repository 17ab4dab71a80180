"""From what was heard to observations: pure. Age, then currency, then each asset's tickers against one another.

A price in USDC is worth what the tickers of this very look say USDC is worth; where none does it is dropped, never
taken for dollars. Two fences around an asset's median reject outliers: `outlier_bps` of it, whatever the tickers do;
and MAD_FACTOR times their median absolute deviation (which rejects nobody of two), but never narrower than a fifth of
the first fence, so that tickers which agree closely do not reject one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keeper.model import PriceObservation, PriceVerdict, SourceKind
from keeper.prices.products import Heard, Product
from keeper.units import BPS, WAD, Bps, Seconds, Timestamp, Usd18, median_down, mul_div_down, mul_div_up

MAD_FACTOR = 5
"""Of normally spread tickers one in 1 300 is further out than five times their median absolute deviation."""
NARROWEST = 5
"""The MAD's fence is never narrower than this part of the fixed one."""
MOST_AHEAD = Seconds(60)
"""A ticker may be stamped this far ahead of us: clocks differ."""
_DOLLAR_COIN = "USDC"


@dataclass(frozen=True, slots=True)
class _Seen:
    """An observation beside the product it is of."""

    product: Product
    observed: PriceObservation

    @property
    def good(self) -> bool:
        """Whether nothing speaks against it so far."""
        return self.observed.verdict is PriceVerdict.OK and self.observed.price is not None

    def but(self, verdict: PriceVerdict, reason: str) -> _Seen:
        """The same, turned down; its price stands, to be looked at."""
        return replace(self, observed=replace(self.observed, verdict=verdict, reason=reason))


def judged(
    heard: Sequence[Heard], now: Timestamp, *, max_age: Seconds, outlier_bps: Bps
) -> tuple[PriceObservation, ...]:
    """One observation for everything heard, in its order. Prices in USD with 18 decimals, None where there is none."""
    timed = [_timed(one, now, max_age) for one in heard]
    rates = _fenced(
        [one for one in timed if one.product.symbol == _DOLLAR_COIN and one.product.quote == "USD"], outlier_bps
    )
    in_dollars = [_in_dollars(one, rates, now) for one in timed]
    fenced: dict[str, PriceObservation] = {}
    for asset in sorted({one.product.asset for one in in_dollars}):
        of_asset = [one for one in in_dollars if one.product.asset == asset]
        fenced |= {one.product.source: one.observed for one in _fenced(of_asset, outlier_bps)}
    return tuple(fenced[one.product.source] for one in heard)


def _timed(heard: Heard, now: Timestamp, max_age: Seconds) -> _Seen:
    product, said = heard.product, heard.said
    if said is None:
        nothing = (None, Timestamp(0), Seconds(0), PriceVerdict.ERROR, heard.fault)
        return _Seen(product, PriceObservation(product.asset, product.source, SourceKind.TICKER, *nothing))
    age = Seconds(max(now - said.at, 0))
    known = (said.price, said.at, age, PriceVerdict.OK)
    seen = _Seen(product, PriceObservation(product.asset, product.source, SourceKind.TICKER, *known))
    if said.at - now > MOST_AHEAD:
        return seen.but(PriceVerdict.ERROR, f"stamped {said.at - now} s ahead, allowed are {MOST_AHEAD} s")
    if age > max_age:
        return seen.but(PriceVerdict.STALE, f"{age} s old, allowed are {max_age} s")
    return seen


def _in_dollars(seen: _Seen, rates: Sequence[_Seen], now: Timestamp) -> _Seen:
    """A price in USDC as dollars, as old as the older of the two it is made from; a dropped one is no dollar price."""
    if seen.product.quote == "USD" or seen.observed.price is None:
        return seen
    good = [rate.observed for rate in rates if rate.good]
    prices = [rate.price for rate in good if rate.price is not None]
    if not prices:
        unpriced = replace(seen.observed, price=None)
        if not seen.good:
            return replace(seen, observed=unpriced)
        why = "quoted in USDC, and no good ticker of USDC in USD was heard"
        return _Seen(seen.product, unpriced).but(PriceVerdict.ERROR, why)
    price = Usd18(mul_div_down(seen.observed.price, median_down(prices), WAD))
    since = Timestamp(min(seen.observed.updated_at, *(rate.updated_at for rate in good)))
    age = Seconds(max(now - since, 0))
    return replace(seen, observed=replace(seen.observed, price=price, updated_at=since, age=age))


def _fenced(of_asset: Sequence[_Seen], outlier_bps: Bps) -> list[_Seen]:
    """One asset's tickers, those outside the fences turned down."""
    prices = [one.observed.price for one in of_asset if one.good and one.observed.price is not None]
    if not prices:
        return list(of_asset)
    middle = median_down(prices)
    widest = mul_div_down(middle, outlier_bps, BPS)
    deviation = median_down([abs(price - middle) for price in prices])
    fence = min(widest, max(MAD_FACTOR * deviation, widest // NARROWEST))
    return [_inside(one, middle, fence, len(prices)) for one in of_asset]


def _inside(seen: _Seen, middle: int, fence: int, count: int) -> _Seen:
    if not seen.good or seen.observed.price is None or abs(seen.observed.price - middle) <= fence:
        return seen
    off = mul_div_up(abs(seen.observed.price - middle), BPS, middle)
    allowed = mul_div_down(fence, BPS, middle)
    text = f"{off} bps off the median of {count} tickers, allowed are {allowed}"
    return seen.but(PriceVerdict.OUTLIER, text)
