"""The loop's small parts on their own."""

from __future__ import annotations

import time
from dataclasses import replace

from keeper.decide import decide, successor
from keeper.model import NO_HISTORY, ActionKind, LastAction, Outcome, PolicyState, TxState
from keeper.ops.breaker import Breaker
from keeper.ops.clock import KeeperClock, max_age
from keeper.ops.cycle import deadline_of
from keeper.units import Timestamp
from tests.keeper.journal import scene
from tests.keeper.world import CONFIG, NOW, snapshot


def test_a_breaker_opens_at_its_limit_and_a_success_forgets() -> None:
    breaker = Breaker(2)
    breaker.failed("one")
    breaker.succeeded()
    breaker.failed("two")
    assert not breaker.open
    breaker.failed("three")
    assert (breaker.open, breaker.last) == (True, "three")


def test_the_chains_clock_stands_at_the_newest_block_and_never_goes_back() -> None:
    clock = KeeperClock("chain")
    assert clock.now() == 0
    clock.saw(scene.block(3))
    clock.saw(scene.block(1))
    assert clock.now() == scene.block(3).timestamp


def test_the_wall_clock_is_no_blocks() -> None:
    clock = KeeperClock("wall")
    clock.saw(replace(scene.block(3), timestamp=Timestamp(9_000_000_000)))
    assert abs(clock.now() - time.time()) < 5


def test_a_slow_chain_may_have_an_older_head_and_a_later_deadline() -> None:
    assert (max_age(1_000), max_age(12_000), max_age(30_000)) == (60, 60, 150)
    assert (deadline_of(NOW, 1_000), deadline_of(NOW, 60_000)) == (NOW + 120, NOW + 600)


def outcome(state: TxState) -> Outcome:
    return Outcome("0x" + "11" * 32, state, None, None, 0, scene.CONFIG.gas_ceiling, None, (), None, None, None, "")


def test_only_an_act_that_succeeded_is_remembered() -> None:
    before = PolicyState()
    acting = decide(snapshot((4_400, 2_500, 3_100)), NO_HISTORY, before, None, CONFIG)
    assert successor(before, acting, None) == before
    assert successor(before, acting, outcome(TxState.FINAL_REVERT)) == before
    after = successor(before, acting, outcome(TxState.FINAL_OK))
    assert after.last_actions == (LastAction(ActionKind.REBALANCE, NOW),)
    idle = decide(snapshot(), NO_HISTORY, after, None, CONFIG)
    assert successor(after, idle, None) == after
