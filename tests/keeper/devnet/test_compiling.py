"""Sources are compiled once, again when anything that went in changes, and never half."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from keeper.devnet import artifacts, checkout, compiling, local, parts
from keeper.devnet.catalogue import ADDED
from keeper.devnet.compiling import PROJECTS, Project
from keeper.devnet.faults import SourceRefused

GOOD = 'pragma solidity ^0.8.0; import "other/Base.sol"; contract Thing is Base { function one() external {} }'
BASE = "pragma solidity ^0.8.0; contract Base {}"


@pytest.fixture(scope="module")
def brought() -> None:
    """The compilers and what they compiled, as set-up brings them."""
    local.bring(full=True)


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    """A vendor folder with one source of our own and the pinned compiler."""
    folder = tmp_path / "vendor"
    (folder / "api3").mkdir(parents=True)
    (folder / "bgd").mkdir()
    (folder / "api3" / "Thing.sol").write_text(GOOD)
    (folder / "bgd" / "Base.sol").write_text(BASE)
    (folder / "solc-0.8.27").symlink_to(checkout.vendor() / "solc-0.8.27")
    return folder


THING = Project("thing", "solc-0.8.27", ("Thing.sol",), (("other/", "bgd"), ("", "api3")), "paris", 200)


@pytest.mark.usefixtures("brought")
def test_a_source_becomes_an_artifact_that_can_be_deployed(vendor: Path, tmp_path: Path) -> None:
    said: list[str] = []
    assert compiling.build(vendor, tmp_path / "out", [THING], say=said.append) == 1
    artifact = artifacts.load(tmp_path / "out" / "thing" / "Thing.json")
    assert (artifact.name, artifact.constructor) == ("Thing", ())
    assert len(artifact.init_code()) > 100
    assert [line.partition(":")[0] for line in said] == ["compiling thing", "thing"]
    assert compiling.build(vendor, tmp_path / "out", [THING], say=said.append) == 0
    assert len(said) == 2


@pytest.mark.usefixtures("brought")
def test_a_source_that_does_not_compile_leaves_nothing_and_is_named(vendor: Path, tmp_path: Path) -> None:
    (vendor / "api3" / "Thing.sol").write_text(GOOD.replace("external", "outside"))
    with pytest.raises(SourceRefused, match="thing could not be compiled") as caught:
        compiling.build(vendor, tmp_path / "out", [THING])
    assert caught.value.exit_code == 2
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.usefixtures("brought")
def test_an_import_is_read_from_the_named_folders_only(vendor: Path, tmp_path: Path) -> None:
    (tmp_path / "Secret.sol").write_text(BASE)
    for path in ("other/../../Secret.sol", str(tmp_path / "Secret.sol")):
        (vendor / "api3" / "Thing.sol").write_text(GOOD.replace("other/Base.sol", path))
        with pytest.raises(SourceRefused):
            compiling.build(vendor, tmp_path / "out", [THING])


def test_a_source_that_no_package_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="no package has it"):
        compiling.build(tmp_path / "vendor", tmp_path / "out", [THING])


def test_what_went_in_is_what_the_key_follows_from() -> None:
    pinned, project = parts.pins(), PROJECTS[0]
    key = compiling.key_of(project, pinned)
    others = [
        compiling.key_of(replace(project, runs=201), pinned),
        compiling.key_of(replace(project, evm="cancun"), pinned),
        compiling.key_of(replace(project, sources=project.sources[1:]), pinned),
        compiling.key_of(project, pinned | {"@aave-dao/aave-v3-origin@3.6.0": "sha512-else"}),
        compiling.key_of(project, pinned | {"solc@0.8.27": "sha512-else"}),
    ]
    assert len({key, *others}) == 6
    assert compiling.key_of(project, pinned | {"viem@2.37.0": "sha512-else"}) == key


def test_every_project_names_only_packages_of_the_catalogue() -> None:
    folders = {part.folder for part in ADDED}
    for project in PROJECTS:
        assert project.compiler in folders
        assert {folder.partition("/")[0] for _, folder in project.roots} <= folders


@pytest.mark.usefixtures("brought")
def test_what_is_built_is_not_built_again_and_needs_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert compiling.missing(checkout.compiled(), parts.pins()) == []
    assert compiling.build(checkout.vendor(), checkout.compiled()) == 0
    assert json.loads((checkout.compiled() / "aave" / "PoolInstance.json").read_text())["linkReferences"]
