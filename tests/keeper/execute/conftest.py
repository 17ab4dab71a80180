"""A desk at a vault that has drifted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployed import Deployed
from tests.keeper.execute import desk as desks
from tests.keeper.execute.desk import Desk


@pytest.fixture
def drifted(deployed: Deployed) -> Deployed:
    """A vault a good 3 % overweight in WETH."""
    desks.drift(deployed)
    return deployed


@pytest.fixture
def desk(drifted: Deployed, tmp_path: Path) -> Iterator[Desk]:
    """The keeper's desk at it."""
    with desks.taken(drifted, tmp_path) as taken:
        yield taken
