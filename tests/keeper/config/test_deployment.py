"""A deployment's TOML: what only a person can mean is settled before anything is sent."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from keeper.config.deployment import DeploymentFile, load_deployment
from keeper.config.kinds import price
from keeper.config.limits import LimitsSection
from keeper.config.profile import load_profile
from keeper.config.voices import Erc4626Voice, TwapVoice
from keeper.errors import ConfigInvalid, UnknownKey, WeightsNotWhole
from keeper.model import Limits
from tests.keeper.config.texts import DEPLOYMENT, REWARDED, SHARE

SOUND = DEPLOYMENT
NESTED = """
[[assets]]
symbol = "vvUSDC"
token = "0x00000000000000000000000000000000000000b5"
decimals = 6
target_bps = 0
min_bps = 0
max_bps = 3000
price_low = "0.9"
price_high = "2"
[[assets.sources]]
kind = "erc4626"
underlying = "vUSDC"
max_growth_bps_per_year = 2000
"""
BESIDE = """
[[assets.sources]]
kind = "aggregator"
feed = "0x00000000000000000000000000000000000000c5"
max_age = 3900
[adapters.shares]"""


def read(tmp_path: Path, text: str) -> DeploymentFile:
    path = tmp_path / "treasury.toml"
    path.write_text(text)
    return load_deployment(path)


@pytest.mark.parametrize(("weight", "total"), [(5_999, 9_999), (6_001, 10_001)])
def test_weights_that_are_not_whole_are_refused(tmp_path: Path, weight: int, total: int) -> None:
    with pytest.raises(WeightsNotWhole) as caught:
        read(tmp_path, SOUND.replace("target_bps = 6000", f"target_bps = {weight}"))
    assert caught.value.total_bps == total


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("target_bps = 6000", "target_bps = 8500", "target 8500 bps is outside 2000 to 8000 bps"),
        ('symbol = "USDC"', 'symbol = "WETH"', "WETH is listed twice"),
        ('quote = "USDC"', 'quote = "USDT"', "assets[0].sources in treasury.toml: no asset USDT"),
        ('path = ["WETH", 500, "USDC"]', 'path = ["WETH", 500, "DAI"]', "routes[0] in treasury.toml: no asset DAI"),
        (
            'path = ["WETH", 500, "USDC"]',
            'path = ["WETH", 500, "WETH"]',
            "routes[0] in treasury.toml: sells WETH for WETH",
        ),
        ('3000, "WBTC", 500', '3000, "DAI", 500', "routes[1] in treasury.toml: no asset DAI"),
        ('path = ["WETH", 500, "USDC"]', 'path = ["WETH", "USDC", 500]', "path alternates"),
        ('path = ["WETH", 500, "USDC"]', 'path = ["WETH", 500, "USDC", 500]', "path alternates"),
        ('adapter = "router"', 'adapter = "pool"', "a pool's own door trades one hop"),
        ('adapter = "router"', 'adapter = "roter"', "no adapter roter"),
        ("00a3", "00a2", "holds two roles"),
        ("00b1", "0000", "the zero address is nobody's"),
        ("00b1", "00b", "is not an address"),
        ('"100"', "100.5", "price_low"),
        ('"100"', '"-1"', "dollars"),
        ('"100"', '"0"', "is not above 0"),
        ("max_age = 3900", "max_age = -1", "max_age"),
        ('profile = "anvil"', 'profile = "bsae"', "no chain profile bsae"),
        ('kind = "v3_pool"', 'kind = "v2"', "adapters.pool.kind"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in SOUND
    with pytest.raises(ConfigInvalid, match=re.escape(complaint)):
        read(tmp_path, SOUND.replace(old, new, 1))


def on_base(lines: str) -> str:
    """The sound deployment on base, every push feed with these lines."""
    return re.sub(r"(max_age = \d+)", rf"\1\n{lines}", SOUND.replace('profile = "anvil"', 'profile = "base"'))


BASE_FEED = load_profile("base").sequencer_feed


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("", "none is not base's sequencer feed"),
        ("grace = 3600", "none is not base's sequencer feed"),
        (f'sequencer = "0x{"c9" * 20}"\ngrace = 3600', "is not base's sequencer feed"),
        (f'sequencer = "{BASE_FEED}"', "a grace of 0 s"),
        (f'sequencer = "{BASE_FEED}"\ngrace = 3599', "a grace of 3599 s"),
    ],
)
def test_where_a_sequencer_can_stop_no_push_feed_is_read_without_it(tmp_path: Path, lines: str, complaint: str) -> None:
    with pytest.raises(ConfigInvalid, match=complaint) as caught:
        read(tmp_path, on_base(lines))
    assert caught.value.remedy.startswith(f'write sequencer = "{BASE_FEED}"' if "feed" in complaint else "write grace")


def test_a_deployment_on_a_rollup_with_its_sequencer_feed_is_sound(tmp_path: Path) -> None:
    assert read(tmp_path, on_base(f'sequencer = "{BASE_FEED}"\ngrace = 3600')).chain_profile().name == "base"
    lower = BASE_FEED.lower()
    assert read(tmp_path, on_base(f'sequencer = "{lower}"\ngrace = 7200')).chain_profile().chain_id == 8453


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('underlying = "USDC"', 'underlying = "DAI"', "assets[3].sources in treasury.toml: no asset DAI"),
        ('underlying = "USDC"', 'underlying = "vUSDC"', "vUSDC is a share itself"),
        ("\n[adapters.shares]", NESTED + "[adapters.shares]", "vUSDC is a share itself"),
        ("\n[adapters.shares]", BESIDE, "a share has its rate and no other source"),
        ("max_growth_bps_per_year = 2000", "max_growth_bps_per_year = 0", "max_growth_bps_per_year"),
        ("max_growth_bps_per_year = 2000", "", "max_growth_bps_per_year"),
        ('["vUSDC", "USDC"]', '["vUSDC", 500, "USDC"]', "erc4626 knows no fee tiers"),
        ('["WETH", "WBTC"]', '["WETH", 3000, "WBTC"]', "uniswap_v2 knows no fee tiers"),
        ('adapter = "pair"', 'adapter = "pool"', "v3_pool needs a fee tier between two symbols"),
        ('adapter = "pair"', 'adapter = "router"', "swap_router_02 needs a fee tier between two symbols"),
        ('adapter = "pair"', 'adapter = "shares"', "is neither WETH nor WBTC"),
        ('["WETH", "WBTC"]', '["WETH"]', "path"),
        ('["WETH", "WBTC"]', '["WETH", "USDC", "WBTC"]', "path alternates"),
    ],
)
def test_a_share_or_a_pair_that_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in SHARE
    with pytest.raises(ConfigInvalid, match=re.escape(complaint)):
        read(tmp_path, SOUND + SHARE.replace(old, new, 1))


def test_a_share_and_a_pair_say_what_they_mean(tmp_path: Path) -> None:
    deployment = read(tmp_path, SOUND + SHARE)
    (rate,) = deployment.assets[3].sources
    assert isinstance(rate, Erc4626Voice)
    assert (rate.underlying, rate.max_growth_bps_per_year) == ("USDC", 2000)
    assert [(route.symbols, route.fees) for route in deployment.routes[2:]] == [
        (("vUSDC", "USDC"), ()),
        (("WETH", "WBTC"), ()),
    ]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('symbol = "LINK"', 'symbol = "USDC"', "rewards[0].symbol in treasury.toml: USDC is listed twice"),
        (
            "00b5",
            "00b1",
            "00B1 is WETH already",
        ),
        ('quote = "WETH"', 'quote = "ETH"', "no asset ETH"),
        ('reward = "LINK"', 'reward = "LIKN"', "claims[0] in treasury.toml: no asset LIKN"),
        ('reward = "LINK"', 'reward = "USDC"', "what is claimed could be principal"),
        ('reward = "LINK"', 'reward = "vUSDC"', "what is claimed could be principal"),
        ('share = "vUSDC"', 'share = "WETH"', "WETH is no share"),
        ('kind = "stata_rewards"', 'kind = "stata"', "input tag 'stata'"),
        ('daily_cap = "5000"', "daily_cap = 5000", "daily_cap"),
        ('daily_cap = "5000"', 'daily_cap = "0"', "is not above 0"),
        ('data = "0x3d18b912"', 'data = "0x3d18"', "claims[1].data"),
        ("claim = 0", "", "sells the reward LINK of no claim"),
        ("claim = 0", "claim = 2", "claim 2 of 2"),
        ("claim = 0", "claim = -1", "claim"),
        ('"LINK", 3000, "WETH", 500, "USDC"]', '"WBTC", 3000, "WETH", 500, "USDC"]', "sells WBTC, claim 0 pays LINK"),
        ('"LINK", 3000, "WETH", 500, "USDC"]', '"LINK", 3000, "WETH"]', "into WETH, which is not safe"),
        ('"WETH", 500, "vUSDC"]', '"WETH", 500, "LINK"]', "buys LINK, which is a reward and no asset"),
        ('"WETH", 500, "vUSDC"]', '"WETH", 500, "USDC"]', "of WETH and USDC not one is a share"),
        ('"WETH", 500, "vUSDC"]', '"USDC", 500, "vUSDC"]', "USDC and vUSDC need no router"),
        ('"WETH", 500, "vUSDC"]', '"WETH", "vUSDC"]', "routed_share needs a fee tier"),
    ],
)
def test_a_reward_that_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in REWARDED
    with pytest.raises(ConfigInvalid, match=re.escape(complaint)):
        read(tmp_path, SOUND + REWARDED.replace(old, new, 1))


def test_a_reward_that_no_claim_pays_is_refused(tmp_path: Path) -> None:
    silent = REWARDED[: REWARDED.index("[[claims]]")]
    with pytest.raises(ConfigInvalid, match="no claim pays LINK"):
        read(tmp_path, SOUND + silent)


def test_a_reward_stands_beside_the_assets_and_is_none(tmp_path: Path) -> None:
    deployment = read(tmp_path, SOUND + REWARDED)
    assert [entry.symbol for entry in deployment.priced] == ["WETH", "USDC", "WBTC", "vUSDC", "LINK"]
    assert deployment.shares() == {"vUSDC": "USDC"}
    assert [(claim.kind, claim.enabled, price(claim.daily_cap)) for claim in deployment.claims] == [
        ("stata_rewards", True, 5_000 * 10**18),
        ("call", False, 1005 * 10**17),
    ]
    with pytest.raises(KeyError):
        deployment.index_of("LINK")


@pytest.mark.parametrize(
    ("old", "new", "nearest"),
    [
        ("slip_bps = 65", "slp_bps = 65", "routes[0].slip_bps"),
        ("max_age = 3900", "maxage = 3900", "assets[0].sources[0].max_age"),
        ("window = 1800", "windw = 1800", "assets[0].sources[1].window"),
        ("[roles]", "[limits]\nmax_trade = 5\n[roles]", "limits.max_trade_bps"),
    ],
)
def test_an_unknown_key_names_the_nearest_however_deep(tmp_path: Path, old: str, new: str, nearest: str) -> None:
    with pytest.raises(UnknownKey) as caught:
        read(tmp_path, SOUND.replace(old, new, 1))
    assert caught.value.nearest == nearest


def test_a_mistyped_address_fails_its_checksum(tmp_path: Path) -> None:
    right = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    lower = "0x00000000000000000000000000000000000000b1"
    assert read(tmp_path, SOUND.replace(lower, right)).assets[0].token == right
    assert read(tmp_path, SOUND.replace(lower, right.lower())).assets[0].token == right
    with pytest.raises(ConfigInvalid, match="wrong checksum"):
        read(tmp_path, SOUND.replace(lower, right.replace("C02aaA", "C02aAa")))


def test_a_sound_one_says_what_it_means(tmp_path: Path) -> None:
    deployment = read(tmp_path, SOUND)
    assert deployment.index_of("USDC") == 1
    assert price(deployment.assets[0].price_high) == 20_000_500_000_000_000_000_000
    assert isinstance(deployment.assets[0].sources[1], TwapVoice)
    assert deployment.routes[1].symbols == ("USDC", "WBTC", "WETH")
    assert deployment.routes[1].fees == (3000, 500)
    assert deployment.roles.keepers[0].mandate_days == 30


def test_the_default_limits_are_the_specifications() -> None:
    limits = LimitsSection().to_limits(load_profile("anvil"))
    assert limits == Limits(
        100, 25, 25, 1_000, 5, 500, 500, 10, 15, 75, 3_000, 20_000, 300, 3_600, 3_600, 172_800, 200 * 10**9, True
    )  # fmt: skip
    assert LimitsSection(max_gas_price_gwei=0).to_limits(load_profile("anvil")).max_gas_price == 0


def test_limits_are_named_as_the_rulebook_names_them() -> None:
    solidity = Path(__file__).resolve().parents[3] / "contracts/interfaces/IRulebook.sol"
    struct = re.search(r"struct Limits \{(.*?)\n\}", solidity.read_text(), re.DOTALL)
    assert struct is not None
    names = re.findall(r"^\s+(?:uint\d+|bool) (\w+);", struct[1], re.MULTILINE)
    snake = [re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", name) for name in names]
    assert snake == [field.name for field in dataclasses.fields(Limits)]
