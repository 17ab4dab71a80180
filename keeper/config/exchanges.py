"""[prices]: which exchanges are asked for which asset, and when what they say vetoes a trade."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from keeper.config.strict import Strict
from keeper.units import Bps, Seconds

QUOTES: tuple[Literal["USDC", "USD"], ...] = ("USDC", "USD")
"""What a product may be quoted in: two different currencies, however near to each other."""
_COINBASE = re.compile(r"[A-Z0-9]{2,10}-(USD|USDC)")
_KRAKEN = re.compile(r"[A-Z0-9]{2,10}(USD|USDC)")


def public_address(text: str) -> str:
    """An https address without user, path or query; plain http to this machine alone. ValueError for anything else."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("no http address")
    if url.username or url.password or url.path not in ("", "/") or url.query or url.fragment:
        raise ValueError("an exchange's address has no user, path or query: its tickers are public")
    if url.scheme == "http" and not _loopback(url.hostname):
        raise ValueError("plain http lets anyone on the way change prices: write https")
    return text.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _coinbase_product(text: str) -> str:
    if _COINBASE.fullmatch(text) is None:
        raise ValueError("not a Coinbase product quoted in USD or USDC, such as ETH-USD")
    return text


def _kraken_pair(text: str) -> str:
    if _KRAKEN.fullmatch(text) is None:
        raise ValueError("not a Kraken pair quoted in USD or USDC, such as ETHUSD")
    return text


SymbolText = Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,16}$")]
CoinbaseText = Annotated[str, AfterValidator(_coinbase_product)]
KrakenText = Annotated[str, AfterValidator(_kraken_pair)]
CoinbaseProducts = Annotated[tuple[CoinbaseText, ...], Field(min_length=1, strict=False)]
KrakenPairs = Annotated[tuple[KrakenText, ...], Field(min_length=1, strict=False)]


def _coinbase_products() -> dict[str, tuple[str, ...]]:
    """USDC is not among them: Coinbase changes it into dollars one for one and has no market of it."""
    return {"WETH": ("ETH-USD",), "WBTC": ("BTC-USD",), "DAI": ("DAI-USD",)}


def _kraken_pairs() -> dict[str, tuple[str, ...]]:
    return {"WETH": ("ETHUSD",), "WBTC": ("XBTUSD",), "USDC": ("USDCUSD",), "DAI": ("DAIUSD",)}


class CoinbaseSection(Strict):
    """[prices.coinbase]: Coinbase Exchange's public tickers."""

    base_url: Annotated[str, AfterValidator(public_address)] = "https://api.exchange.coinbase.com"
    products: dict[SymbolText, CoinbaseProducts] = Field(default_factory=_coinbase_products)
    """The vault's symbols, and what is asked of each."""


class KrakenSection(Strict):
    """[prices.kraken]: Kraken's public tickers."""

    base_url: Annotated[str, AfterValidator(public_address)] = "https://api.kraken.com"
    products: dict[SymbolText, KrakenPairs] = Field(default_factory=_kraken_pairs)
    """The vault's symbols, and what is asked of each."""


class PricesSection(Strict):
    """[prices]: tickers of exchanges. They may hold a trade back, never make one. Off where no exchange has a table."""

    timeout_ms: Annotated[int, Field(ge=50, le=10_000)] = 1_500
    """How long all answers together may take; they are awaited beside the chain's."""
    max_age: Annotated[Seconds, Field(ge=1, le=86_400)] = Seconds(120)
    """A ticker older than this is stale."""
    min_sources: Annotated[int, Field(ge=1)] = 2
    """So many exchanges must agree on an asset; all that are asked for it, where those are fewer."""
    outlier_bps: Annotated[Bps, Field(ge=1, le=5_000)] = Bps(100)
    """A ticker further than this from the median of its asset's tickers is an outlier, however much all differ."""
    max_gap_bps: Annotated[Bps, Field(ge=1, le=5_000)] = Bps(200)
    """How far their median may be from the vault's own price."""
    coinbase: CoinbaseSection | None = None
    kraken: KrakenSection | None = None

    @model_validator(mode="after")
    def _enough_exchanges(self) -> PricesSection:
        if self.model_fields_set and not self.exchanges:
            raise ValueError("no exchange is named: add [prices.coinbase] or [prices.kraken], or empty [prices]")
        if self.exchanges and self.min_sources > len(self.exchanges):
            found = len(self.exchanges)
            raise ValueError(f"min_sources is {self.min_sources}, {found} exchanges are named: lower it, or name more")
        return self

    @property
    def exchanges(self) -> Mapping[str, CoinbaseSection | KrakenSection]:
        """The exchanges that are asked, by name; none where the feature is off."""
        named = {"coinbase": self.coinbase, "kraken": self.kraken}
        return {name: section for name, section in named.items() if section is not None}


def quote_of(product: str) -> Literal["USDC", "USD"]:
    """The currency that a product's price counts, from its name. ValueError for a name that ends in neither."""
    for quote in QUOTES:
        if product.endswith(quote):
            return quote
    raise ValueError(f"{product[:20]} is quoted in neither USD nor USDC")
