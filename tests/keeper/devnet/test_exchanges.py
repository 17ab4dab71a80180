"""Two exchanges on real sockets: what they say, in whose shape and by which clock, and every trouble they get into."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache

import httpx
import pytest

from keeper.devnet import course, node, quotes
from keeper.devnet.book import Book
from keeper.devnet.course import Course
from keeper.devnet.exchanges import Exchanges
from keeper.devnet.kit import Chain
from keeper.prices import coinbase, kraken
from keeper.prices.answers import Unusable
from keeper.prices.asking import ADAPTERS

ALLOWED_BPS = quotes.NOISE_BPS + 1
"""The noise, and rounding to cents."""
SEEDS = range(12)


@lru_cache
def seeded(seed: int) -> Course:
    return course.told(seed, 480)


@pytest.fixture
def told() -> Course:
    return seeded(7)


def seeded_with(exchange: str, state: str) -> tuple[Course, int]:
    """A course, and a step of it at which the exchange is in the state."""
    for seed in SEEDS:
        one = seeded(seed)
        for step in range(1, one.steps):
            if quotes.state_of(one, exchange, step) == state:
                return one, step
    raise AssertionError(f"{exchange} is never {state}")


def off_bps(text: str, price: Decimal) -> Decimal:
    return abs(Decimal(text) - price) * 10_000 / price


def test_a_quote_lies_near_the_price_and_between_bid_and_ask(told: Course) -> None:
    for exchange, products in quotes.PRODUCTS.items():
        for step in (0, 100):
            assert quotes.state_of(told, exchange, step) == quotes.OK
            board = quotes.board(told, exchange, step)
            for name, product in products.items():
                quote, price = board.quotes[name], Decimal(told.prices[step][product.asset]).scaleb(-18)
                if product.quote == "USDC":
                    price /= Decimal(told.prices[step]["USDC"]).scaleb(-18)
                assert off_bps(quote.last, price) <= ALLOWED_BPS
                assert Decimal(quote.bid) < Decimal(quote.last) < Decimal(quote.ask)


def test_an_exchange_differs_from_the_other_and_from_itself_a_step_later(told: Course) -> None:
    one, other = (quotes.board(told, name, 0).quotes for name in quotes.PRODUCTS)
    assert one["ETH-USD"] != other["ETHUSD"]
    assert one["ETH-USD"] != quotes.board(told, "coinbase", 1).quotes["ETH-USD"]
    assert quotes.board(told, "coinbase", 5) == quotes.board(course.told(7, 480), "coinbase", 5)


def test_a_coin_quoted_in_usdc_is_dearer_when_usdc_has_lost_its_peg(told: Course) -> None:
    prices = ({**told.prices[0], "USDC": 88 * 10**16},)
    board = quotes.board(replace(told, prices=prices), "coinbase", 0)
    in_usd, in_usdc = (Decimal(board.quotes[name].last) for name in ("ETH-USD", "ETH-USDC"))
    assert off_bps(board.quotes["USDC-USD"].last, Decimal("0.88")) <= ALLOWED_BPS
    assert Decimal("1.13") < in_usdc / in_usd < Decimal("1.14")


@pytest.mark.parametrize("seed", SEEDS)
def test_one_exchange_lies_for_an_hour_by_ten_per_cent(seed: int) -> None:
    told = seeded(seed)
    lying = {
        name: [step for step in range(1, 481) if quotes.state_of(told, name, step) == quotes.LYING]
        for name in quotes.PRODUCTS
    }
    steps = lying.pop(quotes.liar(told))
    assert list(lying.values()) == [[]]
    assert 4 <= len(steps) <= 6
    assert steps == list(range(steps[0], steps[-1] + 1))
    board = quotes.board(told, quotes.liar(told), steps[0])
    name, product = next(iter(quotes.PRODUCTS[quotes.liar(told)].items()))
    off = off_bps(board.quotes[name].last, Decimal(told.prices[steps[0]][product.asset]).scaleb(-18))
    assert 985 < off < 1015


def test_troubles_of_every_kind_come_and_pass_and_leave_the_exchange_well_most_of_the_time() -> None:
    seen = [
        quotes.state_of(seeded(seed), name, step)
        for seed, name, step in itertools.product(range(6), quotes.PRODUCTS, range(1, 481))
    ]
    assert set(seen) == {quotes.OK, quotes.LATE, quotes.DOWN, quotes.SLOW, quotes.HTML, quotes.LYING}
    assert len(seen) * 9 // 10 < seen.count(quotes.OK) < len(seen)


@contextmanager
def open_at(devnet: Book, told: Course, step: int) -> Iterator[Exchanges]:
    """Exchanges that have just taken that step of the course."""
    exchanges = Exchanges(devnet, told)
    try:
        exchanges.taken = step - 1
        assert exchanges.step().step == step
        yield exchanges
    finally:
        exchanges.close()


def fetched(url: str, seconds: float = 3.0) -> tuple[int, bytes, str]:
    """Status, body and Date of an answer."""
    answer = httpx.get(url, timeout=seconds, trust_env=False)
    return answer.status_code, answer.content, answer.headers["Date"]


def tickers(exchanges: Exchanges) -> dict[str, str]:
    """The address of one ticker of each exchange."""
    return {
        "coinbase": exchanges.urls["coinbase"] + coinbase.path("ETH-USD"),
        "kraken": exchanges.urls["kraken"] + kraken.path("ETHUSD"),
    }


def test_both_answer_as_the_keeper_reads_them_and_by_the_chains_clock(devnet: Book, chain: Chain, told: Course) -> None:
    chain.mine_at(chain.now() + 7)
    step = next(step for step in range(1, 480) if {quotes.state_of(told, name, step) for name in ADAPTERS} == {"ok"})
    with open_at(devnet, told, step) as exchanges:
        for name, adapter in ADAPTERS.items():
            board = quotes.board(told, name, step)
            for product, quote in board.quotes.items():
                status, body, date = fetched(exchanges.urls[name] + adapter.path(product))
                said = adapter.said(body, date, product)
                assert status == 200
                assert said.price == int(Decimal(quote.last).scaleb(18))
                assert said.at == chain.now() - board.lag
                assert chain.now() - parsedate_to_datetime(date).timestamp() == board.lag


def test_the_chains_clock_is_followed_between_steps(devnet: Book, chain: Chain, told: Course) -> None:
    with open_at(devnet, told, 1) as exchanges:
        url = tickers(exchanges)["kraken"]
        before = parsedate_to_datetime(fetched(url)[2]).timestamp()
        chain.mine_at(chain.now() + 500)
        time.sleep(0.1)
        assert parsedate_to_datetime(fetched(url)[2]).timestamp() - before == 500


def test_what_is_not_traded_is_refused_in_each_ones_words(devnet: Book, told: Course) -> None:
    with open_at(devnet, told, 1) as exchanges:
        coinbase_at, kraken_at = exchanges.urls["coinbase"], exchanges.urls["kraken"]
        for wrong in ("/products/DOGE-USD/ticker", "/products/ETH-USD/book", "/"):
            assert fetched(coinbase_at + wrong)[:2] == (404, b'{"message": "NotFound"}')
        for wrong in ("/0/public/Ticker?pair=XDGUSD", "/0/public/Ticker", "/0/public/Time?pair=ETHUSD"):
            assert json.loads(fetched(kraken_at + wrong)[1]) == {"error": ["EQuery:Unknown asset pair"]}


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize(("state", "status"), [(quotes.DOWN, 503), (quotes.HTML, 200)])
def test_an_exchange_that_is_down_or_guarded_shows_a_page(devnet: Book, name: str, state: str, status: int) -> None:
    troubled, step = seeded_with(name, state)
    with open_at(devnet, troubled, step) as exchanges:
        found, body, date = fetched(tickers(exchanges)[name])
        assert found == status
        assert body.startswith(b"<!doctype html>")
        with pytest.raises(Unusable):
            ADAPTERS[name].said(body, date, "ETH-USD" if name == "coinbase" else "ETHUSD")


def test_a_slow_exchange_keeps_one_waiting_and_nobody_else(devnet: Book) -> None:
    slow, step = seeded_with("kraken", quotes.SLOW)
    with open_at(devnet, slow, step) as exchanges:
        with pytest.raises(httpx.ReadTimeout):
            fetched(tickers(exchanges)["kraken"], 0.5)
        began = time.monotonic()
        fetched(tickers(exchanges)["coinbase"])
        assert time.monotonic() - began < 0.5


def test_a_late_exchange_says_the_last_steps_price_and_its_age(devnet: Book, chain: Chain) -> None:
    late, step = seeded_with("kraken", quotes.LATE)
    with open_at(devnet, late, step) as exchanges:
        _, body, date = fetched(tickers(exchanges)["kraken"])
        said = kraken.said(body, date, "ETHUSD")
        assert 60 <= chain.now() - said.at <= 180
        assert off_bps(str(said.price), Decimal(late.prices[step - 1]["ETH"])) <= ALLOWED_BPS


def test_an_exchange_without_a_chain_is_down(devnet: Book, told: Course) -> None:
    alone = replace(devnet, url=f"http://127.0.0.1:{node.free_port()}")
    exchanges = Exchanges(alone, told)
    try:
        assert fetched(tickers(exchanges)["coinbase"])[0] == 503
    finally:
        exchanges.close()
