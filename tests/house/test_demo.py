"""`make demo ARGS="--quick --json"`, told once: every promise is looked at again, and nothing is left running.

The short story takes some 35 s; what is shown of failures ends within the first seconds of one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keeper.devnet import local
from keeper.exit_codes import ExitCode
from keeper.journal import Journal, outcomes, verify
from keeper.model import TxState
from scripts.toolchain import ROOT, TOOLS

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("built")]
STORY_SECONDS = 60
LEAST_REBALANCES = 3
STAGE_SECONDS = 120


@dataclass
class Demo:
    """One running demo of a name of its own."""

    name: str
    process: subprocess.Popen[str]
    began: float

    @property
    def folder(self) -> Path:
        return TOOLS / self.name

    def wait_for(self, sign: Callable[[], bool], seconds: float = STAGE_SECONDS) -> None:
        give_up = time.monotonic() + seconds
        while not sign():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < give_up, f"{self.name} did not get there within {seconds} s"
            time.sleep(0.05)

    def ended(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=STAGE_SECONDS)
        return self.process.returncode, out, err


@pytest.fixture(scope="module")
def tell() -> Iterator[Callable[..., Demo]]:
    """Starts demos, each of another name, and clears away what they leave."""
    told: list[Demo] = []

    def start(*words: str, name: str | None = None) -> Demo:
        chosen = name or f"demo-test-{os.getpid()}-{len(told)}"
        line = [sys.executable, "scripts/demo.py", "--quick", "--name", chosen, *words]
        pipe = subprocess.PIPE
        process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)
        told.append(Demo(chosen, process, time.monotonic()))
        return told[-1]

    try:
        yield start
    finally:
        for demo in told:
            if demo.process.poll() is None:
                demo.process.terminate()
                demo.process.wait(STAGE_SECONDS)
            local.down(demo.name)
            shutil.rmtree(local.folder_of(demo.name), ignore_errors=True)
            shutil.rmtree(demo.folder, ignore_errors=True)
            (TOOLS / f"{demo.name}.lock").unlink(missing_ok=True)


def processes_of(name: str) -> list[str]:
    """Command lines of running processes that work for a demo of that name."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if f"/{name}/" in words or f"devnet:{name} " in words:
                found.append(f"{path.parent.name} {words}")
    return found


def session_of(process: str) -> str:
    """The session of a living process, which its own children share."""
    with suppress(OSError):
        state, _, _, session = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:4]
        return "" if state == "Z" else session
    return ""


def assert_nothing_runs(demo: Demo, *sessions: str) -> None:
    assert processes_of(demo.name) == []
    running = {path.name: session_of(path.name) for path in Path("/proc").glob("[0-9]*")}
    assert [process for process, session in running.items() if session in sessions] == []
    assert not local.status(demo.name).running


@dataclass(frozen=True)
class Told:
    """The one story that most tests look at, and what a second demo at its place said meanwhile."""

    demo: Demo
    code: int
    envelope: dict[str, Any]
    talk: str
    seconds: float
    second: tuple[int, str, str]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.envelope["data"]
        return data


@pytest.fixture(scope="module")
def told(tell: Callable[..., Demo]) -> Told:
    demo = tell("--json")
    demo.wait_for((demo.folder / "deployment.toml").exists)
    assert processes_of(demo.name), "the search for processes finds none while they run"
    second = tell("--json", name=demo.name).ended()
    code, out, talk = demo.ended()
    last = out.splitlines()[-1]
    return Told(demo, code, json.loads(last), talk, time.monotonic() - demo.began, second)


def test_the_story_is_told_within_a_minute_and_keeps_its_promises(told: Told) -> None:
    assert told.code == ExitCode.DONE, told.talk
    assert (told.envelope["schema"], told.envelope["command"]) == ("ballast.cli/1", "demo")
    assert told.envelope["ok"] is True
    assert told.envelope["error"] is None
    assert told.seconds < STORY_SECONDS
    assert told.talk.count("  kept    ") == 9


def test_every_rebalance_lowered_drift_and_cost_less_than_the_budgets(told: Told) -> None:
    rebalances = told.data["rebalances"]
    assert len(rebalances) >= LEAST_REBALANCES
    for one in rebalances:
        assert 0.02 <= one["drift_before"] < 0.2
        assert one["drift_after"] < one["drift_before"] / 2
        assert 0 < one["turnover"] <= 0.3
        assert one["loss_bps"] < 15
        assert 100_000 < one["gas"] < 2_000_000
    assert sum(one["loss_bps"] for one in rebalances) < 15
    assert len({one["tx"] for one in rebalances}) == len(rebalances)


