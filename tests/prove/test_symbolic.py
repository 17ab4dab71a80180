"""The answers are read strictly: only a plain yes is a proof, only a counterexample a refutation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.prove import symbolic
from tests.prove.symbolic import Answer, Result, Twin, decided, judged, lemma, misplaced
from tests.prove.workshop import ROOT, WorkshopFault

PROVED: dict[str, Any] = {
    "name": "check_a(uint256)",
    "exitcode": 0,
    "num_models": 0,
    "models": [],
    "num_paths": [3, 1, 0],
    "time": [0.5, 0.4, 0.1],
    "num_bounded_loops": 0,
}
REFUTED = {**PROVED, "exitcode": 1, "num_models": 1, "models": [{"model": {}, "is_valid": True}]}
LEMMAS = sorted((ROOT / "tests" / "symbolic" / "lemmas").glob("*.smt2"))


def test_a_plain_yes_is_a_proof_and_a_counterexample_a_refutation() -> None:
    assert judged(PROVED) == Result("check_a", Answer.PROVED, 0.5, "1 of 3 paths return")
    assert judged(REFUTED).answer is Answer.REFUTED


@pytest.mark.parametrize(
    "changed",
    [
        {"exitcode": 2},  # a time-out
        {"exitcode": 3},  # a path that halmos could not follow
        {"exitcode": 4},  # every path reverts
        {"exitcode": 5},
        {"num_bounded_loops": 1},
        {"num_bounded_loops": None},
        {"num_paths": [3, 0, 0]},
        {"num_paths": [3, 1, 1]},
        {"num_paths": None},
        {"exitcode": 1},  # no counterexample shown
        {"exitcode": 1, "models": [{"model": {}, "is_valid": False}]},
    ],
)
def test_everything_else_is_unknown(changed: dict[str, Any]) -> None:
    assert judged({**PROVED, **changed}).answer is Answer.UNKNOWN


@pytest.mark.parametrize("said", ["unknown", "timeout", "", "(error)", "unsat\nsat"])
def test_a_solver_that_does_not_decide_proves_nothing(said: str) -> None:
    assert decided(said) is Answer.UNKNOWN
    assert (decided("unsat\n"), decided("sat\n")) == (Answer.PROVED, Answer.REFUTED)


def test_a_proof_without_answer_or_twin_and_a_twin_that_stands_are_red() -> None:
    twin = Twin("t", "why", (("a.sol", "x", "y"),), ("check_a",))
    proved, refuted = Result("check_a", Answer.PROVED, 1, ""), Result("check_a", Answer.REFUTED, 1, "")
    whole = [("proof", proved), ("twin: t", refuted)]
    assert symbolic.faults(["check_a"], [twin], whole) == []
    assert symbolic.faults(["check_a"], [twin], whole[:1]) == ["twin: t check_a is unanswered, not refuted"]
    assert symbolic.faults(["check_a"], [twin], whole[1:]) == ["proof check_a is unanswered, not proved"]
    assert symbolic.faults(["check_a"], [twin], [whole[0], ("twin: t", proved)])
    assert symbolic.faults(["check_a"], [], whole[:1]) == ["check_a has no twin"]
    unknown = Result("04_x", Answer.UNKNOWN, 1, "")
    assert symbolic.faults([], [], [("lemma", unknown)]) == ["lemma 04_x is unknown, not proved"]


def test_a_slot_that_the_compiler_puts_elsewhere_is_found() -> None:
    text = "library BookSlots {\n    uint256 internal constant _owner = 7;\n}\n"
    assert misplaced(text, {"BookSlots": {"_owner": 7}}) == []
    assert misplaced(text, {"BookSlots": {"_owner": 8}}) == ["BookSlots._owner is 7, the compiler says 8"]
    assert misplaced(text, {"BookSlots": {}}) == ["BookSlots._owner is 7, the compiler says None"]


@pytest.mark.parametrize("file", LEMMAS, ids=[file.stem for file in LEMMAS])
def test_every_lemma_says_what_it_claims_and_how_it_breaks(file: Path) -> None:
    claim, body, broken = lemma(file.read_text(encoding="utf-8"))
    assert claim.split()[0] == str(int(file.stem[:2]))
    assert body != broken
    assert body.count("(check-sat") == 1


def test_a_lemma_whose_twin_changes_nothing_is_refused() -> None:
    with pytest.raises(WorkshopFault):
        lemma("; lemma: 3 x\n; twin: a ==> b\n(assert true)\n(check-sat)\n")


def test_every_twin_breaks_text_that_is_there_once() -> None:
    twins = symbolic.load((ROOT / "tests" / "prove" / "symbolic.toml").read_text(encoding="utf-8"))
    for twin in twins:
        for file, old, _ in twin.edits:
            assert (ROOT / file).read_text(encoding="utf-8").count(old) == 1, (twin.name, old)
