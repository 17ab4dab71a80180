"""A vault for tests, made by the commands that an operator types, on the furnished local chain, with money in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from keeper.devnet import accounts, local
from keeper.devnet.book import Book
from keeper.devnet.kit import Chain
from keeper.manifest import Manifest, load_manifest, manifest_path
from scripts.devnet_deployment import render
from scripts.toolchain import ROOT, TOOLS

CONTRACTS_PYTHON = TOOLS / "venv" / "contracts" / "bin" / "python"
NAME = "treasury"
DEPOSIT = {"WETH": "266.666666666666666666", "WBTC": "8.33333333", "USDC": "700000"}
"""Whole tokens worth $2,000,000 at the opening prices, at target weights: 40, 25 and 35 %."""
_SECONDS = 110


@dataclass(frozen=True, slots=True)
class Deployed:
    """A vault on target, owned by the local chain's Safe; `config` is the TOML it came from."""

    book: Book
    manifest_path: Path
    manifest: Manifest
    config: Path

    @property
    def url(self) -> str:
        """The node's address."""
        return self.book.url

    @property
    def vault(self) -> str:
        """The vault's address."""
        return self.manifest.parts.vault.address

    @property
    def rulebook(self) -> str:
        """The rulebook's address."""
        return self.manifest.parts.rulebook.address

    def key(self, role: str) -> bytes:
        """The private key of keeper, guardian, owner_1, user, stranger …: 32 bytes, public and worthless."""
        return accounts.key(role)


def script(
    module: str, *words: str | Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of scripts/ as make does, by the contracts' interpreter; nothing is asked for an exit code of 0."""
    command = [str(CONTRACTS_PYTHON), "-m", f"scripts.{module}", *map(str, words)]
    env = dict(os.environ) | (environment or {})
    quiet = subprocess.DEVNULL
    return subprocess.run(
        command, cwd=ROOT, env=env, stdin=quiet, capture_output=True, text=True, timeout=_SECONDS, check=False
    )


def deploy_vault(book: Book, folder: Path, *, money: bool = True) -> Deployed:
    """Deploy the local chain's vault, its files below `folder`, and deposit DEPOSIT unless told not to."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / f"{NAME}.toml"
    config.write_text(render(book, NAME), encoding="utf-8")
    network = f"devnet:{book.name}"
    succeed(script("deploy", "--network", network, "--config", config, "--root", folder, "--yes"))
    path = manifest_path(folder, book.chain_id, NAME)
    if money:
        words = [word for symbol, amount in DEPOSIT.items() for word in ("--token", symbol, "--amount", amount)]
        said = ("--network", network, "--manifest", path, "--from", "role:user", "--yes")
        succeed(script("deposit", *said, *words))
    return Deployed(book, path, load_manifest(path), config)


@pytest.fixture(scope="session")
def deployed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A vault on a local chain of its own; tests take `deployed`, which undoes what they do."""
    name = f"deployed-{os.getpid()}"
    try:
        yield deploy_vault(local.up(name), tmp_path_factory.mktemp("deployed"))
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


@pytest.fixture
def deployed(deployed_once: Deployed) -> Iterator[Deployed]:
    """A vault on target with $2M in it, on a chain that is as it was again after the test."""
    hand = Chain(deployed_once.url, deployed_once.book.address("deployer"))
    before = hand.rpc("evm_snapshot")
    yield deployed_once
    assert hand.rpc("evm_revert", before)


def succeed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, f"{done.args} exited {done.returncode}:\n{done.stdout}\n{done.stderr}"
