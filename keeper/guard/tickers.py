"""The exchanges' veto: enough of them agree, and with the vault's own price. Sizes never follow them."""

from __future__ import annotations

from collections.abc import Mapping

from keeper.guard.facts import Facts
from keeper.guard.verdicts import made
from keeper.model import ActionKind, AssetState, Check, PriceObservation, PriceVerdict, Snapshot
from keeper.units import BPS, median_down, mul_div_up

OFF = "no exchange is configured"


def enough(facts: Facts) -> Check:
    """Of every asset that exchanges are asked for, enough of them say a fresh price in which they agree."""
    veto = facts.veto
    if veto is None or _needs_no_price(facts):
        return made("tickers", True, OFF if veto is None else "a claim alone needs no price")
    asked = _asked(facts.snapshot)
    if not asked:
        return made("tickers", False, "no exchange is asked for any asset of this vault", unit="exchanges")
    named = {asset.index: asset for asset in facts.snapshot.assets}
    short: list[tuple[int, int, str]] = []
    for index, tickers in asked.items():
        wanted = min(veto.min_sources, len({one.exchange for one in tickers}))
        good = len({one.exchange for one in tickers if one.verdict is PriceVerdict.OK})
        if good < wanted:
            lost = ", ".join(f"{one.source} {one.verdict}: {one.reason}" for one in tickers if _turned_down(one))
            short.append(
                (good, wanted, f"{named[index].symbol} has {good} good exchanges, {wanted} are wanted: {lost}")
            )
    if not short:
        return made("tickers", True, f"{len(asked)} assets have their {veto.min_sources} good exchanges, or all asked")
    good, wanted, text = min(short, key=lambda one: one[0] - one[1])
    return made("tickers", False, text, value=good, limit=wanted, unit="exchanges")


def near(facts: Facts) -> Check:
    """The median of an asset's good tickers is near the vault's own price."""
    veto = facts.veto
    if veto is None or _needs_no_price(facts):
        return made("ticker-gap", True, OFF if veto is None else "a claim alone needs no price")
    gaps = []
    for asset in facts.snapshot.assets:
        prices = [one.price for one in _good(facts.snapshot, asset) if one.price is not None]
        if asset.counted and asset.price and prices:
            gaps.append((mul_div_up(abs(median_down(prices) - asset.price), BPS, asset.price), asset.symbol))
    gap, symbol = max(gaps, default=(0, "no asset"))
    text = f"{symbol} is {gap} bps off the median of its tickers, allowed are {veto.max_gap_bps}"
    return made("ticker-gap", gap <= veto.max_gap_bps, text, value=gap, limit=veto.max_gap_bps, unit="bps")


def _needs_no_price(facts: Facts) -> bool:
    """A harvest that sells nothing: the claim is what it is."""
    return facts.decision.action is ActionKind.HARVEST and not facts.decision.orders


def _asked(snapshot: Snapshot) -> Mapping[int, list[PriceObservation]]:
    """Each counted asset's tickers, good or not, where there are any."""
    counted = [asset.index for asset in snapshot.assets if asset.counted]
    found = {index: [one for one in snapshot.tickers if one.asset == index] for index in counted}
    return {index: tickers for index, tickers in found.items() if tickers}


def _good(snapshot: Snapshot, asset: AssetState) -> list[PriceObservation]:
    return [one for one in snapshot.tickers if one.asset == asset.index and not _turned_down(one)]


def _turned_down(ticker: PriceObservation) -> bool:
    return ticker.verdict is not PriceVerdict.OK
