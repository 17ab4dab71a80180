"""deposit.py: listed tokens only, by a manifest that still tells the truth, and exactly what was asked."""

from __future__ import annotations

import pytest

from keeper.devnet.kit import Chain
from keeper.errors import UsageError
from scripts.deposit import gifts, units
from tests.deployed import Deployed, script


def deposit(deployed: Deployed, *words: str) -> tuple[int, str, str]:
    said = ("--network", f"devnet:{deployed.book.name}", "--manifest", deployed.manifest_path, "--from", "role:user")
    done = script("deposit", *said, *words)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def hand(deployed: Deployed) -> Chain:
    return Chain(deployed.url, deployed.book.address("deployer"))


def held(hand: Chain, deployed: Deployed, symbol: str) -> int:
    return int(hand.read(deployed.book.tokens[symbol].address, "balanceOf(address)", "uint256", deployed.vault))


@pytest.mark.parametrize("text", ["0", "-1", "1e-9", "0.0000001", "NaN", "Infinity", "ten", ""])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        units(text, 6)


def test_amounts_are_exact() -> None:
    assert units("250000.000001", 6) == 250_000_000_001
    assert units("0.000000000000000001", 18) == 1


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
