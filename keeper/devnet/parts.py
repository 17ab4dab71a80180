"""How the third-party packages of the catalogue come into the vendor folder, each held against its pin.

A package is brought by `npm pack` (no scripts, no dependencies), held against its pinned sha512 and only then unpacked,
wanted files only. Which they are, and their licences: catalogue.py; the pins live in parts.lock.json.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from keeper.devnet import checkout
from keeper.devnet.catalogue import QUICK, Part
from keeper.devnet.faults import PartTampered, PartUnavailable

LOCK = Path(__file__).with_name("parts.lock.json")
_STAMP = ".pin"
_NPM_SECONDS = 300


def pins(lock: Path = LOCK) -> dict[str, str]:
    """name@version → sha512 in npm's notation, as pinned."""
    return {str(spec): str(digest) for spec, digest in json.loads(lock.read_text())["sha512"].items()}


def digest_of(tarball: Path) -> str:
    """The sha512 of a file in npm's notation (`sha512-` and base64)."""
    return "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()


def unpack(part: Part, tarball: Path, pinned: str, vendor: Path) -> int:
    """Put the wanted files of a verified tarball under vendor/<folder>, all or nothing; returns how many.

    Raises PartTampered before anything is unpacked, and PartUnavailable where the package holds none of what is wanted.
    """
    found = digest_of(tarball)
    if found != pinned:
        raise PartTampered(part.spec, found, pinned)
    vendor.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{part.folder}-", dir=vendor))
    try:
        count = _extract(part, tarball, staged)
        if count == 0:
            raise PartUnavailable(part.spec, "the package holds none of the wanted files")
        (staged / _STAMP).write_text(_stamp(part, pinned))
        target = vendor / part.folder
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)
        return count
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def missing(vendor: Path, pinned: Mapping[str, str], parts: Sequence[Part] = QUICK) -> list[Part]:
    """The packages that are not in vendor/ as they are pinned and wanted now."""
    found: list[Part] = []
    for part in parts:
        stamp = vendor / part.folder / _STAMP
        if not stamp.is_file() or stamp.read_text() != _stamp(part, pinned[part.spec]):
            found.append(part)
    return found


def fetch(
    vendor: Path | None = None, parts: Sequence[Part] = QUICK, *, say: Callable[[str], None] | None = None
) -> int:
    """Bring what is missing of `parts` and return how many packages that was; 0 touches neither npm nor the network.

    `say` receives one line a package. Raises PartUnavailable (no npm, no network, unknown version) or PartTampered.
    """
    vendor = checkout.vendor() if vendor is None else vendor
    pinned = pins()
    todo = missing(vendor, pinned, parts)
    if not todo:
        return 0
    vendor.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pack-", dir=vendor) as folder:
        tarballs = _pack(list(dict.fromkeys(part.spec for part in todo)), Path(folder))
        for part in todo:
            count = unpack(part, tarballs[part.spec], pinned[part.spec], vendor)
            if say is not None:
                say(f"{part.spec}: sha512 as pinned, {count} files ({part.licence})")
    return len(todo)


def _extract(part: Part, tarball: Path, folder: Path) -> int:
    """Write the wanted regular files, never outside `folder`; by hand, for Python 3.11.2 has no extraction filter."""
    count = 0
    with tarfile.open(tarball) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            if not member.isfile() or not re.fullmatch(part.wanted, name) or name.endswith(".dbg.json"):
                continue
            target, source = (folder / name).resolve(), archive.extractfile(member)
            if source is None or not target.is_relative_to(folder.resolve()):
                raise PartUnavailable(part.spec, f"it names {name}, which lies outside its folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
            count += 1
    return count


def _stamp(part: Part, pinned: str) -> str:
    return f"{part.spec} {pinned} {part.wanted}\n"


def _pack(specs: Sequence[str], folder: Path) -> dict[str, Path]:
    npm = shutil.which("npm")
    if npm is None:
        raise PartUnavailable(specs[0], "npm is not on PATH")
    command = [npm, "pack", "--loglevel=error", "--json", "--ignore-scripts", "--pack-destination", str(folder), *specs]
    try:
        packed = subprocess.run(command, capture_output=True, text=True, timeout=_NPM_SECONDS, check=True, cwd=folder)
    except subprocess.TimeoutExpired as error:
        raise PartUnavailable(specs[0], f"npm pack took over {_NPM_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        words = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PartUnavailable(", ".join(specs), f"npm pack ended with {error.returncode}: {words}") from error
    return {f"{entry['name']}@{entry['version']}": folder / entry["filename"] for entry in json.loads(packed.stdout)}
