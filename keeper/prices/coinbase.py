"""Coinbase Exchange's public ticker: `GET /products/ETH-USD/ticker`. Its time is that of the last trade."""

from __future__ import annotations

from keeper.prices.answers import Answer, PriceText, Unusable, inside_the_book, moment, read
from keeper.prices.products import Said


class _Ticker(Answer):
    price: PriceText
    bid: PriceText
    ask: PriceText
    time: str
    product_id: str | None = None
    """Not in today's answers; where it is, it must be the product that was asked for."""


def path(product: str) -> str:
    """Where the ticker of a product is."""
    return f"/products/{product}/ticker"


def said(body: bytes, _date: str | None, product: str) -> Said:
    """What an answer says. Unusable where it says no price of this product."""
    found = read(_Ticker, body)
    if found.product_id not in (None, product):
        raise Unusable("its answer is of another product")
    return Said(inside_the_book(found.price, found.bid, found.ask), moment(found.time))
