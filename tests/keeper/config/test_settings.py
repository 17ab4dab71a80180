"""The configuration: what it refuses, with the remedy; what it says; and that secrets have no place in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from keeper.config import Settings, load_profile, load_settings, profile_names
from keeper.config.settings import build_settings
from keeper.errors import ConfigInvalid, NotInThisRelease, UnknownKey
from keeper.units import WAD
from tests.keeper.config.texts import CONFIG

ROOT = Path(__file__).resolve().parents[3]
Read = Callable[[str], Settings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def build(text: str) -> Settings:
        return build_settings(tomllib.loads(text), tmp_path / "keeper.toml")

    return build


@pytest.mark.parametrize(
    ("old", "new", "where", "nearest"),
    [
        ('name = "keeper"', 'nmae = "keeper"', "[keeper] in keeper.toml", "keeper.name"),
        ('clock = "chain"', 'clok = "chain"', "[chain.local] in keeper.toml", "chain.local.clock"),
        ('policy = "bands"', 'polcy = "bands"', "[vault.treasury] in keeper.toml", "vault.treasury.policy"),
        ("[keeper]\n", "[kepeer]\n", "the top level of keeper.toml", "keeper"),
        ("[signer.keeper]", "[signer.guardain]", "[signer] in keeper.toml", "signer.guardian"),
        ('secret = "file', 'secrets = "file', "[signer.keeper] in keeper.toml", "signer.keeper.secret"),
        ('name = "keeper"', "tick_seconds = 3", "[keeper] in keeper.toml", "chain.*.tick_seconds"),
        ('name = "keeper"', "zzz = 3", "[keeper] in keeper.toml", None),
    ],
)
def test_an_unknown_key_names_the_nearest(read: Read, old: str, new: str, where: str, nearest: str | None) -> None:
    with pytest.raises(UnknownKey) as caught:
        read(CONFIG.replace(old, new, 1))
    assert caught.value.where == where
    assert caught.value.nearest == nearest


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("schema = 1", "schema = 2", "schema in keeper.toml"),
        ("schema = 1", "", "schema in keeper.toml: field required"),
        ("absolute_bps = 200", 'absolute_bps = "200"', "policy.bands.absolute_bps in keeper.toml"),
        ("absolute_bps = 200", "absolute_bps = 200.0", "policy.bands.absolute_bps in keeper.toml"),
        ("absolute_bps = 200", "absolute_bps = 0", "policy.bands.absolute_bps in keeper.toml"),
        ("absolute_bps = 200", "absolute_bps = true", "policy.bands.absolute_bps in keeper.toml"),
        ("[policy.bands]", "[policy.Bands]", "policy.Bands"),
        ('name = "keeper"', 'mode = "Live"', "keeper.mode in keeper.toml"),
        ('chain = "local"', 'chain = "base"', r"vault.treasury.chain: no [chain.base]"),
        ('policy = "bands"', 'policy = "hold"', r"vault.treasury.policy: no [policy.hold]"),
        ('profile = "anvil"', 'profile = "anvli"', "chain.local.profile: no chain profile anvli"),
        ('profile = "anvil"', 'profile = "ethereum"', "chain.local.clock: ethereum keeps wall time"),
        ('["http://127.0.0.1:8545"]', "[]", "chain.local.rpc in keeper.toml"),
        ('"http://127.0.0.1:8545"', '"https://node.example/v2/abcdef"', "may hold a key"),
        ('"http://127.0.0.1:8545"', '"https://user:word@node.example"', "may hold a key"),
        ('"http://127.0.0.1:8545"', '"node.example"', "neither a reference"),
        ('"file:keeper.password"', '"correct horse battery"', "a secret is a reference, never a value"),
        ("absolute_bps = 200", "absolute_bps = 200\nharvest_every = -1", "policy.bands.harvest_every in keeper.toml"),
        ("absolute_bps = 200", "absolute_bps = 200\nharvest_min_ratio = 1.5", "policy.bands.harvest_min_ratio"),
        ("absolute_bps = 200", 'absolute_bps = 200\nharvest_min_ratio = "0"', "0 is not above 0"),
        ("absolute_bps = 200", 'absolute_bps = 200\nharvest_min_ratio = "-2"', "is not a number of"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(read: Read, old: str, new: str, complaint: str) -> None:
    with pytest.raises(ConfigInvalid, match=re.escape(complaint)):
        read(CONFIG.replace(old, new, 1))


def test_a_refused_secret_is_not_repeated(read: Read) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        read(CONFIG.replace("file:keeper.password", "correct horse battery"))
    assert "correct horse" not in str(caught.value)
    with pytest.raises(ConfigInvalid) as caught:
        read(CONFIG.replace("http://127.0.0.1:8545", "https://node.example/v2/abcdef"))
    assert "abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "keeper"', 'mode = "shadow"'),
        ('name = "keeper"', 'mode = "propose"'),
        ('name = "keeper"', 'journal = "postgresql://host/db"'),
        ('rpc = ["http://127.0.0.1:8545"]', 'rpc = ["env:A", "env:B"]'),
        ('clock = "chain"', "quorum = 2"),
        ('kind = "bands"', 'kind = "hybrid"'),
        ("absolute_bps = 200", "absolute_bps = 200\nrelative_bps = 5"),
        ("absolute_bps = 200", 'absolute_bps = 200\ncalendar = "mon 12:00 UTC"'),
        ('kind = "keystore"', 'kind = "kms"'),
        ("[signer.keeper]", '[[rule]]\nwhen = "x"\n[signer.keeper]'),
        ("[signer.keeper]", "[web]\nport = 80\n[signer.keeper]"),
        ("[signer.keeper]", "[retention]\ndays = 80\n[signer.keeper]"),
    ],
)
def test_what_a_later_release_brings_is_refused_never_ignored(read: Read, old: str, new: str) -> None:
    with pytest.raises(NotInThisRelease, match="later release"):
        read(CONFIG.replace(old, new, 1))


def test_a_policy_says_how_often_and_for_how_much_it_harvests(read: Read) -> None:
    usual = read(CONFIG).vault().decision
    assert (usual.harvest_every, usual.harvest_min_ratio) == (6 * 3_600, 2 * WAD)
    text = CONFIG.replace("absolute_bps = 200", 'absolute_bps = 200\nharvest_every = 900\nharvest_min_ratio = "1.25"')
    told = read(text).vault().decision
    assert (told.harvest_every, told.harvest_min_ratio) == (900, WAD * 5 // 4)


def test_empty_sections_of_later_releases_stand(read: Read) -> None:
    assert read(CONFIG + "[prices]\n[alerts]\n[web]\n[retention]\n").mode == "dry"


def test_a_missing_file_and_a_broken_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="no such file"):
        load_settings(tmp_path / "keeper.toml", {})
    (tmp_path / "keeper.toml").write_text("schema = ")
    with pytest.raises(ConfigInvalid, match="not TOML"):
        load_settings(tmp_path / "keeper.toml", {})
    with pytest.raises(ConfigInvalid, match="is a directory"):
        load_settings(tmp_path, {})


def test_the_example_is_sound_and_names_every_key(tmp_path: Path) -> None:
    text = (ROOT / "keeper.example.toml").read_text()
    settings = load_settings(ROOT / "keeper.example.toml", {})
    assert settings.mode == "dry"
    for section in ("keeper", "chain", "vault", "policy"):
        entry = getattr(settings.file, section)
        one = entry if section == "keeper" else next(iter(entry.values()))
        later = {"relative_bps", "calendar"} if section == "policy" else set()
        for key in set(type(one).model_fields) - later:
            assert re.search(rf"^\[?.*\b{key}\b", text, re.MULTILINE), key


def test_the_environment_overrides_one_setting(tmp_path: Path) -> None:
    path = tmp_path / "keeper.toml"
    path.write_text(CONFIG)
    env = {"BALLAST_KEEPER__MODE": "live", "BALLAST_CHAIN__LOCAL__TICK_SECONDS": "7", "BALLAST_DEBUG": "1", "HOME": "/"}
    settings = load_settings(path, env)
    assert (settings.mode, settings.vault().tick_seconds) == ("live", 7)
    with pytest.raises(UnknownKey, match=r"write keeper\.mode instead of mood"):
        load_settings(path, {"BALLAST_KEEPER__MOOD": "dry"})
    with pytest.raises(ConfigInvalid, match="BALLAST_SCHEMA__X: schema is no section"):
        load_settings(path, {"BALLAST_SCHEMA__X": "1"})


def test_names_are_followed_and_defaults_come_from_the_profile(read: Read, tmp_path: Path) -> None:
    settings = read(CONFIG)
    vault = settings.vault("treasury")
    assert vault.profile.chain_id == 31337
    assert vault.gas_ceiling == vault.decision.gas_ceiling == load_profile("anvil").gas_ceiling
    assert vault.tick_seconds == load_profile("anvil").tick_seconds
    assert vault.manifest == tmp_path / "deployments/31337/treasury.json"
    assert settings.journal == f"sqlite:///{tmp_path}/journal.sqlite"
    assert settings.signer_path("keeper") == tmp_path / "keeper.json"
    assert read(CONFIG.replace('clock = "chain"', "gas_ceiling_gwei = 3")).vault().gas_ceiling == 3 * 10**9


def test_a_vault_is_named_where_there_are_several(read: Read) -> None:
    second = '[vault.other]\nchain = "local"\nmanifest = "m.json"\npolicy = "bands"\n'
    settings = read(CONFIG + second)
    assert settings.vault("other").name == "other"
    with pytest.raises(ConfigInvalid, match="name one of other, treasury"):
        settings.vault()
    with pytest.raises(ConfigInvalid, match="no vault third"):
        settings.vault("third")


def test_a_signer_that_is_absent_says_so(read: Read) -> None:
    with pytest.raises(ConfigInvalid, match=r"signer\.guardian: not configured"):
        read(CONFIG).signer("guardian")


def test_the_digest_changes_with_any_setting_and_holds_no_number(read: Read) -> None:
    digests = {
        read(text).config_digest()
        for text in (
            CONFIG,
            CONFIG.replace("200", "201"),
            CONFIG + "[chain.local.override]\nlog_range = 5\n",
            CONFIG.replace('name = "keeper"', "stage_cap_bps = 1"),
        )
    }
    assert len(digests) == 4
    assert read(CONFIG).config_digest() == read(CONFIG).config_digest()


def test_every_profile_loads_and_is_named_after_its_file() -> None:
    assert profile_names() == ["anvil", "arbitrum", "base", "ethereum", "ganache", "optimism"]
    for name in profile_names():
        profile = load_profile(name)
        assert profile.name == name
        assert profile.replacement.min_bump_bps >= 1_000
    assert {load_profile(name).chain_id for name in profile_names()} == {1, 10, 1337, 8453, 31337, 42161}
    assert not load_profile("ganache").reads_at_hash
    assert [name for name in profile_names() if load_profile(name).local] == ["anvil", "ganache"]


def test_a_rollup_has_a_sequencer_feed_of_its_own_an_l1_fee_and_its_own_base_fee() -> None:
    rollups = {name: load_profile(name) for name in ("arbitrum", "base", "optimism")}
    others = [load_profile(name) for name in profile_names() if name not in rollups]
    assert all((one.sequencer_feed, one.l1_fee, one.base_fee) == ("", "none", "eip-1559") for one in others)
    assert len({one.sequencer_feed for one in rollups.values()}) == 3
    assert {name: one.l1_fee for name, one in rollups.items()} == {
        "arbitrum": "arbitrum",
        "base": "op-stack",
        "optimism": "op-stack",
    }
    for one in rollups.values():
        assert one.base_fee == "own"
        assert one.finality.tag == "finalized"
        assert one.finality.depth * one.block_ms >= 5_000, "a halt waits for its depth alone"
        assert one.explorer.startswith("https://")


def test_only_arbitrum_shows_contracts_the_number_of_another_chains_block() -> None:
    assert [name for name in profile_names() if load_profile(name).block_number == "l1"] == ["arbitrum"]
    assert not load_profile("arbitrum").replacement.possible


def test_a_profile_is_overridden_key_by_key(read: Read) -> None:
    settings = read(CONFIG + "[chain.local.override]\nlog_range = 5\nfinality = { depth = 4 }\n")
    profile = settings.vault().profile
    assert (profile.log_range, profile.finality.depth, profile.finality.tag) == (5, 4, "")
    with pytest.raises(UnknownKey, match=r"write log_range instead of log_rang"):
        read(CONFIG + "[chain.local.override]\nlog_rang = 5\n")
