"""The canary: one red forge test turns `make test` red, through the very target everybody runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.toolchain import ROOT, TOOLS

CANARY = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Base} from "./Base.sol";

contract Canary is Base {
    function test_sings() external pure {
        eq(%d, 2, "the canary");
    }
}
"""


pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.timeout(600)]  # a build after an edit takes its time


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A forge project like this one, holding nothing but a place for the canary; its compiler is ours."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "tests" / "forge").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "forge" / "Base.sol", tmp_path / "tests" / "forge")
    settings = (ROOT / "foundry.toml").read_text()
    (tmp_path / "foundry.toml").write_text(settings.replace('solc = ".tools/', f'solc = "{TOOLS}/'))
    return tmp_path


def make_test(root: Path, environ: dict[str, str], steps: str) -> subprocess.CompletedProcess[str]:
    """The real `make test`, with forge looking at another root; a step after the red one must not hide it."""
    words = ["make", "test", f"FORGE_ROOT={root}", f"TEST_STEPS={steps}"]
    return subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("steps", ["test-forge", "test-forge help"])
def test_a_red_forge_test_turns_make_test_red(mine: Path, outer_environ: dict[str, str], steps: str) -> None:
    (mine / "tests" / "forge" / "Canary.t.sol").write_text(CANARY % 3)
    done = make_test(mine, outer_environ, steps)
    assert done.returncode != 0, done.stdout
    assert re.search(r"\[FAIL.*test_sings", done.stdout)
    assert "make test: failed: test-forge" in done.stderr


def test_a_green_one_leaves_it_green(mine: Path, outer_environ: dict[str, str]) -> None:
    (mine / "tests" / "forge" / "Canary.t.sol").write_text(CANARY % 2)
    done = make_test(mine, outer_environ, "test-forge")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_a_red_later_step_turns_make_test_red(mine: Path, outer_environ: dict[str, str]) -> None:
    (mine / "tests" / "forge" / "Canary.t.sol").write_text(CANARY % 2)
    done = make_test(mine, outer_environ | {"PYTEST_ARGS": "--no-such-option"}, "test-keeper test-forge")
    assert done.returncode != 0
    assert "make test: failed: test-keeper" in done.stderr


def test_make_test_runs_every_kind_by_default(outer_environ: dict[str, str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "TEST_STEPS ?= test-forge test-contracts test-keeper test-house test-audit\n" in makefile
