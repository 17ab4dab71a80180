"""Who types `make owner` in tests, in this process to be quick; and a TOML that lists what the oracle knows already."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts.front import answer
from scripts.owner import run
from scripts.owner_words import arguments
from scripts.toolchain import ROOT
from tests.furnished import Stage


class Governor:
    """Types the command for the stage's vault."""

    def __init__(self, stage: Stage, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.manifest = folder / stage.deployed.manifest_path.name
        shutil.copy(stage.deployed.manifest_path, self.manifest)
        self._stage = stage
        self._capsys = capsys

    def says(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        network = f"devnet:{self._stage.book.name}"
        options = arguments(["--network", network, "--manifest", str(self.manifest), "--yes", *words])
        self._capsys.readouterr()
        exit_code = answer(lambda: run(options))
        said = self._capsys.readouterr()
        return exit_code, said.out, said.err

    def does(self, *words: str) -> dict[str, Any]:
        """The one object of an act that went well."""
        exit_code, out, err = self.says("--json", *words)
        assert exit_code == 0, err
        told: dict[str, Any] = json.loads(out)
        return told

    def waits(self) -> list[dict[str, Any]]:
        """What the queue holds."""
        found: list[dict[str, Any]] = self.does("pending")["pending"]
        return found

    def proposed(self, *words: str) -> str:
        """The id of a change proposed now."""
        known = {entry["id"] for entry in self.waits()}
        self.does("propose", *words)
        (ident,) = (entry["id"] for entry in self.waits() if entry["id"] not in known)
        return str(ident)

    @staticmethod
    def batch(path: Path) -> list[dict[str, str]]:
        """The calls of a Safe's batch."""
        calls: list[dict[str, str]] = json.loads(path.read_text())["transactions"]
        return calls


@pytest.fixture
def governor(stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Governor:
    return Governor(stage, tmp_path, capsys)


def fragment(stage: Stage, folder: Path) -> Path:
    """LINK as an asset, with a way in and a way out into each refuge: until now it is a reward alone."""
    told = tomllib.loads((ROOT / "deploy.furnished.toml").read_text())
    (reward,) = told["rewards"]
    router = stage.deployed.manifest.routes[7].venue
    lines = [
        *('[[assets]]\nsymbol = "LINK"', f'token = "{reward["token"]}"', "decimals = 18", "target_bps = 0"),
        *("min_bps = 0", "max_bps = 2000", 'price_low = "1"', 'price_high = "1000"'),
    ]
    for voice in reward["sources"]:
        lines += [
            '[[assets.sources]]\nkind = "aggregator"',
            f'feed = "{voice["feed"]}"',
            f"max_age = {voice['max_age']}",
        ]
    ways = (
        ("LINK", 3000, "WETH", 500, "USDC"),
        ("USDC", 500, "WETH", 3000, "LINK"),
        ("LINK", 3000, "WETH", 500, "USDC", 100, "DAI"),
    )
    for way in ways:
        lines += [
            f"[[routes]]\npath = {json.dumps(way)}",
            'adapter = "router"',
            f'venue = "{router}"',
            "slip_bps = 146",
        ]
    path = folder / "link.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
