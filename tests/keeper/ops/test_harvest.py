"""A reward that accrues to a real share, claimed and sold by a real keeper: how often, for how much, and told how."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keeper.devnet import hands
from keeper.journal import Journal, last_rows, policy_state
from keeper.model import ActionKind
from keeper.ops.log import open_log
from keeper.ops.loop import Loop
from keeper.ops.shift import begin
from tests.keeper.ops import farm
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place

LIVE = ("once", "--mode", "live")


@pytest.fixture
def grown(at_farm: Place) -> Place:
    """The same: it has rebalanced, and rewards of some hours wait."""
    farm.drift(at_farm.deployed)
    assert at_farm.said(*LIVE)["data"]["action"] == "REBALANCE"
    farm.wait(at_farm.deployed, steps=32)
    return at_farm


def test_a_reward_is_claimed_sold_and_proved_by_its_own_event(grown: Place) -> None:
    before = grown.said("status")["data"]["vault"]
    plan = grown.said("plan")["data"]
    assert (plan["decision"]["action"], plan["verdict"]) == ("HARVEST", "PASS")
    done = grown.said(*LIVE)["data"]
    assert (done["action"], done["reason_code"], done["outcome"]["state"]) == ("HARVEST", "worth-claiming", "FINAL_OK")
    report = done["outcome"]["report"]
    brought = int(report["nav_after"]) - int(report["nav_before"])
    assert int(done["benefit"]) * 999 // 1000 <= brought
    assert int(done["benefit"]) > 2 * int(done["cost"]) > 0
    after = grown.said("status")["data"]["vault"]
    assert int(after["epoch"]) == int(before["epoch"]) + 1
    usdc = {one["symbol"]: int(one["balance"]) for one in after["assets"]}["USDC"]
    was = {one["symbol"]: int(one["balance"]) for one in before["assets"]}["USDC"]
    assert usdc - was == pytest.approx(brought / 10**12, rel=0.01)
    assert [delta["amount"] for delta in done["outcome"]["deltas"]] == [str(usdc - was)]


def test_nothing_of_the_reward_stays_behind(grown: Place) -> None:
    grown.said(*LIVE)
    hand = hands.of(grown.deployed.book, "user")
    link = grown.deployed.book.tokens["LINK"].address
    assert hand.read(link, "balanceOf(address)", "uint256", grown.deployed.vault) == 0


def test_one_round_trip_looks_and_quotes_where_the_epoch_is_known(grown: Place) -> None:
    grown.rewrite("absolute_bps = 200", 'absolute_bps = 200\nharvest_min_ratio = "1000000"\nharvest_every = 1')
    with begin(grown.post(), open_log()) as shift:
        loop, rpc = Loop(shift), shift.post.rpc
        loop.run(1)
        for _ in range(2):
            farm.wait(grown.deployed, steps=2)
            trips = rpc.round_trips
            loop.run(loop.ticks + 1)
            assert rpc.round_trips - trips == 1, "an idle tick is one round trip, quote and all"
            assert shift.last.snapshot is not None
    assert [row["reason_code"] for row in rows(grown, "cycle")][-1] == "harvest-below-cost"


def test_an_epoch_that_moved_meanwhile_is_asked_again(grown: Place) -> None:
    grown.rewrite("absolute_bps = 200", 'absolute_bps = 200\nharvest_min_ratio = "1000000"\nharvest_every = 1')
    with begin(grown.post(), open_log()) as shift:
        loop, rpc = Loop(shift), shift.post.rpc
        loop.run(1)
        known = shift.last.snapshot
        assert known is not None
        farm.drift(grown.deployed, 90)
        other = places.make(grown.deployed, _folder(grown, "other"), grown.capture, keeper="standby")
        assert other.said(*LIVE)["data"]["action"] == "REBALANCE"
        farm.wait(grown.deployed, steps=2)
        trips = rpc.round_trips
        loop.run(2)
        assert rpc.round_trips - trips == 2
        assert shift.last.snapshot is not None
        assert shift.last.snapshot.vault.epoch == known.vault.epoch + 1
    assert re.search(r"claim 0 over route \d+ brings \$", str(rows(grown, "decision")[-1]["reason"]))


def test_a_reward_below_its_cost_is_left_and_journalled_with_both_figures(grown: Place) -> None:
    grown.rewrite("absolute_bps = 200", 'absolute_bps = 200\nharvest_min_ratio = "1000000"')
    done = grown.said(*LIVE)["data"]
    assert (done["action"], done["reason_code"]) == ("NOOP", "harvest-below-cost")
    row = rows(grown, "decision")[-1]
    assert int(str(row["benefit"])) > int(str(row["cost"])) > 0
    assert grown.sent("keeper") == 1
    again = grown.said(*LIVE)["data"]
    assert again["reason_code"] == "inside-band", "looked at no more often than every six hours"
    farm.wait(grown.deployed, steps=24)
    assert grown.said(*LIVE)["data"]["reason_code"] == "harvest-below-cost"


def test_a_harvest_is_remembered_by_the_journal(grown: Place) -> None:
    grown.said(*LIVE)
    with Journal.open(f"sqlite:///{grown.journal}") as journal:
        memory = policy_state(journal, grown.post().stream())
    (last,) = memory.harvests
    assert (last.claim, last.looked_at) == (0, last.harvested_at)
    assert last.harvested_at > 0
    assert [one.action for one in memory.last_actions] == [ActionKind.REBALANCE, ActionKind.HARVEST]
    assert grown.said(*LIVE)["data"]["reason_code"] == "inside-band"


def test_a_node_without_simulations_harvests_by_plain_calls(grown: Place) -> None:
    grown.rewrite("[vault.treasury]", '[chain.local.override]\nsimulate = "call"\n[vault.treasury]')
    done = grown.said(*LIVE)["data"]
    assert (done["action"], done["outcome"]["state"]) == ("HARVEST", "FINAL_OK")


def rows(place: Place, table: str) -> list[dict[str, object]]:
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        return last_rows(journal, 100, (table,))


def _folder(place: Place, name: str) -> Path:
    folder = place.folder / name
    folder.mkdir()
    return folder
