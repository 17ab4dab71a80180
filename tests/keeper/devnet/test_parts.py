"""Third-party packages come in as pinned or not at all."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from keeper.devnet import checkout, parts
from keeper.devnet.catalogue import ADDED, QUICK, Part
from keeper.devnet.faults import PartTampered, PartUnavailable

PART = Part("thing", "thing@1.0.0", "MIT", r"build/Thing\.json")


def packed(folder: Path, files: dict[str, str]) -> Path:
    """A tarball as npm makes them: everything under package/."""
    path = folder / "thing.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def test_a_tampered_package_is_refused_and_nothing_of_it_is_unpacked(tmp_path: Path) -> None:
    tarball = packed(tmp_path, {"package/build/Thing.json": "{}"})
    pinned = parts.digest_of(tarball)
    with tarball.open("ab") as tail:
        tail.write(b"x")
    with pytest.raises(PartTampered) as caught:
        parts.unpack(PART, tarball, pinned, tmp_path / "vendor")
    assert (caught.value.spec, caught.value.pinned) == (PART.spec, pinned)
    assert caught.value.exit_code == 9
    assert not (tmp_path / "vendor").exists()


def test_a_package_without_the_wanted_files_is_refused(tmp_path: Path) -> None:
    tarball = packed(tmp_path, {"package/README.md": "nothing here"})
    with pytest.raises(PartUnavailable, match="none of the wanted files"):
        parts.unpack(PART, tarball, parts.digest_of(tarball), tmp_path / "vendor")
    assert list((tmp_path / "vendor").iterdir()) == []


def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    tarball = packed(tmp_path, {"package/../../outside": "x"})
    anything = Part("thing", PART.spec, "MIT", r".*")
    with pytest.raises(PartUnavailable, match="outside its folder"):
        parts.unpack(anything, tarball, parts.digest_of(tarball), tmp_path / "vendor")
    assert not (tmp_path / "outside").exists()


def test_only_wanted_files_are_unpacked_and_an_old_version_goes(tmp_path: Path) -> None:
    files = {"package/build/Thing.json": "{}", "package/build/Other.json": "{}", "package/install.sh": "rm -rf /"}
    tarball, vendor = packed(tmp_path, files), tmp_path / "vendor"
    (vendor / "thing").mkdir(parents=True)
    (vendor / "thing" / "stale").write_text("old")
    pinned = {PART.spec: parts.digest_of(tarball)}
    assert parts.missing(vendor, pinned, [PART]) == [PART]
    assert parts.unpack(PART, tarball, pinned[PART.spec], vendor) == 1
    left = sorted(str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file())
    assert left == ["thing/.pin", "thing/build/Thing.json"]
    assert parts.missing(vendor, pinned, [PART]) == []


def test_a_changed_pin_or_wish_makes_a_package_missing_again(tmp_path: Path) -> None:
    tarball, vendor = packed(tmp_path, {"package/build/Thing.json": "{}"}), tmp_path / "vendor"
    pinned = {PART.spec: parts.digest_of(tarball)}
    parts.unpack(PART, tarball, pinned[PART.spec], vendor)
    assert parts.missing(vendor, {PART.spec: "sha512-else"}, [PART]) == [PART]
    wider = Part(PART.folder, PART.spec, PART.licence, r"build/.*")
    assert parts.missing(vendor, pinned, [wider]) == [wider]


def test_every_package_is_pinned_and_every_pin_is_used() -> None:
    assert set(parts.pins()) == {part.spec for part in (*QUICK, *ADDED)}
    assert len({part.folder for part in (*QUICK, *ADDED)}) == len(QUICK) + len(ADDED)
    assert json.loads(parts.LOCK.read_text())["schema"] == "ballast.parts/1"


def test_fetching_what_is_there_needs_no_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert parts.missing(checkout.vendor(), parts.pins()) == []
    assert parts.fetch() == 0


def test_fetching_without_npm_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PartUnavailable, match="npm is not on PATH"):
        parts.fetch(tmp_path)
