"""Told to stop at the worst moment, by a signal, the process ends all the same."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import signal, sys
from typing import get_type_hints
from keeper.ops.shift import Shift

def watched(frame, event, _argument):
    global left
    left -= event == "line"
    if event == "line" and left == 0:
        signal.raise_signal(signal.SIGTERM)
    return watched

for line in range(1, 16):
    left, stop = line, get_type_hints(Shift)["stop"]()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    sys.settrace(lambda frame, event, argument: watched if frame.f_code.co_name != "set" else None)
    stop.wait(0.05)
    sys.settrace(None)
    print(line, stop.is_set() or left > 0, flush=True)
"""
"""A signal at each of the first lines of Python that a wait, and what it calls, runs through."""


def test_a_signal_at_any_moment_of_a_wait_is_heard_and_hangs_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.splitlines() == [f"{line} True" for line in range(1, 16)], done.stderr
