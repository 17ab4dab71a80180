"""compare.py sees every change that a deployment can suffer; each is made on the node, behind the contracts' backs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from keeper.devnet import accounts
from keeper.devnet.kit import Chain
from keeper.manifest import load_manifest
from keeper.model import Limits
from scripts import facts
from scripts.artifacts import BUILD, load
from scripts.compare import arguments, compare, run
from scripts.facts import Difference
from scripts.networks import Network
from scripts.reading import IMPLEMENTATION_SLOTS, Reader
from tests.deployed import Deployed, script

STRANGER = accounts.account("stranger").address


@pytest.fixture
def hand(deployed: Deployed) -> Chain:
    return Chain(deployed.url, deployed.book.address("deployer"))


def looked_at(deployed: Deployed) -> tuple[Difference, ...]:
    reader = Reader(Network("devnet", deployed.url, deployed.book, is_local=True))
    return compare(deployed.manifest, reader)


def the_only_difference(deployed: Deployed) -> Difference:
    found = looked_at(deployed)
    assert len(found) == 1, [str(one) for one in found]
    return found[0]


def word(hand: Chain, at: str, slot: int) -> int:
    return int(hand.rpc("eth_getStorageAt", at, hex(slot), "latest"), 16)


def set_word(hand: Chain, at: str, slot: int, value: int) -> None:
    hand.rpc("anvil_setStorageAt", at, hex(slot), f"0x{value:064x}")


def slot_holding(hand: Chain, at: str, value: int, *, before: int = 64) -> int:
    """The first slot whose word is exactly `value`: layouts are found, not written down."""
    return next(slot for slot in range(before) if word(hand, at, slot) == value)


def array_slot(hand: Chain, at: str, first: int) -> tuple[int, int]:
    """The slot of a dynamic array's length and of its first word, by what that first word holds."""
    for slot in range(64):
        start = int.from_bytes(keccak(encode(["uint256"], [slot])), "big")
        if word(hand, at, start) == first:
            return slot, start
    raise AssertionError(f"no array at {at} begins with {first:#x}")


def test_an_untouched_deployment_is_the_same(deployed: Deployed) -> None:
    assert looked_at(deployed) == ()
    assert len(facts.recorded(deployed.manifest)) > 200


@pytest.mark.parametrize("name", ["loss_day_bps", "max_trade_bps", "rebalance_cooldown", "keeper_may_flatten"])
def test_a_changed_limit_is_seen(deployed: Deployed, hand: Chain, name: str) -> None:
    """Every bit of the limits' words is tried until the rulebook says otherwise about this one limit alone."""
    limits = [field.name for field in dataclasses.fields(Limits)]
    before = limits_on(hand, deployed)
    flipped = next(
        (slot, bit)
        for slot in range(16)
        for bit in range(0, 256, 8)
        if changes_only(hand, deployed, slot, bit, before, limits.index(name))
    )
    set_word(hand, deployed.rulebook, flipped[0], word(hand, deployed.rulebook, flipped[0]) ^ (1 << flipped[1]))
    found = the_only_difference(deployed)
    assert found.fact == f"limits.{name}"
    assert found.manifest == facts.recorded(deployed.manifest)[f"limits.{name}"] != found.chain


def limits_on(hand: Chain, deployed: Deployed) -> list[int]:
    data = hand.rpc("eth_call", {"to": deployed.rulebook, "data": "0x" + keccak(text="limits()")[:4].hex()}, "latest")
    raw = bytes.fromhex(data[2:])
    return [int.from_bytes(raw[place : place + 32], "big") for place in range(0, len(raw), 32)]


def changes_only(hand: Chain, deployed: Deployed, slot: int, bit: int, before: list[int], index: int) -> bool:
    old = word(hand, deployed.rulebook, slot)
    set_word(hand, deployed.rulebook, slot, old ^ (1 << bit))
    try:
        now = limits_on(hand, deployed)
    finally:
        set_word(hand, deployed.rulebook, slot, old)
    return [place for place in range(len(before)) if now[place] != before[place]] == [index]


@pytest.mark.parametrize(("role", "fact"), [("owner", "roles.owner"), ("payout", "roles.payout")])
def test_a_changed_role_is_seen(deployed: Deployed, hand: Chain, role: str, fact: str) -> None:
    slots = [slot for slot in range(64) if word(hand, deployed.rulebook, slot) % 2**160 == int(owner_of(deployed), 16)]
    changed = []
    for slot in slots:
        old = word(hand, deployed.rulebook, slot)
        set_word(hand, deployed.rulebook, slot, old - old % 2**160 + int(STRANGER, 16))
        changed += [one for one in looked_at(deployed) if one.fact == fact]
        set_word(hand, deployed.rulebook, slot, old)
    assert changed == [Difference(fact, owner_of(deployed), STRANGER)]


