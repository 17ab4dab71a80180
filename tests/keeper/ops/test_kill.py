"""The kill switch at a real vault: what it refuses, what it does past a keeper that runs, and what it says is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from keeper.journal import Journal, Writer, last_rows, verify
from keeper.units import WAD
from tests.deployed import Deployed
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place
from tests.keeper.wire import Wire, refuses

REVERTING = "0x60006000fd"
KILL = ("kill", "--yes")


def stable_share(place: Place) -> float:
    """From balances and prices alone, not from what the command said."""
    assets = place.said("status")["data"]["vault"]["assets"]
    values = {a["symbol"]: int(a["balance"]) * int(a["price"]) / 10 ** int(a["decimals"]) for a in assets}
    return float(values["USDC"] / sum(values.values()))


def test_without_a_guardian_it_names_the_remedy(place: Place) -> None:
    text = place.config.read_text()
    place.config.write_text(text[: text.index("[signer.guardian]")])
    error = place.said(*KILL, exit_code=2)["error"]
    assert error["message"] == "signer.guardian: not configured"
    assert error["remedy"] == "add [signer.guardian] with kind, path and secret"


def test_a_keepers_key_is_no_guardian(place: Place) -> None:
    place.rewrite('path = "guardian.json"', 'path = "keeper.json"')
    error = place.said(*KILL, exit_code=7)["error"]
    assert error["code"] == "signer-not-entitled"
    assert place.sent("keeper") == 0


def test_without_yes_it_is_only_rehearsed(place: Place) -> None:
    before = place.files()
    answer = place.said("kill")
    assert (answer["data"]["done"], answer["data"]["action"], answer["data"]["verdict"]) == (False, "HALT", "PASS")
    assert place.sent("guardian") == 0
    assert place.files() == before
    assert "nothing was sent; --yes would halt, then flatten" in place.text("kill")


def test_without_money_for_gas_it_is_refused(place: Place) -> None:
    place.node.rpc("anvil_setBalance", place.deployed.book.address("guardian"), "0x1")
    error = place.said(*KILL, exit_code=5)["error"]
    assert "the signer has 0.000000 of the chain's coin" in error["message"]
    assert place.said("status")["data"]["vault"]["mode"] == "ACTIVE"


def test_all_goes_into_the_safe_asset_past_a_keeper_that_holds_its_lease(place: Place) -> None:
    post = place.post()
    with Journal.open(f"sqlite:///{place.journal}") as journal, Writer(journal, post.stream(), lambda: 1):
        answer = place.said(*KILL, "--reason", "a drill")
    data = answer["data"]
    assert (data["halt"]["state"], data["flatten"]["state"]) == ("FINAL_OK", "FINAL_OK")
    assert (sorted(data["sold"]), data["failed"]) == (["WBTC", "WETH"], [])
    assert stable_share(place) > 0.995
    assert abs(int(data["stable_share"]) / WAD - stable_share(place)) < 1e-6
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        assert verify(journal).streams == 2
    shown = place.said("journal", "show", "--table", "operator_action")["data"]["rows"]
    assert [(row["command"], row["reason"]) for row in shown] == [("kill", "a drill")]


def test_a_vault_that_is_halted_is_only_flattened(place: Place) -> None:
    place.said(*KILL)
    halted = int(place.said("status")["data"]["vault"]["headroom"]["loss_day"])
    answer = place.said(*KILL)
    assert answer["data"]["halt"] is None
    assert answer["data"]["flatten"]["state"] == "FINAL_OK"
    assert answer["data"]["sold"] == []
    assert place.sent("guardian") == 3
    assert halted == int(place.said("status")["data"]["vault"]["headroom"]["loss_day"])


def test_an_asset_that_cannot_be_sold_stays_and_is_named(place: Place) -> None:
    for pool in place.deployed.book.pools:
        if "WBTC" in (pool.token0, pool.token1):
            place.node.rpc("anvil_setCode", pool.address, REVERTING)
    answer = place.said(*KILL, exit_code=5)
    data = answer["data"]
    assert data["sold"] == ["WETH"]
    assert [leg["symbol"] for leg in data["failed"]] == ["WBTC"]
    assert data["failed"][0]["reason"]
    assert answer["error"]["message"] == "1 legs failed: WBTC"
    assert 0.7 < stable_share(place) < 0.8


def test_a_feed_that_is_silent_stops_one_leg_alone(place: Place) -> None:
    for source in place.deployed.manifest.parts.sources.values():
        if source.asset == "WBTC":  # the oracle reads a plain feed itself, any other voice through its source
            for silent in (source.address, source.immutables.get("feed", source.address)):
                place.node.rpc("anvil_setCode", silent, REVERTING)
    data = place.said(*KILL, exit_code=5)["data"]
    assert (data["sold"], [leg["symbol"] for leg in data["failed"]]) == (["WETH"], ["WBTC"])
    assert data["failed"][0]["reason"].startswith("PriceMissing(")


@pytest.mark.timeout(240)
def test_it_stops_a_keeper_that_runs(drifted: Place) -> None:
    process = drifted.start("run")
    try:
        assert process.stderr is not None
        assert "event=started" in process.stderr.readline()
        drifted.said(*KILL)
        for line in process.stderr:
            if "reason_code=halted" in line:
                break
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "stopped after" in out
    assert drifted.said("once", exit_code=3)["data"]["reason_code"] == "halted"


def test_a_node_that_refuses_the_bid_is_asked_again(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = refuses("eth_sendRawTransaction", -32_000, "max fee per gas less than block base fee")
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        wire.next("eth_sendRawTransaction", refusal)
        wire.next("eth_sendRawTransaction", refusal)
        assert place.said(*KILL)["data"]["flatten"]["state"] == "FINAL_OK"
        assert stable_share(place) > 0.995
        assert wire.armed == 0
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        states = [row["state"] for row in last_rows(journal, 9, ("outcome",))]
    assert states == ["DROPPED", "DROPPED", "FINAL_OK", "FINAL_OK"]
