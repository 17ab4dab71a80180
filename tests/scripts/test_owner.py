"""The owner's hand on the story's vault: each act through the Safe, or as its batch; refusals come before sending."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode

from keeper.devnet import safe
from keeper.devnet.book import OwnerSafe
from scripts.front import answer
from scripts.owner import arguments, run
from tests.furnished import Stage

REASON = b"end".ljust(32, b"\0")
pytestmark = pytest.mark.timeout(300)


class Hand:
    """Types the command, in this process to be quick."""

    def __init__(self, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        self._stage = stage
        self._capsys = capsys

    def says(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        network = f"devnet:{self._stage.book.name}"
        manifest = str(self._stage.deployed.manifest_path)
        options = arguments(["--network", network, "--manifest", manifest, "--yes", *words])
        self._capsys.readouterr()
        exit_code = answer(lambda: run(options))
        said = self._capsys.readouterr()
        return exit_code, said.out, said.err

    def does(self, *words: str) -> dict[str, Any]:
        """The one object of an act that went well."""
        exit_code, out, err = self.says("--json", *words)
        assert exit_code == 0, err
        told: dict[str, Any] = json.loads(out)
        return told


@pytest.fixture
def hand(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Hand:
    return Hand(stage, capsys)


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("words", "exit_code", "complaint"),
    [
        (["unhalt"], 5, "NotHalted()"),
        (["allocate"], 5, "nothing is far enough from its target"),
        (["set-targets", "WETH=3000"], 2, "targets come to 9000 bps"),
        (["set-targets", "ETH=4000"], 2, "ETH is not listed in treasury"),
        (["set-targets", "WETH=a lot"], 2, "'WETH=a lot' is no target"),
        (["set-targets", "WETH=6500", "WBTC=0"], 5, "TargetOutOfRange(0, 6500, 2000, 6000)"),
        (["set-targets", "WETH=4000"], 5, "NoChange()"),
        (["revoke-keeper", "somebody"], 2, "somebody is no address"),
        (["revoke-keeper", "role:stranger"], 5, "would be refused with"),
        (["withdraw", "ETH", "1"], 2, "ETH is not listed"),
        (["withdraw", "USDC", "-1"], 2, "no amount above 0"),
        (["withdraw", "DAI", "1"], 5, "WithdrawFailed"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_sent(
    hand: Hand, stage: Stage, words: list[str], exit_code: int, complaint: str
) -> None:
    before = stage.hand.block()["number"]
    found, _, err = hand.says(*words)
    assert (found, complaint in err) == (exit_code, True), err
    assert stage.hand.block()["number"] == before


def test_another_vaults_code_is_not_acted_upon(hand: Hand, stage: Stage) -> None:
    stage.hand.set_code(stage.vault, stage.hand.rpc("eth_getCode", stage.vault, "latest") + "00")
    exit_code, _, err = hand.says("withdraw", "USDC", "1")
    assert exit_code == 9
    assert "is not the one of the manifest" in err


# ------------------------------------------------------------------------------------------------ acts


def test_a_rehearsal_shows_what_would_be_and_sends_nothing(hand: Hand, stage: Stage) -> None:
    before = stage.hand.block()["number"]
    told = hand.does("--dry-run", "set-targets", "WETH=3500", "USDC=2000")
    assert (told["executed"], told["tx"], told["batch"]) == (False, None, None)
    assert [one["target_bps"] for one in told["after"]["held"]] == [3_500, 2_500, 2_000, 2_000, 0]
    assert stage.hand.block()["number"] == before


def test_targets_are_set_and_the_allocation_follows_them(hand: Hand, stage: Stage) -> None:
    hand.does("set-targets", "WETH=3500", "USDC=2000")
    assert list(stage.state().targetsBps) == [3_500, 2_500, 2_000, 2_000, 0]
    told = hand.does("allocate")
    weights = {one["symbol"]: int(one["weight"]) for one in told["after"]["held"]}
    assert abs(weights["WETH"] - 35 * 10**16) < 10**14
    assert abs(weights["USDC"] - 20 * 10**16) < 2 * 10**15
    ((_, _, least),), _ = decode(["(uint16,uint128,uint128)[]", "uint40"], bytes.fromhex(told["call"]["data"][10:]))
    got = stage.held("USDC") - 480_000 * 10**6
    assert got * 9_965 // 10_000 < least < got, "executed at once, a sandwich is left little"
    assert int(told["after"]["nav"]) > int(told["before"]["nav"]) * 9_980 // 10_000


def test_after_a_kill_the_owner_unhalts_and_allocates_back(hand: Hand, stage: Stage) -> None:
    stage.act("guardian", "kill(bytes32)", REASON)
    assert hand.says("unhalt")[0] == 5  # TooSoon
    stage.later(3_700)
    hand.does("unhalt")
    told = hand.does("allocate")
    weights = {one["symbol"]: int(one["weight"]) for one in told["after"]["held"]}
    assert weights["WETH"] + weights["WBTC"] + weights["waUSDC"] > 50 * 10**16
    assert weights["waUSDC"] > 19 * 10**16


def test_a_keeper_and_a_guardian_lose_their_roles(hand: Hand, stage: Stage) -> None:
    keeper, guardian = stage.book.address("keeper"), stage.book.address("guardian_2")
    told = hand.does("revoke-keeper", "role:keeper")
    assert keeper in told["before"]["keepers"]
    assert told["after"]["keepers"] == [stage.book.address("standby")]
    assert hand.does("revoke-guardian", guardian)["after"]["guardians"] == [stage.book.address("guardian")]
    assert stage.refusal("keeper", "halt(bytes32)", REASON) == "NoRole"


@pytest.mark.parametrize(("amount", "taken"), [("1000.5", 1_000_500_000), ("all", 480_000 * 10**6)])
def test_a_withdrawal_arrives_at_the_payout_address(hand: Hand, stage: Stage, amount: str, taken: int) -> None:
    payout = stage.deployed.manifest.roles.payout
    before = stage.held("USDC", payout)
    hand.does("withdraw", "USDC", amount)
    assert stage.held("USDC", payout) - before == taken
    assert stage.held("USDC") == 480_000 * 10**6 - taken


def test_a_token_that_is_not_listed_leaves_by_its_address(hand: Hand, stage: Stage) -> None:
    link, user = stage.book.tokens["LINK"].address, stage.book.address("user")
    stage.hand.send(link, "transfer(address,uint256)", stage.vault, 7, sender=user)
    hand.does("withdraw", link, "all")
    assert (stage.held("LINK"), stage.held("LINK", stage.deployed.manifest.roles.payout)) == (0, 7)


# ------------------------------------------------------------------------------------------------ the Safe's batch


def test_with_too_few_keys_the_batch_is_written_and_does_what_was_rehearsed(
    hand: Hand, stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "targets.json"
    told = hand.does("--safe-owner", "role:owner_1", "--out", str(path), "set-targets", "WETH=3500", "USDC=2000")
    assert (told["executed"], told["batch"]) == (False, str(path))
    assert list(stage.state().targetsBps) == [4_000, 2_500, 2_000, 1_500, 0]
    (call,) = json.loads(path.read_text())["transactions"]
    executed(stage, stage.book.owner_safe, [call])
    assert list(stage.state().targetsBps) == [3_500, 2_500, 2_000, 2_000, 0]


def executed(stage: Stage, owner: OwnerSafe, calls: Sequence[dict[str, str]]) -> None:
    """What the Transaction Builder has the owners do."""
    for call in calls:
        safe.execute(stage.hand, owner, call["to"], call["data"], value=int(call["value"]))


def test_a_plain_key_may_own_a_vault_and_must_be_the_owners(hand: Hand, stage: Stage) -> None:
    heir, rulebook = stage.book.address("stranger"), stage.deployed.rulebook
    stage.act("owner", "transferOwnership(address)", heir, to=rulebook)
    stage.act("stranger", "acceptOwnership()", to=rulebook)
    words = ("withdraw", "USDC", "5")
    assert hand.says(*words)[0] == 2
    exit_code, _, err = hand.says("--from", "role:user", *words)
    assert (exit_code, "is not the owner" in err) == (2, True)
    assert hand.does("--from", "role:stranger", *words)["executed"] is True
    assert stage.held("USDC") == 479_995 * 10**6
