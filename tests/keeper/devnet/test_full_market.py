"""The market on the full set: more feeds answer, more pools are traded, and the quick story is not changed by it."""

from __future__ import annotations

from keeper.devnet import chainlink, path, uniswap, uniswap_v2
from keeper.devnet.book import Book
from keeper.devnet.full import FULL_PRICES
from keeper.devnet.furnish import PRICES
from keeper.devnet.kit import Chain
from keeper.devnet.market import Market, Step

STEPS = 20
TAKEN = 8
VIEW_BPS = 5
"""What an answer may lie from the reference when it is given: 3 bps of its own, 1 of its oracles, rounding."""
PAIR_EDGE_BPS = 45
"""V2's fee, and the trades that are not worth their gas."""


def test_every_kind_of_feed_follows_the_reference_and_every_pool_comes_back_to_its_band(
    full: Book, hand: Chain
) -> None:
    market = Market(full, seed=7, steps=STEPS)
    answered: set[str] = set()
    for _ in range(TAKEN):
        step = market.step()
        answered |= set(step.answered)
        assert_feeds_follow(full, hand, step)
        assert_pools_in_their_bands(full, hand, step)
    assert {name.partition("/")[2] for name in answered} == {"0", "1", "signed", "api3"}
    assert {name.partition("/")[0] for name in answered} == set(FULL_PRICES)


def assert_feeds_follow(full: Book, hand: Chain, step: Step) -> None:
    for asset, price in step.prices.items():
        for name, feed in (("signed", full.signed[asset]), ("api3", full.beacons[asset])):
            said, reference = chainlink.latest(hand, feed), price // 10 ** (18 - feed.decimals)
            allowed = VIEW_BPS if f"{asset}/{name}" in step.answered else feed.deviation_bps + VIEW_BPS
            assert abs(said.answer - reference) * 10_000 <= allowed * reference
            assert step.time - said.updated_at < feed.heartbeat + 60


def assert_pools_in_their_bands(full: Book, hand: Chain, step: Step) -> None:
    for pool in full.pools:
        low, high = uniswap.fee_band(pool, full.tokens, step.prices)
        assert low <= uniswap.slot0(hand, pool.address)[0] <= high, pool.label
    usdc, weth, _ = hand.read(full.pairs[0].address, "getReserves()", uniswap_v2.RESERVES)
    off = abs(usdc * 10**30 * 10_000 * step.prices["USDC"] // (weth * step.prices["ETH"] * 10**18) - 10_000)
    assert off <= PAIR_EDGE_BPS


def test_more_assets_change_nothing_about_the_others_prices() -> None:
    quick, full = path.told(7, STEPS, PRICES), path.told(7, STEPS, FULL_PRICES)
    assert [{asset: step[asset] for asset in PRICES} for step in full] == list(quick)
    assert set(full[-1]) == set(FULL_PRICES)
    assert len({step["LINK"] * 10**6 // step["ETH"] for step in full}) > STEPS // 2, "LINK does more than follow ETH"
    assert all(abs(step["DAI"] - 10**18) <= 2 * 10**14 for step in full)
