"""The real thing: Aave's own ERC-4626 wrapper of USDC in a vault, deposited into, priced within its gas, redeemed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from keeper.devnet import local
from keeper.devnet.kit import Chain
from keeper.manifest import load_manifest
from scripts.devnet_deployment import render
from tests.scripts.ground import Ground
from tests.scripts.test_shares import ASSET, ROUTE, allocate, held

WAYS = (("USDC", "vUSDC"), ("vUSDC", "USDC"))
WHOLE = 10**6
"""Units of a whole USDC, and of a whole share."""


@pytest.fixture
def aave(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Ground]:
    """The full local chain, where Aave stands and is used."""
    name = f"aave-{os.getpid()}"
    try:
        book = local.up(name, full=True)
        yield Ground(book, tmp_path, Chain(book.url, book.address("deployer")), capsys)
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


@pytest.mark.timeout(300)
def test_a_vault_deposits_into_aave_and_a_flatten_redeems_all_of_it(aave: Ground) -> None:
    share, usdc = aave.book.wrapped["waUSDC"].address, aave.book.tokens["USDC"].address
    plain = render(aave.book).replace("target_bps = 4000", "target_bps = 3000")
    asset = ASSET[: ASSET.index("[adapters.pairs]")].format(share=share)
    ways = (ROUTE.format(sold=s, bought=b, adapter="shares", venue=share, slip=10) for s, b in WAYS)
    exit_code, _, err = aave.deploy(plain + asset + "".join(ways), "--yes")
    assert exit_code == 0, err
    manifest = load_manifest(aave.file(".json"))
    vault, guardian = manifest.parts.vault.address, aave.book.address("guardian")

    aave.hand.send(usdc, "transfer(address,uint256)", vault, 100_000 * WHOLE, sender=aave.book.address("user"))
    allocate(aave.hand, manifest, (len(manifest.routes) - 2, 5_000 * WHOLE, 0))
    assert 4_990 * WHOLE < held(aave.hand, share, vault) <= 5_000 * WHOLE
    assert held(aave.hand, share, manifest.parts.adapters["shares"].address) == 0

    aave.hand.send(vault, "halt(bytes32)", b"end".ljust(32), sender=guardian)
    aave.hand.send(vault, "flatten(uint8[])", [len(manifest.assets) - 1], sender=guardian)
    assert held(aave.hand, share, vault) == 0
    assert held(aave.hand, usdc, vault) >= 100_000 * WHOLE - 2
