"""The generator of faults and the marks on branches, on a few lines of Solidity: no compiler needed."""

from __future__ import annotations

import pytest

from tests.prove import branches, ledger, mutants, mutations
from tests.prove.page import Proof
from tests.prove.section import Section
from tests.prove.workshop import ROOT

FILE = "contracts/core/Toy.sol"
TEXT = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "x.sol";

contract Toy {
    uint256 private constant GAS = 60_000;
    uint256 private constant CAP = 8000;

    /// @dev if (a < b) is prose, and 7 is no number here.
    function spend(uint256 a, uint256 b) external locks returns (uint256) {
        if (a > b || b == 0) revert TooMuch("a > b", a, b);
        spent += Math.min(a, 5);
        uint256 c = a.mulDiv(b, CAP, Math.Rounding.Ceil);
        emit Spent(a, c);
        try this.gift{gas: GAS}(a) returns (uint256 d) {
            c = d;
        } catch {
            _note(a, b);
        }
        return a == b || last(a) ? c : c / 2;
    }
}
"""


def named() -> list[str]:
    return [one.name for one in mutations.found(FILE, TEXT)]


@pytest.mark.parametrize(
    "name",
    [
        "Toy.constants constant: 8000 → (8000 + 1)",
        "Toy.constants constant: 60_000 → (2 * 60_000)",
        "Toy.spend modifier: locks left out",
        'Toy.spend refusal: if (a > b || b == 0) revert TooMuch("a > b", a, b); left out',
        "Toy.spend negate: (a > b || b == 0) → (!(a > b || b == 0))",
        "Toy.spend relation: > → >=",
        "Toy.spend relation: == → != #2",
        "Toy.spend logic: || → &&",
        "Toy.spend arithmetic: += → -=",
        "Toy.spend extreme: min → max",
        "Toy.spend rounding: Ceil → Floor",
        "Toy.spend statement: emit Spent(a, c); left out",
        "Toy.spend statement: _note(a, b); left out",
        "Toy.spend swap: a, b → b, a",
        "Toy.spend negate: a == b || last(a) → !(a == b || last(a))",
        "Toy.spend arithmetic: / → *",
    ],
)
def test_every_kind_of_fault_is_found(name: str) -> None:
    assert name in named()


def test_prose_strings_and_margins_are_left_alone() -> None:
    assert not any("60_000 + 1" in name or " 7 " in name or "0.8" in name for name in named())
    assert sum("relation: >" in name for name in named()) == 2  # of one place, not of the string beside it
    assert len(set(named())) == len(named())


def test_a_fault_changes_its_own_place_alone_and_that_place_is_unique() -> None:
    for one in mutations.found(FILE, TEXT):
        old, new = mutations.around(TEXT, one)
        assert TEXT.count(old) == 1
        assert TEXT.replace(old, new) == TEXT[: one.start] + one.new + TEXT[one.end :]


def test_the_draw_is_seeded_spread_over_the_files_and_larger_than_what_is_promised() -> None:
    drawn = mutants.drawn(ROOT, mutants.ALL)
    assert [one.name for one in drawn] == [one.name for one in mutants.drawn(ROOT, mutants.ALL)]
    assert len(drawn) > 165
    assert len({one.name for one in drawn}) == len(drawn)
    central = [one for one in drawn if one.file.startswith(mutants.CENTRAL)]
    assert len(central) * 2 > len(drawn)
    assert len({one.operator for one in drawn}) == 12


def test_each_argument_names_a_mutant_of_the_draw() -> None:
    names = {one.name for one in mutants.drawn(ROOT, mutants.ALL)}
    assert set(mutants.arguments()) <= names


def test_every_condition_passes_through_its_mark() -> None:
    text, found = branches.marked(FILE, TEXT, 20)
    assert [(one.name, one.ways) for one in found] == [
        ("Toy.spend: a > b || b == 0", "tf"),
        ("Toy.spend: try this.gift{gas: GAS}(a) returns (uint256 d) {", "t"),
        ("Toy.spend: } catch {", "t"),
        ("Toy.spend: a == b || last(a)", "tf"),
    ]
    assert "if (Seen.at(20, a > b || b == 0)) revert" in text
    assert "returns (uint256 d) { Seen.at(21, true);" in text
    assert "catch { Seen.at(22, true);" in text
    assert "return Seen.at(23, a == b || last(a)) ? c : c / 2;" in text
    assert 'import {Seen} from "../Seen.sol";' in text


def test_a_contract_without_its_comments_is_the_same_question() -> None:
    assert ledger.bare(TEXT) == ledger.bare(TEXT.replace("is prose", "is  other\n    /// prose"))
    assert ledger.bare(TEXT) != ledger.bare(TEXT.replace("8000", "8001"))
    assert ledger.bare('"https://x" // y') == '"https://x"'


def test_one_red_section_makes_the_proof_red_and_its_cells_stay_cells() -> None:
    green = Section("a", True, 1, "holds", ("x",), (("1 | 2",),), {"n": 1})
    red = Section("b", False, 1, "does not hold", (), ())
    assert Proof((green,), 2, {}, whole=True).passed
    both = Proof((green, red), 2, {}, whole=True)
    assert not both.passed
    assert both.as_json()["passed"] is False
    assert "| b | **FAILED** | 1 | does not hold |" in both.as_markdown()
    assert "| 1 \\| 2 |" in both.as_markdown()
