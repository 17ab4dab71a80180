"""Whose chain it is: refused before anything else is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from keeper.chain.identity import check
from keeper.chain.rpc import Rpc
from keeper.config import load_profile
from keeper.errors import ForeignGenesis, RpcUnreachable, WrongChainId
from tests.deployed import Deployed
from tests.keeper import wire as trouble
from tests.keeper.wire import Wire


@pytest.fixture
def wire(deployed: Deployed) -> Iterator[Wire]:
    with Wire(deployed.url).up() as server:
        yield server


def node(wire: Wire, profile: str = "anvil") -> Rpc:
    return Rpc(wire.url, load_profile(profile), label="chain.local.rpc[0]", timeout=2)


def test_another_chain_than_the_profiles_is_refused(wire: Wire, deployed: Deployed) -> None:
    with pytest.raises(WrongChainId, match="serves chain 31337, not chain 1337"):
        check(node(wire, "ganache"), deployed.manifest, deployed.manifest_path)


def test_another_chain_than_the_manifests_is_refused(wire: Wire, deployed: Deployed) -> None:
    chain = deployed.manifest.chain.model_copy(update={"id": 1})
    with pytest.raises(WrongChainId, match="serves chain 31337, not chain 1"):
        check(node(wire), deployed.manifest.model_copy(update={"chain": chain}), deployed.manifest_path)


def test_a_local_manifest_of_a_chain_that_is_gone_is_refused(wire: Wire, deployed: Deployed) -> None:
    chain = deployed.manifest.chain.model_copy(update={"genesis": "0x" + "ab" * 32})
    with pytest.raises(ForeignGenesis) as caught:
        check(node(wire), deployed.manifest.model_copy(update={"chain": chain}), Path("old.json"))
    assert caught.value.found == deployed.manifest.chain.genesis
    assert caught.value.exit_code == 6


def test_a_node_without_a_genesis_is_no_node(wire: Wire, deployed: Deployed) -> None:
    wire.next("eth_getBlockByNumber", trouble.rewrites("eth_getBlockByNumber", lambda _: None))
    with pytest.raises(RpcUnreachable):
        check(node(wire), deployed.manifest, deployed.manifest_path)


def test_the_right_chain_is_known_in_one_round_trip(wire: Wire, deployed: Deployed) -> None:
    rpc = node(wire)
    check(rpc, deployed.manifest, deployed.manifest_path)
    assert rpc.round_trips == 1
