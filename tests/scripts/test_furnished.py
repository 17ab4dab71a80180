"""The story's vault: what its TOML says, and that it can be deployed and paid into, on either client."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from keeper.config.deployment import load_deployment
from keeper.devnet import local
from keeper.devnet.book import Book
from keeper.errors import UsageError
from scripts.furnished import deposit_words, render, slip_bps
from scripts.toolchain import ROOT

EXAMPLE = ROOT / "deploy.furnished.toml"


@pytest.fixture(scope="module")
def full() -> Iterator[Book]:
    name = f"rendered-{os.getpid()}"
    try:
        yield local.up(name, full=True)
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


def test_the_example_is_what_the_full_chain_renders(full: Book) -> None:
    assert tomllib.loads(EXAMPLE.read_text()) == tomllib.loads(render(full))


def test_a_quick_chain_has_no_share_to_list(full: Book) -> None:
    with pytest.raises(UsageError, match="is not the full one"):
        render(replace(full, full=False))


def test_slips_are_fees_deviations_and_a_margin(full: Book) -> None:
    assert slip_bps(full, ("WBTC", 3_000, "WETH", 500, "USDC", 100, "DAI")) == 30 + 5 + 1 + 50 + 50 + 10
    assert slip_bps(full, ("LINK", 3_000, "WETH", 500, "USDC")) == 30 + 5 + 50 + 50 + 10
    assert slip_bps(full, ("USDC", "waUSDC")) == 10
    assert slip_bps(full, ("WETH", 500, "waUSDC")) == 5 + 50 + 50 + 10


def test_each_asset_that_is_not_safe_leads_into_each_refuge_it_can_reach() -> None:
    deployment = load_deployment(EXAMPLE)
    exits = {(route.symbols[0], route.symbols[-1]) for route in deployment.routes}
    for symbol in ("WETH", "WBTC"):
        assert {(symbol, "USDC"), (symbol, "DAI"), ("USDC", symbol)} <= exits
    shares = {("waUSDC", symbol) for symbol in ("USDC", "DAI", "WETH", "WBTC")}
    assert shares | {("USDC", "waUSDC"), ("WETH", "waUSDC"), ("WBTC", "waUSDC")} <= exits
    assert {("USDC", "DAI"), ("DAI", "USDC"), ("LINK", "USDC")} <= exits


def test_the_deposit_is_parted_by_the_targets(full: Book) -> None:
    words = deposit_words(full, 1_000_000)
    assert words[:4] == ["--token", "WETH", "--amount", "133.333333333333333333"]
    assert words[8:11] == ["--enter", "waUSDC", "200000.000000"]
    assert "DAI" not in words
