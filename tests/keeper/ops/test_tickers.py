"""The keeper with two exchanges at its side: they hold a trade back, are outvoted, fail; and never slow or stop it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keeper.journal import Journal, last_rows, verify
from keeper.units import format_units
from tests.deployed import Deployed
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place
from tests.keeper.prices.stall import Stall, silent
from tests.keeper.wire import Exchange, Wire

LIVE = ("once", "--mode", "live")
TABLES = """[prices]
timeout_ms = 1000
{options}
[prices.coinbase]
base_url = "{coinbase}"
products = {{ WETH = ["ETH-USD", "ETH-USDC"], WBTC = ["BTC-USD"], USDC = ["USDC-USD"] }}
[prices.kraken]
base_url = "{kraken}"
products = {{ WETH = ["ETHUSD"], WBTC = ["XBTUSD"], USDC = ["USDCUSD"] }}
"""
ALL = {"coinbase:ETH-USD", "coinbase:ETH-USDC", "coinbase:BTC-USD", "coinbase:USDC-USD"} | {
    "kraken:ETHUSD",
    "kraken:XBTUSD",
    "kraken:USDCUSD",
}


@dataclass(frozen=True, slots=True)
class Town:
    """A drifted place and two exchanges that say what the vault says, in chain time."""

    place: Place
    coinbase: Stall
    kraken: Stall

    def configure(self, **options: int) -> None:
        lines = "\n".join(f"{name} = {value}" for name, value in options.items())
        tables = TABLES.format(options=lines, coinbase=self.coinbase.url, kraken=self.kraken.url)
        with self.place.config.open("a") as file:
            file.write(tables)

    def tickers(self, answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
        assets = answer["data"]["vault"]["assets"]
        return {ticker["source"]: ticker for asset in assets for ticker in asset["tickers"]}

    def findings(self) -> dict[str, tuple[str, str]]:
        checks = self.place.said("doctor")["data"]["checks"]
        return {check["name"]: (check["level"], check["found"]) for check in checks}


@pytest.fixture
def town(drifted: Place) -> Iterator[Town]:
    assets = drifted.said("status")["data"]["vault"]["assets"]
    eth, btc, usdc = (format_units(int(asset["price"]), 18, 18).replace(",", "") for asset in assets)
    now = drifted.node.now()
    with ExitStack() as stack:
        coinbase = Stall(now, ETH_USD=eth, ETH_USDC=eth, BTC_USD=btc, USDC_USD=usdc)
        kraken = Stall(now, ETHUSD=eth, XBTUSD=btc, USDCUSD=usdc)
        for stall in (coinbase, kraken):
            stack.enter_context(stall.up())
        yield Town(drifted, coinbase, kraken)


def lower(price: str, bps: int) -> str:
    whole, _, places = price.partition(".")
    return format_units(int(whole + places) * (10_000 - bps) // 10_000, 18, 18).replace(",", "")


def test_a_lying_exchange_holds_and_is_named(town: Town) -> None:
    town.configure()
    town.kraken.prices["ETHUSD"] = lower(town.kraken.prices["ETHUSD"], 1_000)
    answer = town.place.said(*LIVE, exit_code=3)
    message = answer["error"]["message"]
    assert message.startswith("tickers: WETH has 1 good exchanges, 2 are wanted: kraken:ETHUSD outlier: 1000 bps off")
    assert answer["error"]["remedy"].startswith("wait for the exchanges (keeper status shows each)")
    assert town.place.sent("keeper") == 0


def test_exchanges_that_agree_on_another_price_than_the_vaults_hold(town: Town) -> None:
    town.configure()
    for stall, name in ((town.coinbase, "BTC-USD"), (town.kraken, "XBTUSD")):
        stall.prices[name] = lower(stall.prices[name], 300)
    answer = town.place.said(*LIVE, exit_code=3)
    assert answer["error"]["message"] == ("ticker-gap: WBTC is 300 bps off the median of its tickers, allowed are 200")
    assert town.place.sent("keeper") == 0


def test_an_exchange_that_is_down_holds_where_two_are_wanted(town: Town) -> None:
    town.configure()
    town.kraken.instead = lambda visit: visit.reply(b"busy", 503)
    answer = town.place.said(*LIVE, exit_code=3)
    assert "good exchanges, 2 are wanted: kraken:" in answer["error"]["message"]
    assert answer["error"]["message"].endswith("error: HTTP 503")
    assert town.place.sent("keeper") == 0


def test_stamps_of_another_time_than_the_chains_hold(town: Town) -> None:
    town.configure()
    town.coinbase.at -= 121
    town.kraken.at += 61
    answer = town.place.said(*LIVE, exit_code=3)
    assert answer["error"]["message"].startswith("tickers: WETH has 0 good exchanges, 2 are wanted: ")
    reasons = {ticker["verdict"] for ticker in town.tickers(answer).values()}
    assert reasons == {"stale", "error"}


def test_usdc_off_its_peg_at_the_exchanges_holds(town: Town) -> None:
    town.configure()
    for stall, name in ((town.coinbase, "USDC-USD"), (town.kraken, "USDCUSD")):
        stall.prices[name] = "0.93"
    answer = town.place.said(*LIVE, exit_code=3)
    assert answer["error"]["message"].startswith("ticker-gap: USDC is 7")
    held = town.tickers(answer)["coinbase:ETH-USDC"]
    assert held["verdict"] == "outlier", "seven percent below the same exchange's dollar market once converted"


def test_with_one_exchange_down_and_enough_left_it_acts(town: Town) -> None:
    town.configure(min_sources=1)
    town.kraken.instead = lambda visit: visit.hang_up()
    answer = town.place.said(*LIVE)
    assert (answer["data"]["acted"], answer["data"]["outcome"]["state"]) == (True, "FINAL_OK")
    assert town.place.sent("keeper") == 1
    bad = {source for source, ticker in town.tickers(answer).items() if ticker["verdict"] == "error"}
    assert bad == {"kraken:ETHUSD", "kraken:XBTUSD", "kraken:USDCUSD"}
    passed = {check["name"]: check["reason"] for check in answer["data"]["checks"] if check["ok"]}
    assert passed["ticker-gap"].endswith("allowed are 200")
    assert "3 assets" in passed["tickers"]


def test_every_ticker_is_in_the_journal_and_the_journal_is_whole(town: Town) -> None:
    town.configure()
    town.kraken.prices["ETHUSD"] = "NaN"
    town.place.said(*LIVE, exit_code=3)
    with Journal.open(f"sqlite:///{town.place.journal}", create=False) as journal:
        verify(journal)
        rows = {row["source"]: row for row in last_rows(journal, 1_000, ("price_obs",)) if row["kind"] == "ticker"}
        (snapshot,) = last_rows(journal, 10, ("snapshot",))
    assert rows.keys() == ALL
    assert {row["snapshot_hash"] for row in rows.values()} == {snapshot["snapshot_hash"]}
    assert (rows["kraken:ETHUSD"]["price"], rows["kraken:ETHUSD"]["verdict"]) == (None, "error")
    assert rows["kraken:ETHUSD"]["reason"] == "result.XETHZUSD.a.0: no decimal text with at most 18 places"
    assert rows["coinbase:BTC-USD"]["updated_at"] == town.coinbase.at


def test_doctor_status_and_plan_show_each_exchange(town: Town) -> None:
    off = town.findings()
    assert off["tickers"] == ("ok", "off: [prices] names no exchange, so none can hold a trade back")
    town.configure()
    town.kraken.instead = lambda visit: visit.reply(b"", 429)
    found = town.findings()
    assert found["tickers.coinbase"][0] == "ok"
    assert "coinbase:ETH-USDC $" in found["tickers.coinbase"][1]
    assert found["tickers.kraken"][0] == "warn"
    assert found["tickers.kraken"][1].startswith("kraken:ETHUSD error: HTTP 429, ")
    assert "tickers" not in found, "an exchange is asked for every asset"
    assert "coinbase, kraken may hold a trade back" in town.place.text("config", "check")
    for command in (("status",), ("plan",)):
        shown = town.place.said(*command, exit_code=3 if command == ("plan",) else 0)
        assert town.tickers(shown).keys() == ALL
    assert "tickers, which may hold a trade back and no more" in town.place.text("status")


def test_doctor_names_what_no_exchange_is_asked_for(town: Town) -> None:
    town.configure()
    town.place.rewrite(', USDC = ["USDC-USD"]', "")
    town.place.rewrite(', USDC = ["USDCUSD"]', "")
    found = town.findings()
    assert found["tickers"] == (
        "ok",
        "no exchange is asked for USDC: the vault's own voices stand alone there",
    )
    assert found["tickers.coinbase"] == (
        "warn",
        "coinbase:ETH-USDC error: quoted in USDC, and no good ticker of USDC in USD was heard",
    )


def test_a_kill_asks_no_exchange(town: Town) -> None:
    town.configure()
    town.place.said("kill", "--yes")
    assert town.coinbase.asked == town.kraken.asked == []


def slowly(seconds: float) -> Callable[[Exchange], None]:
    def fault(exchange: Exchange) -> None:
        exchange.silence(seconds)
        exchange.reply(exchange.forward())

    return fault


def test_exchanges_are_asked_beside_the_node_and_awaited_no_longer_than_allowed(
    town: Town, deployed: Deployed, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder: Path = tmp_path_factory.mktemp("slow")
    with Wire(deployed.url).up() as wire:
        slow = Town(places.make(deployed, folder, capsys, url=wire.url), town.coinbase, town.kraken)
        slow.configure()
        post = slow.place.post()
        post.survey()
        before, trips = len(wire.seen), post.rpc.round_trips
        town.kraken.instead = silent(30)
        wire.next("*", slowly(2.0))
        begun = time.monotonic()
        seen = post.survey().snapshot
        took = time.monotonic() - begun
    assert (len(wire.seen) - before, post.rpc.round_trips - trips) == (1, 1)
    assert 2.0 <= took < 2.9, "2 s of the node and 1 s of the exchange, one beside the other"
    reasons = {one.source: one.reason for one in seen.tickers}
    assert reasons["kraken:ETHUSD"] == "no answer within 1000 ms"
    assert reasons["coinbase:ETH-USD"] == ""
