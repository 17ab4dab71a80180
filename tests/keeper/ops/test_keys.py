"""A key that somebody else uses, and one that was revoked: HALT, said clearly; and a second keeper that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keeper.devnet import hands
from keeper.devnet.kit import Chain
from keeper.errors import HaltError
from keeper.journal import Journal, open_incidents
from keeper.model import Terms
from keeper.ops.log import open_log
from keeper.ops.loop import Loop
from keeper.ops.shift import Shift, begin
from keeper.units import Timestamp
from tests.keeper.ops import farm
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place
from tests.keeper.wire import Exchange, Wire, refuses

LIVE = ("once", "--mode", "live")
SENDS = "eth_sendRawTransaction"
TARGETS = [3_900, 2_500, 2_100, 1_500, 0]
MARK = "0x" + "ee" * 32


@contextmanager
def live(place: Place) -> Iterator[Shift]:
    with begin(place.post(live=True), open_log()) as shift:
        yield shift


def thief(place: Place) -> Chain:
    """The keeper's own key in somebody else's hands."""
    return hands.of(place.deployed.book, "keeper")


def terms(place: Place) -> Terms:
    snapshot = place.post().observe().snapshot
    vault = snapshot.vault
    return Terms(vault.epoch, vault.config_version, Timestamp(snapshot.block.timestamp + 600), MARK)


def retarget(place: Place) -> None:
    """What a thief may do at once: move targets inside their ranges."""
    bound = terms(place)
    fields = (bound.epoch, bound.config_version, bound.deadline, bytes.fromhex(MARK[2:]))
    thief(place).send(place.deployed.vault, "retarget(uint16[],(uint64,uint32,uint40,bytes32))", TARGETS, fields)


def rebalance(place: Place) -> None:
    """What a thief may do when there is drift: the keeper's own trade, under another decision's id."""
    snapshot, bound = place.post().observe().snapshot, terms(place)
    way = next(r.index for r in snapshot.routes if (r.asset_in, r.asset_out) == (0, 1))
    fields = (bound.epoch, bound.config_version, bound.deadline, bytes.fromhex(MARK[2:]))
    signature = "rebalance((uint16,uint128,uint128)[],(uint64,uint32,uint40,bytes32))"
    thief(place).send(place.deployed.vault, signature, [(way, 40 * 10**18, 0)], fields)


def revoke(place: Place, who: str = "keeper") -> None:
    """A guardian takes a keeper's mandate away."""
    hand = hands.of(place.deployed.book, "guardian_2")
    hand.send(place.deployed.rulebook, "revokeKeeper(address)", place.deployed.book.address(who))


def halted(shift: Shift, ticks: int) -> HaltError:
    with pytest.raises(HaltError) as caught:
        Loop(shift).run(ticks)
    return caught.value


def test_a_thief_who_retargets_while_the_keeper_runs_is_noticed_at_the_next_tick(at_farm: Place) -> None:
    with live(at_farm) as shift:
        Loop(shift).run(2)
        retarget(at_farm)
        error = halted(shift, 1)
    keeper = at_farm.deployed.book.address("keeper")
    assert error.message == (
        f"key-used-elsewhere: {keeper} has sent 1 transactions, this journal knows of 0: the key is used elsewhere;"
        " the vault's epoch was 1 and is 2: Retargeted"
    )
    assert f"keeper kill --yes, or have a guardian or the owner call revokeKeeper({keeper})" in error.remedy
    refused = at_farm.said(*LIVE, exit_code=4)["error"]
    assert refused["message"].startswith("halted: key-used-elsewhere")
    assert refused["remedy"] == error.remedy
    assert at_farm.sent("keeper") == 1


def test_a_thief_who_rebalances_first_is_noticed_and_nothing_of_ours_is_sent(at_farm: Place) -> None:
    with live(at_farm) as shift:
        Loop(shift).run(1)
        farm.drift(at_farm.deployed, 120)
        rebalance(at_farm)
        assert "the vault's epoch was 1 and is 2: Rebalanced" in halted(shift, 1).message
    assert at_farm.sent("keeper") == 1


def test_a_thief_who_takes_the_nonce_of_what_the_node_refused_is_noticed(at_farm: Place, tmp_path: Path) -> None:
    """His transaction waits at our nonce: the node refuses ours, and what is mined there is not ours."""
    with Wire(at_farm.deployed.url).up() as wire:
        place = _behind(wire, at_farm, tmp_path)
        farm.drift(at_farm.deployed, 120)
        with live(place) as shift:
            wire.next(SENDS, refuses(SENDS, -32000, "replacement transaction underpriced"))
            Loop(shift).run(1)
            retarget(at_farm)
            assert (
                "has sent 1 transactions, this journal knows of 0: the key is used elsewhere"
                in halted(shift, 1).message
            )
    assert wire.armed == 0
    assert at_farm.sent("keeper") == 1


