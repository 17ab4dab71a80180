"""Slither over contracts/: every finding is fixed, or argued in slither.toml by detector and place; a new one is red.

Slither wants syntax trees alone, so the compiler is asked for no more (seconds, where forge's build takes minutes), and
the answer is handed over as forge would have left it.
"""

from __future__ import annotations

import json
import time
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tests.prove.section import Section
from tests.prove.twins import FOLDER
from tests.prove.workshop import Lane, Workshop, WorkshopFault

OUT = ".tools/forge/slither"
SECONDS = 300
NO_CODE: dict[str, object] = {"object": "", "sourceMap": "", "linkReferences": {}}


def findings(lane: Lane) -> dict[tuple[str, str], str]:
    """(detector, place) -> Slither's first line on it; a place is Contract.function or Contract.variable."""
    solc_said(lane)
    report = lane.folder / OUT / "report.json"
    report.unlink(missing_ok=True)
    words = ["slither", ".", "--compile-force-framework", "foundry", "--ignore-compile", "--foundry-out-directory", OUT]
    ran = lane.run([*words, "--filter-paths", "node_modules|mocks", "--json", str(report)], seconds=SECONDS)
    if ran.timed_out or not report.exists():
        raise WorkshopFault(f"slither ended with {ran.code} after {ran.seconds:.0f} s: {ran.err.strip()[-200:]}")
    told = json.loads(report.read_text(encoding="utf-8"))
    if not told["success"]:
        raise WorkshopFault(f"slither did not succeed: {str(told['error'])[:200]}")
    found: dict[tuple[str, str], str] = {}
    for one in told["results"].get("detectors", []):
        found.setdefault((one["check"], place(one)), f"{one['impact']}: {' '.join(one['description'].split())[:160]}")
    return found


def place(finding: Mapping[str, Any]) -> str:
    """Where: the innermost named thing that the finding's first element is part of, with its contract."""
    element = finding["elements"][0]
    names: list[str] = []
    while element:
        if element["type"] in ("function", "variable", "contract", "struct"):
            names.append(element["name"])
        element = element.get("type_specific_fields", {}).get("parent")
    return ".".join(reversed(names)) or "?"


def solc_said(lane: Lane) -> None:
    """Has the pinned compiler parse contracts/, and leaves its answer where Slither reads forge's."""
    settings = tomllib.loads(lane.read("foundry.toml"))["profile"]["default"]
    files = sorted(file for file in (lane.folder / "contracts").rglob("*.sol") if file.parent.name != "mocks")
    asked = {
        "language": "Solidity",
        "sources": {str(file.relative_to(lane.folder)): {"content": file.read_text("utf-8")} for file in files},
        "settings": {
            "remappings": settings["remappings"],
            "evmVersion": settings["evm_version"],
            "outputSelection": {"*": {"": ["ast"], "*": ["abi", "evm.methodIdentifiers"]}},
        },
    }
    packages = (lane.folder / "node_modules").resolve()
    solc = f"{settings['solc']} --standard-json --base-path . --allow-paths .,{packages}".split()
    (lane.folder / OUT / "build-info").mkdir(parents=True, exist_ok=True)
    question = lane.folder / OUT / "question.json"
    question.write_text(json.dumps(asked), encoding="utf-8")
    ran = lane.run(["sh", "-c", f'exec "$@" < {OUT}/question.json', "solc", *solc], seconds=SECONDS)
    told: dict[str, Any] = (
        json.loads(ran.out) if ran.code == 0 and not ran.timed_out else {"errors": [{"severity": "error"}]}
    )
    errors = [one for one in told.get("errors", []) if one["severity"] == "error"]
    if errors:
        raise WorkshopFault(f"solc did not parse contracts/: {errors[0].get('message', ran.err[-200:])}")
    for contracts in told["contracts"].values():
        for one in contracts.values():
            one.update(metadata="", devdoc={}, userdoc={})
            one["evm"].update(bytecode=NO_CODE, deployedBytecode=NO_CODE)
    info = {"id": "slither", "solcVersion": "0.8.30", "input": asked, "output": told}
    (lane.folder / OUT / "build-info/slither.json").write_text(json.dumps(info), encoding="utf-8")


def argued() -> dict[tuple[str, str], str]:
    """(detector, place) -> the argument, from slither.toml."""
    told = tomllib.loads((FOLDER / "slither.toml").read_text(encoding="utf-8"))
    return {
        (entry["detector"], where): entry["because"] for entry in told.get("argued", []) for where in entry["places"]
    }


def prove(shop: Workshop) -> Section:
    """Red for a finding without an argument, and for an argument without a finding."""
    begun = time.monotonic()
    with shop.lane() as lane:
        found = findings(lane)
    arguments = argued()
    fresh, stale = sorted(set(found) - set(arguments)), sorted(set(arguments) - set(found))
    rows = [(detector, where, f"**new** {found[detector, where]}") for detector, where in fresh]
    rows += [(detector, where, "**argued, but no longer found: drop it**") for detector, where in stale]
    together: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for detector, where in sorted(set(found) & set(arguments)):
        together[detector, arguments[detector, where]].append(where)
    rows += [(detector, ", ".join(places), why) for (detector, why), places in together.items()]
    headline = (
        f"{len(found)} findings, {len(found) - len(fresh)} argued, {len(fresh)} new, {len(stale)} arguments stale"
    )
    figures = {"findings": len(found), "new": len(fresh), "stale": len(stale)}
    seconds = time.monotonic() - begun
    columns = ("detector", "place", "argument")
    return Section("slither", not fresh and not stale, seconds, headline, columns, tuple(rows), figures)
