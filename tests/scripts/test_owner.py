"""The owner's hand on the story's vault: each act through the Safe, or as its batch; refusals come before sending."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from eth_abi.abi import decode

from keeper.devnet import safe
from keeper.devnet.book import OwnerSafe
from tests.furnished import Stage
from tests.scripts.governor import Governor

REASON = b"end".ljust(32, b"\0")
pytestmark = pytest.mark.timeout(300)


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
    governor: Governor, stage: Stage, words: list[str], exit_code: int, complaint: str
) -> None:
    before = stage.hand.block()["number"]
    found, _, err = governor.says(*words)
    assert (found, complaint in err) == (exit_code, True), err
    assert stage.hand.block()["number"] == before


def test_another_vaults_code_is_not_acted_upon(governor: Governor, stage: Stage) -> None:
    stage.hand.set_code(stage.vault, stage.hand.rpc("eth_getCode", stage.vault, "latest") + "00")
    exit_code, _, err = governor.says("withdraw", "USDC", "1")
    assert exit_code == 9
    assert "is not the one of the manifest" in err


# ------------------------------------------------------------------------------------------------ acts


def test_a_rehearsal_shows_what_would_be_and_sends_nothing(governor: Governor, stage: Stage) -> None:
    before = stage.hand.block()["number"]
    told = governor.does("--dry-run", "set-targets", "WETH=3500", "USDC=2000")
    assert (told["executed"], told["tx"], told["batch"]) == (False, None, None)
    assert [one["target_bps"] for one in told["after"]["held"]] == [3_500, 2_500, 2_000, 2_000, 0]
    assert stage.hand.block()["number"] == before


def test_targets_are_set_and_the_allocation_follows_them(governor: Governor, stage: Stage) -> None:
    governor.does("set-targets", "WETH=3500", "USDC=2000")
    assert list(stage.state().targetsBps) == [3_500, 2_500, 2_000, 2_000, 0]
    told = governor.does("allocate")
    weights = {one["symbol"]: int(one["weight"]) for one in told["after"]["held"]}
    assert abs(weights["WETH"] - 35 * 10**16) < 10**14
    assert abs(weights["USDC"] - 20 * 10**16) < 2 * 10**15
    ((_, _, least),), _ = decode(["(uint16,uint128,uint128)[]", "uint40"], bytes.fromhex(told["call"]["data"][10:]))
    got = stage.held("USDC") - 480_000 * 10**6
    assert got * 9_965 // 10_000 < least < got, "executed at once, a sandwich is left little"
    assert int(told["after"]["nav"]) > int(told["before"]["nav"]) * 9_980 // 10_000


def test_after_a_kill_the_owner_unhalts_and_allocates_back(governor: Governor, stage: Stage) -> None:
    stage.act("guardian", "kill(bytes32)", REASON)
    assert governor.says("unhalt")[0] == 5  # TooSoon
    stage.later(3_700)
    governor.does("unhalt")
    told = governor.does("allocate")
    weights = {one["symbol"]: int(one["weight"]) for one in told["after"]["held"]}
    assert weights["WETH"] + weights["WBTC"] + weights["waUSDC"] > 50 * 10**16
    assert weights["waUSDC"] > 19 * 10**16


def test_a_keeper_and_a_guardian_lose_their_roles(governor: Governor, stage: Stage) -> None:
    keeper, guardian = stage.book.address("keeper"), stage.book.address("guardian_2")
    told = governor.does("revoke-keeper", "role:keeper")
    assert keeper in told["before"]["keepers"]
    assert told["after"]["keepers"] == [stage.book.address("standby")]
    assert governor.does("revoke-guardian", guardian)["after"]["guardians"] == [stage.book.address("guardian")]
    assert stage.refusal("keeper", "halt(bytes32)", REASON) == "NoRole"


@pytest.mark.parametrize(("amount", "taken"), [("1000.5", 1_000_500_000), ("all", 480_000 * 10**6)])
def test_a_withdrawal_arrives_at_the_payout_address(governor: Governor, stage: Stage, amount: str, taken: int) -> None:
    payout = stage.deployed.manifest.roles.payout
    before = stage.held("USDC", payout)
    governor.does("withdraw", "USDC", amount)
    assert stage.held("USDC", payout) - before == taken
    assert stage.held("USDC") == 480_000 * 10**6 - taken


def test_a_token_that_is_not_listed_leaves_by_its_address(governor: Governor, stage: Stage) -> None:
    link, user = stage.book.tokens["LINK"].address, stage.book.address("user")
    stage.hand.send(link, "transfer(address,uint256)", stage.vault, 7, sender=user)
    governor.does("withdraw", link, "all")
    assert (stage.held("LINK"), stage.held("LINK", stage.deployed.manifest.roles.payout)) == (0, 7)


# ------------------------------------------------------------------------------------------------ the Safe's batch


def test_with_too_few_keys_the_batch_is_written_and_does_what_was_rehearsed(
    governor: Governor, stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "targets.json"
    told = governor.does("--safe-owner", "role:owner_1", "--out", str(path), "set-targets", "WETH=3500", "USDC=2000")
    assert (told["executed"], told["batch"]) == (False, str(path))
    assert list(stage.state().targetsBps) == [4_000, 2_500, 2_000, 1_500, 0]
    (call,) = json.loads(path.read_text())["transactions"]
    executed(stage, stage.book.owner_safe, [call])
    assert list(stage.state().targetsBps) == [3_500, 2_500, 2_000, 2_000, 0]


def executed(stage: Stage, owner: OwnerSafe, calls: Sequence[dict[str, str]]) -> None:
    """What the Transaction Builder has the owners do."""
    for call in calls:
        safe.execute(stage.hand, owner, call["to"], call["data"], value=int(call["value"]))


def test_a_plain_key_may_own_a_vault_and_must_be_the_owners(governor: Governor, stage: Stage) -> None:
    heir, rulebook = stage.book.address("stranger"), stage.deployed.rulebook
    stage.act("owner", "transferOwnership(address)", heir, to=rulebook)
    stage.act("stranger", "acceptOwnership()", to=rulebook)
    words = ("withdraw", "USDC", "5")
    assert governor.says(*words)[0] == 2
    exit_code, _, err = governor.says("--from", "role:user", *words)
    assert (exit_code, "is not the owner" in err) == (2, True)
    assert governor.does("--from", "role:stranger", *words)["executed"] is True
    assert stage.held("USDC") == 479_995 * 10**6
