"""contracts/SPEC.md against the code: what is there is described, what is not there yet is listed, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from scripts.toolchain import ROOT

SPEC = (ROOT / "contracts" / "SPEC.md").read_text()
TABLES_OF_CALLERS = tuple(
    ROOT / "tests" / "forge" / name for name in ("vault/WhoMayNot.t.sol", "rulebook/WhoMayGovern.t.sol")
)
OUTSIDE_INTERFACES = {"leg", "sweep"}
"""External functions of the vault that stand in no interface: only the vault itself may call them."""


def abi(project: Any, name: str) -> list[dict[str, Any]]:
    """A contract's or an interface's ABI as brownie compiled it."""
    return list(project._build.get(name)["abi"])


def signatures(entries: list[dict[str, Any]], kind: str) -> set[str]:
    """`name(types)` of each entry of this kind, tuples unfolded."""

    def of(inputs: list[dict[str, Any]]) -> str:
        return ",".join(
            f"({of(i['components'])}){i['type'].removeprefix('tuple')}" if "components" in i else i["type"]
            for i in inputs
        )

    return {f"{entry['name']}({of(entry['inputs'])})" for entry in entries if entry["type"] == kind}


def names(found: set[str]) -> set[str]:
    """Names without their types."""
    return {signature.partition("(")[0] for signature in found}


def section(title: str) -> str:
    """The text under a heading, to the next heading of its level."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", SPEC, re.MULTILINE | re.DOTALL)
    assert found, f"contracts/SPEC.md has no section {title!r}"
    return found.group(1)


@pytest.mark.parametrize(("contract", "interface"), [("KeeperVault", "IVaultCore"), ("Rulebook", "IRulebook")])
def test_what_is_promised_for_this_release_is_implemented(project: Any, contract: str, interface: str) -> None:
    there, promised = abi(project, contract), abi(project, interface)
    missing = signatures(promised, "function") - signatures(there, "function")
    assert not missing, f"{interface} promises what {contract} lacks: {sorted(missing)}"


def test_known_gaps_are_exactly_what_the_whole_interface_has_beyond_this_release(project: Any) -> None:
    beyond = signatures(abi(project, "IKeeperVault"), "function") - signatures(abi(project, "IVaultCore"), "function")
    lines = section("Known gaps").splitlines()
    line = next((line for line in lines if line.startswith("**Functions of the vault**")), "")
    assert set(re.findall(r"`(\w+)`", line)) == names(beyond)


def test_what_is_a_gap_is_not_secretly_there(project: Any) -> None:
    beyond = signatures(abi(project, "IKeeperVault"), "function") - signatures(abi(project, "IVaultCore"), "function")
    assert not beyond & signatures(abi(project, "KeeperVault"), "function")


def test_every_external_function_is_described(project: Any) -> None:
    for contract in ("KeeperVault", "Rulebook"):
        for name in sorted(names(signatures(abi(project, contract), "function"))):
            assert f"`{name}" in SPEC, f"{contract}.{name} is not in contracts/SPEC.md"


def test_every_function_that_changes_state_stands_in_the_table_of_callers(project: Any) -> None:
    table = "\n".join(path.read_text() for path in TABLES_OF_CALLERS)
    for contract in ("KeeperVault", "Rulebook"):
        for entry in abi(project, contract):
            if entry["type"] == "function" and entry["stateMutability"] == "nonpayable":
                assert re.search(rf"\.{entry['name']}\b|\"{entry['name']}\(", table), f"{contract}.{entry['name']}"


def test_the_vault_has_no_external_function_beyond_its_interface(project: Any) -> None:
    there = names(signatures(abi(project, "KeeperVault"), "function"))
    assert there - names(signatures(abi(project, "IVaultCore"), "function")) == OUTSIDE_INTERFACES
    assert not [e for e in abi(project, "KeeperVault") if e["type"] in ("receive", "fallback")]


def test_every_error_of_this_release_is_explained(project: Any) -> None:
    said = section("Errors")
    for contract in ("IVaultCore", "IRulebook", "IPriceOracle", "IAdapter"):
        for name in sorted(names(signatures(abi(project, contract), "error"))):
            assert f"`{name}`" in said, f"{contract}.{name} is not explained under Errors"


def test_every_ceiling_is_given_with_the_value_the_code_has() -> None:
    code = (ROOT / "contracts" / "libraries" / "Ceilings.sol").read_text()
    for name, value in re.findall(r"uint\d+ internal constant (\w+) = ([^;]+);", code):
        assert f"| `{name}` | {value} |" in SPEC, f"Ceilings.{name} = {value} is not in the table of contracts/SPEC.md"


def test_every_test_named_under_invariants_exists() -> None:
    tests = "\n".join(path.read_text() for path in sorted((ROOT / "tests").rglob("*.sol")))
    named = re.findall(r"`((?:test|check_|invariant_)\w+)`", section("Invariants"))
    assert named
    missing = [name for name in named if not re.search(rf"function {name}\(", tests)]
    assert not missing, f"contracts/SPEC.md names tests that do not exist: {missing}"
