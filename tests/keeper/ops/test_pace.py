"""The loop's pace: by the clock, or a tick a line on stdin."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest

from keeper.ops.pace import ByClock, OnDemand
from keeper.ops.stop import Stop


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The writing end of what `sys.stdin` reads."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield writing


def test_each_line_is_one_tick_and_the_end_of_stdin_is_the_end(asked: int) -> None:
    waits: list[int] = []
    pace, stop = OnDemand(lambda: waits.append(1)), Stop()
    os.write(asked, b"\nnow\n")
    assert [pace.due(stop), pace.due(stop)] == [True, True]
    os.close(asked)
    assert pace.due(stop) is False
    assert len(waits) == 3


def test_who_waits_for_a_line_hears_that_it_is_to_stop(asked: int) -> None:
    stop = Stop()
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    assert OnDemand(lambda: None).due(stop) is False
    assert 0.05 < time.monotonic() - began < 5
    os.close(asked)


def test_the_clock_ticks_at_once_and_then_in_its_time_until_stopped() -> None:
    stop, pace, began = Stop(), ByClock(0.2), time.monotonic()
    assert pace.due(stop)
    assert time.monotonic() - began < 0.15
    assert pace.due(stop)
    assert time.monotonic() - began >= 0.2
    stop.set()
    assert not pace.due(stop)
