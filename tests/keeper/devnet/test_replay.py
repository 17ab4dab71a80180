"""Real closes on a real chain: the worst hours of March 2020, and USDC off its peg in March 2023, minute by minute."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keeper.devnet import chainlink, course, feeds, habits, hands, local, uniswap, uniswap_v2
from keeper.devnet.book import Book
from keeper.devnet.course import Course
from keeper.devnet.feeds import Feeds
from keeper.devnet.quotes import board
from keeper.devnet.traders import Traders

BLACK_HOURS = "2020-03-12T08:00Z", "2020-03-12T14:00Z"
"""ETH lost a fifth in one of these hours. A bar is named by its beginning."""
DEPEG = "2023-03-11T06:40Z", "2023-03-11T07:40Z"
VIEW_BPS = feeds.VIEW_BPS + feeds.ORACLE_BPS + 1
ETH_IN_BTC = 14
"""The minutes are of BTC alone; ETH is put at this part of it."""


@pytest.fixture(scope="module")
def data() -> Path:
    place = os.environ.get("BALLAST_DATA")
    if place is None:
        pytest.skip("BALLAST_DATA names no folder of market data")
    return Path(place) / "internal"


def rows_of(file: Path, column: str, since: str, until: str) -> list[dict[str, str]]:
    with file.open() as lines:
        return [row for row in csv.DictReader(lines) if since <= row[column] <= until]


def hourly(data: Path, folder: Path) -> Path:
    """Hourly closes of ETH and BTC as a price file; a bar's close is the price an hour after it opens."""
    columns = [
        rows_of(data / f"binance_{coin}USDT_1h_2017_2023.csv", "open_time_utc", *BLACK_HOURS) for coin in ("ETH", "BTC")
    ]
    file = folder / "march-2020.csv"
    lines = [f"{ether['open_time_utc']},{ether['close']},{coin['close']}" for ether, coin in zip(*columns, strict=True)]
    file.write_text("\n".join(["time,ETH,BTC", *lines]))
    return file


def by_minute(data: Path, folder: Path) -> Path:
    """One-minute closes of BTC and USDC in dollars as a price file; a minute without a trade keeps the one before."""
    found, usdc, lines = data / "usdc_depeg_1m_close_11markets_2023-03.csv", "", []
    for row in rows_of(found, "minute_utc", *DEPEG):
        usdc = row["kraken_usdcusd"] or usdc
        coin = float(row["coinbase_btcusd"])
        lines.append(f"{row['minute_utc']},{coin / ETH_IN_BTC:.2f},{coin:.2f},{usdc}")
    file = folder / "march-2023.csv"
    file.write_text("\n".join(["time,ETH,BTC,USDC", *lines]))
    return file


@contextmanager
def opened(told: Course) -> Iterator[Book]:
    """A full chain that opens where the course begins."""
    name = f"test-{os.getpid()}-replay"
    try:
        yield local.up(name, full=True, opening=told.prices[0])
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


def hold_near(book: Book, told: Course, step: feeds.FeedsStep) -> None:
    """Every voice that speaks is within its deviation of the price of the step that it goes by."""
    hand = hands.of(book, "stranger")
    for name, feed in feeds.named(book).items():
        if name not in step.silent:
            said = chainlink.latest(hand, feed)
            seen = told.prices[habits.step_seen(told, name, step.step)][feed.asset] // 10 ** (18 - feed.decimals)
            assert abs(said.answer - seen) * 10_000 <= (feed.deviation_bps + VIEW_BPS) * seen, (name, step.step)


def test_the_worst_hours_of_march_2020_pass_over_feeds_and_pools(data: Path, tmp_path: Path) -> None:
    told = course.replayed(hourly(data, tmp_path))
    assert told.steps == 24
    assert min(prices["ETH"] for prices in told.prices) * 10 < told.prices[0]["ETH"] * 8
    with opened(told) as book:
        hand, voices, part = hands.of(book, "stranger"), Feeds(book, told), Traders(book, told)
        while not part.is_over:
            hold_near(book, told, voices.step())
            missed = part.step().missed
            for pool in book.pools:
                low, high = uniswap.fee_band(pool, book.tokens, told.prices[part.taken])
                if pool.label not in missed:
                    assert low <= uniswap.slot0(hand, pool.address)[0] <= high, (pool.label, part.taken)


def test_usdc_loses_its_peg_minute_by_minute_in_feeds_pools_and_exchanges(data: Path, tmp_path: Path) -> None:
    told = course.replayed(by_minute(data, tmp_path), step_seconds=60)
    assert told.steps == 60
    worst = min(range(61), key=lambda step: told.prices[step]["USDC"])
    assert told.prices[worst]["USDC"] < 90 * 10**16
    with opened(told) as book:
        hand, voices, part = hands.of(book, "stranger"), Feeds(book, told), Traders(book, told)
        clean = False
        while not part.is_over:
            hold_near(book, told, voices.step())
            step = part.step()
            if "DAI/USDC 100" not in step.missed:
                pool = book.pool("DAI", "USDC", 100)
                low, high = uniswap.fee_band(pool, book.tokens, told.prices[step.step])
                assert low <= uniswap.slot0(hand, pool.address)[0] <= high, step.step
            if step.step >= worst and "USDC/WETH V2" not in step.missed:
                clean = True
                prices = told.prices[step.step]
                usdc, weth, _ = hand.read(book.pairs[0].address, "getReserves()", uniswap_v2.RESERVES)
                off = usdc * 10**30 * 10_000 * prices["USDC"] // (weth * prices["ETH"] * 10**18) - 10_000
                assert abs(off) < 60, "the pair prices USDC by the dollar"
        assert clean
    quotes = board(told, "coinbase", worst).quotes
    assert float(quotes["ETH-USDC"].last) > float(quotes["ETH-USD"].last) * 1.08
