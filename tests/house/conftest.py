"""The house's tests look at what `make setup` made: so it is made first, by the command itself."""

from __future__ import annotations

import subprocess

import pytest

from scripts.toolchain import ROOT


@pytest.fixture(scope="session")
def set_up(outer_environ: dict[str, str]) -> None:
    """`make setup`, which costs a tenth of a second when nothing changed."""
    subprocess.run(["make", "setup"], cwd=ROOT, env=outer_environ, check=True, capture_output=True)
