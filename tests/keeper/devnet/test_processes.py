"""Feeds, traders and exchanges as processes: in lockstep on one chain, each by itself, and how they end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from keeper.devnet import book as books
from keeper.devnet import chainlink, course, node
from keeper.devnet.book import Book
from keeper.devnet.kit import Chain

STEPS = 25
PARTS = ("feeds", "traders", "exchanges")
CLOSES = "time,ETH,BTC\n2020-03-12T09:00Z,190.5,7300\n2020-03-12T10:00Z,160.25,6500\n"


@pytest.fixture
def at(devnet: Book, tmp_path: Path) -> Path:
    path = tmp_path / "book.json"
    books.save(devnet, path)
    return path


def words(part: str, at: Path, *more: str) -> list[str]:
    told = ("--book", str(at), "--steps", str(STEPS), "--plot", "short")
    return [sys.executable, "-m", "keeper.devnet", part, *told, *more]


class Part:
    """One process of the market, stepped by a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self._stdin, self._stdout = process, process.stdin, process.stdout

    def heard(self) -> Mapping[str, Any]:
        said = self._stdout.readline()
        assert said, "it ended"
        found: Mapping[str, Any] = json.loads(said)
        return found

    def step(self) -> Mapping[str, Any]:
        self._stdin.write("\n")
        self._stdin.flush()
        return self.heard()

    def end(self) -> int:
        self._stdin.close()
        return self.process.wait(10)


def run(stack: ExitStack, command: list[str]) -> Part:
    """A process that does not outlive the stack."""
    pipe = subprocess.PIPE
    process = stack.enter_context(subprocess.Popen([*command, "--on-demand"], stdin=pipe, stdout=pipe, text=True))
    stack.callback(process.kill)
    return Part(process)


@pytest.fixture
def trio(at: Path) -> Iterator[dict[str, Part]]:
    with ExitStack() as stack:
        yield {name: run(stack, words(name, at)) for name in PARTS}


def test_three_processes_agree_on_step_time_and_prices(devnet: Book, chain: Chain, trio: dict[str, Part]) -> None:
    urls = trio["exchanges"].heard()
    assert set(urls) == {"coinbase", "kraken"}
    told = course.told(7, STEPS, devnet.opening, "short")
    began, last = chain.now(), 0
    for number in range(1, 9):
        feeds, traders, exchanges = (trio[name].step() for name in PARTS)
        assert feeds["step"] == traders["step"] == exchanges["step"] == number
        assert feeds["time"] == began + 900 * number
        assert feeds["time"] <= traders["time"] <= feeds["time"] + 5
        assert exchanges["time"] == traders["time"] == chain.now()
        assert last < feeds["block"] < traders["block"] == int(chain.block()["number"], 16)
        assert {asset: int(price) for asset, price in feeds["prices"].items()} == told.prices[number]
        ether = told.prices[number]["ETH"] / 10**18
        if exchanges["states"]["coinbase"] == "ok":
            said = httpx.get(urls["coinbase"] + "/products/ETH-USD/ticker", trust_env=False).json()["price"]
            assert said == exchanges["quotes"]["coinbase"]["ETH-USD"]
            assert abs(float(said) / ether - 1) < 0.001
        last = traders["block"]
    assert [part.end() for part in trio.values()] == [0, 0, 0]


def test_a_step_of_all_three_takes_no_longer_than_a_watching_keeper_bears(trio: dict[str, Part]) -> None:
    trio["exchanges"].heard()
    took = []
    for _ in range(12):
        began = time.monotonic()
        for name in PARTS:
            trio[name].step()
        took.append(time.monotonic() - began)
    assert sorted(took)[len(took) // 2] < 0.5


@pytest.mark.parametrize("part", PARTS)
def test_a_process_ends_cleanly_on_sigterm(at: Path, part: str) -> None:
    with ExitStack() as stack:
        one = run(stack, words(part, at))
        if part == "exchanges":
            one.heard()
        assert one.step()["step"] == 1
        told = time.monotonic()
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(10) == 0
        assert time.monotonic() - told < 5


def test_a_process_goes_on_by_itself_at_a_pace_until_the_story_is_over(at: Path) -> None:
    command = [*words("feeds", at, "--pace", "0.01")]
    command[command.index(str(STEPS))] = "3"
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [json.loads(line)["step"] for line in ended.stdout.splitlines()] == [1, 2, 3]


def refused(command: list[str]) -> tuple[int, str]:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("part", ["feeds", "traders"])
def test_a_process_says_in_one_line_that_no_chain_answers(devnet: Book, tmp_path: Path, part: str) -> None:
    path = tmp_path / "book.json"
    path.write_text(json.dumps(devnet.as_json() | {"url": f"http://127.0.0.1:{node.free_port()}"}))
    code, said = refused(words(part, path))
    assert code == 6
    assert said.startswith("error[rpc-unreachable]: the local chain at ")


def test_a_file_that_does_not_begin_where_the_chain_did_changes_nothing(
    devnet: Book, chain: Chain, at: Path, tmp_path: Path
) -> None:
    file = tmp_path / "closes.csv"
    file.write_text(CLOSES)
    head = chain.block()["hash"]
    for part in PARTS:
        code, said = refused(words(part, at, "--prices", str(file)))
        assert code == 2
        assert "the chain opened with ETH at 3000.0000, the prices begin at 190.5000" in said
    file.write_text(CLOSES.replace("160.25", "-1"))
    code, said = refused(words("feeds", at, "--prices", str(file)))
    assert (code, "line 3: ETH is '-1'" in said) == (2, True)
    assert chain.block()["hash"] == head
    assert chainlink.latest(chain, devnet.feeds["ETH"][0]).answer == 3_000 * 10**8
