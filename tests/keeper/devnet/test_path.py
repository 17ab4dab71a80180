"""The story of prices: the same for a seed everywhere, and lively enough to need a keeper."""

from __future__ import annotations

import hashlib
import json

import pytest

from keeper.devnet import path
from keeper.devnet.full import FULL_PRICES
from keeper.devnet.furnish import PRICES

WEIGHTS_BPS = {"ETH": 4000, "BTC": 2500, "USDC": 3500}
BAND_BPS = 200
LEAST_REBALANCES = 4


def breaches(prices: tuple[dict[str, int], ...]) -> int:
    """How often drift (half the sum of weight differences) passes the band when every breach is put right at once."""
    held = {asset: bps * 10**30 // prices[0][asset] for asset, bps in WEIGHTS_BPS.items()}
    count = 0
    for now in prices[1:]:
        values = {asset: held[asset] * now[asset] for asset in held}
        nav = sum(values.values())
        drift = sum(abs(values[asset] * 10_000 - bps * nav) for asset, bps in WEIGHTS_BPS.items()) // (2 * nav)
        if drift > BAND_BPS:
            count += 1
            held = {asset: nav * bps // 10_000 // now[asset] for asset, bps in WEIGHTS_BPS.items()}
    return count


@pytest.mark.parametrize("steps", [24, 40, 60])
@pytest.mark.parametrize("seed", range(1, 9))
def test_a_two_percent_band_is_left_at_least_four_times(seed: int, steps: int) -> None:
    assert breaches(path.told(seed, steps, PRICES)) >= LEAST_REBALANCES


def test_a_seed_tells_one_story_and_another_seed_another() -> None:
    assert path.told(7, 40, PRICES) == path.told(7, 40, PRICES)
    assert path.told(7, 40, PRICES) != path.told(8, 40, PRICES)


def test_the_story_of_seed_seven_is_the_one_written_down() -> None:
    """Guards against a Python or Decimal that would tell it differently."""
    text = json.dumps(path.told(7, 40, PRICES), sort_keys=True)
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "25125d9d2adc7aee25f9c002da9b96eaa36455c998b939179debad6accc91fb8"
    )


def test_it_opens_at_the_opening_prices_and_passes_its_waypoints() -> None:
    steps = 100
    told = path.told(3, steps, PRICES)
    assert len(told) == steps + 1
    assert told[0] == PRICES
    for waypoint in path.SHORT[1:]:
        assert abs(told[waypoint.percent]["ETH"] - int(PRICES["ETH"] * waypoint.eth)) < 10**6
        assert abs(told[waypoint.percent]["BTC"] - int(PRICES["BTC"] * waypoint.btc)) < 10**6


def test_prices_are_whole_numbers_and_the_dollar_keeps_its_peg() -> None:
    for prices in path.told(5, 60, PRICES):
        assert all(type(price) is int for price in prices.values())
        assert abs(prices["USDC"] - 10**18) <= 2 * 10**14


def test_dice_of_different_labels_fall_differently_and_stay_in_bounds() -> None:
    one, other = path.Dice(1, "a"), path.Dice(1, "b")
    assert [one.below(10**6) for _ in range(5)] != [other.below(10**6) for _ in range(5)]
    thrown = [path.Dice(2, "c", k).between(-3, 3) for k in range(500)]
    assert set(thrown) == set(range(-3, 4))


def test_more_assets_change_nothing_about_the_others_prices() -> None:
    quick, full = path.told(7, 40, PRICES), path.told(7, 40, FULL_PRICES)
    assert [{asset: step[asset] for asset in PRICES} for step in full] == list(quick)
    assert set(full[-1]) == set(FULL_PRICES)
    assert len({step["LINK"] * 10**6 // step["ETH"] for step in full}) > 20, "LINK does more than follow ETH"
    assert all(abs(step["DAI"] - 10**18) <= 2 * 10**14 for step in full)
