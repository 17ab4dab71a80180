"""The right hand for a chain: which client runs it decides how it is told to cheat."""

from __future__ import annotations

from keeper.devnet.book import Book
from keeper.devnet.ganache import Ganache
from keeper.devnet.kit import Chain


def new(client: str, url: str, sender: str) -> Chain:
    """A hand on a node of `client` ("anvil" or "ganache") that sends as `sender`."""
    return Ganache(url, sender) if client == "ganache" else Chain(url, sender)


def of(book: Book, role: str) -> Chain:
    """A hand on the chain of `book` that sends as the account of `role`."""
    return new(book.client, book.url, book.address(role))
