"""deposit.py: listed tokens only, by a manifest that still tells the truth, and exactly what was asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keeper.devnet import safe
from keeper.devnet.kit import Chain
from keeper.errors import UsageError
from keeper.units import format_units
from scripts.deposit import gifts, units
from tests.deployed import Deployed, script


def deposit(deployed: Deployed, *words: str, giver: tuple[str, str] = ("--from", "role:user")) -> tuple[int, str, str]:
    said = ("--network", f"devnet:{deployed.book.name}", "--manifest", deployed.manifest_path, *giver)
    done = script("deposit", *said, *words)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def hand(deployed: Deployed) -> Chain:
    return Chain(deployed.url, deployed.book.address("deployer"))


def held(hand: Chain, deployed: Deployed, symbol: str, holder: str | None = None) -> int:
    token = deployed.book.tokens[symbol].address
    return int(hand.read(token, "balanceOf(address)", "uint256", holder or deployed.vault))


@pytest.mark.parametrize("text", ["0", "-1", "1e-9", "0.0000001", "NaN", "Infinity", "ten", ""])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        units(text, 6)


def test_amounts_are_exact() -> None:
    assert units("250000.000001", 6) == 250_000_000_001
    assert units("0.000000000000000001", 18) == 1
    assert units("99999.999999999999999999999999", 24) == 10**29 - 1
    assert units(str(2**256 - 1), 0) == 2**256 - 1


@pytest.mark.parametrize(
    ("wrap", "tokens", "amounts", "said"),
    [
        (None, [], [], "nothing to deposit"),
        (None, ["USDC"], [], "1 tokens and 0 amounts"),
        (None, ["DAI"], ["1"], "DAI is not listed in treasury"),
    ],
)
def test_a_wrong_command_is_refused(
    deployed: Deployed, wrap: str | None, tokens: list[str], amounts: list[str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        gifts(deployed.manifest, wrap, tokens, amounts)


def test_more_than_is_held_is_refused_and_nothing_sent(deployed: Deployed, hand: Chain) -> None:
    before = held(hand, deployed, "USDC")
    exit_code, _, err = deposit(deployed, "--token", "USDC", "--amount", "999999999", "--yes")
    assert exit_code == 2
    assert "holds 4,300,000.000000 USDC, not 999,999,999.000000" in err
    assert held(hand, deployed, "USDC") == before


def test_a_changed_chain_takes_no_deposit(deployed: Deployed, hand: Chain) -> None:
    proxy = deployed.book.feeds["ETH"][0].proxy
    hand.rpc("anvil_setCode", proxy, hand.rpc("eth_getCode", proxy, "latest") + "00")
    before = held(hand, deployed, "WETH")
    exit_code, _, err = deposit(deployed, "--wrap", "1", "--yes")
    assert exit_code == 9
    assert f"surroundings.{proxy}: manifest 0x" in err
    assert held(hand, deployed, "WETH") == before


def test_a_rehearsal_sends_nothing(deployed: Deployed, hand: Chain) -> None:
    before = hand.block()["hash"]
    exit_code, out, _ = deposit(deployed, "--wrap", "1", "--dry-run")
    assert exit_code == 0
    assert out.startswith(f"before: {deployed.vault} holds 266.666666 WETH")
    assert hand.block()["hash"] == before


def test_wrapped_coin_and_tokens_arrive_whole(deployed: Deployed, hand: Chain) -> None:
    before = {symbol: held(hand, deployed, symbol) for symbol in ("WETH", "USDC")}
    exit_code, out, err = deposit(
        deployed,
        "--wrap",
        "2.5",
        "--token",
        "USDC",
        "--amount",
        "10.000001",
        "--token",
        "WETH",
        "--amount",
        "1",
        "--yes",
    )
    assert exit_code == 0, err
    assert held(hand, deployed, "WETH") - before["WETH"] == 35 * 10**17
    assert held(hand, deployed, "USDC") - before["USDC"] == 10_000_001
    assert "after: " in out


def test_a_stranger_to_the_chain_is_told_so(deployed: Deployed, hand: Chain) -> None:
    """A manifest of another genesis, on the same chain id."""
    other = deployed.manifest_path.with_name("other.json")
    text = deployed.manifest_path.read_text().replace(deployed.manifest.chain.genesis, "0x" + "12" * 32)
    other.write_text(text)
    done = script("deposit", "--network", f"devnet:{deployed.book.name}", "--manifest", other, "--from", "role:user",
                  "--wrap", "1", "--yes")  # fmt: skip
    assert done.returncode == 6
    assert "error[foreign-genesis]" in done.stderr


@pytest.fixture
def giver(deployed: Deployed, hand: Chain) -> tuple[str, str]:
    """The local chain's real Safe, with 2.5 of the coin, 3 WETH, 20 USDC and no WBTC in it."""
    address, user = deployed.book.owner_safe.address, deployed.book.address("user")
    hand.transact(address, "0x", value=25 * 10**17, sender=user)
    for symbol, amount in (("WETH", 3 * 10**18), ("USDC", 20_000_000)):
        hand.send(deployed.book.tokens[symbol].address, "transfer(address,uint256)", address, amount, sender=user)
    return "--safe", address


