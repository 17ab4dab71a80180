"""The course of prices: one for a seed or a file everywhere, through every real close, and no file taken by halves."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.devnet import course, path, price_file
from keeper.devnet.course import Course
from keeper.devnet.faults import PriceFileRefused
from keeper.devnet.full import FULL_PRICES
from keeper.devnet.furnish import PRICES
from keeper.errors import UsageError

HOURLY = """time,ETH,BTC,USDC
2023-03-11T06:00Z,1420.5,20100,0.93
2023-03-11T07:00Z,1400.25,20000,0.88
2023-03-11T08:00Z,1450,20400.125,0.92
"""
WEIGHTS_BPS = {"ETH": 4000, "BTC": 2500, "USDC": 3500}
BAND_BPS = 200


def usd(text: str) -> int:
    return int(Decimal(text).scaleb(18))


@pytest.fixture
def hourly(tmp_path: Path) -> Path:
    return written(tmp_path, HOURLY)


def written(folder: Path, text: str) -> Path:
    file = folder / "closes.csv"
    file.write_text(text)
    return file


def test_the_bridge_meets_every_close_and_wanders_between(hourly: Path) -> None:
    told = course.replayed(hourly, seed=3)
    assert (told.steps, told.step_seconds) == (8, 900)
    assert [told.prices[step]["ETH"] for step in (0, 4, 8)] == [usd("1420.5"), usd("1400.25"), usd("1450")]
    assert [told.prices[step]["BTC"] for step in (0, 4, 8)] == [usd("20100"), usd("20000"), usd("20400.125")]
    assert [told.prices[step]["USDC"] for step in (0, 4, 8)] == [usd("0.93"), usd("0.88"), usd("0.92")]
    straight = (usd("1420.5") + usd("1400.25")) // 2
    assert abs(told.prices[2]["ETH"] - straight) * 10_000 > straight, "no straight line between closes"


@settings(max_examples=25, deadline=None)
@given(
    closes=st.lists(st.tuples(st.integers(10, 10**7), st.integers(10, 10**8)), min_size=2, max_size=8),
    seed=st.integers(0, 10**6),
    parts=st.sampled_from([1, 2, 4, 15]),
)
def test_whatever_the_closes_the_bridge_meets_them(
    tmp_path_factory: pytest.TempPathFactory, closes: list[tuple[int, int]], seed: int, parts: int
) -> None:
    step = 60 * parts
    rows = [f"{1_600_000_000 + row * step},{eth / 100},{btc / 100}" for row, (eth, btc) in enumerate(closes)]
    file = written(tmp_path_factory.mktemp("closes"), "\n".join(["time,ETH,BTC", *rows]))
    told = course.replayed(file, seed, 60)
    assert [prices["ETH"] for prices in told.prices[::parts]] == [usd(str(eth / 100)) for eth, _ in closes]
    assert [prices["BTC"] for prices in told.prices[::parts]] == [usd(str(btc / 100)) for _, btc in closes]
    assert all(price > 0 for prices in told.prices for price in prices.values())


def test_a_seed_and_a_file_give_one_course_and_another_seed_another(hourly: Path) -> None:
    assert course.replayed(hourly, 3) == course.replayed(hourly, 3)
    assert course.replayed(hourly, 3).prices[1] != course.replayed(hourly, 4).prices[1]
    assert course.told(3, 100) == course.told(3, 100)
    assert course.told(3, 100).prices[50] != course.told(4, 100).prices[50]


def test_rows_shorter_than_a_step_are_sampled_and_a_step_as_short_takes_each(tmp_path: Path) -> None:
    rows = [f"{1_600_000_020 + minute * 60},{1000 + minute},{20_000 + minute}" for minute in range(31)]
    file = written(tmp_path, "\n".join(["time,ETH,BTC", *rows]))
    assert [prices["ETH"] for prices in course.replayed(file).prices] == [usd("1000"), usd("1015"), usd("1030")]
    each = course.replayed(file, step_seconds=60)
    assert [prices["ETH"] for prices in each.prices] == [usd(str(1000 + minute)) for minute in range(31)]


def test_a_step_that_does_not_fit_the_rows_is_refused(hourly: Path) -> None:
    with pytest.raises(PriceFileRefused, match="its rows are 3600 s apart, which steps of 1000 s do not divide"):
        course.replayed(hourly, step_seconds=1000)


def test_what_a_file_lacks_is_completed(hourly: Path) -> None:
    told = course.replayed(hourly)
    for prices in told.prices:
        assert set(prices) == set(FULL_PRICES)
        assert abs(prices["DAI"] - 10**18) <= 2 * 10**14
        assert abs(prices["LINK"] * 200 - prices["ETH"]) * 20 < prices["ETH"], "LINK follows ETH"
    assert course.opening_of(hourly) == told.prices[0]
    assert told.prices[0]["LINK"] * 200 == told.prices[0]["ETH"]


BAD = {
    "": "it is empty",
    "time,ETH,BTC\n2023-03-11T06:00Z,1,2\n": "it has 1 rows, 2 to 499999 are needed",
    "date,ETH,BTC\n": "line 1: the first column is 'date', not 'time'",
    "time,ETH,BTC,DOGE\n": "line 1: unknown column 'DOGE': time, ETH, BTC, USDC, DAI, LINK are known",
    "time,ETH,USDC\n": "line 1: no column BTC",
    "time,ETH,BTC,ETH\n": "line 1: a column is there twice",
    "time,ETH,BTC\n1600000000,1,2\n1600003600,1\n": "line 3: 2 fields, the header has 3",
    "time,ETH,BTC\nyesterday,1,2\n1600003600,1,2\n": "line 2: 'yesterday' is neither an ISO time nor Unix seconds",
    "time,ETH,BTC\n1600000000000,1,2\n1600003600000,1,2\n": "line 2: time '1600000000000' is outside 1970 to 2100",
    "time,ETH,BTC\n1600000000,,2\n1600003600,1,2\n": "line 2: ETH is '', no number",
    "time,ETH,BTC\n1600000000,1,-2\n1600003600,1,2\n": "line 2: BTC is '-2', a price is above 0",
    "time,ETH,BTC\n1600000000,1,0\n1600003600,1,2\n": "line 2: BTC is '0', a price is above 0",
    "time,ETH,BTC\n1600000000,1,NaN\n1600003600,1,2\n": "line 2: BTC is 'NaN', a price is above 0",
    "time,ETH,BTC\n1600000000,1,1e400\n1600003600,1,2\n": "line 2: BTC is '1e400', a price is above 0",
    "time,ETH,BTC\n1600000000,1,2\n1600000030,1,2\n": "line 3: 30 s after the row before, rows are 60 to 86400 s apart",
    "time,ETH,BTC\n1600000000,1,2\n1600003600,1,2\n1600003600,1,2\n": "line 4: not after the row before",
    "time,ETH,BTC\n1600000000,1,2\n1600003600,1,2\n1600014400,1,2\n": "line 4: 10800 s after the row before, not 3600",
}


@pytest.mark.parametrize(("text", "reason"), BAD.items(), ids=[str(place) for place in range(len(BAD))])
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(PriceFileRefused) as caught:
        price_file.read(written(tmp_path, text))
    assert reason in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PriceFileRefused, match="cannot be read"):
        price_file.read(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00time")
    with pytest.raises(PriceFileRefused, match="cannot be read"):
        price_file.read(tmp_path / "bytes.csv")


def test_iso_times_of_any_zone_and_unix_seconds_are_the_same_times(tmp_path: Path) -> None:
    iso = "time,ETH,BTC\n2020-03-12T00:00:00+01:00,1,2\n2020-03-12T00:00,1,2\n"
    unix = "time,ETH,BTC\n1583967600,1,2\n1583971200,1,2\n"
    assert price_file.read(written(tmp_path, iso)).times == price_file.read(written(tmp_path, unix)).times


def test_a_course_that_begins_elsewhere_than_the_chain_is_refused(hourly: Path) -> None:
    told = course.replayed(hourly)
    course.hold_against_opening(told, told.prices[0])
    with pytest.raises(UsageError, match=r"the chain opened with ETH at 3000.0000, the prices begin at 1420.5000"):
        course.hold_against_opening(told, PRICES)


def test_a_story_without_steps_or_plot_is_refused() -> None:
    with pytest.raises(UsageError, match="a story of 0 steps"):
        course.told(7, 0)
    with pytest.raises(UsageError, match="no plot weeks"):
        course.told(7, 10, plot="weeks")


@pytest.mark.parametrize("steps", [480, 960])
@pytest.mark.parametrize("seed", range(1, 5))
def test_the_days_are_calm_where_the_thief_comes_and_crash_within_hours(seed: int, steps: int) -> None:
    told = course.told(seed, steps)
    eth = [prices["ETH"] for prices in told.prices]
    at = {waypoint.percent: eth[waypoint.percent * steps // 100] for waypoint in path.DAYS}
    for waypoint in path.DAYS:
        assert abs(at[waypoint.percent] - int(FULL_PRICES["ETH"] * waypoint.eth)) < 10**6
    fall_bps = 10_000 - at[78] * 10_000 // at[73]
    assert 2_000 <= fall_bps <= 3_500
    calm = [abs(after * 10_000 // before - 10_000) for before, after in pairwise(eth[steps // 2 : steps * 73 // 100])]
    assert max(calm) < 100
    assert breaches(told, steps * 47 // 100) >= 5


def breaches(told: Course, until: int) -> int:
    """How often drift passes the band when every breach is put right at once."""
    held = {asset: bps * 10**30 // told.prices[0][asset] for asset, bps in WEIGHTS_BPS.items()}
    count = 0
    for now in told.prices[1:until]:
        values = {asset: held[asset] * now[asset] for asset in held}
        nav = sum(values.values())
        if sum(abs(values[asset] * 10_000 - bps * nav) for asset, bps in WEIGHTS_BPS.items()) > 2 * nav * BAND_BPS:
            count += 1
            held = {asset: nav * bps // 10_000 // now[asset] for asset, bps in WEIGHTS_BPS.items()}
    return count
