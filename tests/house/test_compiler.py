"""One compiler, one set of settings, one bytecode: brownie deploys exactly what forge tests."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.toolchain import ROOT, SOLC_VERSION, TOOLS

FORGE_OUT = TOOLS / "forge" / "out"
BROWNIE_OUT = TOOLS / "brownie" / "contracts"


def creation_codes() -> dict[str, tuple[str, str]]:
    """Contract name → (brownie's creation code, forge's), hex without 0x, for every contract of ours that has code."""
    both = {}
    for path in sorted(BROWNIE_OUT.glob("*.json")):
        built: dict[str, Any] = json.loads(path.read_text())
        source = str(built["sourcePath"])
        ours = source.startswith("contracts/") and not source.startswith("contracts/mocks/")
        if not built["bytecode"] or not ours or not (ROOT / source).is_file():
            continue
        artifact = FORGE_OUT / Path(source).name / f"{built['contractName']}.json"
        forge = json.loads(artifact.read_text())["bytecode"]["object"]
        both[built["contractName"]] = (built["bytecode"].removeprefix("0x"), forge.removeprefix("0x"))
    return both


def test_brownie_and_forge_are_told_the_same() -> None:
    brownie = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    forge = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    npm = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert brownie == {
        "evm_version": forge["evm_version"],
        "solc": {
            "version": SOLC_VERSION,
            "optimizer": {"enabled": forge["optimizer"], "runs": forge["optimizer_runs"]},
            "viaIR": forge["via_ir"],
            "remappings": forge["remappings"],
        },
    }
    assert forge["solc"].endswith(f"solc-v{SOLC_VERSION}")
    assert npm["solc"] == SOLC_VERSION


@pytest.mark.usefixtures("built")
@pytest.mark.timeout(600)
def test_creation_code_is_the_same_byte_for_byte() -> None:
    codes = creation_codes()
    assert codes, "no contract was compiled"
    assert not [name for name, (brownie, forge) in codes.items() if brownie != forge]


@pytest.mark.usefixtures("built")
@pytest.mark.timeout(600)
def test_the_tools_are_the_native_binaries() -> None:
    """npm's shims exit 0 when tests fail, and leave anvil running when they are killed."""
    for tool in ("forge", "anvil"):
        binary = (TOOLS / "bin" / tool).resolve()
        assert binary.parent.parent.name.startswith(f"{tool}-")
        assert binary.read_bytes()[:4] in (b"\x7fELF", b"\xcf\xfa\xed\xfe"), f"{binary} is a script, not a program"