def test_the_kill_left_all_in_the_stablecoin(told: Told) -> None:
    kill = told.data["kill"]
    assert 0.995 <= kill["stable_share"] <= 1
    assert kill["failed_legs"] == 0
    assert kill["calls"] >= 2
    assert kill["seconds"] > 0


def test_nav_fell_with_prices_and_not_by_trading(told: Told) -> None:
    start, end, hold = (int(told.data["nav"][name]) for name in ("start", "end", "hold"))
    assert start // 10**18 in (1_999_999, 2_000_000)
    assert hold < start
    assert abs(end - hold) * 100 < hold


def test_the_journal_that_was_left_says_the_same(told: Told) -> None:
    said = told.data["journal"]
    assert said["verified"] is True
    with Journal.open(f"sqlite:///{said['path']}", create=False) as journal:
        assert verify(journal).rows == said["rows"]
        ended = {outcome.tx_hash: outcome for outcome, _ in outcomes(journal)}
    assert all(outcome.state is TxState.FINAL_OK for outcome in ended.values())
    for one in told.data["rebalances"]:
        outcome = ended.pop(one["tx"])
        assert outcome.gas_used == one["gas"]
        assert outcome.block is not None
        assert outcome.block.number == one["block"]
    assert len(ended) == told.data["kill"]["calls"]
    assert sum(told.data["holds"].values()) >= told.data["steps"] - len(told.data["rebalances"])


def test_secrets_stay_out_of_every_log(told: Told) -> None:
    passwords = [path.read_text().strip() for path in (told.demo.folder / "keys").glob("*.password")]
    assert len(passwords) == 2
    for log in [told.talk, *(path.read_text() for path in told.demo.folder.glob("*.log"))]:
        assert not any(password in log for password in passwords)
    for path in (told.demo.folder / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_nothing_is_left_running(told: Told) -> None:
    assert_nothing_runs(told.demo)


def test_a_second_demo_at_the_same_place_is_refused_by_name_of_the_first(told: Told) -> None:
    code, out, err = told.second
    assert code == ExitCode.USAGE
    assert f"process {told.demo.process.pid}" in json.loads(out)["error"]["message"]
    assert f"kill {told.demo.process.pid}" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_story_ends_all_it_started(tell: Callable[..., Demo], word: signal.Signals) -> None:
    demo = tell()
    log = demo.folder / "deploy.log"
    demo.wait_for(lambda: log.exists() and "weth_0" in log.read_text())  # its own node for the rehearsal is up
    sessions = {session_of(line.split()[0]) for line in processes_of(demo.name)}
    assert len(sessions) >= 2
    demo.process.send_signal(word)
    code, _, err = demo.ended()
    assert code == ExitCode.INTERRUPTED
    assert err.strip().splitlines()[-1].startswith("error[interrupted]")
    assert_nothing_runs(demo, *sessions)


def test_a_stage_that_fails_is_named_in_one_line_with_its_log(tell: Callable[..., Demo]) -> None:
    demo = tell("--json")
    log = demo.folder / "deploy.log"
    demo.wait_for(lambda: log.exists() and "weth_0" in log.read_text())
    (deploy,) = [line.split()[0] for line in processes_of(demo.name) if "scripts.deploy" in line]
    os.kill(int(deploy), signal.SIGKILL)  # it cannot end its own node any more
    code, out, err = demo.ended()
    assert code == ExitCode.UNEXPECTED
    error = json.loads(out.splitlines()[-1])["error"]
    assert error["code"] == "demo-stage-failed"
    assert error["message"].startswith("stage deploy: ended with -9")
    assert str(log) in error["remedy"]
    assert err.splitlines()[-1].startswith("error[demo-stage-failed]: stage deploy")
    assert_nothing_runs(demo, deploy)


def test_a_demo_that_is_killed_outright_leaves_no_keeper_and_no_market(tell: Callable[..., Demo]) -> None:
    demo = tell()
    log = demo.folder / "keeper.log"
    demo.wait_for(lambda: log.exists() and "event=tick" in log.read_text())
    mortal = [line for line in processes_of(demo.name) if "--on-demand" in line]
    assert len(mortal) == 3  # keeper, feeds and traders
    demo.process.send_signal(signal.SIGKILL)
    demo.process.communicate(timeout=STAGE_SECONDS)
    give_up = time.monotonic() + STAGE_SECONDS
    while [line for line in processes_of(demo.name) if "--on-demand" in line]:
        assert time.monotonic() < give_up, processes_of(demo.name)
        time.sleep(0.05)
    assert local.status(demo.name).running  # the chain is the next demo's to end
