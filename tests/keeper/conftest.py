"""The local chain for tests of the keeper: furnished once, and put back as it was after each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from keeper.devnet import local
from keeper.devnet.book import Book
from keeper.devnet.kit import Chain
from tests.deployed import deployed, deployed_once

__all__ = ["chain", "deployed", "deployed_once", "devnet", "furnished"]


@pytest.fixture(scope="session")
def furnished() -> Iterator[Book]:
    """One furnished chain on a free port; tests take `devnet` or `chain`, which undo what they do."""
    name = f"test-{os.getpid()}"
    try:
        yield local.up(name)
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


@pytest.fixture
def devnet(furnished: Book) -> Iterator[Book]:
    """Where everything stands on a chain that is at its furnished block now and again after the test."""
    hand = Chain(furnished.url, furnished.address("deployer"))
    before = hand.rpc("evm_snapshot")
    yield furnished
    assert hand.rpc("evm_revert", before)


@pytest.fixture
def chain(devnet: Book) -> Chain:
    """A hand on that chain, with the deployer as its sender."""
    return Chain(devnet.url, devnet.address("deployer"))
