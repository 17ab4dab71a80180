"""From a TOML to constructor arguments: the order the oracle wants, a route's fixed argument, where venues stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from keeper.config.deployment import DeploymentFile, load_deployment
from keeper.devnet.calls import encode_call
from scripts import wiring
from tests.keeper.config.texts import DEPLOYMENT, REWARDED, SHARE

_ASSET = SHARE[: SHARE.index("[adapters")]
_DOORS = SHARE[SHARE.index("[adapters") :]
FIRST_ASSET = DEPLOYMENT.index("[[assets]]")
WETH, USDC = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


@pytest.fixture
def deployment(tmp_path: Path) -> DeploymentFile:
    """A share listed before everything, its underlying included."""
    path = tmp_path / "treasury.toml"
    path.write_text(DEPLOYMENT[:FIRST_ASSET] + _ASSET + DEPLOYMENT[FIRST_ASSET:] + _DOORS)
    return load_deployment(path)


def test_the_oracle_gets_a_share_after_its_underlying_wherever_it_is_listed(deployment: DeploymentFile) -> None:
    assert [asset.symbol for asset in deployment.assets] == ["vUSDC", "WETH", "USDC", "WBTC"]
    names = {key: key for asset in deployment.assets for key in wiring.source_keys(deployment, asset.symbol)}
    assert [sources for _, sources in wiring.listings(deployment, names)] == [
        ["weth_0", "weth_1"],
        ["usdc_0"],
        ["wbtc_0"],
        ["vusdc_0"],
    ]


def test_a_pool_wants_its_fee_a_router_its_path_a_share_and_a_pair_nothing(deployment: DeploymentFile) -> None:
    routes = wiring.routes_of(deployment, {name: name for name in deployment.adapters})
    pool, router, share, pair = (route[-1] for route in routes)
    assert pool == (500).to_bytes(32, "big")
    assert len(router) == 20 + 23 * 2
    assert (share, pair) == (b"", b"")
    assert [route[:2] for route in routes[2:]] == [(0, 2), (1, 3)]


def test_a_claim_calls_the_share_and_its_reward_is_sold_by_a_route_from_nowhere(tmp_path: Path) -> None:
    """Of a StataToken: claimRewardsToSelf with the one reward; 255 is what the contracts call a claim's reward."""
    path = tmp_path / "treasury.toml"
    path.write_text(DEPLOYMENT + REWARDED)
    deployment = load_deployment(path)
    share, link = (deployment.priced_as(symbol).token for symbol in ("vUSDC", "LINK"))
    first, second = wiring.claims_of(deployment)
    assert first[:4] == (share, link, 5_000 * 10**18, True)
    assert first[4] == bytes.fromhex(encode_call("claimRewardsToSelf(address[])", [link])[2:])
    assert second[4] == bytes.fromhex("3d18b912")
    sale, routed = wiring.routes_of(deployment, {name: name for name in deployment.adapters})[-2:]
    assert sale[:3] == (255, 1, 0)
    assert sale[-1][:20] == bytes.fromhex(link[2:])
    usdc = deployment.priced_as("USDC").token
    assert routed[:2] == (0, 3)
    assert routed[-1][-20:] == bytes.fromhex(usdc[2:])  # the router's path ends in the share's asset


def test_venues_stand_where_mainnets_factories_put_them() -> None:
    v3, v2 = "0x1F98431c8aD98523631AE4a59f267346ea31F984", "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"
    assert wiring.pool_address(v3, WETH, USDC, 500) == "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"
    assert wiring.pair_address(v2, USDC, WETH) == "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"
    assert wiring.pair_address(v2, WETH, USDC) == wiring.pair_address(v2, USDC, WETH)
