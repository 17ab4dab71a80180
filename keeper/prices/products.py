"""What is asked of whom: one product of one exchange for one asset of the vault; and what was heard of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from keeper.config import PricesSection, quote_of
from keeper.manifest import Manifest
from keeper.units import Timestamp, Usd18


@dataclass(frozen=True, slots=True)
class Product:
    """One ticker to ask for: asset `asset` of the vault, called `name` at `exchange`, priced in `quote`."""

    asset: int
    symbol: str
    exchange: str
    name: str
    quote: Literal["USDC", "USD"]
    base_url: str

    @property
    def source(self) -> str:
        """As observations name it: `coinbase:ETH-USD`."""
        return f"{self.exchange}:{self.name}"


@dataclass(frozen=True, slots=True)
class Said:
    """A price an exchange gave, of one whole token in the product's quote currency with 18 decimals, and when."""

    price: Usd18
    at: Timestamp


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of asking for a product: what was said, or in our words why nothing usable was."""

    product: Product
    said: Said | None
    fault: str = ""


def products_of(section: PricesSection, manifest: Manifest) -> tuple[Product, ...]:
    """Everything to ask for the vault of `manifest`: products of assets it does not list are left out."""
    found = [
        Product(asset.index, asset.symbol, exchange, name, quote_of(name), table.base_url)
        for exchange, table in section.exchanges.items()
        for asset in manifest.assets
        for name in table.products.get(asset.symbol, ())
    ]
    return tuple(sorted(found, key=lambda one: (one.asset, one.exchange, one.name)))
