"""A keeper's place at a vault on target, and at one that has drifted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from keeper.devnet import hands
from keeper.devnet.furnish import settle
from tests.deployed import Deployed
from tests.keeper.execute import desk
from tests.keeper.ops import farm
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place


@pytest.fixture
def place(deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    """On target."""
    return places.make(deployed, tmp_path, capsys)


@pytest.fixture
def drifted(place: Place) -> Place:
    """The same, a good 3 % overweight in WETH."""
    desk.drift(place.deployed)
    return place


@pytest.fixture(scope="session")
def farm_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The story's vault on a full chain of its own."""
    folder = tmp_path_factory.mktemp("farm")
    with farm.standing(folder) as deployed:
        yield deployed


@pytest.fixture
def at_farm(farm_once: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    """A keeper's place at it; the chain is as it was again after the test."""
    hand = hands.of(farm_once.book, "deployer")
    settle(hand)  # the node keeps the next base fee beyond the undoing of a test
    before = hand.rpc("evm_snapshot")
    yield places.make(farm_once, tmp_path, capsys)
    assert hand.rpc("evm_revert", before)
