"""A keeper at a node without eth_simulateV1: Ganache, where candidates are run by plain calls."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from keeper.devnet import hands, local
from tests.deployed import Deployed, deploy_vault
from tests.keeper.execute import desk
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place

KILL = ("kill", "--yes")
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def ganache_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A vault on a Ganache of its own."""
    name = f"ganache-{os.getpid()}"
    try:
        book = local.up(name, client="ganache")
        yield deploy_vault(book, tmp_path_factory.mktemp("ganache"))
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


@pytest.fixture
def ganache(ganache_once: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    """A keeper's place at it; the chain is as it was again after the test."""
    hand = hands.of(ganache_once.book, "deployer")
    before = hand.rpc("evm_snapshot")
    place = places.make(ganache_once, tmp_path, capsys)
    place.rewrite('profile = "anvil"', 'profile = "ganache"')
    place.rewrite(
        "[vault.treasury]", f"[chain.local.override]\nchain_id = {ganache_once.book.chain_id}\n[vault.treasury]"
    )
    yield place
    assert hand.rpc("evm_revert", before)


def test_a_tick_acts_and_is_bound_to_its_simulation(ganache: Place) -> None:
    found = {one["name"]: one for one in ganache.said("doctor")["data"]["checks"]}
    assert found["simulation"]["found"].startswith("by eth_call and eth_estimateGas")
    desk.drift(ganache.deployed)
    before = ganache.said("status")["data"]["vault"]
    tick = ganache.said("once", "--mode", "live")["data"]
    assert (tick["action"], tick["acted"], tick["outcome"]["state"]) == ("REBALANCE", True, "FINAL_OK")
    report = tick["outcome"]["report"]
    assert int(report["drift_after"]) < int(report["drift_before"]) // 4
    assert 0 <= int(tick["outcome"]["slippage_simulated"] or 0) < 10**14
    after = ganache.said("status")["data"]["vault"]
    assert int(after["epoch"]) == int(before["epoch"]) + 1
    (sold,) = [delta for delta in tick["outcome"]["deltas"] if int(delta["amount"]) < 0]
    assert sold["asset"] == "0"


def test_a_kill_goes_through(ganache: Place) -> None:
    data = ganache.said(*KILL, "--reason", "a drill")["data"]
    assert (data["halt"]["state"], data["flatten"]["state"]) == ("FINAL_OK", "FINAL_OK")
    assert (sorted(data["sold"]), data["failed"]) == (["WBTC", "WETH"], [])
    assert int(data["stable_share"]) > 995 * 10**15


def test_a_profile_that_promises_too_much_is_named_by_doctor_and_holds_no_kill_up(ganache: Place) -> None:
    ganache.rewrite("[chain.local.override]", '[chain.local.override]\nsimulate = "v1"')
    found = {one["name"]: one for one in ganache.said("doctor", exit_code=6)["data"]["checks"]}
    assert found["simulation"]["level"] == "fail"
    assert 'write simulate = "call" into [chain.local.override]' in found["simulation"]["remedy"]
    desk.drift(ganache.deployed)
    assert ganache.said("once", "--mode", "live", exit_code=6)["error"]["code"] == "rpc-refused"
    assert ganache.sent("keeper") == 0, "what was never tried is never sent"
    answer = ganache.said(*KILL)
    assert answer["data"]["flatten"]["state"] == "FINAL_OK"
    assert [line.split(": ")[0] for line in answer["warnings"]] == ["chain.local.rpc[0] has no eth_simulateV1"] * 2
