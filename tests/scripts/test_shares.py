"""A deployment with an ERC-4626 share and a Uniswap V2 pair: built, recorded, compared, and traded through."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from keeper.devnet import artifacts
from keeper.devnet.kit import ZERO, Chain
from keeper.manifest import Manifest, load_manifest
from scripts.artifacts import BUILD
from scripts.compare import compare
from scripts.devnet_deployment import render
from scripts.networks import Network
from scripts.reading import Reader
from tests.scripts.ground import Ground

ASSET = """
[[assets]]
symbol = "vUSDC"
token = "{share}"
decimals = 6
target_bps = 1000
min_bps = 0
max_bps = 3000
dust = 1000
price_low = "0.5"
price_high = "3"
[[assets.sources]]
kind = "erc4626"
underlying = "USDC"
max_growth_bps_per_year = 2000

[adapters.shares]
kind = "erc4626"
[adapters.pairs]
kind = "uniswap_v2"
"""
ROUTE = """
[[routes]]
path = ["{sold}", "{bought}"]
adapter = "{adapter}"
venue = "{venue}"
slip_bps = {slip}
"""
RATE = 1_250_000
"""USDC units for a whole share."""


@dataclass(frozen=True, slots=True)
class Venues:
    """A share worth 1.25 USDC and a filled WETH/USDC pair of the real factory."""

    share: str
    pair: str


@pytest.fixture
def venues(ground: Ground) -> Venues:
    hand, book, user = ground.hand, ground.book, ground.book.address("user")
    weth, usdc = book.tokens["WETH"].address, book.tokens["USDC"].address
    share = hand.new(artifacts.load(BUILD / "MockShare.json"), usdc, 0)
    hand.send(usdc, "approve(address,uint256)", share, 100_000 * 10**6, sender=user)
    hand.send(share, "deposit(uint256,address)", 80_000 * 10**6, user, sender=user)
    hand.send(usdc, "transfer(address,uint256)", share, 20_000 * 10**6, sender=user)
    factory = book.contracts["v2_factory"]
    hand.send(factory, "createPair(address,address)", weth, usdc)
    pair = hand.read(factory, "getPair(address,address)", "address", weth, usdc)
    hand.send(weth, "transfer(address,uint256)", pair, 100 * 10**18, sender=user)
    hand.send(usdc, "transfer(address,uint256)", pair, 300_000 * 10**6, sender=user)
    hand.send(pair, "mint(address)", user, sender=user)
    return Venues(share, Reader(Network("devnet", book.url, book, is_local=True)).web3.to_checksum_address(pair))


def text(ground: Ground, venues: Venues) -> str:
    """The local chain's deployment with a tenth in the share, and a pair's routes."""
    plain = render(ground.book).replace("target_bps = 4000", "target_bps = 3000")
    routes = (
        ("USDC", "vUSDC", "shares", venues.share, 10),
        ("vUSDC", "USDC", "shares", venues.share, 10),
        ("WETH", "USDC", "pairs", venues.pair, 140),
        ("USDC", "WETH", "pairs", venues.pair, 140),
    )
    said = (ROUTE.format(sold=s, bought=b, adapter=a, venue=v, slip=slip) for s, b, a, v, slip in routes)
    return plain + ASSET.format(share=venues.share) + "".join(said)


MISTAKES = {
    "a token that is no share": ('venue = "{share}"', 'venue = "{usdc}"', "is no ERC-4626 share"),
    "a share of another": ('underlying = "USDC"', 'underlying = "WETH"', "is a share of"),
    "no pair": ('venue = "{pair}"', 'venue = "{share}"', "is no Uniswap pair"),
    "another pair": ('path = ["WETH", "USDC"]', 'path = ["WBTC", "USDC"]', "is not the pair WBTC/USDC of"),
    "growth": ("max_growth_bps_per_year = 2000", "max_growth_bps_per_year = 5001", "GrowthOutOfRange(5001, 5000)"),
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_mistaken_share_or_pair_is_refused_before_anything_is_sent(
    ground: Ground, venues: Venues, mistake: str
) -> None:
    names = {"share": venues.share, "pair": venues.pair, "usdc": ground.book.tokens["USDC"].address}
    right, wrong, words = (part.format(**names) for part in MISTAKES[mistake])
    sound = text(ground, venues)
    assert right in sound
    before = ground.sent()
    exit_code, _, err = ground.deploy(sound.replace(right, wrong, 1), "--yes")
    assert exit_code == 2, err
    assert words in err
    assert ground.sent() == before


def test_shares_and_pairs_are_deployed_recorded_compared_and_traded(ground: Ground, venues: Venues) -> None:
    exit_code, _, err = ground.deploy(text(ground, venues), "--yes")
    assert exit_code == 0, err
    manifest = load_manifest(ground.file(".json"))
    usdc = ground.book.tokens["USDC"].address
    rate = manifest.parts.sources["vusdc_0"]
    assert (rate.contract, rate.kind, rate.asset) == ("Erc4626Source", "erc4626", "vUSDC")
    assert rate.immutables["underlying"] == usdc
    assert abs(int(rate.immutables["rateAtListing"]) - RATE * 10**12) <= 10**12
    assert manifest.parts.adapters["pairs"].immutables["factory"] == ground.book.contracts["v2_factory"]
    assert [route.data for route in manifest.routes[-4:]] == ["0x"] * 4

    network = Network("devnet", ground.book.url, ground.book, is_local=True)
    assert compare(manifest, Reader(network)) == ()
    found = ground.hand.read(manifest.parts.oracle.address, "sources(address)", "address[]", venues.share)
    assert list(found) == [rate.address.lower()]

    ground.hand.rpc("anvil_setCode", venues.share, "0x60006000fd")
    differing = {difference.fact for difference in compare(manifest, Reader(network))}
    assert "assets[3].code" in differing
    assert not [fact for fact in differing if fact.startswith("sources.")]  # our own parts are what they were


def test_the_owner_allocates_into_the_share_and_through_the_pair(ground: Ground, venues: Venues) -> None:
    exit_code, _, err = ground.deploy(text(ground, venues), "--yes")
    assert exit_code == 0, err
    manifest = load_manifest(ground.file(".json"))
    vault, weth = manifest.parts.vault.address, ground.book.tokens["WETH"].address
    user = ground.book.address("user")
    ground.hand.send(ground.book.tokens["USDC"].address, "transfer(address,uint256)", vault, 10**11, sender=user)
    last = len(manifest.routes) - 1
    allocate(ground.hand, manifest, (last - 3, 5_000 * 10**6, 0), (last, 3_000 * 10**6, 0))
    assert abs(held(ground.hand, venues.share, vault) - 4_000 * 10**6) <= 2
    assert 0.98 * 10**18 < held(ground.hand, weth, vault) < 10**18
    for adapter in manifest.parts.adapters.values():
        assert [held(ground.hand, token, adapter.address) for token in (venues.share, weth)] == [0, 0]

    prices = ground.hand.read(
        manifest.parts.oracle.address,
        "clusters(address[],uint256)",
        "(uint128,uint128,uint128)[]",
        [venues.share, ground.book.tokens["USDC"].address],
        100,
    )
    assert abs(prices[0][0] * 100 - prices[1][0] * 125) <= 2 * 10**14


def allocate(hand: Chain, manifest: Manifest, *orders: tuple[int, int, int]) -> None:
    """The Safe's own call, made in its name."""
    owner = manifest.roles.owner
    assert owner != ZERO
    hand.impersonate(owner, 10**18)
    signature = "allocate((uint16,uint128,uint128)[],uint40)"
    hand.send(manifest.parts.vault.address, signature, list(orders), hand.now() + 600, sender=owner)


def held(hand: Chain, token: str, holder: str) -> int:
    return int(hand.read(token, "balanceOf(address)", "uint256", holder))
