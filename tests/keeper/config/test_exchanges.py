"""[prices]: what it refuses, with its place; that it is off unless an exchange is named; whom it asks by default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from keeper.config import Settings, quote_of
from keeper.config.settings import build_settings
from keeper.errors import ConfigInvalid, UnknownKey
from tests.keeper.config.texts import CONFIG

ROOT = Path(__file__).resolve().parents[3]
Read = Callable[[str], Settings]
BOTH = "[prices.coinbase]\n[prices.kraken]\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def build(text: str) -> Settings:
        return build_settings(tomllib.loads(CONFIG + text), tmp_path / "keeper.toml")

    return build


def with_url(text: str) -> str:
    return f'{BOTH}base_url = "{text}"\n'


REFUSED: list[tuple[str, str]] = [
    ("[prices]\nmax_age = 60\n", "prices in keeper.toml: no exchange is named: add [prices.coinbase]"),
    ("[prices.kraken]\n", "prices in keeper.toml: min_sources is 2, 1 exchanges are named"),
    (f"[prices]\nmin_sources = 3\n{BOTH}", "min_sources is 3, 2 exchanges are named: lower it, or name more"),
    (f"[prices]\nmin_sources = 0\n{BOTH}", "prices.min_sources in keeper.toml"),
    (f"[prices]\nmax_age = 0\n{BOTH}", "prices.max_age in keeper.toml"),
    (f"[prices]\ntimeout_ms = 10\n{BOTH}", "prices.timeout_ms in keeper.toml"),
    (f"[prices]\nmax_gap_bps = 1.5\n{BOTH}", "prices.max_gap_bps in keeper.toml"),
    (with_url("http://api.kraken.com"), "plain http lets anyone on the way change prices: write https"),
    (with_url("http://10.0.0.1"), "plain http"),
    (with_url("https://api.kraken.com/0/public?key=hush-hush"), "has no user, path or query"),
    (with_url("https://user:hush-hush@api.kraken.com"), "has no user, path or query"),
    (with_url("ftp://api.kraken.com"), "no http address"),
    (with_url("api.kraken.com"), "no http address"),
    (BOTH + 'products = { WETH = ["ETHEUR"] }\n', "not a Kraken pair quoted in USD or USDC"),
    (BOTH + 'products = { WETH = ["ETHUSD&pair=X"] }\n', "not a Kraken pair"),
    (BOTH + "products = { WETH = [] }\n", "prices.kraken.products.WETH in keeper.toml"),
    (BOTH + 'products = { "WETH/USD" = ["ETHUSD"] }\n', "prices.kraken.products"),
    ('[prices.kraken]\n[prices.coinbase]\nproducts = { WETH = ["../orders-USD"] }\n', "not a Coinbase product"),
    ('[prices.kraken]\n[prices.coinbase]\nproducts = { WETH = ["ETHUSD"] }\n', "not a Coinbase product"),
]


@pytest.mark.parametrize(("text", "complaint"), REFUSED)
def test_what_does_not_fit_is_refused_with_its_place(read: Read, text: str, complaint: str) -> None:
    with pytest.raises(ConfigInvalid, match=re.escape(complaint)) as caught:
        read(text)
    assert "hush-hush" not in str(caught.value)


def test_an_unknown_exchange_or_key_names_the_nearest(read: Read) -> None:
    with pytest.raises(UnknownKey) as caught:
        read("[prices.karken]\n")
    assert caught.value.nearest == "prices.kraken"
    with pytest.raises(UnknownKey) as caught:
        read(f"[prices]\nmax_gap = 5\n{BOTH}")
    assert caught.value.nearest == "prices.max_gap_bps"


@pytest.mark.parametrize("text", ["", "[prices]\n"])
def test_without_an_exchange_nobody_is_asked(read: Read, text: str) -> None:
    assert not read(text).file.prices.exchanges


def test_the_public_exchanges_are_the_default(read: Read) -> None:
    prices = read(BOTH).file.prices
    assert {name: table.base_url for name, table in prices.exchanges.items()} == {
        "coinbase": "https://api.exchange.coinbase.com",
        "kraken": "https://api.kraken.com",
    }
    assert prices.exchanges["kraken"].products["WBTC"] == ("XBTUSD",)
    assert "USDC" not in prices.exchanges["coinbase"].products
    assert (prices.timeout_ms, prices.max_age, prices.min_sources) == (1_500, 120, 2)
    assert (prices.outlier_bps, prices.max_gap_bps) == (100, 200)


@pytest.mark.parametrize("host", ["http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:8080"])
def test_this_machine_may_be_asked_in_plain_http(read: Read, host: str) -> None:
    assert read(with_url(host)).file.prices.exchanges["kraken"].base_url == host.rstrip("/")


def test_the_example_shows_every_key_with_its_default(read: Read) -> None:
    text = (ROOT / "keeper.example.toml").read_text()
    shown = text[text.index("# [prices]") :].replace("\n# ", "\n").removeprefix("# ").replace("\n#\n", "\n\n")
    prices = read(shown).file.prices
    assert prices == read(BOTH).file.prices
    every = {*type(prices).model_fields, *type(prices.kraken).model_fields}
    assert not [name for name in every if name not in shown]


def test_the_digest_knows_of_the_exchanges(read: Read) -> None:
    texts = ("", BOTH, f"[prices]\nmax_age = 60\n{BOTH}", with_url("https://kraken.example"))
    assert len({read(text).config_digest() for text in texts}) == len(texts)


def test_a_product_is_quoted_in_what_its_name_ends_with() -> None:
    products = {"ETH-USD": "USD", "ETH-USDC": "USDC", "USDC-USD": "USD", "USDCUSD": "USD", "ETHUSDC": "USDC"}
    assert {name: quote_of(name) for name in products} == products
    with pytest.raises(ValueError, match="neither USD nor USDC"):
        quote_of("ETH-EUR")