def test_what_a_node_refused_and_mined_all_the_same_is_ours(at_farm: Place, tmp_path: Path) -> None:
    def taken_and_refused(exchange: Exchange) -> None:
        exchange.forward()
        refuses(SENDS, -32000, "replacement transaction underpriced")(exchange)

    with Wire(at_farm.deployed.url).up() as wire:
        place = _behind(wire, at_farm, tmp_path)
        farm.drift(at_farm.deployed, 120)
        with live(place) as shift:
            wire.next(SENDS, taken_and_refused)
            Loop(shift).run(3)
    assert wire.armed == 0
    assert at_farm.sent("keeper") == 1


def test_our_own_transactions_are_no_strangers(at_farm: Place) -> None:
    farm.drift(at_farm.deployed, 120)
    with live(at_farm) as shift:
        Loop(shift).run(3)
    assert at_farm.sent("keeper") == 1
    farm.wait(at_farm.deployed, steps=1)
    with live(at_farm) as shift:
        Loop(shift).run(2)


def test_what_was_done_while_the_keeper_was_away_is_noticed_at_its_start(at_farm: Place) -> None:
    at_farm.said(*LIVE)
    retarget(at_farm)
    error = at_farm.said(*LIVE, exit_code=4)["error"]
    assert "has sent 1 transactions, this journal knows of 0: the key is used elsewhere" in error["message"]


def test_a_person_who_knows_who_it_was_resumes_for_good(at_farm: Place) -> None:
    at_farm.said(*LIVE)
    retarget(at_farm)
    at_farm.said(*LIVE, exit_code=4)
    with Journal.open(f"sqlite:///{at_farm.journal}") as journal:
        (incident,) = open_incidents(journal, at_farm.post().stream())
    at_farm.said("resume", "--ack", incident.incident_id, "--reason", "it was me")
    assert at_farm.said(*LIVE)["data"]["action"] == "NOOP"


def test_a_key_used_before_its_first_start_here_is_no_alarm(at_farm: Place) -> None:
    retarget(at_farm)
    assert at_farm.said(*LIVE)["data"]["action"] == "NOOP"


def test_a_revoked_key_halts_with_that_word(at_farm: Place) -> None:
    with live(at_farm) as shift:
        Loop(shift).run(1)
        revoke(at_farm)
        error = halted(shift, 1)
    keeper = at_farm.deployed.book.address("keeper")
    assert error.message.startswith(f"key-revoked: revoked; {keeper} is no keeper of the vault any more")
    assert "go on with another key" in error.remedy
    assert at_farm.said("once", exit_code=4)["error"]["code"] == "halt"


def test_a_key_revoked_while_the_keeper_was_away_halts_its_start(at_farm: Place) -> None:
    revoke(at_farm)
    error = at_farm.said(*LIVE, exit_code=4)["error"]
    assert error["message"].startswith("key-revoked: revoked; ")


def test_a_dry_keeper_whose_key_was_revoked_holds_and_says_so(at_farm: Place) -> None:
    revoke(at_farm)
    error = at_farm.said("once", exit_code=3)["error"]
    assert "no mandate, revoked or never given" in error["message"]


def test_after_the_revocation_a_standby_with_its_own_journal_goes_on(at_farm: Place, tmp_path: Path) -> None:
    folder = tmp_path / "standby"
    folder.mkdir()
    standby = places.make(at_farm.deployed, folder, at_farm.capture, keeper="standby")
    with live(at_farm) as first, live(standby) as second:
        Loop(first).run(1)
        Loop(second).run(1)
        retarget(at_farm)
        revoke(at_farm)
        halted(first, 1)
        farm.drift(at_farm.deployed, 120)
        farm.wait(at_farm.deployed, steps=1)
        Loop(second).run(1)
    assert at_farm.sent("standby") == 1
    assert at_farm.said("status")["data"]["vault"]["epoch"] == "3"


def _behind(wire: Wire, place: Place, folder: Path) -> Place:
    """A place at the same vault whose node is reached through the wire."""
    there = folder / "wired"
    there.mkdir()
    return places.make(place.deployed, there, place.capture, url=wire.url)
