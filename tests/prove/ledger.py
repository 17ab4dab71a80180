"""What was found once is not run again while what it stands on is unchanged: a run killed in the middle goes on.

A finding is kept under the hash of its question (.tools/prove/results/<sha256>.json), with the hashes of the test files
it stands on. A contract's comments and white space are no part of a question. A red test stays red when another is
added: it stands on its own file and on what that imports; a survivor stands on every test there is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_SPACE = re.compile(r"\s+")
_IMPORT = re.compile(r'import\s[^;]*?"(\.[^"]+)"')


def bare(source: str) -> str:
    """Solidity without comments, white space folded."""
    return _SPACE.sub(" ", _COMMENT.sub(lambda found: found.group(1) or " ", source)).strip()


def digest(*parts: object) -> str:
    """sha256 of the parts as canonical JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def sources(root: Path, *folders: str) -> dict[str, str]:
    """Every Solidity file below the folders by its path in the tree: text without comments."""
    return {
        str(file.relative_to(root)): bare(file.read_text(encoding="utf-8"))
        for folder in folders
        for file in sorted((root / folder).rglob("*.sol"))
    }


def closure(tests: Mapping[str, str], files: Iterable[str]) -> set[str]:
    """The files and whatever of `tests` they import, directly or not."""
    found: set[str] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file in found or file not in tests:
            continue
        found.add(file)
        folder = Path(file).parent
        waiting += [os.path.normpath(folder / target) for target in _IMPORT.findall(tests[file])]
    return found


class Ledger:
    """Findings on disk; safe for threads."""

    def __init__(self, folder: Path, tests: Mapping[str, str]) -> None:
        self._folder = folder
        self._hashes = {file: digest(text) for file, text in tests.items()}
        self._tests = tests
        self._lock = threading.Lock()

    def found(self, key: str) -> dict[str, Any] | None:
        """A finding whose ground has not moved."""
        try:
            kept = json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        if kept["stands_on"] != self._hashed(kept["stands_on"]):
            return None
        if kept["whole"] and set(kept["stands_on"]) != set(self._hashes):
            return None
        finding: dict[str, Any] = kept["finding"]
        return finding

    def keep(self, key: str, finding: Mapping[str, Any], *, files: Iterable[str] | None = None) -> None:
        """`files`: the tests that the finding stands on, with what they import; None = on all there are."""
        whole = files is None
        ground = set(self._hashes) if files is None else closure(self._tests, files)
        text = json.dumps({"finding": dict(finding), "whole": whole, "stands_on": self._hashed(ground)}, indent=1)
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._folder / f"{key}.new"
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self._folder / f"{key}.json")

    def _hashed(self, files: Iterable[str]) -> dict[str, str]:
        return {file: self._hashes.get(file, "") for file in files}
