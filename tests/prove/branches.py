"""Which branches the tests take, counted exactly: every `if`, every choice `a ? b : c`, every arm of a `try`.

`forge coverage` cannot see the vault: what is compiled twice (as it ships, and for the tests) and deployed by its
artifact is left out of its tables. So a copy of contracts/ is marked instead: each condition passes through a function
that leaves a file for each outcome it sees (in a constructor a line of the test's log: a cheatcode there would upset
`expectRevert`). A branch no test takes is listed in branches.toml as unreachable, with the
reason, or it is red. Long searches are left out: what only they reach has no test of its own.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections import Counter
from dataclasses import dataclass

from tests.prove import mutations
from tests.prove.section import Section
from tests.prove.twins import FOLDER
from tests.prove.workshop import Filter, Lane, Workshop, WorkshopFault

SPARED = ("mocks", "interfaces", "lens")
"""Folders without a branch that guards anything: tests' own, none, and a reader that holds nothing."""
TESTS = Filter(
    no_path="*/{campaign,adversaries}/*",
    fuzz=64,
    runs=8,
    depth=32,
    fail_fast=False,
    seconds=900,
    env={"FOUNDRY_VERBOSITY": "2"},
)
SEEN = "contracts/Seen.sol"
MARK = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

library Seen {
    function at(uint256 id, bool outcome) internal pure returns (bool) {
        function(uint256, bool) view marks = _mark;
        function(uint256, bool) pure silently;
        assembly {
            silently := marks
        }
        silently(id, outcome);
        return outcome;
    }

    function _mark(uint256 id, bool outcome) private view {
        bytes memory path = ".seen/0000f";
        for (uint256 k = 9; k > 5; --k) {
            path[k] = bytes1(uint8(48 + id % 10));
            id /= 10;
        }
        if (outcome) path[10] = "t";
        bool building = address(this).code.length == 0;
        bytes memory said = building
            ? abi.encodeWithSignature("log(string)", string(path))
            : abi.encodeWithSignature("writeFile(string,string)", string(path), "");
        address forge = 0x7109709ECfa91a80626fF3989D68f67F5b1DD12D;
        if (building) forge = 0x000000000000000000636F6e736F6c652e6c6f67;
        assembly {
            pop(staticcall(gas(), forge, add(said, 32), mload(said), 0, 0))
        }
    }
}
"""


@dataclass(frozen=True, slots=True)
class Branch:
    """A place where the code parts. `ways`: t, f, or both, which a test must take."""

    name: str
    line: int
    ways: str


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    kind: str


def marked(file: str, text: str, first: int) -> tuple[str, list[Branch]]:
    """The text with every condition passed through Seen, numbered from `first`, and what the numbers mean."""
    code = mutations.masked(text)
    spans = mutations.functions(code)
    stem = file.rpartition("/")[2].removesuffix(".sol")
    branches: list[Branch] = []
    inserted: list[tuple[int, str]] = []
    seen: Counter[str] = Counter()
    for mark in sorted(_marks(code), key=lambda one: (one.start, -one.end)):
        inside = next((name for name, start, end in spans if start <= mark.start < end), "constants")
        what = " ".join(text[mark.start : mark.end].split())[:80] if mark.kind != "arm" else _arm(text, mark.start)
        name = f"{stem}.{inside}: {what}"
        seen[name] += 1
        name += f" #{seen[name]}" if seen[name] > 1 else ""
        number = first + len(branches)
        branches.append(Branch(name, text.count("\n", 0, mark.start) + 1, "t" if mark.kind == "arm" else "tf"))
        if mark.kind == "arm":
            inserted.append((mark.end, f" Seen.at({number}, true);"))
        else:
            inserted += [(mark.start, f"Seen.at({number}, "), (mark.end, ")")]
    if not branches:
        return text, []
    for place, words in sorted(inserted, key=lambda pair: pair[0], reverse=True):
        text = text[:place] + words + text[place:]
    up = "../" * (file.count("/") - 1) or "./"
    return re.sub(r"(pragma [^;]*;)", rf'\1\nimport {{Seen}} from "{up}Seen.sol";', text, count=1), branches


def _arm(text: str, start: int) -> str:
    return " ".join(text[text.rfind("\n", 0, start) + 1 : start + 1].split())[-60:]


def _marks(code: str) -> list[_Mark]:
    found = []
    for match in re.finditer(r"\bif \(", code):
        found.append(_Mark(match.end(), mutations.closing(code, match.end() - 1, "()"), "if"))
    for match in re.finditer(r"\?", code):
        found.append(_Mark(mutations.condition(code, match.start()), len(code[: match.start()].rstrip()), "choice"))
    for match in re.finditer(r"\btry\b[^;]*?\{|\bcatch\b[^;{]*\{", code):
        opening = match.end() - 1
        if match.group().startswith("try"):
            opening = _arm_of_try(code, match.start())
        found.append(_Mark(opening, opening + 1, "arm"))
    return found


def _arm_of_try(code: str, start: int) -> int:
    """The brace that opens a try's success: not that of `{gas: …}` or of a struct in its arguments."""
    place = start
    while True:
        place = code.index("{", place)
        if re.match(r"\{\s*(gas|value|salt):", code[place:]) or code[start:place].count("(") != code[start:place].count(
            ")"
        ):
            place = mutations.closing(code, place, "{}") + 1
            continue
        return place


