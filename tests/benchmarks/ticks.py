"""A tick at a distance: round trips and milliseconds, idle and acting, beside web3.py's sequential way.

The keeper's tick is the whole of it: unfinished intents asked of the journal, lens, decision, guard, every candidate
simulated, signature, the journal's commits. Its time ends with the node's answer to the send; watching the receipt
comes after.
"""

from __future__ import annotations

import time
from statistics import median

from keeper.model import ActionKind, Order, Terms, TxState
from keeper.ops.shift import turn
from keeper.units import Timestamp, TokenUnits
from tests.benchmarks.distance import Relay, far
from tests.benchmarks.figures import Figure
from tests.benchmarks.scene import Scene
from tests.benchmarks.sequential import Sequential

RTT_MS = 50
REPEATS = 7
IDLE_FLOOR = 1
"""Dependent round trips of a tick that looks."""
ACTING_FLOOR = 3
"""Read, simulate, send: each needs the answer before it."""
_SEND = b"eth_sendRawTransaction"


def measure(scene: Scene) -> dict[str, Figure]:
    """The four figures and the distance itself."""
    with far(scene.deployed.url, RTT_MS) as relay:
        idle_trips, idle_ms = _idle(scene, relay)
        acting_trips, acting_ms = _acting(scene, relay)
        plain_idle, plain_idle_ms = _plain_idle(scene, relay)
        plain_acting, plain_acting_ms = _plain_acting(scene, relay)
    way = "web3.py 7 in sequence"
    return {
        "tick_idle_round_trips": Figure(idle_trips, "round trips", plain_idle, f"beside {way}; floor {IDLE_FLOOR}"),
        "tick_idle_ms": Figure(idle_ms, "ms", plain_idle_ms, _beside(way, idle_ms, IDLE_FLOOR)),
        "tick_acting_round_trips": Figure(
            acting_trips, "round trips", plain_acting, f"up to the send, beside {way}; floor {ACTING_FLOOR}"
        ),
        "tick_acting_ms": Figure(acting_ms, "ms", plain_acting_ms, _beside(way, acting_ms, ACTING_FLOOR)),
    }


def _beside(way: str, took_ms: int, floor: int) -> str:
    least = floor * RTT_MS
    return f"at {RTT_MS} ms RTT, beside {way}; physical limit {least} ms, ours ×{took_ms / least:.2f}"


def _idle(scene: Scene, relay: Relay) -> tuple[int, int]:
    with scene.undone(), scene.keeper(relay.url) as shift:
        turn(shift)
        trips, took = [], []
        for _ in range(REPEATS):
            before, began = shift.post.rpc.round_trips, time.monotonic()
            done = turn(shift)
            took.append(time.monotonic() - began)
            trips.append(shift.post.rpc.round_trips - before)
            if done is None or done.cycle.action is not ActionKind.NOOP:
                raise RuntimeError(f"an idle tick was not idle: {done}")
    return _median(trips), _milliseconds(took)


def _acting(scene: Scene, relay: Relay) -> tuple[int, int]:
    trips, took = [], []
    for _ in range(REPEATS):
        with scene.undone(drifted=True), scene.keeper(relay.url) as shift:
            shift.post.head()
            pieces, began = len(relay.sent), time.monotonic()
            done = turn(shift)
            if done is None or done.outcome is None or done.outcome.state is not TxState.FINAL_OK:
                raise RuntimeError(f"an acting tick did not act: {done}")
            took.append(relay.answered_after(_SEND) - began)
            trips.append(_bursts(relay, pieces))
    return _median(trips), _milliseconds(took)


def _bursts(relay: Relay, first: int) -> int:
    """Waits for the node up to the send: pieces of one request leave within a moment, the next after an answer."""
    count, last = 0, 0.0
    for moment, piece in relay.sent[first:]:
        count += moment - last > RTT_MS / 2_000
        last = moment
        if _SEND in piece:
            return count
    raise RuntimeError("an acting tick sent nothing")


def _plain_idle(scene: Scene, relay: Relay) -> tuple[int, int]:
    with scene.undone():
        script = Sequential(scene.deployed, relay.url)
        before, began = script.provider.requests, time.monotonic()
        script.observe()
        return script.provider.requests - before, _milliseconds([time.monotonic() - began])


def _plain_acting(scene: Scene, relay: Relay) -> tuple[int, int]:
    with scene.undone(drifted=True):
        script = Sequential(scene.deployed, relay.url)
        routes = [r.index for r in scene.deployed.manifest.routes if (r.asset_in, r.asset_out) == (0, 2)]
        orders = [Order(route, TokenUnits(10**20), TokenUnits(0)) for route in routes]
        terms = Terms(1, scene.deployed.manifest.config_version, Timestamp(scene.node.now() + 600), "0x" + "d1" * 32)
        before, began = script.provider.requests, time.monotonic()
        sent = script.act(orders, terms)
        ended = time.monotonic()
        if int(scene.node.rpc("eth_getTransactionReceipt", sent)["status"], 16) != 1:
            raise RuntimeError(f"web3.py's way reverted: {sent}")
        return script.provider.requests - before, _milliseconds([ended - began])


def _median(counts: list[int]) -> int:
    return int(median(counts))


def _milliseconds(seconds: list[float]) -> int:
    return round(median(seconds) * 1_000)
