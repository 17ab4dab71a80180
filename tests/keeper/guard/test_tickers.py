"""The exchanges' veto: whom it counts, what it leaves alone, and that it never touches an exit or a claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from keeper.guard import Facts, Veto, check, tickers
from keeper.model import ActionKind, Check, GuardVerdict, PriceObservation, PriceVerdict
from keeper.units import WAD, Bps, Usd18
from tests.keeper.guard.test_checks import GOOD, SEEN, told
from tests.keeper.world import USDC, WBTC, WETH, asset_with, ticker

VETO = Veto(2, Bps(200))


def heard(*said: PriceObservation, veto: Veto | None = VETO) -> Facts:
    return replace(GOOD, snapshot=replace(SEEN, tickers=said), veto=veto)


def eth(source: str, usd: int = 2_500, verdict: PriceVerdict = PriceVerdict.OK) -> PriceObservation:
    return ticker(WETH, source, Usd18(usd * WAD), verdict, "" if verdict is PriceVerdict.OK else "so it is")


def test_two_products_of_one_exchange_are_one_voice() -> None:
    lone = heard(eth("coinbase:ETH-USD"), eth("coinbase:ETH-USDC"), eth("kraken:ETHUSD", verdict=PriceVerdict.STALE))
    found = tickers.enough(lone)
    assert (found.verdict, found.value, found.limit) == (GuardVerdict.HOLD, 1, 2)
    assert found.reason.endswith("kraken:ETHUSD stale: so it is")


def test_an_asset_that_one_exchange_is_asked_for_wants_that_one() -> None:
    others = (eth("coinbase:ETH-USD"), eth("kraken:ETHUSD"))
    alone = ticker(USDC, "kraken:USDCUSD", Usd18(WAD))
    assert tickers.enough(heard(*others, alone)).verdict is GuardVerdict.PASS
    lost = replace(alone, price=None, verdict=PriceVerdict.ERROR, reason="HTTP 500")
    found = tickers.enough(heard(*others, lost))
    assert (found.verdict, found.value, found.limit) == (GuardVerdict.HOLD, 0, 1)
    assert found.reason.startswith("USDC has 0 good exchanges, 1 are wanted")


def test_the_one_that_lacks_most_is_named() -> None:
    worse = [ticker(WBTC, name, None, PriceVerdict.ERROR, "HTTP 500") for name in ("coinbase:BTC-USD", "kraken:XBTUSD")]
    found = tickers.enough(heard(eth("coinbase:ETH-USD"), eth("kraken:ETHUSD", verdict=PriceVerdict.OUTLIER), *worse))
    assert found.reason.startswith("WBTC has 0 good exchanges, 2 are wanted")


def test_configured_exchanges_that_are_asked_nothing_hold() -> None:
    found = tickers.enough(heard())
    assert found.verdict is GuardVerdict.HOLD
    assert "no exchange is asked for any asset" in found.reason


def test_without_exchanges_there_is_no_veto() -> None:
    off = heard(veto=None)
    assert check(off).verdict is GuardVerdict.PASS
    assert {tickers.enough(off).reason, tickers.near(off).reason} == {"no exchange is configured"}


@pytest.mark.parametrize(("usd", "verdict"), [(2_450, "PASS"), (2_449, "HOLD"), (2_550, "PASS"), (2_551, "HOLD")])
def test_the_gap_is_allowed_up_to_its_limit_on_both_sides(usd: int, verdict: str) -> None:
    assert tickers.near(told(usd)).verdict == verdict


def test_the_widest_gap_counts_and_what_was_turned_down_does_not() -> None:
    liar = eth("kraken:ETHUSD", 9_999, PriceVerdict.OUTLIER)
    wide = ticker(USDC, "kraken:USDCUSD", Usd18(WAD * 97 // 100))
    found = tickers.near(heard(eth("coinbase:ETH-USD"), liar, wide))
    assert (found.verdict, found.value) == (GuardVerdict.HOLD, 300)
    assert found.reason.startswith("USDC is 300 bps off")


def test_an_asset_that_is_not_counted_holds_nothing() -> None:
    facts = heard(eth("coinbase:ETH-USD"), eth("kraken:ETHUSD"), ticker(USDC, "kraken:USDCUSD", Usd18(2 * WAD)))
    quiet = replace(facts, snapshot=asset_with(facts.snapshot, USDC, counted=False))
    assert tickers.near(facts).verdict is GuardVerdict.HOLD
    assert tickers.near(quiet).verdict is GuardVerdict.PASS
    lost = (*facts.snapshot.tickers[:2], replace(facts.snapshot.tickers[2], verdict=PriceVerdict.STALE))
    assert tickers.enough(replace(facts, snapshot=replace(facts.snapshot, tickers=lost))).verdict is GuardVerdict.HOLD
    assert tickers.enough(replace(quiet, snapshot=replace(quiet.snapshot, tickers=lost))).verdict is GuardVerdict.PASS


@pytest.mark.parametrize("make", [tickers.enough, tickers.near])
def test_a_claim_that_sells_nothing_needs_no_price_and_one_that_sells_does(make: Callable[[Facts], Check]) -> None:
    bad = heard(eth("coinbase:ETH-USD", 9_999), eth("kraken:ETHUSD", 9_999, PriceVerdict.STALE))
    claim = replace(bad, decision=replace(bad.decision, action=ActionKind.HARVEST, orders=()))
    sale = replace(bad, decision=replace(bad.decision, action=ActionKind.HARVEST))
    assert make(claim).verdict is GuardVerdict.PASS
    assert make(sale).verdict is make(bad).verdict is GuardVerdict.HOLD


@pytest.mark.parametrize("action", [ActionKind.HALT, ActionKind.FLATTEN])
def test_no_exchange_holds_an_exit_back(action: ActionKind) -> None:
    bad = replace(heard(), decision=replace(GOOD.decision, action=action, orders=()))
    assert not {"tickers", "ticker-gap"} & {found.name for found in check(bad).checks}
