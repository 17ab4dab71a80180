"""Ground to deploy on: a furnished local chain with nothing of ours on it, as it was again after each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from keeper.devnet import local
from keeper.devnet.book import Book
from keeper.devnet.kit import Chain
from scripts.deploy import arguments, run
from scripts.front import answer


@dataclass(frozen=True, slots=True)
class Ground:
    """A furnished chain with nothing of ours on it, and a folder for what a deployment writes."""

    book: Book
    folder: Path
    hand: Chain
    capsys: pytest.CaptureFixture[str]

    def deploy(self, text: str, *words: str) -> tuple[int, str, str]:
        """Run deploy.py on a TOML, in this process to be quick; exit code, stdout, stderr."""
        config = self.folder / "deployment.toml"
        config.write_text(text, encoding="utf-8")
        network = () if "--network" in words else ("--network", f"devnet:{self.book.name}")
        options = arguments([*network, "--config", str(config), "--root", str(self.folder), *words])
        self.capsys.readouterr()
        exit_code = answer(lambda: run(options))
        said = self.capsys.readouterr()
        return exit_code, said.out, said.err

    def file(self, ending: str) -> Path:
        """A file of the deployment's."""
        return self.folder / "deployments" / "31337" / f"treasury{ending}"

    def sent(self) -> int:
        """How many transactions the deployer has sent."""
        return int(self.hand.rpc("eth_getTransactionCount", self.book.address("deployer"), "latest"), 16)


@pytest.fixture(scope="module")
def furnished() -> Iterator[Book]:
    name = f"ground-{os.getpid()}"
    try:
        yield local.up(name)
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


@pytest.fixture
def ground(furnished: Book, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Ground]:
    hand = Chain(furnished.url, furnished.address("deployer"))
    before = hand.rpc("evm_snapshot")
    yield Ground(furnished, tmp_path, hand, capsys)
    assert hand.rpc("evm_revert", before)