def taken(lane: Lane) -> tuple[list[Branch], dict[str, str]]:
    """Every branch of contracts/, and by name the ways that the tests took."""
    branches: list[Branch] = []
    for source in sorted((lane.folder / "contracts").rglob("*.sol")):
        if source.parent.name in SPARED:
            continue
        file = str(source.relative_to(lane.folder))
        text, found = marked(file, lane.read(file), len(branches))
        branches += found
        lane.write(file, text)
    lane.write(SEEN, MARK)
    settings = lane.read("foundry.toml")
    opened = 'fs_permissions = [{ access = "read-write", path = "./.seen" }]\ncode_size_limit = 1000000'
    if "fs_permissions = []" not in settings:
        raise WorkshopFault("foundry.toml has no line `fs_permissions = []`: branches cannot be counted")
    lane.write("foundry.toml", settings.replace("fs_permissions = []", opened))
    complaint = lane.build()
    if complaint:
        raise WorkshopFault(f"the marked copy does not build: {complaint}")
    seen = lane.folder / ".seen"
    seen.mkdir(exist_ok=True)
    for old in seen.iterdir():
        old.unlink()
    tested = lane.test(TESTS)
    if tested.timed_out:
        raise WorkshopFault(f"the tests of the marked copy took more than {TESTS.seconds} s")
    outcomes = {file.name for file in seen.iterdir()}
    for test in tested.tests:
        outcomes |= {line.removeprefix(".seen/") for line in test.detail.get("decoded_logs", ())}
    ways = {
        branch.name: "".join(way for way in "tf" if f"{number:04}{way}" in outcomes)
        for number, branch in enumerate(branches)
    }
    return branches, ways


def unreachable() -> dict[tuple[str, str], str]:
    """(branch, way) -> the reason, from branches.toml."""
    told = tomllib.loads((FOLDER / "branches.toml").read_text(encoding="utf-8"))
    return {(entry["branch"], entry["way"]): entry["because"] for entry in told.get("unreachable", [])}


def prove(shop: Workshop) -> Section:
    """Red for a way that no test takes and nobody argued, and for an argued one that a test takes."""
    begun = time.monotonic()
    with shop.lane() as lane:
        branches, ways = taken(lane)
    wanted = {(branch.name, way) for branch in branches for way in branch.ways}
    went = {(name, way) for name, some in ways.items() for way in some}
    argued = unreachable()
    missing = sorted(wanted - went - set(argued))
    stale = sorted(set(argued) & went | set(argued) - wanted)
    lines = {branch.name: str(branch.line) for branch in branches}
    said = {"t": "true", "f": "false"}
    rows = [(name, lines[name], said[way], "**no test takes it**") for name, way in missing]
    rows += [(name, lines.get(name, "-"), said[way], "**argued, but taken or gone: drop it**") for name, way in stale]
    rows += [(name, lines[name], said[way], why) for (name, way), why in argued.items() if (name, way) not in stale]
    headline = (
        f"{len(wanted & went)} of {len(wanted)} branches taken by tests, {len(argued)} argued, {len(missing)} missing"
    )
    figures = {"branches": len(wanted), "taken": len(wanted & went), "argued": len(argued), "missing": len(missing)}
    passed = bool(wanted) and not missing and not stale
    columns = ("branch", "line", "way", "")
    return Section("branches", passed, time.monotonic() - begun, headline, columns, tuple(rows), figures)
