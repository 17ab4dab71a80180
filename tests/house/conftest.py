"""The house's tests look at what `make build` made: so it is made first, by the command itself."""

from __future__ import annotations

import subprocess

import pytest

from scripts.toolchain import ROOT


@pytest.fixture(scope="session")
def built(outer_environ: dict[str, str]) -> None:
    """`make build`: set-up and forge's artifacts; a fifth of a second when nothing changed."""
    subprocess.run(["make", "build"], cwd=ROOT, env=outer_environ, check=True, capture_output=True)
