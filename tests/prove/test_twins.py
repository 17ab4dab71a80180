"""The engine on a toy: what counts as a kill, what does not, and what is remembered; forge and solc are real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.prove import branches, mutants, twins
from tests.prove.section import Section
from tests.prove.twins import Edit, Outcome, Twin
from tests.prove.workshop import ROOT, Filter, Workshop, WorkshopFault, opened

CONTRACT = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

contract Toy {
    uint256 public spent; // of 10
    uint256 public unseen;

    constructor(uint256 start) {
        if (start > 10) revert("born rich");
        spent = start;
    }

    function spend(uint256 amount) external {
        if (amount > 10) revert("too much");
        spent += amount;
        unseen = 1;
    }

    function burn(uint256 rounds) external pure returns (uint256 sum) {
        for (uint256 i; i < rounds; ++i) sum += i;
        return rounds > 9 ? 0 : sum;
    }
}
"""
TEST = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Toy} from "../../contracts/Toy.sol";

interface Vm {
    function expectRevert(bytes calldata) external;
}

contract ToyTest {
    Vm private constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    function test_spends_ten_and_no_more() external {
        Toy toy = new Toy(0);
        toy.spend(10);
        require(toy.spent() == 10, "I01 spent");
        try toy.spend(11) {
            revert("I02 more than ten");
        } catch {}
        toy.burn(1);
    }

    function test_is_not_born_rich() external {
        for (uint256 more; more < 2; ++more) {
            vm.expectRevert("born rich");
            new Toy(11 + more);
        }
    }

    function test_nothing_at_all() external pure {}
}
"""
SETTINGS = """[profile.default]
src = "contracts"
test = "tests/forge"
out = ".tools/forge/out"
cache_path = ".tools/forge/cache"
libs = []
solc = ".tools/solcx/solc-v0.8.30"
evm_version = "shanghai"
offline = true
dynamic_test_linking = true
fs_permissions = []
"""
BOUND = Edit("contracts/Toy.sol", "amount > 10", "amount > 11")
ALL = Filter(contract="ToyTest", seconds=60)
TWIN = Twin("bound", (BOUND,), (ALL,), "spends eleven")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    root = tmp_path_factory.mktemp("toy")
    for name, text in (("contracts/Toy.sol", CONTRACT), ("tests/forge/Toy.t.sol", TEST), ("foundry.toml", SETTINGS)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".tools").mkdir()
    for name in ("node_modules", ".tools/bin", ".tools/solcx", ".tools/home"):
        (root / name).symlink_to((ROOT / name).resolve())
    with opened(root, width=1) as made:
        yield made


def judged(shop: Workshop, twin: Twin) -> twins.Verdict:
    (verdict,) = twins.judge(shop, [twin])
    return verdict


def test_a_twin_that_a_test_finds_red_is_killed_and_says_by_which(shop: Workshop) -> None:
    verdict = judged(shop, TWIN)
    assert verdict.outcome is Outcome.KILLED
    assert verdict.by() == "ToyTest.test_spends_ten_and_no_more: I02 more than ten"


def test_a_twin_that_no_test_finds_survives(shop: Workshop) -> None:
    unseen = Edit("contracts/Toy.sol", "unseen = 1;", "unseen = 2;")
    assert judged(shop, replace(TWIN, edits=(unseen,))).outcome is Outcome.SURVIVED


def test_a_later_stage_may_find_what_the_first_does_not(shop: Workshop) -> None:
    first = Filter(test="test_nothing_at_all", seconds=60)
    assert judged(shop, replace(TWIN, stages=(first,))).outcome is Outcome.SURVIVED
    assert judged(shop, replace(TWIN, stages=(first, ALL))).killed


def test_a_twin_that_does_not_compile_is_no_kill(shop: Workshop) -> None:
    verdict = judged(shop, replace(TWIN, edits=(Edit("contracts/Toy.sol", "amount > 10", "amount > true"),)))
    assert verdict.outcome is Outcome.STILLBORN
    assert "Error (" in verdict.said
    assert not verdict.killed


def test_a_twin_with_the_same_bytecode_is_no_twin(shop: Workshop) -> None:
    same = Edit("contracts/Toy.sol", "amount > 10", "amount > 5 + 5")
    assert judged(shop, replace(TWIN, edits=(same,))).outcome is Outcome.EQUAL


def test_a_twin_out_of_time_is_no_kill_and_is_asked_again(shop: Workshop) -> None:
    endless = Edit("contracts/Toy.sol", "i < rounds; ++i", "i < rounds; i += 0")
    twin = replace(TWIN, edits=(endless,), stages=(replace(ALL, seconds=1, env={"FOUNDRY_GAS_LIMIT": str(2**62)}),))
    verdicts = [judged(shop, twin), judged(shop, twin)]
    assert [one.outcome for one in verdicts] == [Outcome.TIMEOUT, Outcome.TIMEOUT]
    assert not any(one.killed or one.recalled for one in verdicts)


def test_red_for_another_reason_is_no_kill(shop: Workshop) -> None:
    assert judged(shop, replace(TWIN, reason="^I01")).outcome is Outcome.ELSEWHERE
    assert judged(shop, replace(TWIN, reason="^I02")).killed


def test_what_was_found_is_remembered_until_what_it_stands_on_moves(shop: Workshop) -> None:
    judged(shop, TWIN)
    assert judged(shop, TWIN).recalled
    contract, test = shop.tree / "contracts/Toy.sol", shop.tree / "tests/forge/Toy.t.sol"
    contract.write_text(CONTRACT.replace("// of 10", "// of ten, a comment"))
    (shop.tree / "tests/forge/More.t.sol").write_text("// another test")
    try:
        assert judged(shop, TWIN).recalled
        test.write_text(TEST.replace("toy.burn(1)", "toy.burn(2)"))
        assert not judged(shop, TWIN).recalled
    finally:
        contract.write_text(CONTRACT)
        test.write_text(TEST)
        (shop.tree / "tests/forge/More.t.sol").unlink()


def test_a_filter_that_matches_nothing_is_a_fault(shop: Workshop) -> None:
    with pytest.raises(WorkshopFault, match="no test matches"):
        judged(shop, replace(TWIN, stages=(Filter(contract="Nobody"),)))


def test_a_text_that_is_not_there_once_is_a_fault(shop: Workshop) -> None:
    for old in ("amount > 12", "amount"):
        with pytest.raises(WorkshopFault, match="times, not once"):
            judged(shop, replace(TWIN, edits=(Edit("contracts/Toy.sol", old, "x"),)))


def test_a_lane_is_whole_again_after_each_twin(shop: Workshop) -> None:
    judged(shop, replace(TWIN, reason="another question"))
    with shop.lane() as lane:
        assert lane.read("contracts/Toy.sol") == CONTRACT
        assert not lane.test(ALL).red


def test_a_survivor_turns_the_section_red_and_an_argument_counts_it_out(shop: Workshop) -> None:
    killed = judged(shop, TWIN)
    survivor = judged(
        shop, replace(TWIN, name="unseen", edits=(Edit("contracts/Toy.sol", "unseen = 1;", "unseen = 2;"),))
    )

    def section(argued: dict[str, str]) -> Section:
        return mutants.section("mutants", [killed, survivor], argued, 0)

    assert not section({}).passed
    assert section({}).figures["score_bps"] == 5000
    assert section({"unseen": "nobody reads it"}).passed
    assert not section({"bound": "wrongly argued", "unseen": "nobody reads it"}).passed
    assert not mutants.section("mutants", [], {}, 0).passed


def test_the_marks_see_which_way_the_tests_went(shop: Workshop) -> None:
    with shop.lane() as lane:
        found, ways = branches.taken(lane)
    assert len(found) == 3
    assert ways == {"Toy.constructor: start > 10": "tf", "Toy.spend: amount > 10": "tf", "Toy.burn: rounds > 9": "f"}
