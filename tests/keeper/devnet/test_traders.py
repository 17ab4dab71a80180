"""Those who trade: pools come back to their fee bands, the provider follows the price, Aave lives."""

from __future__ import annotations

import pytest

from keeper.devnet import course, tokens, uniswap, uniswap_v2
from keeper.devnet.book import Book, Pool
from keeper.devnet.course import Course
from keeper.devnet.feeds import Feeds
from keeper.devnet.kit import Chain
from keeper.devnet.traders import Traders, TradersStep

STEPS = 40
HALF_HOUR = 1800
PERCENT_IN_TICKS = 100
PAIR_EDGE_BPS = 45
"""V2's fee, and the trades that are not worth their gas."""


def hold_in_bands(book: Book, chain: Chain, told: Course, step: TradersStep) -> None:
    """Every pool and pair that the arbitrageur did not miss is within its fee band."""
    prices = told.prices[step.step]
    for pool in book.pools:
        low, high = uniswap.fee_band(pool, book.tokens, prices)
        if pool.label not in step.missed:
            assert low <= uniswap.slot0(chain, pool.address)[0] <= high, (pool.label, step.step)
    for pair in book.pairs:
        usdc, weth, _ = chain.read(pair.address, "getReserves()", uniswap_v2.RESERVES)
        off = abs(usdc * 10**30 * 10_000 * prices["USDC"] // (weth * prices["ETH"] * 10**18) - 10_000)
        if f"{pair.token0}/{pair.token1} V2" not in step.missed:
            assert off <= PAIR_EDGE_BPS, step.step


def test_every_pool_comes_back_to_its_band_unless_it_was_missed(full: Book, hand: Chain) -> None:
    told = course.told(7, STEPS, full.opening, "short")
    part = Traders(full, told)
    for _ in range(8):
        hold_in_bands(full, hand, told, part.step())


def test_the_arbitrageur_misses_a_pool_now_and_then(devnet: Book, chain: Chain) -> None:
    told = course.told(7, STEPS, devnet.opening, "short")
    part = Traders(devnet, told)
    steps = []
    while not part.is_over:
        steps.append(part.step())
        hold_in_bands(devnet, chain, told, steps[-1])
    missed = sum(len(step.missed) for step in steps)
    assert 1 <= missed <= STEPS * len(devnet.pools) // 8
    assert sum(step.arbitrage for step in steps) > STEPS
    assert all(step.noise == 2 for step in steps)


def depth_usd(chain: Chain, book: Book, pool: Pool, prices: Course, at: int) -> int:
    """Whole dollars of WETH that a pool takes before its price has moved by one per cent."""
    liquidity = chain.read(pool.address, "liquidity()", "uint128")
    sqrt_price = uniswap.slot0(chain, pool.address)[0]
    weth = liquidity * 2**96 // sqrt_price // 200 if pool.token0 == "WETH" else liquidity * sqrt_price // 2**96 // 200
    return int(weth * prices.prices[at]["ETH"] // 10**36)


def test_a_pool_is_as_deep_after_a_rally_and_a_crash_as_before(devnet: Book, chain: Chain) -> None:
    told = course.told(7, 60, devnet.opening, "days")
    pool = devnet.pool("USDC", "WETH", 500)
    before = depth_usd(chain, devnet, pool, told, 0)
    part, moved = Traders(devnet, told), 0
    while not part.is_over:
        step = part.step()
        moved += step.recentred
        assert depth_usd(chain, devnet, pool, told, step.step) > before // 3
    assert moved > 5
    assert chain.read(
        devnet.contracts["position_manager"], "balanceOf(address)", "uint256", devnet.address("maker")
    ) == 2 * len(devnet.pools)


def test_the_half_hour_average_follows_the_price_and_lags_it(devnet: Book, chain: Chain) -> None:
    told = course.told(7, STEPS, devnet.opening, "short")
    voices, part = Feeds(devnet, told), Traders(devnet, told)
    for _ in range(6):
        voices.step()
        part.step()
    for pool in devnet.pools:
        then, now = chain.read(pool.address, "observe(uint32[])", "int56[],uint160[]", [HALF_HOUR, 0])[0]
        average, spot = (now - then) // HALF_HOUR, uniswap.slot0(chain, pool.address)[1]
        assert 0 < abs(average - spot) < 10 * PERCENT_IN_TICKS


def test_nobody_elses_holdings_are_touched(devnet: Book, chain: Chain) -> None:
    others = [devnet.address(role) for role in ("user", "keeper", "guardian", "stranger", "thief")]
    others.append(devnet.owner_safe.address)
    held = [[tokens.balance(chain, token, other) for token in devnet.tokens.values()] for other in others]
    part = Traders(devnet, course.told(7, STEPS, devnet.opening, "short"))
    assert sum(step.arbitrage + step.noise for step in [part.step() for _ in range(5)]) > 10
    assert [[tokens.balance(chain, token, other) for token in devnet.tokens.values()] for other in others] == held


def withdrawable(chain: Chain, book: Book, holder: str) -> int:
    """Shares of waUSDC that its holder could redeem now."""
    return int(chain.read(book.wrapped["waUSDC"].address, "maxRedeem(address)", "uint256", holder))


def test_a_squeeze_keeps_suppliers_from_leaving_and_passes(full: Book, hand: Chain) -> None:
    share, usdc, user = full.wrapped["waUSDC"].address, full.tokens["USDC"], full.address("user")
    tokens.approve(hand, usdc, user, share)
    shares = 3_000_000 * 10**6
    hand.send(share, "deposit(uint256,address)", shares, user, sender=user)
    told = course.told(7, 6, full.opening, "days", step_seconds=7_200)
    voices, part = Feeds(full, told, steady=True), Traders(full, told, squeeze=True)
    free: list[int] = []
    squeezed: list[int] = []
    lent: list[int] = []
    while not part.is_over:
        voices.step()
        step = part.step()
        (squeezed if step.squeezing else free).append(withdrawable(hand, full, user))
        lent += [step.utilisation["USDC"]] if step.squeezing else []
    assert lent
    assert min(lent) > 98 * 10**16
    assert max(squeezed) < min(free) // 2
    assert not step.squeezing
    assert step.utilisation["USDC"] < 85 * 10**16


def test_interest_and_incentives_grow_while_steps_are_taken(full: Book, hand: Chain) -> None:
    share, usdc, user = full.wrapped["waUSDC"].address, full.tokens["USDC"], full.address("user")
    tokens.approve(hand, usdc, user, share)
    hand.send(share, "deposit(uint256,address)", 1_000_000 * 10**6, user, sender=user)
    told = course.told(7, STEPS, full.opening, "short")
    voices, part = Feeds(full, told), Traders(full, told)
    rate = hand.read(share, "convertToAssets(uint256)", "uint256", 10**12)
    link = full.tokens["LINK"].address
    for _ in range(8):
        voices.step()
        part.step()
    assert hand.read(share, "convertToAssets(uint256)", "uint256", 10**12) > rate
    earned = hand.read(share, "getClaimableRewards(address,address)", "uint256", user, link)
    assert earned > 10**17


@pytest.mark.parametrize("seed", [3, 4])
def test_the_same_seed_makes_the_same_blocks(devnet: Book, chain: Chain, seed: int) -> None:
    def end(of: int) -> str:
        at = chain.rpc("evm_snapshot")
        told = course.told(of, STEPS, devnet.opening, "short")
        voices, part = Feeds(devnet, told), Traders(devnet, told)
        for _ in range(4):
            voices.step()
            part.step()
        last = str(chain.block()["hash"])
        assert chain.rpc("evm_revert", at)
        return last

    assert end(seed) == end(seed)
    assert end(seed) != end(seed + 10)
