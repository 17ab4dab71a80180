"""The floors and doors import-linter holds: each rule is broken once in a copy, and must be found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.toolchain import ROOT

LINT = Path(sys.executable).with_name("lint-imports")

# (the file that breaks the rule, the line it gets, the arrow the linter must draw)
BROKEN = [
    ("units.py", "import keeper.journal", "keeper.units -> keeper.journal"),
    ("config/extra.py", "import keeper.chain", "keeper.config.extra -> keeper.chain"),
    ("decide/extra.py", "import keeper.guard", "keeper.decide.extra -> keeper.guard"),
    ("chain/extra.py", "import keeper.journal", "keeper.chain.extra -> keeper.journal"),
    ("devnet/extra.py", "import keeper.execute", "keeper.devnet.extra -> keeper.execute"),
    ("execute/extra.py", "import keeper.ops", "keeper.execute.extra -> keeper.ops"),
    ("ops/extra.py", "import keeper.cli", "keeper.ops.extra -> keeper.cli"),
    ("decide/extra.py", "import web3", "keeper.decide.extra -> web3"),
    ("execute/extra.py", "from eth_abi.abi import encode", "keeper.execute.extra -> eth_abi"),
    ("chain/extra.py", "import eth_account", "keeper.chain.extra -> eth_account"),
    ("guard/extra.py", "import httpx", "keeper.guard.extra -> httpx"),
    ("ops/extra.py", "from sqlalchemy import text", "keeper.ops.extra -> sqlalchemy"),
    ("ops/extra.py", "import typer", "keeper.ops.extra -> typer"),
    ("cli/extra.py", "import brownie", "keeper.cli.extra -> brownie"),
    ("decide/extra.py", "import numpy", "keeper.decide.extra -> numpy"),
    ("cli/extra.py", "import scripts.toolchain", "keeper.cli.extra -> scripts"),
    ("../tests/audit/extra.py", "import keeper.units", "tests.audit.extra -> keeper.units"),
    ("../tests/audit/extra.py", "import scripts.bounds", "tests.audit.extra -> scripts"),
    ("../tests/audit/extra.py", "import web3", "tests.audit.extra -> web3"),
]
FLOORS = ("cli", "ops", "execute", "chain", "journal", "decide", "guard", "config")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Keeper and audit alone, with every floor present, so that no rule can pass for want of a folder."""
    shutil.copytree(ROOT / "keeper", tmp_path / "keeper", ignore=shutil.ignore_patterns("__pycache__"))
    audit = Path("tests") / "audit"
    shutil.copytree(ROOT / audit, tmp_path / audit, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in FLOORS:
        (tmp_path / "keeper" / name).mkdir(exist_ok=True)
        (tmp_path / "keeper" / name / "__init__.py").touch()
    return tmp_path


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("file", "line", "arrow"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_broken_rule_is_found(copy: Path, file: str, line: str, arrow: str) -> None:
    path = copy / "keeper" / file
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")
    found = lint(copy)
    assert found.returncode == 1
    assert arrow in found.stdout


def test_the_project_keeps_every_rule(copy: Path) -> None:
    found = lint(copy)
    assert found.returncode == 0, found.stdout


def test_a_floor_beside_the_rules_is_refused() -> None:
    """A new folder of the keeper must be given a floor in pyproject.toml before it can hold code."""
    known = (ROOT / "pyproject.toml").read_text()
    for path in sorted((ROOT / "keeper").iterdir()):
        name = path.stem
        if path.suffix in ("", ".py") and not name.startswith("__") and name != "abi" and not name.startswith("."):
            assert f"({name})" in known, f"keeper/{path.name} has no floor in [tool.importlinter]"
