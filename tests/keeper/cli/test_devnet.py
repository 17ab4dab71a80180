"""`keeper devnet` as an operator calls it: a process, its streams, its exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import keeper
from keeper.devnet import local


def called(*words: str, cwd: Path | None = None, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | ({"PYTHONPATH": str(path)} if path else {})
    command = [sys.executable, "-m", "keeper", "devnet", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd, env=environment)


def answered(*words: str) -> dict[str, Any]:
    """The data of a successful call."""
    ended = called(*words, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    envelope: dict[str, Any] = json.loads(ended.stdout)
    assert (envelope["schema"], envelope["command"], envelope["ok"]) == ("ballast.cli/1", f"devnet {words[0]}", True)
    data: dict[str, Any] = envelope["data"]
    return data


@pytest.fixture
def name() -> Iterator[str]:
    own = f"test-{os.getpid()}-cli"
    yield own
    local.down(own)
    shutil.rmtree(local.folder_of(own), ignore_errors=True)


def test_away_from_a_checkout_it_exits_2_and_says_to_run_in_one(tmp_path: Path) -> None:
    """The package is copied to where no project is, as a wheel would put it."""
    shutil.copytree(Path(keeper.__file__).parent, tmp_path / "site" / "keeper")
    for command in ("up", "status", "down"):
        ended = called(command, cwd=tmp_path, path=tmp_path / "site")
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("error[not-a-checkout]: ")
        assert ended.stderr.endswith("Remedy: run in a checkout.\n")
    assert [left.name for left in tmp_path.iterdir()] == ["site"]


def test_up_opens_where_a_file_of_closes_begins_and_refuses_a_bad_one(name: str, tmp_path: Path) -> None:
    file = tmp_path / "closes.csv"
    file.write_text("time,ETH,BTC\n2020-03-12T09:00Z,190.5,7300\n2020-03-12T10:00Z,0,6500\n")
    ended = called("up", "--name", name, "--prices", str(file))
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert "line 3: ETH is '0'" in ended.stderr
    assert not local.status(name).running
    file.write_text(file.read_text().replace(",0,", ",160,"))
    opened = answered("up", "--name", name, "--prices", str(file))
    assert (opened["opening"]["ETH"], opened["opening"]["BTC"]) == (str(1905 * 10**17), str(7300 * 10**18))


def test_up_status_and_down_tell_the_same_chain(name: str) -> None:
    up = answered("up", "--name", name)
    path = Path(up.pop("path"))
    assert json.loads(path.read_text()) == up
    assert answered("up", "--name", name)["furnished_hash"] == up["furnished_hash"]
    status = answered("status", "--name", name)
    assert (status["running"], status["url"], status["block"]) == (True, up["url"], up["furnished_block"])
    assert answered("down", "--name", name) == {"name": name, "ended": True}
    assert answered("down", "--name", name) == {"name": name, "ended": False}
    assert answered("status", "--name", name)["running"] is False
    assert not path.exists()


def test_a_person_reads_where_it_runs(name: str) -> None:
    said = called("up", "--name", name)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith(f"{name} runs at http://127.0.0.1:")
    assert called("status", "--name", "nothing-here").stdout == "nothing-here is not running\n"


def test_what_a_client_leaves_out_is_printed_and_a_fork_of_it_runs(name: str) -> None:
    try:
        ended = called("up", "--name", name, "--client", "ganache")
        assert ended.returncode == 0
        assert "left out on ganache: the rules after Shanghai; a base fee that can be set\n" in ended.stdout
        forked = answered("up", "--name", f"{name}-fork", "--fork", name)
        assert (forked["fork_of"], forked["client"], forked["left_out"]) == (name, "anvil", [])
    finally:
        local.down(f"{name}-fork")
        shutil.rmtree(local.folder_of(f"{name}-fork"), ignore_errors=True)
