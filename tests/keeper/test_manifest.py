"""The manifest: its schema exactly, written whole or not at all, and never believed on another chain."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from keeper.errors import ForeignGenesis, KeeperError, ManifestExists, ManifestInvalid, WeightsNotWhole, WrongChainId
from keeper.manifest import Manifest, check_chain, load_manifest, manifest_path, save_manifest
from tests.keeper.journal import scene

HASH = "0x" + "11" * 32
PART = {
    "address": "0x00000000000000000000000000000000000000A1",
    "contract": "KeeperVault",
    "tx": HASH,
    "constructor": "0x",
    "runtime_hash": HASH,
    "immutables": {},
}


def asset(index: int, symbol: str, target: int) -> dict[str, Any]:
    return {
        "index": index, "symbol": symbol, "token": f"0x{index + 1:040x}", "decimals": 18, "code_hash": HASH,
        "target_bps": target, "min_bps": 0, "max_bps": 10_000, "safe_rank": index, "depeg_bps": 200, "dust": "0",
        "price_low": "1", "price_high": str(10**24),
    }  # fmt: skip


def document(chain_id: int = 31_337) -> dict[str, Any]:
    return {
        "schema": "ballast.manifest/1",
        "name": "treasury",
        "chain": {"id": chain_id, "genesis": "0x" + "aa" * 32, "profile": "anvil"},
        "block": {"number": 5, "hash": HASH},
        "compiler": {"solc": "0.8.30", "evm": "shanghai", "input_sha256": "ab" * 32},
        "parts": {
            "rulebook": dict(PART),
            "vault": dict(PART),
            "oracle": dict(PART),
            "adapters": {"router": dict(PART)},
            "sources": {"weth-1": {**PART, "asset": "WETH", "kind": "aggregator", "behind": {}}},
        },
        "assets": [asset(0, "WETH", 6_000), asset(1, "USDC", 4_000)],
        "routes": [
            {
                "index": 0, "asset_in": 0, "asset_out": 1, "claim": 0, "slip_bps": 30, "enabled": True,
                "adapter": PART["address"], "venue": PART["address"], "data": "0x01f4",
            }
        ],
        "limits": dataclasses.asdict(scene.LIMITS),
        "roles": {"owner": PART["address"], "payout": PART["address"], "guardians": [],
                  "keepers": [{"address": PART["address"], "expires": 0}]},
        "config_version": 1,
        "published": {"sourcify": None, "etherscan": None},
    }  # fmt: skip


def manifest(chain_id: int = 31_337) -> Manifest:
    return Manifest.model_validate(document(chain_id))


def changed(path: list[str | int], value: object) -> dict[str, Any]:
    whole = copy.deepcopy(document())
    place: Any = whole
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return whole


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (["schema"], "ballast.manifest/2", "schema"),
        (["chian"], {}, "unknown key chian"),
        (["chain", "id"], "31337", "chain.id"),
        (["chain", "genesis"], "0xAA", "chain.genesis"),
        (["parts", "vault", "address"], "0x12", "parts.vault.address"),
        (["parts", "vault", "immutables"], None, "parts.vault.immutables"),
        (["assets", 0, "dust"], 5, r"assets\[0\].dust"),
        (["assets", 0, "dust"], "05", r"assets\[0\].dust"),
        (["assets", 1, "index"], 5, r"assets carry the indexes \[0, 5\]"),
        (["routes", 0, "index"], 1, r"routes carry the indexes \[1\]"),
        (["routes", 0, "data"], "0x1", r"routes\[0\].data"),
        (["limits"], {"spread_bps": 1}, "limits differ from the rulebook's in delay"),
        (["limits", "delay"], 1.5, "limits.delay"),
        (["config_version"], True, "config_version"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, path: list[str | int], value: object, complaint: str) -> None:
    file = tmp_path / "m.json"
    file.write_text(json.dumps(changed(path, value)))
    with pytest.raises(ManifestInvalid, match=complaint):
        load_manifest(file)


def test_weights_must_be_whole(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(changed(["assets", 0, "target_bps"], 5_999)))
    with pytest.raises(WeightsNotWhole, match="9999 bps"):
        load_manifest(tmp_path / "m.json")


@pytest.mark.parametrize(
    ("text", "complaint"), [("{", "not JSON"), ("[]", "not a JSON object"), (None, "no such manifest")]
)
def test_what_is_no_manifest_is_told_apart(tmp_path: Path, text: str | None, complaint: str) -> None:
    if text is not None:
        (tmp_path / "m.json").write_text(text)
    with pytest.raises(ManifestInvalid, match=complaint):
        load_manifest(tmp_path / "m.json")


def test_a_real_chains_manifest_is_never_overwritten(tmp_path: Path) -> None:
    path = save_manifest(manifest(8_453), tmp_path)
    before = path.read_bytes()
    other = changed(["config_version"], 2)
    other["chain"]["id"] = 8_453
    with pytest.raises(ManifestExists, match="already written"):
        save_manifest(Manifest.model_validate(other), tmp_path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["treasury.json"]


@pytest.mark.parametrize("chain_id", [31_337, 1_337])
def test_a_local_chains_manifest_gives_way_to_the_next(tmp_path: Path, chain_id: int) -> None:
    save_manifest(manifest(chain_id), tmp_path)
    other = changed(["config_version"], 2)
    other["chain"]["id"] = chain_id
    path = save_manifest(Manifest.model_validate(other), tmp_path)
    assert load_manifest(path).config_version == 2
    assert [entry.name for entry in path.parent.iterdir()] == ["treasury.json"]


def test_what_was_written_comes_back_whole_with_its_keys_sorted(tmp_path: Path) -> None:
    path = save_manifest(manifest(), tmp_path)
    assert path == manifest_path(tmp_path, 31_337, "treasury") == tmp_path / "deployments" / "31337" / "treasury.json"
    assert load_manifest(path) == manifest()
    written = json.loads(path.read_text())
    assert list(written) == sorted(written)
    assert set(written) >= set(document())
    assert written["schema"] == "ballast.manifest/1"
    assert load_manifest(path).limits_of() == scene.LIMITS


def test_local_manifests_lie_in_ignored_folders() -> None:
    ignored = (Path(__file__).resolve().parents[2] / ".gitignore").read_text().splitlines()
    assert {"deployments/31337/", "deployments/1337/"} <= set(ignored)


@pytest.mark.parametrize(
    ("chain_id", "genesis", "kind"), [(1, "0x" + "aa" * 32, WrongChainId), (31_337, "0x" + "bb" * 32, ForeignGenesis)]
)
def test_another_chain_is_refused(chain_id: int, genesis: str, kind: type[KeeperError]) -> None:
    with pytest.raises(kind):
        check_chain(manifest(), Path("m.json"), "chain.local.rpc[0]", chain_id=chain_id, genesis=genesis)


def test_its_own_chain_is_accepted_whatever_the_case() -> None:
    check_chain(manifest(), Path("m.json"), "chain.local.rpc[0]", chain_id=31_337, genesis="0x" + "AA" * 32)
