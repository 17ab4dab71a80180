"""The demo's actors: what they say is heard, and none of them outlives the story, whatever becomes of it."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.story.cast import Actor, Cast, last_words
from scripts.story.faults import StageFailed

SLEEPER = "import time; print('here', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
PARENT = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(child.pid, flush=True); time.sleep(60)"
)


def start(cast: Cast, folder: Path, program: str, *, prompted: bool = False) -> Actor:
    return cast.start("player", [sys.executable, "-c", program], folder / "player.log", prompted=prompted)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_lines_are_heard_in_order_and_only_whole_ones(tmp_path: Path) -> None:
    program = "import sys; print('one'); print('two', end='', flush=True); sys.stdin.readline(); print(' and a half')"
    with Cast() as cast:
        actor = start(cast, tmp_path, program, prompted=True)
        assert actor.line(20) == "one"
        with pytest.raises(StageFailed, match=r"said nothing for 0\.1 s"):
            actor.line(0.1)
        assert actor.prompt is not None
        actor.prompt.write("\n")
        actor.prompt.flush()
        assert actor.line(20) == "two and a half"


def test_an_actor_that_ends_is_quoted_with_its_exit_code(tmp_path: Path) -> None:
    with Cast() as cast:
        actor = start(cast, tmp_path, "raise SystemExit('the pool is empty')")
        assert actor.line(20) == "the pool is empty"
        with pytest.raises(StageFailed, match="stage player: ended with 1: the pool is empty") as caught:
            actor.line(20)
    assert str(tmp_path / "player.log") in caught.value.remedy


@pytest.mark.parametrize("program", [SLEEPER, DEAF], ids=["sleeper", "deaf"])
def test_none_outlives_its_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr("scripts.story.cast.END_SECONDS", 1)
    with suppress(KeyboardInterrupt), Cast() as cast:
        actor = start(cast, tmp_path, program)
        actor.line(20)
        told = time.monotonic()
        raise KeyboardInterrupt
    assert not is_running(actor.process.pid)
    assert time.monotonic() - told < 20  # it would have slept for 60 s


def test_nor_does_a_child_of_an_actor_that_was_killed(tmp_path: Path) -> None:
    with Cast() as cast:
        actor = start(cast, tmp_path, PARENT)
        child = int(actor.line(20))
        assert is_running(child)
        os.kill(actor.process.pid, signal.SIGKILL)
        actor.process.wait()
    give_up = time.monotonic() + 5
    while is_running(child) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert not is_running(child)


def test_a_performance_gives_its_exit_code_and_has_its_time(tmp_path: Path) -> None:
    with Cast() as cast:
        assert cast.perform("scene", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "scene.log", 20) == 3
        with pytest.raises(StageFailed, match=r"stage scene: not done after 0\.2 s"):
            cast.perform("scene", [sys.executable, "-c", SLEEPER], tmp_path / "scene.log", 0.2)


def test_actors_read_no_settings_of_the_person_who_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BALLAST_KEEPER__MODE", "live")
    program = "import os; print([name for name in os.environ if name.startswith('BALLAST_')])"
    with Cast() as cast:
        assert start(cast, tmp_path, program).line(20) == "[]"


def test_the_last_words_are_the_last_line_that_says_anything(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first\nlast\n\n")
    assert last_words(log) == "last"
    log.write_text("")
    assert last_words(log) == "without a word"