def owner_of(deployed: Deployed) -> str:
    return deployed.manifest.roles.owner


def test_a_pending_owner_nobody_recorded_is_seen(deployed: Deployed, hand: Chain) -> None:
    slot = next(
        slot for slot in range(64) if word(hand, deployed.rulebook, slot) == 0 and becomes_pending(hand, deployed, slot)
    )
    set_word(hand, deployed.rulebook, slot, int(STRANGER, 16))
    assert the_only_difference(deployed).fact == "roles.pending_owner"


def becomes_pending(hand: Chain, deployed: Deployed, slot: int) -> bool:
    set_word(hand, deployed.rulebook, slot, int(STRANGER, 16))
    try:
        return bool(hand.read(deployed.rulebook, "pendingOwner()", "address") == STRANGER.lower())
    finally:
        set_word(hand, deployed.rulebook, slot, 0)


def test_an_added_guardian_is_seen(deployed: Deployed, hand: Chain) -> None:
    length, first = array_slot(hand, deployed.rulebook, int(deployed.book.address("guardian"), 16))
    set_word(hand, deployed.rulebook, length, 2)
    set_word(hand, deployed.rulebook, first + 1, int(STRANGER, 16))
    assert the_only_difference(deployed) == Difference("roles.guardians[1]", facts.ABSENT, STRANGER)


def test_a_longer_mandate_is_seen(deployed: Deployed, hand: Chain) -> None:
    keeper = deployed.manifest.roles.keepers[0]
    for base in range(64):
        slot = int.from_bytes(keccak(encode(["address", "uint256"], [keeper.address, base])), "big")
        grant = word(hand, deployed.rulebook, slot)
        if grant:
            set_word(hand, deployed.rulebook, slot, grant + (86_400 << 8))
            break
    found = the_only_difference(deployed)
    assert found.fact == "roles.keepers[0]"
    assert found.chain == f"{keeper.address} until {keeper.expires + 86_400}"


def of_vault(deployed: Deployed) -> tuple[str, str]:
    return deployed.vault, "vault.code"


def of_adapter(deployed: Deployed) -> tuple[str, str]:
    return deployed.manifest.parts.adapters["router"].address, "adapters.router.code"


def of_source(deployed: Deployed) -> tuple[str, str]:
    return deployed.manifest.parts.sources["weth_2"].address, "sources.weth_2.code"


def of_token(deployed: Deployed) -> tuple[str, str]:
    return deployed.manifest.assets[0].token, "assets[0].code"


def of_implementation(deployed: Deployed) -> tuple[str, str]:
    implementation = implementation_of_usdc(deployed)
    return implementation, f"surroundings.{implementation}"


def implementation_of_usdc(deployed: Deployed) -> str:
    found = next(asset for asset in deployed.manifest.assets if asset.symbol == "USDC").implementation
    assert found is not None
    return found


def of_feed(deployed: Deployed) -> tuple[str, str]:
    proxy = deployed.book.feeds["ETH"][0].proxy
    return proxy, f"surroundings.{proxy}"


def of_aggregator(deployed: Deployed) -> tuple[str, str]:
    aggregator = deployed.book.feeds["BTC"][1].aggregator
    return aggregator, f"surroundings.{aggregator}"


def of_pool(deployed: Deployed) -> tuple[str, str]:
    pool = deployed.book.pool("WETH", "USDC", 500).address
    return pool, f"surroundings.{pool}"


def of_safe(deployed: Deployed) -> tuple[str, str]:
    return owner_of(deployed), f"surroundings.{owner_of(deployed)}"


PLACES = [of_vault, of_adapter, of_source, of_token, of_implementation, of_feed, of_aggregator, of_pool, of_safe]


@pytest.mark.parametrize("place", PLACES)
def test_different_code_is_seen(deployed: Deployed, hand: Chain, place: Callable[[Deployed], tuple[str, str]]) -> None:
    """One byte more at the end: it does all that it did."""
    address, fact = place(deployed)
    hand.rpc("anvil_setCode", address, hand.rpc("eth_getCode", address, "latest") + "00")
    assert the_only_difference(deployed).fact == fact


def test_a_token_that_leads_to_other_code_is_seen(deployed: Deployed, hand: Chain) -> None:
    """Circle upgrades USDC so; whoever holds the money should know before the keeper's next trade."""
    before = implementation_of_usdc(deployed)
    usdc = next(asset for asset in deployed.manifest.assets if asset.symbol == "USDC")
    slot = next(slot for slot in IMPLEMENTATION_SLOTS if word(hand, usdc.token, slot))
    hand.rpc("anvil_setCode", STRANGER, hand.rpc("eth_getCode", before, "latest"))
    set_word(hand, usdc.token, slot, int(STRANGER, 16))
    assert the_only_difference(deployed) == Difference(f"assets[{usdc.index}].implementation", before, STRANGER)


