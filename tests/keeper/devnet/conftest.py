"""The full set for the tests of its parts: furnished once, and put back as it was after each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from keeper.devnet import hands, local, node
from keeper.devnet.book import Book
from keeper.devnet.kit import Chain


@pytest.fixture(scope="session", params=node.CLIENTS)
def furnished_fully(request: pytest.FixtureRequest) -> Iterator[Book]:
    """One chain of each client with the full set; tests take `full` or `hand`, which undo what they do."""
    client = str(request.param)
    name = f"test-{os.getpid()}-{client}"
    try:
        yield local.up(name, full=True, client=client)
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


@pytest.fixture
def full(furnished_fully: Book) -> Iterator[Book]:
    """Where everything stands on a full chain that is at its furnished block now and again after the test."""
    sender = hands.of(furnished_fully, "deployer")
    before = sender.rpc("evm_snapshot")
    yield furnished_fully
    assert sender.rpc("evm_revert", before)


@pytest.fixture
def hand(full: Book) -> Chain:
    """A hand on that chain, with the user of the book as its sender."""
    return hands.of(full, "user")
