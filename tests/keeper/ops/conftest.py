"""A keeper's place at a vault on target, and at one that has drifted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployed import Deployed
from tests.keeper.execute import desk
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