def test_a_part_that_no_longer_answers_is_reported_and_stops_nothing(deployed: Deployed, hand: Chain) -> None:
    hand.rpc("anvil_setCode", deployed.manifest.parts.oracle.address, "0x")
    found = {one.fact: one.chain for one in looked_at(deployed)}
    assert {"oracle.code", "assets[0].sources", "assets[1].sources", "assets[2].sources"} <= set(found)
    assert found["assets[0].sources"].startswith("no answer")


def test_another_aggregator_behind_a_proxy_is_seen(deployed: Deployed, hand: Chain) -> None:
    """Chainlink's own way of changing it: its owner proposes and confirms."""
    voice, other = deployed.book.feeds["ETH"]
    slot = next(
        slot
        for slot in range(32)
        if word(hand, voice.proxy, slot) >> 16 & (2**160 - 1) == int(voice.aggregator, 16)
        or word(hand, voice.proxy, slot) & (2**160 - 1) == int(voice.aggregator, 16)
    )
    old = word(hand, voice.proxy, slot)
    shift = 16 if old >> 16 & (2**160 - 1) == int(voice.aggregator, 16) else 0
    set_word(hand, voice.proxy, slot, old ^ ((int(voice.aggregator, 16) ^ int(other.aggregator, 16)) << shift))
    found = the_only_difference(deployed)
    assert found == Difference("sources.weth_0.behind.feed", voice.aggregator, other.aggregator)


def test_changed_bytes_of_a_route_are_seen(deployed: Deployed, hand: Chain) -> None:
    """The fee in a router's path: from 0.05 % to 0.01 %."""
    route = next(route for route in deployed.manifest.routes if len(route.data) == 2 + 2 * 43)
    head = int(route.data[2:66], 16)
    slot = slot_of_bytes(hand, deployed, route.index, head)
    set_word(hand, deployed.rulebook, slot, head ^ ((500 ^ 100) << 72))
    found = the_only_difference(deployed)
    assert found.fact == f"routes[{route.index}].data"
    assert found.manifest == route.data != found.chain


def slot_of_bytes(hand: Chain, deployed: Deployed, index: int, head: int) -> int:
    """Routes lie one after another behind their array's slot; long bytes behind the hash of their own."""
    for base in range(64):
        start = int.from_bytes(keccak(encode(["uint256"], [base])), "big")
        for slot in range(start, start + 4 * (index + 1)):
            data = int.from_bytes(keccak(encode(["uint256"], [slot])), "big")
            if word(hand, deployed.rulebook, data) == head and slot >= start + 3 * index:
                return data
    raise AssertionError(f"the bytes of route {index} were not found")


def test_the_command_exits_9_with_a_line_a_difference(deployed: Deployed, hand: Chain) -> None:
    hand.rpc("anvil_setCode", deployed.vault, hand.rpc("eth_getCode", deployed.vault, "latest") + "00")
    words = ("--network", f"devnet:{deployed.book.name}", "--manifest", deployed.manifest_path)
    done = script("compare", *words)
    assert done.returncode == 9
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"vault.code: manifest {deployed.manifest.parts.vault.runtime_hash}, chain 0x")
    assert "Remedy: " in done.stderr


def test_the_command_exits_0_where_nothing_differs(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--network", f"devnet:{deployed.book.name}", "--manifest", str(deployed.manifest_path)]
    assert run(arguments(words)) == 0
    assert capsys.readouterr().out == ""


def immutables_of(contract: str) -> list[dict[str, Any]]:
    """The declarations in a contract of ours and in what it is made of."""
    path = BUILD / f"{contract}.json"
    if not path.exists():  # an interface, which has none
        return []
    nodes = json.loads(path.read_text())["ast"]["nodes"]
    (body,) = [node for node in nodes if node.get("name") == contract]
    found = [node for node in body["nodes"] if node.get("mutability") == "immutable"]
    bases = (base["baseName"]["name"] for base in body["baseContracts"])
    return found + [node for base in bases for node in immutables_of(base)]


@pytest.mark.parametrize("contract", sorted(facts.IMMUTABLES))
def test_every_public_immutable_is_compared(contract: str) -> None:
    fixed = immutables_of(contract)
    assert {node["name"] for node in fixed if node["visibility"] == "public"} == set(facts.IMMUTABLES[contract])
    assert bool(fixed) == bool(load(contract).gaps)


def test_a_manifest_survives_being_written_and_read(deployed: Deployed, tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    copy.write_bytes(deployed.manifest_path.read_bytes())
    assert load_manifest(copy) == deployed.manifest
