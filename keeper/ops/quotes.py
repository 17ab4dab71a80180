"""The doctor's look at the exchanges: one line each, and what none of them is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from keeper.chain.lens import Observation
from keeper.model import PriceVerdict
from keeper.ops.findings import Finding, good, warned
from keeper.ops.post import Post
from keeper.units import format_units


def of_tickers(post: Post, seen: Observation) -> Iterator[Finding]:
    """Every exchange with what it said; where none is asked, that."""
    exchanges = post.settings.file.prices.exchanges
    if not exchanges:
        yield good("tickers", "off: [prices] names no exchange, so none can hold a trade back")
        return
    for name in exchanges:
        yield _exchange(name, seen)
    asked = {ticker.asset for ticker in seen.snapshot.tickers}
    alone = [asset.symbol for asset in seen.snapshot.assets if asset.counted and asset.index not in asked]
    if alone:
        yield good("tickers", f"no exchange is asked for {', '.join(alone)}: the vault's own voices stand alone there")


def _exchange(name: str, seen: Observation) -> Finding:
    heard = [ticker for ticker in seen.snapshot.tickers if ticker.exchange == name]
    if not heard:
        return warned(
            f"tickers.{name}", "nothing is asked of it", f"give [prices.{name}] products of this vault's assets"
        )
    bad = [ticker for ticker in heard if ticker.verdict is not PriceVerdict.OK]
    if bad:
        lost = ", ".join(f"{ticker.source} {ticker.verdict}: {ticker.reason}" for ticker in bad)
        return warned(f"tickers.{name}", lost, f"wait for the exchange, or correct [prices.{name}]")
    said = ", ".join(
        f"{ticker.source} ${format_units(ticker.price, 18, 4)} {ticker.age} s" for ticker in heard if ticker.price
    )
    return good(f"tickers.{name}", said)
