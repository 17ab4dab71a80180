"""Twins: copies of the vault broken in one named place, each of which named tests must find red.

A list is a TOML file of `[[twin]]` tables beside this one:

    name = "no-turnover-bucket"             unique in its list
    why = "what a keeper could do with it"  one line
    file = "contracts/core/Envelope.sol"    with `old` (exact text, once in the file) and `new`;
                                            or `edits = [{file, old, new}, …]`
    tests = { contract = "…", test = "…" }  forge's filters (workshop.Filter: also path, fuzz, runs, depth, seconds)
    reason = "I07"                          optional: some red test's reason must match this regular expression

Only KILLED proves that the tests see the fault. A twin that does not compile, one with the original's bytecode, one
that ran out of time: each is named for what it is, and none is a kill. Tests that are red on the untouched tree judge
nothing: that is a fault of the proof.
"""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.prove.ledger import Ledger, bare, digest, sources
from tests.prove.section import Section
from tests.prove.workshop import Filter, Lane, Test, Workshop, WorkshopFault

_METADATA = re.compile(r"a264697066735822[0-9a-f]{68}64736f6c6343[0-9a-f]{6}0033")
"""What solc appends to a contract: a hash of its sources, its version."""
_LINK = re.compile(r"__\$[0-9a-f]{34}\$__")
FOLDER = Path(__file__).resolve().parent
KILLERS_KEPT = 3


class Outcome(StrEnum):
    """What became of a twin."""

    KILLED = "killed"
    SURVIVED = "survived"
    STILLBORN = "does not compile"
    EQUAL = "same bytecode"
    TIMEOUT = "out of time"
    ELSEWHERE = "red for another reason"


@dataclass(frozen=True, slots=True)
class Edit:
    """`old`, which the file must hold exactly once, becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Twin:
    """`stages`: filters tried in turn until one is red."""

    name: str
    edits: tuple[Edit, ...]
    stages: tuple[Filter, ...]
    why: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Killer:
    """A red test."""

    file: str
    contract: str
    test: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`said`: the compiler's complaint. `seconds` of one lane; `recalled` from an earlier run."""

    twin: Twin
    outcome: Outcome
    killers: tuple[Killer, ...]
    seconds: float
    said: str = ""
    recalled: bool = False

    @property
    def killed(self) -> bool:
        """The only outcome that proves something."""
        return self.outcome is Outcome.KILLED

    def by(self) -> str:
        """Who killed it, or what happened instead."""
        if self.killers:
            first = self.killers[0]
            return f"{first.contract}.{first.test}: {first.reason}"[:160]
        return self.said


def load(list_name: str) -> tuple[Twin, ...]:
    """A list by its file's name, such as "bugs.toml". Raises WorkshopFault for an entry that is not one."""
    told = tomllib.loads((FOLDER / list_name).read_text(encoding="utf-8"))
    twins = tuple(_twin(list_name, entry) for entry in told.get("twin", []))
    twice = [name for name, count in Counter(twin.name for twin in twins).items() if count > 1]
    if twice or not twins:
        raise WorkshopFault(f"{list_name} has {len(twins)} twins, twice there: {twice}: name each once")
    return twins


def _twin(list_name: str, entry: Mapping[str, Any]) -> Twin:
    try:
        edits = entry.get("edits") or [{name: entry[name] for name in ("file", "old", "new")}]
        unknown = set(entry) - {"name", "why", "file", "old", "new", "edits", "tests", "reason"}
        if unknown:
            raise WorkshopFault(f"{list_name}: {entry['name']} has unknown fields {sorted(unknown)}")
        stages = (Filter(**entry["tests"]),)
        return Twin(entry["name"], tuple(Edit(**one) for one in edits), stages, entry["why"], entry.get("reason", ""))
    except (KeyError, TypeError) as error:
        raise WorkshopFault(f"{list_name}: {entry.get('name', 'an entry')} lacks or misnames {error}") from None


def broken(twin: Twin, texts: Mapping[str, str]) -> dict[str, str]:
    """The changed files' new texts. Raises WorkshopFault where `old` is not there exactly once, or nothing changes."""
    changed: dict[str, str] = {}
    for edit in twin.edits:
        text = changed.get(edit.file) or texts[edit.file]
        count = text.count(edit.old)
        if count != 1:
            raise WorkshopFault(f"{twin.name}: {edit.file} has its text {count} times, not once: {edit.old[:80]!r}")
        if edit.old == edit.new:
            raise WorkshopFault(f"{twin.name}: {edit.file}: old and new are the same")
        changed[edit.file] = text.replace(edit.old, edit.new)
    return changed


def bytecode(lane: Lane) -> dict[str, str]:
    """Hash of each contract's bytecode of contracts/, creation and runtime, without the metadata's hash."""
    found = {}
    for source in sorted((lane.folder / "contracts").rglob("*.sol")):
        for artifact in sorted((lane.folder / ".tools/forge/out" / source.name).glob("*.json")):
            told = json.loads(artifact.read_text(encoding="utf-8"))
            code = told["bytecode"]["object"] + told["deployedBytecode"]["object"]
            found[f"{source.name}:{artifact.stem}"] = digest(_LINK.sub("", _METADATA.sub("", code)))
    return found


