"""The locks: every package by hash, no registry named, one environment each."""

from __future__ import annotations

import json
import re

import pytest

from scripts.complete_npm_lock import completed
from scripts.toolchain import ROOT

LOCKS = ("uv", "runtime", "runtime-test", "contracts", "prove")
REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ ;]+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?P<more> \\)?$")


def packages(lock: str) -> dict[str, str]:
    """Name → version of a lock; every line of it must be a pinned requirement or one of its hashes.

    A package that a lock names twice (for two Pythons) keeps its last version.  Raises AssertionError otherwise.
    """
    found: dict[str, str] = {}
    due = False
    for line in (ROOT / "requirements" / f"{lock}.lock").read_text().splitlines():
        if due:
            hashed = HASH.match(line)
            assert hashed, f"{lock}.lock: not a hash: {line}"
            due = hashed["more"] is not None
            continue
        pinned = REQUIREMENT.match(line)
        assert pinned, f"{lock}.lock: not pinned with a hash: {line}"
        found[pinned["name"]] = pinned["version"]
        due = True
    assert not due, f"{lock}.lock ends in the middle of a package"
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_pinned_and_hashed(lock: str) -> None:
    assert packages(lock)


def test_the_runtime_has_no_brownie_and_no_test_tools() -> None:
    runtime = packages("runtime")
    assert "web3" in runtime
    assert not {"eth-brownie", "py-solc-x", "vvm", "pytest", "hypothesis", "mypy", "ruff", "hatchling"} & runtime.keys()


def test_the_runtime_is_tested_at_the_very_versions_it_ships() -> None:
    runtime, tested = packages("runtime"), packages("runtime-test")
    assert {name: tested.get(name) for name in runtime} == runtime


def test_contracts_and_keeper_speak_the_same_web3() -> None:
    runtime, contracts = packages("runtime"), packages("contracts")
    for name in ("web3", "eth-account", "eth-abi"):
        assert contracts[name] == runtime[name]


def test_the_npm_lock_names_no_registry_and_is_complete() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert completed(lock) == lock, "run: python scripts/complete_npm_lock.py package-lock.json"
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    for name, version in wanted.items():
        entry = lock["packages"][f"node_modules/{name}"]
        assert entry["version"] == version
        assert entry["integrity"].startswith("sha512-")
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]


def test_completing_a_lock_adds_the_platforms_a_mirror_hid() -> None:
    tool = {"optionalDependencies": {"@foundry-rs/anvil-darwin-arm64": "1.7.1", "somebody-else": "1.0.0"}}
    partial = {"packages": {"": {"name": "x"}, "node_modules/@foundry-rs/anvil": tool}}
    added = completed(partial)["packages"]["node_modules/@foundry-rs/anvil-darwin-arm64"]
    assert (added["os"], added["cpu"], added["optional"]) == (["darwin"], ["arm64"], True)
    assert "node_modules/somebody-else" not in completed(partial)["packages"]
