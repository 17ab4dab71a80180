"""A step of the market: what it must move, what it must leave alone, and the process that takes the steps."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from keeper.devnet import book as books
from keeper.devnet import chainlink, node, tokens, uniswap
from keeper.devnet.book import Book
from keeper.devnet.kit import Chain
from keeper.devnet.market import Market, Step

STEPS = 20
HALF_HOUR = 1800
VIEW_BPS = 5
"""What a voice's answer may lie from the reference when it answers: 3 bps of its own, 1 of its oracles, rounding."""
TICK_OF_A_PERCENT = 100


def assert_pools_inside_their_fee_bands(chain: Chain, devnet: Book, step: Step) -> None:
    for pool in devnet.pools:
        low, high = uniswap.fee_band(pool, devnet.tokens, step.prices)
        assert low <= uniswap.slot0(chain, pool.address)[0] <= high, pool.label


def test_every_step_moves_feeds_and_pools_after_the_reference(devnet: Book, chain: Chain) -> None:
    market = Market(devnet, seed=7, steps=STEPS)
    answered = 0
    while not market.is_over:
        step = market.step()
        answered += len(step.answered)
        assert_pools_inside_their_fee_bands(chain, devnet, step)
        for asset, voices in devnet.feeds.items():
            for place, voice in enumerate(voices):
                said = chainlink.latest(chain, voice)
                reference = step.prices[asset] // 10**10
                allowed = VIEW_BPS if f"{asset}/{place}" in step.answered else voice.deviation_bps + VIEW_BPS
                assert abs(said.answer - reference) * 10_000 <= allowed * reference
                assert step.time - said.updated_at < voice.heartbeat
    assert answered > STEPS


def test_a_step_advances_the_clock_and_leaves_a_fresh_block_at_the_opening_fee(devnet: Book, chain: Chain) -> None:
    before = chain.now()
    step = Market(devnet, seed=7, steps=STEPS, step_seconds=300).step()
    last = chain.block()
    assert (int(last["timestamp"], 16), int(last["number"], 16)) == (step.time, step.block)
    assert 300 <= step.time - before < 360
    assert int(last["baseFeePerGas"], 16) == node.BASE_FEE
    assert last["transactions"] == []


def test_the_half_hour_average_follows_the_price_and_lags_it(devnet: Book, chain: Chain) -> None:
    market = Market(devnet, seed=7, steps=STEPS)
    for _ in range(6):
        market.step()
    for pool in devnet.pools:
        then, now = chain.read(pool.address, "observe(uint32[])", "int56[],uint160[]", [HALF_HOUR, 0])[0]
        average, spot = (now - then) // HALF_HOUR, uniswap.slot0(chain, pool.address)[1]
        assert 0 < abs(average - spot) < 10 * TICK_OF_A_PERCENT


def test_the_same_seed_makes_the_same_blocks(devnet: Book, chain: Chain) -> None:
    def end_of_three_steps(seed: int) -> str:
        at = chain.rpc("evm_snapshot")
        market = Market(devnet, seed=seed, steps=STEPS)
        for _ in range(3):
            market.step()
        last = str(chain.block()["hash"])
        assert chain.rpc("evm_revert", at)
        return last

    assert end_of_three_steps(11) == end_of_three_steps(11)
    assert end_of_three_steps(11) != end_of_three_steps(12)


def test_the_market_touches_nobody_elses_holdings(devnet: Book, chain: Chain) -> None:
    others = [devnet.address(role) for role in ("user", "keeper", "guardian", "stranger")] + [devnet.owner_safe.address]
    held = [[tokens.balance(chain, token, other) for token in devnet.tokens.values()] for other in others]
    market = Market(devnet, seed=7, steps=STEPS)
    assert sum(step.arbitrage + step.noise for step in [market.step() for _ in range(5)]) > 5
    assert [[tokens.balance(chain, token, other) for token in devnet.tokens.values()] for other in others] == held


