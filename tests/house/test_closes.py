"""Files of real closes for the demo: joined from others, nothing invented."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keeper.devnet import course
from keeper.exit_codes import ExitCode
from scripts.story import closes

HOURLY = "at,close\n2020-03-10T00:00Z,100.5\n2020-03-10T01:00Z,\n2020-03-10T02:00Z,98\n"
DATA = os.environ.get("BALLAST_DATA")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "eth.csv"
    path.write_text(HOURLY)
    return path


def rows(source: Path, *words: str) -> list[str]:
    columns = [f"ETH={source}:at:close:3600", f"BTC={source}:at:close"]
    line = [part for column in columns for part in ("--column", column)]
    return [*line, "--from", "2020-03-10T01:00Z", "--to", "2020-03-10T03:00Z", *words]


def test_a_row_takes_the_last_price_known_by_then(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert closes.main(rows(source)) == ExitCode.DONE
    assert capsys.readouterr().out.splitlines() == [
        "time,ETH,BTC",
        "2020-03-10T01:00:00Z,100.5,100.5",
        "2020-03-10T02:00:00Z,100.5,98",
        "2020-03-10T03:00:00Z,98,98",
    ]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--from", "2020-03-09T00:00Z"), "no price of ETH within a day before 2020-03-09T00:00:00Z"),
        (("--to", "2020-03-12T00:00Z"), "no price of BTC within a day before 2020-03-11T03:00:00Z"),
        (("--to", "2020-03-10T01:00Z"), "there is no step"),
        (("--from", "yesterday"), "'yesterday' is no time"),
        (("--column", "DAI=absent.csv:at:close"), "absent.csv cannot be read"),
        (("--column", "DAI"), "--column DAI"),
    ],
)
def test_what_cannot_be_joined_is_refused_in_one_line(
    source: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], complaint: str
) -> None:
    assert closes.main(rows(source, *words)) == ExitCode.USAGE
    said = capsys.readouterr()
    assert complaint in said.err
    assert (len(said.err.splitlines()), said.out) == (1, "")


@pytest.mark.skipif(DATA is None, reason="BALLAST_DATA names no folder of market data")
def test_the_crash_of_march_2020_can_be_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(str(DATA)) / "internal"
    columns = [
        f"{asset}={folder / f'binance_{asset}USDT_1h_2017_2023.csv'}:open_time_utc:close:3600"
        for asset in ("ETH", "BTC")
    ]
    line = [part for column in columns for part in ("--column", column)]
    assert closes.main([*line, "--from", "2020-03-10T00:00Z", "--to", "2020-03-16T00:00Z"]) == ExitCode.DONE
    made = tmp_path / "march.csv"
    made.write_text(capsys.readouterr().out)
    path = course.replayed(made)
    assert path.steps == 6 * 24 * 4
    assert path.prices[0]["ETH"] == 20281 * 10**16
