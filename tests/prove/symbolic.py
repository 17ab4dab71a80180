"""Proofs for all inputs at once: halmos on the shipped bytecode, z3 on the arithmetic, a broken twin of each refuted.

Three answers and no fourth: *proved*, *refuted*, *unknown*. A time-out, a loop cut short, a path the tool could not
follow, a proof whose every path reverts, and whatever else is not a plain answer are unknown, and unknown is red, on
both sides: a twin that is not refuted shows nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.prove.section import Section
from tests.prove.workshop import Lane, Workshop, WorkshopFault

FOLDER = "tests/symbolic"
PLACE = ".tools/symbolic"
BUILD_SECONDS = 600
HALMOS_SECONDS = 540
Z3_SECONDS = 30
PROFILE: Mapping[str, str] = {"FOUNDRY_PROFILE": "symbolic"}
LOOPS = 70
"""Rounds of a loop that halmos follows: more than any list here has. One cut short makes the answer unknown."""
DONE, COUNTEREXAMPLE = 0, 1
"""halmos's exit codes of one proof; 2 time-out, 3 a path not followed, 4 every path reverts, 5 an exception."""


class Answer(StrEnum):
    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """One proof's answer. `paths`: those that ended without a revert, of all."""

    name: str
    answer: Answer
    seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class Twin:
    """Contracts broken on purpose, and the proofs that must then be refuted."""

    name: str
    why: str
    edits: tuple[tuple[str, str, str], ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """What one lane is given: proofs of some contracts on the tree as it is, one twin, or the lemmas."""

    contracts: str = ""
    twin: Twin | None = None


def load(text: str) -> tuple[Twin, ...]:
    """The twins of symbolic.toml. Raises WorkshopFault for one that breaks nothing or is asked nothing."""
    twins = []
    for entry in tomllib.loads(text)["twin"]:
        edits = tuple((edit["file"], edit["old"], edit["new"]) for edit in entry["edits"])
        twins.append(Twin(entry["name"], entry["why"], edits, tuple(entry["checks"])))
        if not edits or not entry["checks"]:
            raise WorkshopFault(f"symbolic.toml: {entry['name']} needs edits and checks")
    return tuple(twins)


# ----------------------------------------------------------------------------------------------------------- halmos


def judged(told: Mapping[str, Any]) -> Result:
    """halmos's own object of one proof, read strictly."""
    name, code = str(told["name"]).partition("(")[0], told["exitcode"]
    paths, loops = told.get("num_paths"), told.get("num_bounded_loops")
    seconds = float((told.get("time") or [0])[0])
    if code == COUNTEREXAMPLE and any(model.get("is_valid") for model in told.get("models") or ()):
        return Result(name, Answer.REFUTED, seconds, "a counterexample")
    if code != DONE:
        return Result(name, Answer.UNKNOWN, seconds, f"halmos ended with {code}")
    if loops != 0 or not paths or paths[1] == 0 or paths[2] != 0 or told.get("num_models") != 0:
        return Result(name, Answer.UNKNOWN, seconds, f"{loops} loops cut short, paths {paths}")
    return Result(name, Answer.PROVED, seconds, f"{paths[1]} of {paths[0]} paths return")


def _halmos(lane: Lane, contracts: str, tests: str) -> dict[str, Result]:
    """Runs proofs of the lane, by regular expressions. A proof that halmos did not report is not among the answers."""
    out = lane.folder / PLACE / "answer.json"
    out.unlink(missing_ok=True)
    words = ["halmos", "--root", str(lane.folder), "--forge-build-out", f"{PLACE}/out", "--match-contract", contracts]
    words += ["--match-test", f"^({tests})", "--loop", str(LOOPS), "--solver", "yices", "--solver-threads", "1"]
    words += [
        "--solver-timeout-assertion",
        "60s",
        "--solver-timeout-branching",
        "50ms",
        "--no-status",
        "--json-output",
        str(out),
    ]
    words += ["--default-bytes-lengths", "36", "--default-array-lengths", "1,2"]
    # halmos would build again, with words of its own, and so everything: it is given a forge that has nothing to do
    idle = lane.folder / PLACE / "idle"
    idle.mkdir(exist_ok=True)
    (idle / "forge").unlink(missing_ok=True)
    (idle / "forge").symlink_to("/bin/true")
    path = os.pathsep.join([str(idle), str(lane.root / ".tools/venv/prove/bin"), os.environ.get("PATH", "")])
    ran = lane.run(words, seconds=HALMOS_SECONDS, env={**PROFILE, "PATH": path})
    if ran.timed_out or not out.exists():
        return {}
    told = json.loads(out.read_text(encoding="utf-8"))["test_results"]
    results = [judged(one) for file in told.values() for one in file]
    return {result.name: result for result in results}


def _built(lane: Lane) -> None:
    """The shipped bytecode and the proofs, with syntax trees; what an earlier run built is taken up."""
    kept, place = lane.root / PLACE, lane.folder / PLACE
    if not place.exists() and kept.exists():
        shutil.copytree(kept, place, symlinks=True)
    ran = lane.forge("build", "--ast", "--color", "never", seconds=BUILD_SECONDS, env=PROFILE)
    if ran.code != 0 or ran.timed_out:
        raise WorkshopFault(f"the proofs do not build: {(ran.out + ran.err).strip()[-300:]}")


def _keep(lane: Lane) -> None:
    kept = lane.root / PLACE
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(lane.folder / PLACE, kept, symlinks=True)


# ------------------------------------------------------------------------------------------------------------ slots


def misplaced(text: str, layouts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What Slots.sol says otherwise than the compiler: a proof about a wrong slot would prove nothing."""
    found = []
    for library, body in re.findall(r"library (\w+) \{(.*?)^\}", text, re.DOTALL | re.MULTILINE):
        for label, slot in re.findall(r"constant (_\w+) = (\d+);", body):
            real = layouts[library].get(label)
            if real != int(slot):
                found.append(f"{library}.{label} is {slot}, the compiler says {real}")
    return found


def _layouts(lane: Lane) -> dict[str, dict[str, int]]:
    found = {}
    for library, contract in (("BookSlots", "Rulebook"), ("VaultSlots", "KeeperVault")):
        artifact = lane.folder / PLACE / "out" / f"{contract}.sol" / f"{contract}.json"
        storage = json.loads(artifact.read_text(encoding="utf-8"))["storageLayout"]["storage"]
        found[library] = {entry["label"]: int(entry["slot"]) for entry in storage}
    return found


# ----------------------------------------------------------------------------------------------------------- lemmas


def lemma(text: str) -> tuple[str, str, str]:
    """Claim, lemma, and its twin. Raises WorkshopFault where the twin's text is not there once."""
    claim = re.search(r"^; lemma: (.*)$", text, re.MULTILINE)
    twin = re.search(r"^; twin: (.*) ==> (.*)$", text, re.MULTILINE)
    body = "\n".join(line for line in text.splitlines() if not line.startswith(";"))
    if claim is None or twin is None or body.count(twin[1]) != 1:
        raise WorkshopFault("a lemma needs a line `; lemma:` and a line `; twin: old ==> new`, old in it once")
    return claim[1], body, body.replace(twin[1], twin[2])


def decided(said: str) -> Answer:
    """z3's word on the lemma's negation."""
    return {"unsat": Answer.PROVED, "sat": Answer.REFUTED}.get(said.strip(), Answer.UNKNOWN)


def _lemmas(lane: Lane) -> list[tuple[Result, Result]]:
    """Each lemma and its twin."""
    found = []
    for file in sorted((lane.folder / FOLDER / "lemmas").glob("*.smt2")):
        claim, *bodies = lemma(file.read_text(encoding="utf-8"))
        pair = []
        for body in bodies:
            asked = lane.folder / PLACE / "asked.smt2"
            asked.parent.mkdir(parents=True, exist_ok=True)
            asked.write_text(body, encoding="utf-8")
            ran = lane.run(["z3", f"-T:{Z3_SECONDS}", str(asked)], seconds=Z3_SECONDS + 10)
            pair.append(Result(file.stem, decided(ran.out), ran.seconds, claim))
        found.append((pair[0], pair[1]))
    return found


# ---------------------------------------------------------------------------------------------------------- section


def _work(lane: Lane, job: Job) -> list[tuple[str, Result]]:
    """(`proof`, `twin NAME` or `lemma` …, answer) of one job."""
    if job.twin is None and not job.contracts:
        pairs = _lemmas(lane)
        return [("lemma", one) for one, _ in pairs] + [("lemma's twin", two) for _, two in pairs]
    if job.twin is None:
        return [("proof", result) for result in _halmos(lane, job.contracts, "check_.*").values()]
    for file, old, new in job.twin.edits:
        text = lane.read(file)
        if text.count(old) != 1:
            raise WorkshopFault(f"twin {job.twin.name}: in {file} its text is there {text.count(old)} times, not once")
        lane.write(file, text.replace(old, new))
    try:
        _built(lane)
        results = _halmos(lane, ".*Test$", "|".join(f"{check}\\(" for check in job.twin.checks))
    finally:
        shutil.rmtree(lane.folder / PLACE, ignore_errors=True)
    return [(f"twin: {job.twin.name}", result) for result in results.values()]


def _jobs(shop: Workshop, twins: Sequence[Twin]) -> tuple[list[Job], tuple[str, ...]]:
    """What to do, and the names of all proofs. Leaves a build for the lanes to start from."""
    with shop.lane() as lane:
        _built(lane)
        wrong = misplaced(lane.read(f"{FOLDER}/Slots.sol"), _layouts(lane))
        _keep(lane)
        files = sorted((lane.folder / FOLDER).glob("*.t.sol"))
        texts = {file.name.removesuffix(".t.sol"): file.read_text(encoding="utf-8") for file in files}
    if wrong:
        raise WorkshopFault(f"correct tests/symbolic/Slots.sol: {'; '.join(wrong)}")
    names = tuple(name for text in texts.values() for name in re.findall(r"function (check_\w+)\(", text))
    jobs = [Job(contracts=f"^{name}Test$") for name in texts]
    return [*jobs, *(Job(twin=twin) for twin in twins), Job()], names


def faults(names: Iterable[str], twins: Sequence[Twin], told: Sequence[tuple[str, Result]]) -> list[str]:
    """Everything that is not as it must be."""
    answers = {(kind, result.name): result.answer for kind, result in told}
    wanted = {("proof", name): Answer.PROVED for name in names}
    wanted |= {(f"twin: {twin.name}", check): Answer.REFUTED for twin in twins for check in twin.checks}
    wanted |= {(kind, name): Answer.PROVED for kind, name in answers if kind == "lemma"}
    wanted |= {(kind, name): Answer.REFUTED for kind, name in answers if kind == "lemma's twin"}
    untwinned = set(names) - {check for twin in twins for check in twin.checks}
    wrong = [
        f"{kind} {name} is {answers.get((kind, name), 'unanswered')}, not {answer}"
        for (kind, name), answer in wanted.items()
        if answers.get((kind, name)) != answer
    ]
    return wrong + [f"{name} has no twin" for name in sorted(untwinned)]


def prove(shop: Workshop) -> Section:
    """All proofs, all lemmas, all twins."""
    begun = time.monotonic()
    twins = load((Path(__file__).parent / "symbolic.toml").read_text(encoding="utf-8"))
    jobs, names = _jobs(shop, twins)

    def one(lane: Lane, job: Job) -> list[tuple[str, Result]]:
        if job.contracts:
            _built(lane)
        return _work(lane, job)

    told = [pair for found in shop.spread(one, jobs) for pair in found]
    wrong = faults(names, twins, told)
    lemmas = sum(kind == "lemma" for kind, _ in told)
    refuted = sum(result.answer is Answer.REFUTED for kind, result in told if "twin" in kind)
    broken = {check: twin.name for twin in twins for check in twin.checks}
    rows = [
        (result.name, result.answer.value, f"{result.seconds:.1f}", result.said, broken.get(result.name, "its own"))
        for kind, result in sorted(told, key=lambda pair: pair[1].name)
        if kind in ("proof", "lemma")
    ]
    headline = f"{len(names)} proofs on the shipped bytecode, {lemmas} lemmas, {refuted} broken twins refuted"
    if wrong:
        headline += "; " + "; ".join(wrong)
    figures = {"proofs": len(names), "lemmas": lemmas, "twins_refuted": refuted, "wrong": len(wrong)}
    columns = ("proof", "answer", "s", "what it says, or paths", "twin that refutes it")
    return Section(
        "symbolic", not wrong and lemmas > 0, time.monotonic() - begun, headline, columns, tuple(rows), figures
    )
