"""The proof as a page an auditor reads and as JSON: what was proved, with what, of which sources, in what time."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.prove.ledger import digest
from tests.prove.section import Section


@dataclass(frozen=True, slots=True)
class Proof:
    """`around`: tools, versions, commit, hash of the sources. `whole`: every section was asked for."""

    sections: tuple[Section, ...]
    seconds: float
    around: Mapping[str, str]
    whole: bool

    @property
    def passed(self) -> bool:
        """All of it."""
        return all(section.passed for section in self.sections)

    def as_json(self) -> dict[str, object]:
        """As build/proof.json has it."""
        return {
            "passed": self.passed,
            "whole": self.whole,
            "seconds": round(self.seconds, 1),
            **self.around,
            "sections": {section.name: section.as_json() for section in self.sections},
        }

    def as_markdown(self) -> str:
        """As build/proof.md has it."""
        verdict = "passed" if self.passed else "**FAILED**"
        kind = "the whole proof" if self.whole else "a part of the proof"
        lines = [f"# Proof: {verdict}", "", f"This is {kind}, made in {self.seconds / 60:.1f} minutes.", ""]
        lines += [f"- {name}: {said}" for name, said in self.around.items()]
        lines += ["", "| section | verdict | s | |", "| --- | --- | --- | --- |"]
        for one in self.sections:
            lines.append(
                f"| {one.name} | {'passed' if one.passed else '**FAILED**'} | {one.seconds:.0f} | {one.headline} |"
            )
        return "\n".join([*lines, "", *(section.as_markdown() for section in self.sections)])


def write(folder: Path, proof: Proof) -> None:
    """proof.json and proof.md; a part of the proof does not overwrite the whole."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = "proof" if proof.whole else "proof-part"
    (folder / f"{stem}.json").write_text(json.dumps(proof.as_json(), indent=1) + "\n", encoding="utf-8")
    (folder / f"{stem}.md").write_text(proof.as_markdown(), encoding="utf-8")


def surroundings(root: Path) -> dict[str, str]:
    """Tools with their versions, the commit, whether the tree differs from it, a hash of all the proof stands on."""
    changed = _said(root, "git", "status", "--porcelain", "--", "contracts", "tests", "foundry.toml")
    return {
        "commit": _said(root, "git", "rev-parse", "HEAD") or "not in git",
        "tree": "as committed" if not changed else f"differs from the commit in {len(changed.splitlines())} files",
        "sources": digest(*_files(root)),
        "forge": _said(root, str(root / ".tools/bin/forge"), "--version").partition("\n")[0],
        "solc": _said(root, str(root / ".tools/solcx/solc-v0.8.30"), "--version").strip().rpartition("\n")[2],
        "slither": _said(root, str(root / ".tools/venv/prove/bin/slither"), "--version") or "not installed",
        "halmos": _said(root, str(root / ".tools/venv/prove/bin/halmos"), "--version") or "not installed",
        "python": platform.python_version(),
    }


def _files(root: Path) -> Sequence[tuple[str, str]]:
    found = [root / "foundry.toml", root / "package-lock.json"]
    for folder in ("contracts", "tests/forge", "tests/symbolic", "tests/prove"):
        found += [file for file in sorted((root / folder).rglob("*")) if file.suffix in (".sol", ".py", ".toml")]
    return [(str(file.relative_to(root)), digest(file.read_text(encoding="utf-8"))) for file in found if file.exists()]


def _said(root: Path, *words: str) -> str:
    try:
        return subprocess.run(words, cwd=root, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""