class Bench:
    """Twins judged in a workshop: green first on the untouched tree, then each on its own broken one."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        texts = sources(shop.tree, "contracts")
        tests = sources(shop.tree, "tests/forge", "tests/symbolic")
        self._raw = {file: (shop.tree / file).read_text(encoding="utf-8") for file in texts}
        self._bare = texts
        self._ground = {
            name: (shop.tree / name).read_text(encoding="utf-8")
            for name in ("foundry.toml", "package-lock.json")
            if (shop.tree / name).exists()
        }
        self._ledger = Ledger(shop.root / ".tools/prove/results", tests)
        with shop.lane() as lane:
            self._bytecode = bytecode(lane)

    def judge(self, twins: Sequence[Twin], label: str = "") -> list[Verdict]:
        """A verdict for each, in order. Raises WorkshopFault where a filter matches nothing, or is red untouched."""
        for twin in twins:
            broken(twin, self._raw)  # before the first minute is spent
        filters = list(dict.fromkeys(digest(asdict(stage)) for twin in twins for stage in twin.stages))
        stages = {digest(asdict(stage)): stage for twin in twins for stage in twin.stages}
        controls = [Twin(f"untouched {key[:8]}", (), (stages[key],), "the control") for key in filters]
        for verdict in self._shop.spread(self._judged, controls):
            if verdict.outcome is not Outcome.SURVIVED:
                words = " ".join(verdict.twin.stages[0].words())
                raise WorkshopFault(f"the untouched tree is not green for {words}: {verdict.outcome} {verdict.by()}")
        done: list[Verdict] = []

        def one(lane: Lane, twin: Twin) -> Verdict:
            verdict = self._judged(lane, twin)
            done.append(verdict)
            again = ", recalled" if verdict.recalled else f", {verdict.seconds:.0f} s"
            self._shop.say(
                f"{label} {len(done)}/{len(twins)} {twin.name}: {verdict.outcome}{again} {verdict.by()[:90]}"
            )
            return verdict

        return self._shop.spread(one, twins)

    def _judged(self, lane: Lane, twin: Twin) -> Verdict:
        changed = broken(twin, self._raw)
        texts = self._bare | {file: bare(text) for file, text in changed.items()}
        key = digest(texts, self._ground, [asdict(stage) for stage in twin.stages], twin.reason)
        kept = None if self._shop.fresh else self._ledger.found(key)
        if kept is not None:
            killers = tuple(Killer(**one) for one in kept["killers"])
            return Verdict(twin, Outcome(kept["outcome"]), killers, kept["seconds"], kept["said"], recalled=True)
        begun = time.monotonic()
        lane.made_whole()
        for file, text in changed.items():
            lane.write(file, text)
        verdict = self._tried(lane, twin, bool(changed))
        lane.made_whole()
        verdict = replace(verdict, seconds=round(time.monotonic() - begun, 1))
        if verdict.outcome is not Outcome.TIMEOUT:
            self._keep(key, verdict)
        return verdict

    def _tried(self, lane: Lane, twin: Twin, changed: bool) -> Verdict:
        if changed:
            complaint = lane.build()
            if complaint:
                return Verdict(twin, Outcome.STILLBORN, (), 0, complaint)
            if bytecode(lane) == self._bytecode:
                return Verdict(twin, Outcome.EQUAL, (), 0)
        for stage in twin.stages:
            tested = lane.test(stage)
            if tested.timed_out:
                return Verdict(twin, Outcome.TIMEOUT, (), 0, f"no answer in {stage.seconds} s")
            if tested.red:
                return _red(twin, tested.red)
        return Verdict(twin, Outcome.SURVIVED, (), 0)

    def _keep(self, key: str, verdict: Verdict) -> None:
        finding = {
            "outcome": verdict.outcome.value,
            "killers": [asdict(killer) for killer in verdict.killers],
            "seconds": verdict.seconds,
            "said": verdict.said,
        }
        stands: list[str] | None = None
        if verdict.killed:
            stands = [verdict.killers[0].file]
        elif verdict.outcome in (Outcome.STILLBORN, Outcome.EQUAL):
            stands = []
        self._ledger.keep(key, finding, files=stands)


def _red(twin: Twin, red: Sequence[Test]) -> Verdict:
    right = [test for test in red if re.search(twin.reason, test.reason)]
    shown = [Killer(test.file, test.contract, test.name, test.reason) for test in (right or red)[:KILLERS_KEPT]]
    return Verdict(twin, Outcome.KILLED if right else Outcome.ELSEWHERE, tuple(shown), 0)


def judge(shop: Workshop, twins: Sequence[Twin], label: str = "") -> list[Verdict]:
    """A verdict for each twin, in order; see Bench.judge."""
    return Bench(shop).judge(twins, label)


def section(shop: Workshop, name: str, list_name: str, *, at_least: int | None = None) -> Section:
    """A list judged: passed if all (or `at_least` so many) of its twins are killed."""
    begun = time.monotonic()
    verdicts = judge(shop, load(list_name), name)
    killed = sum(verdict.killed for verdict in verdicts)
    wanted = len(verdicts) if at_least is None else at_least
    rows = tuple((one.twin.name, one.twin.why, one.outcome.value, one.by()) for one in verdicts)
    figures = {"twins": len(verdicts), "killed": killed, "wanted": wanted}
    headline = f"{killed} of {len(verdicts)} broken copies found red; {wanted} wanted"
    seconds = time.monotonic() - begun
    return Section(name, killed >= wanted, seconds, headline, ("twin", "why", "verdict", "found by"), rows, figures)
