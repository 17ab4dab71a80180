"""A deployment with a share, a reward and a claim: refused where the chain disagrees, compared, paid into."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from keeper.devnet import safe
from scripts import networks
from scripts.compare import compare
from scripts.deploy import arguments, run
from scripts.deposit import arguments as deposit_arguments
from scripts.deposit import run as deposit
from scripts.front import answer
from tests.furnished import Stage

pytestmark = pytest.mark.timeout(300)
MISTAKES = {
    "decimals": ('symbol = "LINK"', "decimals = 18", "decimals = 8", "LINK has 18 decimals, not 8"),
    "no token": ('symbol = "LINK"', 'token = "{link}"', 'token = "{nobody}"', "is no token on this chain"),
    "not paid": ("[[claims]]", 'reward = "LINK"', 'reward = "WETH"', "WETH is none"),
    "no wrapper": ("[[claims]]", 'share = "waUSDC"', 'share = "vUSDC"', "is no wrapper of Aave's that pays rewards"),
}


def mistaken(stage: Stage, mistake: str) -> str:
    """The story's TOML with one thing wrong, after its landmark."""
    landmark, right, wrong, _ = MISTAKES[mistake]
    names = {"link": stage.book.tokens["LINK"].address, "nobody": "0x" + "77" * 20}
    text = stage.deployed.config.read_text()
    if mistake == "no wrapper":  # USDC's own proxy has no rewardTokens(): listed as if it were a share
        text = text.replace('symbol = "waUSDC"', 'symbol = "vUSDC"').replace('"waUSDC"', '"vUSDC"')
        text = text.replace(stage.book.wrapped["waUSDC"].address, stage.book.tokens["DAI"].address)
        return without_dai(text)
    head, tail = text.split(landmark, 1)
    right, wrong = right.format(**names), wrong.format(**names)
    assert right in tail
    text = head + landmark + tail.replace(right, wrong, 1)
    if mistake == "not paid":  # then nobody pays LINK, and what sells it sells the reward of no claim
        text = text[: text.index("[[rewards]]")] + text[text.index("[[claims]]") :]
        text = text[: text.rindex("[[routes]]")]
    return text


def without_dai(text: str) -> str:
    """The TOML without its second refuge and every route that touches it."""
    assets, routes = text.split("[[routes]]", 1)
    start = assets.index('[[assets]]\nsymbol = "DAI"')
    assets = assets[:start] + assets[assets.index("[[rewards]]") :]
    kept = [route for route in ("\n" + routes).split("[[routes]]") if '"DAI"' not in route]
    return assets + "[[routes]]" + "[[routes]]".join(kept)


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_reward_that_the_chain_does_not_know_is_refused_before_anything_is_sent(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], mistake: str
) -> None:
    config = tmp_path / "mistaken.toml"
    config.write_text(mistaken(stage, mistake))
    before = stage.hand.block()["number"]
    words = ["--network", f"devnet:{stage.book.name}", "--config", str(config), "--root", str(tmp_path), "--yes"]
    exit_code = answer(lambda: run(arguments(words)))
    said = capsys.readouterr().err
    assert (exit_code, MISTAKES[mistake][-1] in said) == (2, True), said
    assert stage.hand.block()["number"] == before


def test_a_claim_that_was_changed_is_seen(stage: Stage) -> None:
    """The bytes it sends, on the node, behind the rulebook's back."""
    manifest = stage.deployed.manifest
    assert compare(manifest, stage.reader) == ()
    (claim,) = manifest.claims
    slot = slot_of(stage, int(claim.data[2:66], 16))
    word = int(claim.data[2:66], 16) ^ (1 << 255)
    stage.hand.rpc("anvil_setStorageAt", stage.deployed.rulebook, hex(slot), f"0x{word:064x}")
    (found,) = compare(manifest, stage.reader)
    assert (found.fact, found.manifest) == ("claims[0].data", claim.data)


def slot_of(stage: Stage, head: int) -> int:
    """Where the bytes of the first claim begin: behind the hash of a slot behind the hash of the array's."""
    for base in range(64):
        start = int.from_bytes(keccak(encode(["uint256"], [base])), "big")
        for slot in range(start, start + 6):
            data = int.from_bytes(keccak(encode(["uint256"], [slot])), "big")
            word = stage.hand.rpc("eth_getStorageAt", stage.deployed.rulebook, hex(data), "latest")
            if int(word, 16) == head:
                return data
    raise AssertionError("the claim's bytes were not found")


def test_a_changed_voice_of_the_reward_is_seen(stage: Stage) -> None:
    reward = stage.deployed.manifest.parts.sources["link_1"]
    assert (reward.asset, reward.kind) == ("LINK", "aggregator")
    code = stage.hand.rpc("eth_getCode", reward.address, "latest")
    stage.hand.set_code(reward.address, code + "00")
    (found,) = compare(stage.deployed.manifest, stage.reader)
    assert found.fact == "sources.link_1.code"


# ------------------------------------------------------------------------------------------------ deposits


def enter(stage: Stage, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    manifest = str(stage.deployed.manifest_path)
    said = ["--network", f"{networks.LOCAL}:{stage.book.name}", "--manifest", manifest, "--yes", *words]
    exit_code = answer(lambda: deposit(deposit_arguments(said)))
    found = capsys.readouterr()
    return exit_code, found.out, found.err


def test_a_share_is_entered_for_the_vault_and_no_allowance_stays(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    user, share = stage.book.address("user"), stage.book.wrapped["waUSDC"].address
    before, money = stage.held("waUSDC"), stage.held("USDC", user)
    exit_code, _, err = enter(stage, capsys, "--from", "role:user", "--enter", "waUSDC", "1000.5")
    assert exit_code == 0, err
    entered = stage.held("waUSDC") - before
    assert abs(int(stage.hand.read(share, "convertToAssets(uint256)", "uint256", entered)) - 1_000_500_000) <= 2
    assert money - stage.held("USDC", user) == 1_000_500_000
    usdc = stage.book.tokens["USDC"].address
    assert stage.hand.read(usdc, "allowance(address,address)", "uint256", user, share) == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("USDC", "1"), "USDC is no share"),
        (("waWETH", "1"), "waWETH is not listed"),
        (("waUSDC", "90000000000"), "not 90,000,000,000.000000"),
        (("waUSDC", "0.0000001"), "at most 6 places"),
    ],
)
def test_what_cannot_be_entered_is_refused(
    stage: Stage, capsys: pytest.CaptureFixture[str], words: tuple[str, str], complaint: str
) -> None:
    exit_code, _, err = enter(stage, capsys, "--from", "role:user", "--enter", *words)
    assert (exit_code, complaint in err) == (2, True), err


def test_a_safe_enters_a_share_by_a_batch(stage: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    giver, usdc = stage.book.owner_safe, stage.book.tokens["USDC"].address
    stage.hand.send(usdc, "transfer(address,uint256)", giver.address, 5_000_000, sender=stage.book.address("user"))
    path, before = tmp_path / "batch.json", stage.held("waUSDC")
    words = ("--safe", giver.address, "--out", str(path), "--enter", "waUSDC", "5")
    exit_code, _, err = enter(stage, capsys, *words)
    assert exit_code == 0, err
    calls = json.loads(path.read_text())["transactions"]
    assert len(calls) == 2
    for call in calls:
        safe.execute(stage.hand, giver, call["to"], call["data"])
    assert 4_990_000 < stage.held("waUSDC") - before <= 5_000_000
