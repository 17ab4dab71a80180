"""Integers with units: rounding has a direction, and text is exact or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper import units
from keeper.units import WAD, Share18, Usd18

BIG = st.integers(min_value=0, max_value=2**256 - 1)
POSITIVE = st.integers(min_value=1, max_value=2**256 - 1)


@given(BIG, BIG, POSITIVE)
def test_down_and_up_enclose_the_exact_quotient(a: int, b: int, denominator: int) -> None:
    down, up = units.mul_div_down(a, b, denominator), units.mul_div_up(a, b, denominator)
    assert down * denominator <= a * b <= up * denominator
    assert up - down == (0 if a * b % denominator == 0 else 1)


@pytest.mark.parametrize("divide", [units.mul_div_down, units.mul_div_up])
def test_division_refuses_what_it_would_round_the_wrong_way(divide: object) -> None:
    assert callable(divide)
    for arguments in ((-1, 1, 1), (1, -1, 1), (1, 1, 0), (1, 1, -1)):
        with pytest.raises(ValueError, match=r"negative|not above 0"):
            divide(*arguments)


def test_values_and_amounts_agree_on_decimals() -> None:
    price = Usd18(2_000 * WAD)
    assert units.value_of(units.TokenUnits(15 * 10**17), price, 18) == 3_000 * WAD
    assert units.amount_for(Usd18(3_000 * WAD), price, 18) == 15 * 10**17
    assert units.value_of(units.TokenUnits(1), Usd18(WAD), 24) == 0


def test_shares_of_an_empty_whole() -> None:
    assert units.share_of(Usd18(0), Usd18(0)) == 0
    with pytest.raises(ValueError, match="denominator 0"):
        units.share_of(Usd18(1), Usd18(0))
    assert units.share_of(Usd18(1), Usd18(3)) == WAD // 3


@given(st.integers(min_value=0, max_value=10_000))
def test_bps_survive_the_way_through_shares(bps: int) -> None:
    share = units.share_from_bps(units.Bps(bps))
    assert units.bps_up(share) == bps
    assert units.bps_up(Share18(share + 1)) == bps + 1


def test_dollars_are_read_to_the_last_of_eighteen_places() -> None:
    assert units.parse_usd("1500.25") == 1_500_250_000_000_000_000_000
    assert units.parse_usd("0.000000000000000001") == 1
    for text in ("1.", ".5", "-1", "1e3", "1,000", "0.0000000000000000001", "nan", "٢"):
        with pytest.raises(ValueError, match="dollars"):
            units.parse_usd(text)


def test_figures_are_cut_for_the_eye_never_rounded_up() -> None:
    assert units.format_usd(Usd18(1_234_567_899 * 10**15)) == "$1,234,567.89"
    assert units.format_usd(Usd18(-(10**16))) == "-$0.01"
    assert units.format_share(Share18(23_799 * 10**12)) == "2.37 %"
    assert units.format_gwei(units.Wei(1_250_999_999)) == "1.250 gwei"
    assert units.format_units(10**60, 18) == f"{10**42:,}.00"
    assert units.format_units(7, 0, places=0) == "7"
