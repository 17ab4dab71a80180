"""The voices of a step: who answers, who is late, silent or lying, and that all of it lands in one block on time."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from keeper.devnet import chainlink, course, feeds, habits, node, tokens
from keeper.devnet.book import Book
from keeper.devnet.course import Course
from keeper.devnet.feeds import Feeds, FeedsStep
from keeper.devnet.full import FULL_PRICES
from keeper.devnet.kit import Call, Chain
from keeper.errors import UsageError

VIEW_BPS = feeds.VIEW_BPS + feeds.ORACLE_BPS + 1
"""What an answer may lie from the reference when it is given, with rounding."""
STEPS = 40


@pytest.fixture(scope="module")
def lively() -> Course:
    return course.told(7, STEPS, plot="short")


def off_bps(answer: int, reference: int) -> int:
    return abs(answer - reference) * 10_000 // reference


def hold_near_path(book: Book, chain: Chain, told: Course, step: FeedsStep, *, steady: bool) -> None:
    """Every voice that is neither silent nor lying is within its deviation of the price of the step that it goes by."""
    for name, feed in feeds.named(book).items():
        if name in step.silent or name in step.lying:
            continue
        said = chainlink.latest(chain, feed)
        seen = step.step if steady else habits.step_seen(told, name, step.step)
        reference = told.prices[seen][feed.asset] // 10 ** (18 - feed.decimals)
        allowed = VIEW_BPS if name in step.answered else feed.deviation_bps + VIEW_BPS
        assert off_bps(said.answer, reference) <= allowed, (name, step.step)
        assert step.time - said.updated_at < feed.heartbeat + 60, (name, step.step)


def test_steady_voices_of_every_kind_follow_the_reference(full: Book, hand: Chain, lively: Course) -> None:
    part, answered = Feeds(full, lively, steady=True), set()
    for _ in range(8):
        step = part.step()
        answered |= set(step.answered)
        assert (step.silent, step.lying) == ((), ())
        assert step.prices == lively.prices[step.step]
        hold_near_path(full, hand, lively, step, steady=True)
    assert {name.partition("/")[2] for name in answered} == {"0", "1", "signed", "api3"}
    assert {name.partition("/")[0] for name in answered} == set(FULL_PRICES)


def test_late_voices_go_by_an_older_price_and_all_of_them_answer(devnet: Book, chain: Chain) -> None:
    late = next(
        told
        for told in (course.told(seed, STEPS, devnet.opening, "short") for seed in range(40))
        if any(habits.step_seen(told, name, step) < step for name in ("ETH/0", "ETH/1") for step in range(3, 9))
    )
    part, behind = Feeds(devnet, late), 0
    for _ in range(8):
        step = part.step()
        hold_near_path(devnet, chain, late, step, steady=False)
        behind += sum(habits.step_seen(late, name, step.step) < step.step for name in step.answered)
    assert part.taken == 8


def test_a_silent_voice_misses_its_beat_and_comes_back(devnet: Book, chain: Chain) -> None:
    told, name = next(
        (told, name)
        for told in (course.told(seed, 480, devnet.opening) for seed in range(60))
        for name in feeds.named(devnet)
        if not habits.is_silent(told, name, 1) and any(habits.is_silent(told, name, step) for step in range(2, 20))
    )
    voice = feeds.named(devnet)[name]
    part, ages, states = Feeds(devnet, told), [], []
    for _ in range(28):
        step = part.step()
        states.append(name in step.silent)
        ages.append(step.time - chainlink.latest(chain, voice).updated_at)
    silence = sum(states)
    assert 4 <= silence <= 6
    longest = told.step_seconds * (silence + 1) + voice.heartbeat
    assert max(ages) <= longest
    assert max(age for age, silent in zip(ages, states, strict=True) if not silent) < voice.heartbeat
    assert max(ages) >= told.step_seconds * silence
    assert not states[-1]


def test_one_voice_may_lie_for_a_while_and_the_others_do_not(devnet: Book, chain: Chain) -> None:
    told = course.told(7, STEPS, devnet.opening, "short")
    part, lie, seen = Feeds(devnet, told, steady=True, liar="ETH/0"), feeds.lie(told, "ETH/0"), 0
    for _ in range(lie.first + lie.length + 1):
        step = part.step()
        honest = off_bps(chainlink.latest(chain, devnet.feeds["ETH"][1]).answer, step.prices["ETH"] // 10**10)
        said = off_bps(chainlink.latest(chain, devnet.feeds["ETH"][0]).answer, step.prices["ETH"] // 10**10)
        assert honest <= 55
        assert step.lying == (("ETH/0",) if lie.holds(step.step) else ())
        assert (said >= 240) == lie.holds(step.step)
        seen += bool(step.lying)
    assert seen == lie.length


def test_a_liar_that_is_no_voice_is_refused(devnet: Book, lively: Course) -> None:
    with pytest.raises(UsageError, match="no voice ETH/7"):
        Feeds(devnet, lively, liar="ETH/7")


def test_all_answers_of_a_step_share_one_block_on_time_at_the_opening_fee(devnet: Book, chain: Chain) -> None:
    part = Feeds(devnet, course.told(7, STEPS, devnet.opening, "short"), steady=True)
    start, head = chain.now(), int(chain.block()["number"], 16)
    for number in range(1, 6):
        step = part.step()
        assert (step.step, step.block, step.time) == (number, head + number, start + 900 * number)
        assert int(chain.block()["baseFeePerGas"], 16) == node.BASE_FEE
        assert len(chain.block()["transactions"]) == 3 * len(step.answered)


def test_somebody_elses_hours_move_the_steps_on_and_do_not_shorten_them(devnet: Book, chain: Chain) -> None:
    part = Feeds(devnet, course.told(7, STEPS, devnet.opening, "short"))
    first = part.step().time
    chain.mine_at(first + 5_000)
    second, third = part.step().time, part.step().time
    assert (second, third) == (first + 5_001, first + 5_901)


def test_a_round_that_was_left_half_answered_heals_at_the_next_step(devnet: Book, chain: Chain) -> None:
    voice = devnet.feeds["ETH"][0]
    last = chain.read(voice.aggregator, "latestRound()", "uint256")
    chain.send(voice.aggregator, "submit(uint256,int256)", last + 1, 3_000 * 10**8, sender=voice.oracles[0])
    step = Feeds(devnet, course.told(7, 4, devnet.opening, "short"), steady=True).step()
    assert "ETH/0" in step.answered
    assert chain.read(voice.aggregator, "latestRound()", "uint256") == last + 1
    assert off_bps(chainlink.latest(chain, voice).answer, step.prices["ETH"] // 10**10) <= VIEW_BPS


def test_the_same_seed_makes_the_same_blocks(devnet: Book, chain: Chain) -> None:
    def end_of_three_steps(seed: int) -> str:
        at = chain.rpc("evm_snapshot")
        part = Feeds(devnet, course.told(seed, STEPS, devnet.opening, "short"))
        for _ in range(5):
            part.step()
        last = str(chain.block()["hash"])
        assert chain.rpc("evm_revert", at)
        return last

    assert end_of_three_steps(11) == end_of_three_steps(11)
    assert end_of_three_steps(11) != end_of_three_steps(12)


def test_others_may_send_while_a_step_is_taken(devnet: Book, chain: Chain) -> None:
    weth, user, stranger = devnet.tokens["WETH"], devnet.address("user"), devnet.address("stranger")
    over = threading.Event()

    def keep_sending() -> int:
        own, sent = Chain(devnet.url, user), 0
        while not over.is_set():
            own.send(weth.address, "transfer(address,uint256)", stranger, 1)
            sent += 1
        return sent

    part = Feeds(devnet, course.told(7, STEPS, devnet.opening, "short"))
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(keep_sending)
        try:
            steps = [part.step() for _ in range(12)]
        finally:
            over.set()
        sent = sending.result(30)
    assert sent >= len(steps) // 2
    assert tokens.balance(chain, weth, stranger) == sent
    assert all(later.time - earlier.time >= 900 for earlier, later in itertools.pairwise(steps))


def test_a_chain_that_a_killed_process_left_held_is_let_go(devnet: Book, chain: Chain) -> None:
    chain.hold()
    waiting = chain.post(Call(devnet.address("user"), devnet.tokens["WETH"].address, "deposit()"))
    assert chain.rpc("eth_getTransactionReceipt", waiting) is None
    Feeds(devnet, course.told(7, STEPS, devnet.opening, "short")).step()
    assert chain.rpc("eth_getTransactionReceipt", waiting)["status"] == "0x1"


def test_mining_is_automatic_again_though_a_step_broke_off(devnet: Book, chain: Chain) -> None:
    part = Feeds(devnet, course.told(7, STEPS, devnet.opening, "short"))
    part.step()
    broken = [Call(devnet.address("courier"), "0x00", "f()")]
    with pytest.raises(Exception, match="eth_sendTransaction"):
        chain.together(broken, node.BASE_FEE)
    assert chain.send(devnet.tokens["WETH"].address, "deposit()", value=1).gas > 0
