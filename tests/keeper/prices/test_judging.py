"""What becomes of what was heard: age, currency, and the fences around an asset's median."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keeper.model import PriceObservation, PriceVerdict, SourceKind
from keeper.prices import Heard, Product, Said, judged
from keeper.prices.judging import MAD_FACTOR, MOST_AHEAD, NARROWEST
from keeper.units import WAD, Bps, Seconds, Timestamp, Usd18, median_down

NOW = Timestamp(1_800_000_000)
OK, STALE, OUTLIER, ERROR = PriceVerdict.OK, PriceVerdict.STALE, PriceVerdict.OUTLIER, PriceVerdict.ERROR
WETH, USDC = 0, 2
Quote = Literal["USD", "USDC"]


def eth(exchange: str, usd: str | int, *, age: int = 3, quote: Quote = "USD", fault: str = "") -> Heard:
    return heard(Product(WETH, "WETH", exchange, f"ETH-{quote}", quote, "http://127.0.0.1"), usd, age, fault)


def usdc(exchange: str, usd: str | int, *, age: int = 3, fault: str = "") -> Heard:
    return heard(Product(USDC, "USDC", exchange, "USDC-USD", "USD", "http://127.0.0.1"), usd, age, fault)


def heard(product: Product, usd: str | int, age: int, fault: str) -> Heard:
    said = None if fault else Said(Usd18(int(Fraction(usd) * WAD)), Timestamp(NOW - age))
    return Heard(product, said, fault)


def verdicts(*said: Heard, outlier_bps: int = 100) -> list[PriceVerdict]:
    return [one.verdict for one in judge(*said, outlier_bps=outlier_bps)]


def judge(*said: Heard, outlier_bps: int = 100) -> tuple[PriceObservation, ...]:
    return judged(said, NOW, max_age=Seconds(60), outlier_bps=Bps(outlier_bps))


def test_a_fault_is_an_error_with_its_reason_and_no_price() -> None:
    (found,) = judge(eth("kraken", 0, fault="HTTP 503"))
    assert found == PriceObservation(
        WETH, "kraken:ETH-USD", SourceKind.TICKER, None, Timestamp(0), Seconds(0), ERROR, "HTTP 503"
    )


def test_old_and_future_tickers_are_told_apart_at_their_limits() -> None:
    ages = (60, 61, -MOST_AHEAD, -MOST_AHEAD - 1)
    found = judge(*(replace(eth(f"e{age}", 2_500, age=age)) for age in ages))
    assert [one.verdict for one in found] == [OK, STALE, OK, ERROR]
    assert [one.age for one in found] == [60, 61, 0, 0]
    assert found[1].reason == "61 s old, allowed are 60 s"
    assert found[3].reason == "stamped 61 s ahead, allowed are 60 s"
    assert found[1].price == 2_500 * WAD


def test_usdc_is_not_a_dollar() -> None:
    found = judge(eth("a", 2_500, quote="USDC", age=1), usdc("k", "0.88", age=9))
    assert (found[0].price, found[0].age, found[0].updated_at) == (2_200 * WAD, 9, NOW - 9)
    assert [one.verdict for one in found] == [OK, OK]


@pytest.mark.parametrize(
    "rate",
    [[], [usdc("k", 1, age=61)], [usdc("k", 1, fault="HTTP 500")], [usdc("k", 1), usdc("c", "0.9")]],
    ids=["none", "stale", "error", "two that differ"],
)
def test_without_a_good_ticker_of_usdc_what_is_quoted_in_it_is_dropped(rate: list[Heard]) -> None:
    found = judge(eth("a", 2_500, quote="USDC"), *rate)[0]
    assert (found.verdict, found.price) == (ERROR, None)
    assert found.reason == "quoted in USDC, and no good ticker of USDC in USD was heard"


def test_a_dropped_quote_in_usdc_keeps_its_own_reason() -> None:
    found = judge(eth("a", 2_500, quote="USDC", age=61))[0]
    assert (found.verdict, found.price, found.reason) == (STALE, None, "61 s old, allowed are 60 s")


def test_a_usdc_quote_at_par_would_be_the_outlier_that_its_conversion_is_not() -> None:
    depegged = (eth("a", 2_500), eth("b", 2_841, quote="USDC"), usdc("k", "0.88"))
    assert verdicts(*depegged) == [OK, OK, OK]
    assert verdicts(*depegged[:2], usdc("k", 1)) == [OUTLIER, OUTLIER, OK]


def test_two_that_differ_are_both_outliers_one_alone_is_none() -> None:
    assert verdicts(eth("a", 2_500), eth("b", 2_550)) == [OK, OK]
    assert verdicts(eth("a", 2_500), eth("b", 2_552)) == [OUTLIER, OUTLIER]
    assert verdicts(eth("a", 9_999)) == [OK]


def test_a_liar_among_three_is_found() -> None:
    found = judge(eth("a", 2_500), eth("b", 2_501), eth("c", 2_750))
    assert [one.verdict for one in found] == [OK, OK, OUTLIER]
    assert found[2].reason == "996 bps off the median of 3 tickers, allowed are 20"
    assert found[2].price == 2_750 * WAD


def test_a_stale_or_failed_ticker_does_not_move_the_median() -> None:
    old = (eth("x", 9_000, age=99), eth("y", 9_000, age=99), eth("z", 0, fault="HTTP 500"))
    assert verdicts(eth("a", 2_500), eth("b", 2_501), *old) == [OK, OK, STALE, STALE, ERROR]


def test_close_agreement_rejects_nobody_inside_the_narrowest_fence() -> None:
    assert verdicts(eth("a", 2_500), eth("b", 2_500), eth("c", 2_505)) == [OK, OK, OK]
    assert verdicts(eth("a", 2_500), eth("b", 2_500), eth("c", "2505.01")) == [OK, OK, OUTLIER]


def test_wide_disagreement_stops_at_the_fixed_fence() -> None:
    spread = [eth(name, usd) for name, usd in zip("abcde", (2_400, 2_450, 2_500, 2_550, 2_600), strict=True)]
    assert verdicts(*spread) == [OUTLIER, OUTLIER, OK, OUTLIER, OUTLIER]
    assert verdicts(*spread, outlier_bps=300) == [OUTLIER, OK, OK, OK, OUTLIER]


def test_assets_do_not_judge_one_another_and_order_is_kept() -> None:
    mixed = (usdc("k", 1), eth("a", 2_500), usdc("c", 1), eth("b", 2_501))
    assert [one.source for one in judge(*mixed)] == [one.product.source for one in mixed]
    assert verdicts(*mixed) == [OK] * 4


PRICES = st.lists(st.integers(1, 10**24), min_size=1, max_size=9)


def heard_all(prices: list[int]) -> list[Heard]:
    return [replace(eth(f"e{i}", 1), said=Said(Usd18(price), NOW)) for i, price in enumerate(prices)]


@given(PRICES)
def test_the_median_has_as_many_below_as_above(prices: list[int]) -> None:
    middle = median_down(prices)
    assert sum(price < middle for price in prices) * 2 <= len(prices)
    assert sum(price > middle for price in prices) * 2 <= len(prices)
    assert min(prices) <= middle <= max(prices)
    assert median_down(list(reversed(prices))) == middle


@given(PRICES, st.integers(1, 5_000))
def test_the_fences_are_those_written_down(prices: list[int], outlier_bps: int) -> None:
    middle = median_down(prices)
    fixed = middle * outlier_bps // 10_000
    spread = median_down([abs(price - middle) for price in prices])
    fence = min(fixed, max(MAD_FACTOR * spread, fixed // NARROWEST))
    found = judge(*heard_all(prices), outlier_bps=outlier_bps)
    assert [one.verdict is OK for one in found] == [abs(price - middle) <= fence for price in prices]
    assert [one.price for one in found] == prices


@given(st.lists(st.integers(10**21, 10**21 + 10**18), min_size=2, max_size=5), st.data())
def test_a_minority_of_liars_never_moves_what_is_left_out_of_the_honest_range(
    honest: list[int], data: st.DataObject
) -> None:
    liars = data.draw(st.lists(st.integers(1, 10**24), max_size=len(honest) - 1))
    assume(all(abs(lie - 10**21) > 10**20 for lie in liars))
    said = data.draw(st.permutations(honest + liars))
    left = [one.price for one in judge(*heard_all(said)) if one.verdict is OK and one.price is not None]
    assert left, "the honest majority is heard"
    assert min(honest) <= median_down(left) <= max(honest)
    assert not set(left) & set(liars)


def test_no_numbers_have_no_median() -> None:
    with pytest.raises(ValueError, match="no median"):
        median_down([])