def shown(hand: Chain, deployed: Deployed, holder: str) -> str:
    """What a holder holds, as the script says it."""
    listed = ((asset.symbol, asset.decimals) for asset in deployed.manifest.assets)
    amounts = (f"{format_units(held(hand, deployed, name, holder), places, 6)} {name}" for name, places in listed)
    return f"{holder} holds {', '.join(amounts)}"


def test_a_safes_batch_is_announced_and_executes_nothing_until_its_owners_do(
    deployed: Deployed, hand: Chain, giver: tuple[str, str], tmp_path: Path
) -> None:
    batch, block = tmp_path / "batch.json", hand.block()["hash"]
    weth, usdc = deployed.book.tokens["WETH"].address, deployed.book.tokens["USDC"].address
    words = ("--wrap", "2.5", "--token", "USDC", "--amount", "10.000001", "--token", "WETH", "--amount", "1")
    exit_code, out, err = deposit(deployed, *words, "--out", str(batch), giver=giver)
    assert exit_code == 0, err
    assert hand.block()["hash"] == block, "nothing was sent"
    assert "nothing was executed: load the batch of 4" in err
    assert "2 of its 3 owners must sign" in err
    *announced, path = out.splitlines()
    assert path == str(batch)
    holders = (deployed.vault, giver[1])
    assert announced[:2] == [f"before: {shown(hand, deployed, holder)}" for holder in holders]

    document = json.loads(batch.read_text())
    assert (document["version"], document["chainId"]) == ("1.0", "31337")
    assert document["meta"] == {"name": "deposit into treasury", "createdFromSafeAddress": giver[1]}
    calls = document["transactions"]
    assert [(call["to"], call["value"]) for call in calls] == [
        (weth, str(25 * 10**17)),
        (weth, "0"),
        (usdc, "0"),
        (weth, "0"),
    ]
    before = {symbol: held(hand, deployed, symbol) for symbol in ("WETH", "WBTC", "USDC")}
    for call in calls:
        safe.execute(hand, deployed.book.owner_safe, call["to"], call["data"], value=int(call["value"]))
    assert announced[2:] == [f"after: {shown(hand, deployed, holder)}" for holder in holders]
    moved = {symbol: held(hand, deployed, symbol) - amount for symbol, amount in before.items()}
    assert moved == {"WETH": 35 * 10**17, "WBTC": 0, "USDC": 10_000_001}
    assert int(hand.rpc("eth_getBalance", giver[1], "latest"), 16) == 0, "a Safe's whole coin can be wrapped"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--token", "USDC", "--amount", "20.000001"), "holds 20.000000 USDC, not 20.000001"),
        (("--token", "WBTC", "--amount", "1"), "holds 0.000000 WBTC, not 1.000000"),
        (("--wrap", "2.500001"), "holds 2.500000 of the chain's coin"),
        (("--wrap", "1", "--from", "role:user"), "not allowed with argument --safe"),
        (("--wrap", "1", "--out", "/dev/null/batch"), "cannot be written"),
    ],
)
def test_a_batch_that_cannot_go_well_is_not_written(
    deployed: Deployed, giver: tuple[str, str], words: tuple[str, ...], said: str
) -> None:
    exit_code, _, err = deposit(deployed, *words, giver=giver)
    assert (exit_code, said in err) == (2, True), err
    assert not list(deployed.manifest_path.parent.glob("*.deposit.safe.json"))


@pytest.mark.parametrize(("address", "said"), [("0x12", "is no address"), ("0x" + "12" * 20, "is no Safe")])
def test_only_a_safe_is_written_for(deployed: Deployed, address: str, said: str) -> None:
    exit_code, _, err = deposit(deployed, "--wrap", "1", giver=("--safe", address))
    assert (exit_code, said in err) == (2, True), err


def test_a_safe_whose_guard_forbids_it_gets_no_batch(deployed: Deployed, hand: Chain, giver: tuple[str, str]) -> None:
    """The rehearsal goes through the Safe itself: any contract without its two hooks refuses as a guard."""
    slot = "0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8"
    hand.rpc("anvil_setStorageAt", giver[1], slot, "0x" + deployed.vault[2:].lower().rjust(64, "0"))
    exit_code, _, err = deposit(deployed, "--wrap", "1", giver=giver)
    assert exit_code == 5, err
    assert "wrapping into WETH, by the Safe, is refused" in err
    assert not list(deployed.manifest_path.parent.glob("*.deposit.safe.json"))


def test_a_safes_rehearsal_writes_nothing_and_the_file_lies_beside_the_manifest_else(
    deployed: Deployed, giver: tuple[str, str]
) -> None:
    path = deployed.manifest_path.with_suffix(".deposit.safe.json")
    exit_code, out, err = deposit(deployed, "--wrap", "1", "--dry-run", giver=giver)
    assert exit_code == 0, err
    assert out.count("after: ") == 2
    assert not path.exists()
    exit_code, out, _ = deposit(deployed, "--wrap", "1", giver=giver)
    assert (exit_code, out.splitlines()[-1]) == (0, str(path))
    path.unlink()
