"""The loop: what it survives, what ends it, and that nothing of it is left behind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from keeper.chain.rpc import Rpc
from keeper.devnet.kit import Chain
from keeper.errors import HaltError, NoLease
from keeper.journal import Journal, last_rows, open_incidents, verify
from keeper.ops.log import open_log
from keeper.ops.loop import MOST_DEFECTS, Loop
from keeper.ops.shift import Shift, begin, latched, turn
from tests.deployed import Deployed
from tests.keeper.execute import desk
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place
from tests.keeper.wire import Exchange, Fault, Wire, lost_reply, lost_request, refuses, says

REVERTING = "0x60006000fd"
SENDS = "eth_sendRawTransaction"


class Torn:
    """A transport that is broken in a way nobody thought of."""

    def __getattr__(self, _name: str) -> object:
        raise ZeroDivisionError("a defect")


@contextmanager
def shift_at(place: Place) -> Iterator[Shift]:
    with begin(place.post(), open_log()) as shift:
        yield shift


def cycles(place: Place) -> list[dict[str, Any]]:
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        return last_rows(journal, 100, ("cycle",))


def test_a_second_keeper_on_the_same_journal_is_refused(place: Place) -> None:
    with shift_at(place):
        error = place.said("run", "--ticks", "1", exit_code=8)["error"]
    assert error["code"] == "journal-locked"


def test_a_latched_halt_stops_the_next_start_until_a_person_resumes(place: Place) -> None:
    with shift_at(place) as shift:
        raised = latched(shift, "transactions-fail", "3 in a row")
    refused = place.said("run", "--ticks", "1", exit_code=4)["error"]
    assert refused["message"] == "halted: transactions-fail: 3 in a row"
    assert refused["remedy"] == raised.remedy
    ack = refused["remedy"].split()[-1]
    assert place.said("doctor", exit_code=4)["error"]["code"] == "halt"
    wrong = place.said("resume", "--ack", "0x12", exit_code=2)["error"]
    assert wrong["remedy"] == f"name an open one: {ack}"
    assert place.said("resume", "--ack", ack, "--reason", "a drill")["data"]["open"] == 0
    assert place.said("run", "--ticks", "1")["data"]["ticks"] == 1


def test_a_node_that_goes_away_is_held_and_waited_for(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        with shift_at(place) as shift:
            loop = Loop(shift)
            for _ in range(3):
                wire.next("eth_call", lambda exchange: exchange.hang_up())
            loop.run(2)
            assert loop.ticks == 2
    assert [row["reason_code"] for row in cycles(place)] == ["rpc-unreachable", "inside-band"]


def test_a_defect_ends_a_tick_and_five_in_a_row_the_process(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with shift_at(place) as shift:
        broken = replace(shift, post=replace(shift.post, rpc=cast("Rpc", Torn())))
        loop = Loop(broken)
        began = time.monotonic()
        with pytest.raises(ZeroDivisionError):
            loop.run()
    assert loop.ticks == MOST_DEFECTS - 1
    assert time.monotonic() - began < 30
    assert capsys.readouterr().err.count("event=defect") == MOST_DEFECTS


def test_a_journal_that_cannot_be_written_ends_it_at_once(place: Place) -> None:
    with shift_at(place) as shift:
        loop = Loop(shift)
        shift.writer.close()
        with pytest.raises(NoLease):
            loop.run(3)
    assert loop.ticks == 0


def test_a_stopped_loop_ends_without_waiting_for_the_next_tick(place: Place) -> None:
    place.rewrite("tick_seconds = 1", "tick_seconds = 3600")
    process = place.start("run")
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "event=tick" in line:
                break
        began = time.monotonic()
        process.terminate()
        out, _ = process.communicate(timeout=15)
    finally:
        process.kill()
    assert time.monotonic() - began < 5
    assert (process.returncode, out) == (0, "stopped after 1 ticks, 0 transactions\n")
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        leases = [row["step"] for row in last_rows(journal, 10, ("lease",))]
    assert leases == ["acquired", "released"]
    assert place.said("once")["data"]["action"] == "NOOP"


def test_told_to_stop_while_the_node_is_silent_it_ends_too(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        process = place.start("run")
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "event=tick" in line:
                    break
            for _ in range(9):
                wire.next("eth_call", lambda exchange: exchange.silence(60))
            while wire.armed > 8:
                time.sleep(0.02)
            began = time.monotonic()
            process.terminate()
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
        assert time.monotonic() - began < 5
        assert (process.returncode, out[:13]) == (0, "stopped after"), err
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        assert [row["step"] for row in last_rows(journal, 10, ("lease",))] == ["acquired", "released"]
        verify(journal)


def test_skips_alike_are_one_row_with_a_count(place: Place) -> None:
    place.said("run", "--ticks", "3")
    assert [(row["reason_code"], row["count"]) for row in cycles(place)] == [("inside-band", 1), ("inside-band", 2)]


def test_live_acts_once_and_goes_on(drifted: Place) -> None:
    answer = drifted.said("run", "--mode", "live", "--ticks", "2")
    assert answer["data"]["sent"] == 1
    assert [row["reason_code"] for row in cycles(drifted)] == ["outside-band", "inside-band"]
    assert drifted.sent("keeper") == 1


def failing_pools(node: Chain, addresses: list[str]) -> Fault:
    """The pools break between simulation and block, and are whole again after it: the transaction reverts on chain."""

    def fault(exchange: Exchange) -> None:
        whole = [node.rpc("eth_getCode", address, "latest") for address in addresses]
        for address in addresses:
            node.rpc("anvil_setCode", address, REVERTING)
        answer = exchange.forward()
        while node.rpc("eth_getTransactionReceipt", json.loads(answer)["result"]) is None:
            time.sleep(0.01)  # Anvil answers before it has mined
        exchange.reply(answer)
        for address, code in zip(addresses, whole, strict=True):
            node.rpc("anvil_setCode", address, code)

    return fault


def test_three_transactions_that_fail_in_a_row_are_latched(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.drift(deployed)
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        for _ in range(3):
            wire.next(
                "eth_sendRawTransaction", failing_pools(place.node, [pool.address for pool in deployed.book.pools])
            )
        with begin(place.post(live=True), open_log()) as shift:
            loop = Loop(shift)
            with pytest.raises(HaltError, match="transactions-fail: 3 transactions in a row"):
                loop.run(4)
            (incident,) = open_incidents(shift.journal, shift.post.stream())
        assert wire.armed == 0
        assert place.said("status")["data"]["vault"]["epoch"] == "1"
    assert incident.code == "transactions-fail"
    assert place.sent("keeper") == 3
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        assert [row["state"] for row in last_rows(journal, 9, ("outcome",))] == ["FINAL_REVERT"] * 3


def test_failures_that_only_later_ticks_see_are_counted_too(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.drift(deployed)
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        place.config.write_text(f"{place.config.read_text()}[chain.local.override.finality]\ndepth = 2\n")
        for _ in range(3):
            wire.next(SENDS, failing_pools(place.node, [pool.address for pool in deployed.book.pools]))
        with begin(place.post(live=True), open_log()) as shift:
            shift.stop.set()  # so that no tick waits for the end of its own transaction
            for _ in range(3):
                done = turn(shift)
                assert done is not None
                assert done.outcome is not None
                assert not done.outcome.state.finished
                place.node.rpc("anvil_mine", "0x1")
            with pytest.raises(HaltError, match="transactions-fail: 3 transactions in a row"):
                turn(shift)
    assert place.sent("keeper") == 3


def test_a_node_that_falls_behind_what_was_done_is_held_not_obeyed(drifted: Place) -> None:
    before = drifted.node.rpc("evm_snapshot")
    with begin(drifted.post(live=True), open_log()) as shift:
        loop = Loop(shift)
        loop.run(1)
        assert loop.sent == 1
        assert drifted.node.rpc("evm_revert", before)
        loop.run(3)
    assert (loop.ticks, loop.sent) == (3, 1)
    assert [row["reason_code"] for row in cycles(drifted)][-2:] == ["outside-band", "epoch-taken"]
    assert drifted.sent("keeper") == 0, "the chain forgot the first, and there is no second"


def test_what_is_under_way_is_followed_though_the_mandate_ended_meanwhile(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.drift(deployed)
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        wire.next(SENDS, lost_reply)
        with begin(place.post(live=True), open_log()) as shift:
            shift.stop.set()
            wire.next("eth_getTransactionReceipt", says("eth_getTransactionReceipt", None))
            done = turn(shift)
            assert done is not None
            assert done.outcome is not None
            assert not done.outcome.state.finished
        place.node.mine_at(place.node.now() + 31 * 86_400)
        assert place.said("once", "--mode", "live", exit_code=7)["error"]["code"] == "signer-not-entitled"
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        assert [row["state"] for row in last_rows(journal, 9, ("outcome",))] == ["FINAL_OK"]


def test_three_transactions_that_no_node_takes_are_latched(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.drift(deployed)
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        for _ in range(3):
            wire.next(SENDS, refuses(SENDS, -32_000, "transaction underpriced"))
        with begin(place.post(live=True), open_log()) as shift:
            with pytest.raises(HaltError, match=r"transactions-fail: 3 transactions in a row, the last: .*underpriced"):
                Loop(shift).run(4)
            assert len(open_incidents(shift.journal, shift.post.stream())) == 1
    assert place.sent("keeper") == 0


def test_told_to_stop_while_a_transaction_is_under_way_it_ends_and_the_next_start_finishes_it(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.drift(deployed)
    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        for _ in range(1_000):
            wire.next("eth_sendRawTransaction", lost_request)
        process = place.start("run", "--mode", "live")
        try:
            give_up = time.monotonic() + 30
            while wire.armed > 998 and time.monotonic() < give_up:
                time.sleep(0.02)
            began = time.monotonic()
            process.terminate()
            out, err = process.communicate(timeout=15)
        finally:
            process.kill()
        assert time.monotonic() - began < 5
        assert process.returncode == 0, err
        assert "event=pending" in err
        assert out == "stopped after 1 ticks, 1 transactions\n"
    assert place.sent("keeper") == 0
    (place.folder / "node.url").write_text(deployed.url)
    answer = place.said("once", "--mode", "live")
    assert answer["data"]["reason_code"] == "inside-band"
    assert place.sent("keeper") == 1
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        assert [row["state"] for row in last_rows(journal, 9, ("outcome",))] == ["FINAL_OK"]
