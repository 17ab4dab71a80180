"""The example that everybody starts from is the local chain's own deployment, word for word."""

from __future__ import annotations

import tomllib

from scripts.devnet_deployment import render, slip_bps
from scripts.toolchain import ROOT
from tests.deployed import Deployed

EXAMPLE = ROOT / "deploy.example.toml"


def test_the_example_is_what_the_local_chain_renders(deployed: Deployed) -> None:
    assert tomllib.loads(EXAMPLE.read_text()) == tomllib.loads(render(deployed.book))


def test_slips_are_fees_deviations_and_a_margin(deployed: Deployed) -> None:
    assert slip_bps(deployed.book, ("WETH", 500, "USDC")) == 5 + 50 + 50 + 10
    assert slip_bps(deployed.book, ("WBTC", 3_000, "WETH", 500, "USDC")) == 30 + 5 + 50 + 50 + 10
