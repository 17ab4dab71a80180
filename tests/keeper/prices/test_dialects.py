"""Coinbase's and Kraken's answers: first every bad one, each refused in our words; then the recorded shapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.prices import Said, coinbase, kraken
from keeper.prices.answers import MOST, Unusable, inside_the_book, moment, moment_of_date
from keeper.units import WAD
from tests.keeper.prices.stall import coinbase_body, kraken_body

NOW = 1_800_000_000
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
SECRET = "hush-hush-hush"
Reader = Callable[[bytes], Said]


def of_coinbase(body: bytes) -> Said:
    return coinbase.said(body, DATE, "ETH-USD")


def of_kraken(body: bytes) -> Said:
    return kraken.said(body, DATE, "ETHUSD")


BODIES = {of_coinbase: coinbase_body("2500.25", NOW), of_kraken: kraken_body("2500.25", "ETHUSD")}
BAD_PRICES = [
    "NaN", "Infinity", "-Infinity", "1e400", "1E5", "-2500", "+2500", "0", "0.000", "", " 2500", "2500 ", "2,500",
    "2500.", ".5", "0x10", "2500.1234567890123456789", "9" * 39, "9" * 5_000, "٢٥٠٠", "1000000000001", f"{SECRET}",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_PRICES, ids=lambda text: ascii(text[:20]))
@pytest.mark.parametrize("reader", BODIES, ids=lambda reader: reader.__name__)
def test_what_is_no_price_is_refused(reader: Reader, text: str) -> None:
    body = BODIES[reader].replace(b'"2500.25"', json.dumps(text).encode())
    with pytest.raises(Unusable) as caught:
        reader(body)
    assert SECRET not in str(caught.value)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("number", ["2500.25", "2500", "NaN", "1e400", "-Infinity", "null", "true", "[]", "{}"])
@pytest.mark.parametrize("reader", BODIES, ids=lambda reader: reader.__name__)
def test_a_price_that_is_no_text_is_refused(reader: Reader, number: str) -> None:
    with pytest.raises(Unusable):
        reader(BODIES[reader].replace(b'"2500.25"', number.encode()))


HOSTILE: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "its answer is not JSON"),
    ("a page", b"<html><body>502 Bad Gateway</body></html>", "its answer is not JSON"),
    ("half", b'{"price": "25', "its answer is not JSON"),
    ("no text", b"\xff\xfe\x00", "its answer is not JSON"),
    ("too deep", b"[" * 60_000, "its answer is not JSON"),
    ("a long number", b'{"x":' + b"9" * 60_000 + b"}", "Field required"),
    ("a list", b"[]", "its answer: Input should be"),
    ("a word", b'"2500"', "its answer: Input should be"),
    ("null", b"null", "its answer: Input should be"),
    ("an empty object", b"{}", "Field required"),
    ("an error body", b'{"message":"NotFound"}', "Field required"),
]


@pytest.mark.parametrize(("body", "words"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
@pytest.mark.parametrize("reader", BODIES, ids=lambda reader: reader.__name__)
def test_what_is_no_ticker_is_refused(reader: Reader, body: bytes, words: str) -> None:
    with pytest.raises(Unusable) as caught:
        reader(body)
    assert words in str(caught.value)


@pytest.mark.parametrize("reader", BODIES, ids=lambda reader: reader.__name__)
def test_a_key_said_twice_is_refused(reader: Reader) -> None:
    key = b'"ask":' if reader is of_coinbase else b'"a":'
    value = b'"1"' if reader is of_coinbase else b'["1","1","1"]'
    body = BODIES[reader]
    with pytest.raises(Unusable, match="a key twice"):
        reader(body.replace(key, key + value + b"," + key, 1))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for reader in BODIES:
        with pytest.raises(Unusable):
            reader(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


@given(JSON, JSON)
def test_no_json_raises_anything_else(one: Any, other: Any) -> None:
    ticker = {"price": one, "bid": other, "ask": one, "time": other}
    envelope = {"error": [], "result": {"ETHUSD": {"a": one, "b": other, "c": [one, other]}}}
    for reader in BODIES:
        for data in (ticker, envelope, {"error": one, "result": other}, {"error": [], "result": other}):
            with pytest.raises(Unusable):
                reader(json.dumps(data).encode())


def test_another_product_is_refused() -> None:
    with pytest.raises(Unusable, match="another product"):
        of_coinbase(BODIES[of_coinbase].replace(b'"ask"', b'"product_id":"BTC-USD","ask"'))
    with pytest.raises(Unusable, match="another pair"):
        kraken.said(kraken_body("60000", "XBTUSD"), DATE, "ETHUSD")
    both = json.loads(kraken_body("1", "ETHUSD"))
    both["result"]["XXBTZUSD"] = both["result"]["XETHZUSD"]
    with pytest.raises(Unusable, match="answers with 2 pairs, asked was one"):
        of_kraken(json.dumps(both).encode())


def test_krakens_own_error_is_told_and_nothing_unprintable_with_it() -> None:
    with pytest.raises(Unusable) as caught:
        of_kraken(b'{"error":["EQuery:Unknown asset pair"]}')
    assert str(caught.value) == "it answers with an error: EQuery:Unknown asset pair"
    with pytest.raises(Unusable) as caught:
        of_kraken(json.dumps({"error": ["E\n\x1b[31mred<script>" + "x" * 500], "result": {}}).encode())
    assert str(caught.value) == "it answers with an error: E31mredscript" + "x" * 42


def test_a_crossed_book_is_refused() -> None:
    with pytest.raises(Unusable, match="bid is above its ask"):
        inside_the_book("2500", "2501", "2499")


@pytest.mark.parametrize("text", ["", "yesterday", "2027-01-15T08:00:00", "1800000000", "2027-13-01T00:00:00Z"])
def test_a_time_without_zone_or_sense_is_refused(text: str) -> None:
    with pytest.raises(Unusable, match="time"):
        moment(text)


@pytest.mark.parametrize("text", [None, "", "soon", "Fri, 99 Jan 2027 08:00:00 GMT", "Fri, 15 Jan 2027 08:00:00 -0000"])
def test_krakens_answer_without_a_date_has_no_age(text: str | None) -> None:
    with pytest.raises(Unusable):
        kraken.said(BODIES[of_kraken], text, "ETHUSD")


def test_recorded_shapes_are_read_to_the_last_unit() -> None:
    wanted = Said(2_500 * WAD + WAD // 4, NOW)
    assert of_coinbase(BODIES[of_coinbase]) == of_kraken(BODIES[of_kraken]) == wanted
    assert of_kraken(BODIES[of_kraken].replace(b"XETHZUSD", b"ETHUSD")) == wanted
    assert moment("2027-01-15T09:00:00+01:00") == moment_of_date(DATE) == NOW
    whole = MOST // WAD
    assert of_coinbase(coinbase_body(f"{whole}", NOW)).price == MOST
    assert of_coinbase(coinbase_body("0.000000000000000001", NOW)).price == 1


@pytest.mark.parametrize(("last", "taken"), [("2400", 2_490), ("2495.5", 2_495.5), ("2600", 2_510)])
def test_the_last_trade_gives_way_to_the_book(last: str, taken: float) -> None:
    assert inside_the_book(last, "2490", "2510") == int(taken * 10) * WAD // 10
