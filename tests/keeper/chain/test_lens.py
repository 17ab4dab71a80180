"""One look at a real vault, held against what the contracts say one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from keeper.chain.lens import observe
from keeper.chain.rpc import Rpc
from keeper.config import load_profile
from keeper.devnet import chainlink
from keeper.devnet.furnish import PRICES
from keeper.devnet.kit import Chain
from keeper.errors import RpcRefused, RpcUnreachable, WrongChainId
from keeper.model import PriceVerdict, Snapshot, SourceKind, VaultMode
from keeper.units import BPS, WAD
from tests.deployed import Deployed
from tests.keeper import wire as trouble
from tests.keeper.wire import Wire

HEADER = "eth_getBlockByNumber"


@pytest.fixture
def wire(deployed: Deployed) -> Iterator[Wire]:
    with Wire(deployed.url).up() as server:
        yield server


@pytest.fixture
def rpc(wire: Wire) -> Rpc:
    return Rpc(wire.url, load_profile("anvil"), label="chain.local.rpc[0]", timeout=2)


@pytest.fixture
def node(deployed: Deployed) -> Chain:
    return Chain(deployed.url, deployed.book.address("user"))


def look(rpc: Rpc, deployed: Deployed) -> Snapshot:
    return observe(rpc, deployed.manifest, deployed.book.address("keeper")).snapshot


def test_an_address_without_a_contract_is_named(rpc: Rpc, deployed: Deployed) -> None:
    stranger = deployed.book.address("stranger")
    vault = deployed.manifest.parts.vault.model_copy(update={"address": stranger})
    parts = deployed.manifest.parts.model_copy(update={"vault": vault})
    with pytest.raises(RpcRefused, match=f"no contract at the vault's address {stranger}"):
        observe(rpc, deployed.manifest.model_copy(update={"parts": parts}), None)


def test_a_node_that_serves_another_chain_by_now_is_not_believed(rpc: Rpc, node: Chain, deployed: Deployed) -> None:
    node.rpc("anvil_setChainId", 31_338)
    try:
        with pytest.raises(WrongChainId, match=r"serves chain 31338, not chain 31337"):
            look(rpc, deployed)
    finally:
        node.rpc("anvil_setChainId", 31_337)


@pytest.mark.parametrize("method", ["eth_call", HEADER, "eth_getTransactionCount"])
def test_an_answer_of_another_shape_is_no_answer(rpc: Rpc, wire: Wire, deployed: Deployed, method: str) -> None:
    wire.next(method, trouble.rewrites(method, lambda _: "0xzz"))
    with pytest.raises(RpcUnreachable, match="not what was asked for"):
        look(rpc, deployed)


def test_a_tick_that_looks_is_one_round_trip(rpc: Rpc, wire: Wire, deployed: Deployed) -> None:
    look(rpc, deployed)
    assert rpc.round_trips == 1
    assert wire.seen == [(HEADER, "eth_call", "eth_getTransactionCount", "eth_getTransactionCount")]


def test_all_is_of_one_block_though_another_arrived_between(rpc: Rpc, wire: Wire, deployed: Deployed) -> None:
    older: list[object] = []

    def one_behind(header: dict[str, str]) -> object:
        older.append(int(header["number"], 16) - 1)
        return Chain(deployed.url, deployed.vault).rpc(HEADER, hex(older[0]), False)

    wire.next(HEADER, trouble.rewrites(HEADER, one_behind))
    assert look(rpc, deployed).block.number == older[0]
    assert rpc.round_trips == 2


def test_a_block_that_changes_while_it_is_read_is_not_used(rpc: Rpc, wire: Wire, deployed: Deployed) -> None:
    for digit in "ab":
        wire.next(
            HEADER,
            trouble.rewrites(
                HEADER,
                lambda h, d=digit: {**h, "hash": "0x" + d * 64, "timestamp": hex(int(h["timestamp"], 16) - (d == "a"))},
            ),
        )
    numbered = Rpc(wire.url, load_profile("anvil", {"reads_at_hash": False}), label="chain.local.rpc[0]")
    with pytest.raises(RpcUnreachable, match="changed while it was read"):
        look(numbered, deployed)


def another_number(encoded: str) -> str:
    """A lens's answer as if `block.number` were another chain's: offset, chain id, then the number, a word each."""
    return encoded[: 2 + 128] + f"{21_000_000:064x}" + encoded[2 + 192 :]


def asked_of(wire: Wire, change: Callable[[str], str]) -> list[Any]:
    """Arm the wire: the next lens call is answered with `change`; its block parameter lands in the list."""
    blocks: list[Any] = []
    rewritten = trouble.rewrites("eth_call", change)

    def fault(exchange: trouble.Exchange) -> None:
        blocks.extend(one["params"][1] for one in exchange.request if one["method"] == "eth_call")
        rewritten(exchange)

    wire.next("eth_call", fault)
    return blocks


def test_a_chain_whose_contracts_see_l1s_number_is_read_at_one_blocks_hash(wire: Wire, deployed: Deployed) -> None:
    arbitrums = Rpc(wire.url, load_profile("anvil", {"block_number": "l1"}), label="chain.local.rpc[0]")
    blocks = asked_of(wire, another_number)
    snapshot = look(arbitrums, deployed)
    assert (wire.armed, blocks) == (0, [{"blockHash": snapshot.block.hash}])
    assert wire.seen == [HEADER, (HEADER, "eth_call", "eth_getTransactionCount", "eth_getTransactionCount")]
    head = Chain(deployed.url, deployed.vault).block()
    assert (snapshot.block.number, snapshot.block.hash) == (int(head["number"], 16), head["hash"])


def test_without_reads_at_a_hash_it_is_read_by_the_chains_own_number(wire: Wire, deployed: Deployed) -> None:
    profile = load_profile("anvil", {"block_number": "l1", "reads_at_hash": False})
    blocks = asked_of(wire, another_number)
    snapshot = look(Rpc(wire.url, profile, label="chain.local.rpc[0]"), deployed)
    assert blocks == [hex(snapshot.block.number)]
    assert snapshot.block.number < 21_000_000


def test_another_chains_number_is_never_taken_for_the_blocks_own(wire: Wire, rpc: Rpc, deployed: Deployed) -> None:
    for _ in range(2):
        wire.next("eth_call", trouble.rewrites("eth_call", another_number))
    with pytest.raises(RpcUnreachable, match="changed while it was read"):
        look(rpc, deployed)
    assert wire.armed == 0


def test_a_sibling_of_the_same_second_is_not_taken_for_the_block_that_was_chosen(
    wire: Wire, deployed: Deployed
) -> None:
    arbitrums = Rpc(wire.url, load_profile("anvil", {"block_number": "l1"}), label="chain.local.rpc[0]")
    wire.next(HEADER, trouble.rewrites(HEADER, lambda header: header))
    wire.next(HEADER, trouble.rewrites(HEADER, lambda header: {**header, "hash": "0x" + "ab" * 32}))
    with pytest.raises(RpcUnreachable, match="changed while it was read"):
        look(arbitrums, deployed)


def test_a_base_fee_of_the_chains_own_rule_stands_as_it_is(wire: Wire, rpc: Rpc, deployed: Deployed) -> None:
    own = Rpc(wire.url, load_profile("anvil", {"base_fee": "own"}), label="chain.local.rpc[0]")
    seen = observe(own, deployed.manifest, None)
    assert seen.next_base_fee == seen.snapshot.block.base_fee
    assert observe(rpc, deployed.manifest, None).next_base_fee < seen.next_base_fee, (
        "an idle block's falls by an eighth"
    )


def test_the_numbers_are_the_contracts_own(rpc: Rpc, node: Chain, deployed: Deployed) -> None:
    keeper = deployed.book.address("keeper")
    seen = observe(rpc, deployed.manifest, keeper)
    vault, manifest = seen.snapshot.vault, deployed.manifest
    head = node.block()
    assert (seen.snapshot.block.number, seen.snapshot.block.hash) == (int(head["number"], 16), head["hash"])
    assert seen.snapshot.chain_id == 31337
    assert (vault.address, vault.mode, vault.epoch) == (deployed.vault, VaultMode.ACTIVE, 1)
    assert vault.limits == manifest.limits_of()
    assert vault.config_version == manifest.config_version
    assert vault.mandate_expires == manifest.roles.keepers[0].expires
    assert (seen.role, seen.balance) == ("KEEPER", int(node.rpc("eth_getBalance", keeper, "latest"), 16))
    assert seen.nonce == seen.pending_nonce == int(node.rpc("eth_getTransactionCount", keeper, "latest"), 16)
    for asset, record in zip(seen.snapshot.assets, manifest.assets, strict=True):
        assert (asset.symbol, asset.token, asset.decimals) == (record.symbol, record.token, record.decimals)
        assert asset.balance == node.read(record.token, "balanceOf(address)", "uint256", deployed.vault)
        assert asset.price == PRICES[deployed.book.tokens[record.symbol].asset]
        assert (asset.target_bps, asset.min_bps, asset.max_bps) == (record.target_bps, record.min_bps, record.max_bps)
        assert asset.target == record.target_bps * WAD // BPS
    assert vault.nav == sum(asset.value for asset in seen.snapshot.assets)
    assert [route.enabled for route in seen.snapshot.routes] == [route.enabled for route in manifest.routes]
    assert [route.venue for route in seen.snapshot.routes] == [route.venue for route in manifest.routes]
    assert vault.headroom.loss_day == vault.limits.loss_day_bps * WAD // BPS // 2, "buckets begin half full"


def test_every_voice_is_heard_with_its_age(rpc: Rpc, deployed: Deployed) -> None:
    snapshot = look(rpc, deployed)
    sources = {part.address: part for part in deployed.manifest.parts.sources.values()}
    assert {voice.source for voice in snapshot.observations} == set(sources)
    kinds = {"aggregator": SourceKind.PUSH, "twap": SourceKind.TWAP}
    for voice in snapshot.observations:
        assert voice.kind is kinds[sources[voice.source].kind]
        assert snapshot.assets[voice.asset].symbol == sources[voice.source].asset
        assert (voice.verdict, voice.reason) == (PriceVerdict.OK, "")
        assert voice.age == snapshot.block.timestamp - voice.updated_at
    assert len(snapshot.observations) == 8


def test_a_voice_that_disagrees_is_an_outlier_and_an_old_one_stale(rpc: Rpc, node: Chain, deployed: Deployed) -> None:
    liar, honest = deployed.book.feeds["ETH"]
    price = PRICES["ETH"] // 10**10
    chainlink.submit(node, liar, [price * 108 // 100] * 3)
    found = {voice.source: voice for voice in look(rpc, deployed).observations if voice.asset == 0}
    assert sorted(voice.verdict for voice in found.values()) == ["ok", "ok", "outlier"]
    node.mine_at(node.now() + 3 * 3_600)
    chainlink.submit(node, honest, [price] * 3)
    alone = [voice for voice in look(rpc, deployed).observations if voice.asset == 0]
    assert [voice.verdict for voice in alone] == [PriceVerdict.STALE, PriceVerdict.OUTLIER, PriceVerdict.ERROR]
    assert alone[1].reason == "no other voice agrees, so there is no price"
    for voice in deployed.book.feeds["USDC"]:
        chainlink.submit(node, voice, [10**8] * 3)
    voices = [voice for voice in look(rpc, deployed).observations if voice.asset == 0]
    assert [voice.verdict for voice in voices] == [PriceVerdict.STALE, PriceVerdict.OK, PriceVerdict.OK]
    assert voices[0].age > 3 * 3_600
    assert voices[0].reason == "older than the source allows"


def test_no_price_is_none_and_the_gate_says_whose(rpc: Rpc, node: Chain, deployed: Deployed) -> None:
    node.mine_at(node.now() + 3 * 86_400)
    seen = observe(rpc, deployed.manifest, None)
    assert seen.snapshot.vault.nav is None
    assert seen.snapshot.vault.drift is None
    assert all(asset.price is None for asset in seen.snapshot.assets)
    assert seen.gate is not None
    assert (seen.gate.name, seen.gate.args) == ("PriceMissing", ("0",))
    assert (seen.role, seen.nonce) == ("NONE", 0)


def test_the_gate_is_the_vaults_own_refusal(rpc: Rpc, node: Chain, deployed: Deployed) -> None:
    seen = observe(rpc, deployed.manifest, None)
    assert seen.gate is not None
    assert seen.gate.name == "DriftTooSmall"
    node.send(deployed.vault, "halt(bytes32)", b"\1" * 32, sender=deployed.book.address("guardian"))
    halted = observe(rpc, deployed.manifest, deployed.book.address("guardian"))
    assert halted.gate is not None
    assert halted.gate.name == "NotActive"
    assert halted.snapshot.vault.mode is VaultMode.HALTED
    assert halted.snapshot.vault.halted_at == halted.snapshot.block.timestamp
    assert halted.role == "GUARDIAN"


def test_an_older_block_can_be_looked_at(rpc: Rpc, deployed: Deployed) -> None:
    now = look(rpc, deployed)
    then = observe(rpc, deployed.manifest, None, block=now.block.number - 1).snapshot
    assert then.block.number == now.block.number - 1
    assert replace(then, block=now.block) != now
