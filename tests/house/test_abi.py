"""keeper/abi/ is what the sources make, and what a node accepts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scripts import export_abi


@pytest.fixture(scope="module")
def built() -> None:
    """forge's output, up to date."""
    export_abi.build()


@pytest.mark.usefixtures("built")
def test_the_package_data_is_what_the_compiler_makes_of_the_sources() -> None:
    assert export_abi.differences(export_abi.ABI) == []


@pytest.mark.usefixtures("built")
def test_a_changed_a_missing_and_a_foreign_file_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "abi"
    shutil.copytree(export_abi.ABI, folder)
    (folder / "Rulebook.json").unlink()
    (folder / "Stranger.json").write_text("{}")
    changed = folder / "KeeperVault.json"
    changed.write_text(changed.read_text().replace("epoch", "era", 1))
    assert export_abi.differences(folder) == ["KeeperVault.json", "Rulebook.json", "Stranger.json"]


def test_two_errors_of_one_selector_are_refused() -> None:
    # both hash to 0x42966c68 (as functions they are the best known pair)
    pair = [
        {"type": "error", "name": "burn", "inputs": [{"type": "uint256", "name": "amount"}]},
        {"type": "error", "name": "collate_propagate_storage", "inputs": [{"type": "bytes16", "name": "word"}]},
    ]
    with pytest.raises(SystemExit, match="rename one"):
        export_abi.selectors({"A": pair})


def test_every_error_of_the_vault_has_its_selector() -> None:
    errors = json.loads((export_abi.ABI / "errors.json").read_text())["errors"]
    assert errors["0xb772daeb"] == "FlattenSwitchedOff()"
    vault = json.loads((export_abi.ABI / "KeeperVault.json").read_text())["abi"]
    names = {signature.partition("(")[0] for signature in errors.values()}
    assert {item["name"] for item in vault if item["type"] == "error"} <= names


def test_the_lens_leaves_room_for_its_arguments() -> None:
    initcode = json.loads((export_abi.ABI / "VaultLens.json").read_text())["initcode"]
    assert initcode.startswith("0x")
    assert len(initcode) // 2 - 1 <= export_abi.MAX_INITCODE - export_abi.ARGUMENTS_ROOM
