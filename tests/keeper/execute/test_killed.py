"""A keeper killed at the worst moment, as a process, by the operating system; the next one finishes its work, once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from keeper.journal import Journal, verify
from tests.deployed import Deployed
from tests.keeper.execute.desk import rows
from tests.keeper.execute.test_send import SENDS
from tests.keeper.ops import place as places
from tests.keeper.ops.place import Place
from tests.keeper.wire import Exchange, Fault, Wire

END = 60


def kill_before(victim: Callable[[], subprocess.Popen[str]]) -> Fault:
    """The bytes are on the wire; the keeper dies, and no node ever hears of them."""

    def fault(exchange: Exchange) -> None:
        victim().kill()
        victim().wait(END)
        exchange.hang_up()

    return fault


def kill_after(victim: Callable[[], subprocess.Popen[str]]) -> Fault:
    """The node mines it; the keeper dies before it can know."""

    def fault(exchange: Exchange) -> None:
        exchange.forward()
        victim().kill()
        victim().wait(END)
        exchange.hang_up()

    return fault


@pytest.fixture
def epoch(drifted: Deployed) -> Callable[[Place], int]:
    return lambda place: place.post().observe().snapshot.vault.epoch


@pytest.mark.parametrize(
    ("fault", "sends"), [(kill_before, 2), (kill_after, 1)], ids=["before the node heard", "after the node acted"]
)
def test_a_keeper_killed_between_store_and_answer_loses_nothing_and_repeats_nothing(
    drifted: Deployed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    epoch: Callable[[Place], int],
    fault: Callable[[Callable[[], subprocess.Popen[str]]], Fault],
    sends: int,
) -> None:
    with Wire(drifted.url).up() as wire:
        place = places.make(drifted, tmp_path, capsys, url=wire.url)
        before, sent = epoch(place), place.sent("keeper")
        victims: list[subprocess.Popen[str]] = []
        wire.next(SENDS, fault(lambda: victims[0]))
        victims.append(place.start("once", "--mode", "live"))
        _, errors = victims[0].communicate(timeout=END)
        assert victims[0].returncode == -9, errors
        assert [row["state"] for row in rows(place.journal, "tx_event")] == ["SIGNED"]
        assert epoch(place) == before + (sends == 1)

        code, _, errors = place.type("once", "--mode", "live")
        assert code in (0, 3), errors
        assert wire.seen.count(SENDS) == sends
        assert (epoch(place), place.sent("keeper")) == (before + 1, sent + 1)
        assert len(rows(place.journal, "tx_attempt")) == 1
        assert [row["state"] for row in rows(place.journal, "outcome")] == ["FINAL_OK"]
    with Journal.open(f"sqlite:///{place.journal}") as journal:
        verify(journal)
