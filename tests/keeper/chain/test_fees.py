"""What is bid for gas."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.chain.fees import Deferred, Fees, first_bid, next_base_fee, quote
from keeper.config import load_profile
from keeper.units import GWEI, Wei

ANVIL = load_profile("anvil")
BUMP = ANVIL.replacement.min_bump_bps
CEILING = Wei(100 * GWEI)


def test_gas_above_the_highest_first_bid_waits_and_says_both_figures() -> None:
    found = quote(ANVIL, Wei(80 * GWEI), CEILING)
    assert isinstance(found, Deferred)
    assert found.needed == 80 * GWEI + ANVIL.priority_fee_floor_wei
    assert found.ceiling == CEILING
    assert found.reason == (
        "gas costs 80.001 gwei, and 79.012 gwei is the highest first bid under the ceiling of 100.000 gwei"
    )


def test_the_vaults_own_ceiling_counts_where_it_is_lower() -> None:
    assert isinstance(quote(ANVIL, Wei(20 * GWEI), CEILING, Wei(10 * GWEI)), Deferred)
    assert isinstance(quote(ANVIL, Wei(20 * GWEI), CEILING, Wei(0)), Fees)


def test_a_bid_stands_six_full_blocks() -> None:
    found = quote(ANVIL, Wei(10 * GWEI), CEILING)
    assert isinstance(found, Fees)
    base = 10 * GWEI
    for _ in range(5):
        base = next_base_fee(base, 30_000_000, 30_000_000)
    assert found.max_fee >= base + found.priority_fee
    assert found.expected == 10 * GWEI + ANVIL.priority_fee_floor_wei


@given(st.integers(0, 200 * GWEI), st.integers(1, 200 * GWEI))
def test_two_raises_always_fit_under_the_ceiling(base: int, ceiling: int) -> None:
    found = quote(ANVIL, Wei(base), Wei(ceiling))
    if isinstance(found, Fees):
        assert Fraction(found.max_fee) * Fraction(10_000 + BUMP, 10_000) ** 2 <= ceiling
        assert found.priority_fee <= found.max_fee
        assert found.expected <= found.max_fee
    else:
        assert found.needed > first_bid(Wei(ceiling), BUMP)


@pytest.mark.parametrize(
    ("base", "used", "limit", "expected"),
    [
        # Ethereum 12965001: the first block after London's, from its parent's header
        (1_000_000_000, 30_025_257, 30_029_122, 1_124_967_822),
        (1_000_000_000, 15_000_000, 30_000_000, 1_000_000_000),
        (1_000_000_000, 0, 30_000_000, 875_000_000),
        (7, 30_000_000, 30_000_000, 8),
        (1, 0, 0, 1),
    ],
)
def test_the_next_base_fee_is_the_protocols(base: int, used: int, limit: int, expected: int) -> None:
    assert next_base_fee(base, used, limit) == expected