def test_a_round_that_was_left_half_answered_heals_at_the_next_step(devnet: Book, chain: Chain) -> None:
    voice = devnet.feeds["ETH"][0]
    latest_round = chain.read(voice.aggregator, "latestRound()", "uint256")
    chain.send(voice.aggregator, "submit(uint256,int256)", latest_round + 1, 3_000 * 10**8, sender=voice.oracles[0])
    step = Market(devnet, seed=7, steps=4).step()
    assert "ETH/0" in step.answered
    assert chain.read(voice.aggregator, "latestRound()", "uint256") == latest_round + 1
    assert chainlink.latest(chain, voice).answer > 3_000 * 10**8


def test_an_arbitrage_that_comes_too_late_is_no_failure(devnet: Book, chain: Chain) -> None:
    market = Market(devnet, seed=7, steps=STEPS)
    pool, prices = devnet.pools[0], {"ETH": 3_300 * 10**18, "BTC": 60_000 * 10**18, "USDC": 10**18}
    seen = uniswap.slot0(chain, pool.address)[0]
    assert market._arbitrage(pool, seen, prices) == 1
    assert market._arbitrage(pool, seen, prices) == 0


def test_others_may_send_while_a_step_is_taken(devnet: Book, chain: Chain) -> None:
    weth, user, stranger = devnet.tokens["WETH"], devnet.address("user"), devnet.address("stranger")
    over = threading.Event()

    def keep_sending() -> int:
        own, sent = Chain(devnet.url, user), 0
        while not over.is_set():
            own.send(weth.address, "transfer(address,uint256)", stranger, 1)
            sent += 1
        return sent

    market = Market(devnet, seed=7, steps=STEPS)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(keep_sending)
        try:
            steps = [market.step() for _ in range(8)]
        finally:
            over.set()
        sent = sending.result(30)
    assert sent > len(steps)
    assert tokens.balance(chain, weth, stranger) == sent
    assert_pools_inside_their_fee_bands(chain, devnet, steps[-1])
    assert all(later.time - earlier.time >= 900 for earlier, later in itertools.pairwise(steps))


@pytest.fixture
def market_process(devnet: Book, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    path = tmp_path / "book.json"
    books.save(devnet, path)
    words = [sys.executable, "-m", "keeper.devnet", "market", "--book", str(path), "--on-demand", "--steps", str(STEPS)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as it:
        yield it
        if it.poll() is None:
            it.kill()


def test_the_process_takes_a_step_a_line_and_ends_with_its_input(market_process: subprocess.Popen[str]) -> None:
    said, complaint = market_process.communicate("\n\n\n", timeout=60)
    lines = [json.loads(line) for line in said.splitlines()]
    assert (market_process.returncode, complaint) == (0, "")
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert set(lines[0]) == {"step", "time", "block", "prices", "answered", "arbitrage", "noise"}
    assert int(lines[0]["prices"]["ETH"]) > 10**21


def test_the_process_ends_cleanly_on_sigterm(market_process: subprocess.Popen[str]) -> None:
    assert market_process.stdin is not None
    assert market_process.stdout is not None
    market_process.stdin.write("\n")
    market_process.stdin.flush()
    assert json.loads(market_process.stdout.readline())["step"] == 1
    told = time.monotonic()
    market_process.send_signal(signal.SIGTERM)
    assert market_process.wait(10) == 0
    assert time.monotonic() - told < 5


def test_the_process_says_in_one_line_that_no_chain_answers(devnet: Book, tmp_path: Path) -> None:
    path = tmp_path / "book.json"
    document = devnet.as_json() | {"url": f"http://127.0.0.1:{node.free_port()}"}
    path.write_text(json.dumps(document))
    words = [sys.executable, "-m", "keeper.devnet", "market", "--book", str(path), "--steps", "1"]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (6, "")
    assert ended.stderr.startswith("error[rpc-unreachable]: the local chain at ")
    assert len(ended.stderr.splitlines()) == 1
