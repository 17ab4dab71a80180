"""The loop: tick after tick, until it is told to stop or something wants a person.

HOLD   the RPC is away or behind, or guard says not now   recorded; the next tick looks again
HALT   the key is used elsewhere, a check that only a defect of ours can break, transactions failing in a row
                                                          latched in the journal; `keeper resume` lifts it
end    the journal cannot be written, the key is not entitled, defects in a row
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from keeper.decide import successor
from keeper.errors import (
    ChainError,
    EpochTaken,
    HaltError,
    HoldError,
    IntentUnfinished,
    JournalError,
    KeeperError,
    NonceTaken,
    RpcRefused,
    SignerError,
    UsageError,
)
from keeper.model import PolicyState
from keeper.ops.breaker import Breaker
from keeper.ops.cycle import Tick
from keeper.ops.pace import ByClock, Pace
from keeper.ops.shift import Shift, failed, turn

MOST_DEFECTS = 5
"""Unexpected errors in a row before the process ends, for its supervisor to start it afresh."""
GRACE_SECONDS = 3.0
"""How long the step under way may take to end once the process was told to."""
_LAGGING = (EpochTaken, NonceTaken, IntentUnfinished)
"""What the journal says where a node shows a block that is behind what was done already: it clears itself."""
_SEND = "eth_sendRawTransaction"


class Loop:
    """Ticks at a pace until `stop`."""

    def __init__(self, shift: Shift) -> None:
        self._shift = shift
        self._defects = Breaker(MOST_DEFECTS)
        self.ticks = 0
        self.sent = 0

    def stop(self) -> None:
        """End after the step under way."""
        self._shift.stop.set()

    def run(self, most: int | None = None, pace: Pace | None = None) -> None:
        """Tick until stopped, or `most` times, at the vault's pace where none is given.

        Raises what wants a person or a supervisor: HaltError, JournalError, SignerError, UsageError, and a defect once
        there were several in a row.
        """
        pace = pace or ByClock(self._shift.post.vault.tick_seconds)
        state: PolicyState | None = None
        while self.ticks != most and pace.due(self._shift.stop):
            state = self._tick(state)
            self.ticks += 1

    def _tick(self, state: PolicyState | None) -> PolicyState | None:
        """One tick and its failures; returns what the policy remembers, None where the journal must be asked."""
        try:
            done = turn(self._shift, state)
        except (ChainError, HoldError, *_LAGGING) as error:
            self._held(error)
            if isinstance(error, RpcRefused) and error.method == _SEND:
                failed(self._shift, error.reason)
            return None
        except (HaltError, JournalError, SignerError, UsageError):
            raise
        except Exception as error:  # noqa: BLE001 - the one broad catch: a defect ends a tick, several end the process
            self._defect(error)
            return None
        self._defects.succeeded()
        return None if done is None else self._after(done)

    def _held(self, error: KeeperError) -> None:
        self._shift.writer.record_hold(error.code, error.message)
        self._shift.log.warning("held", code=error.code, reason=error.message, remedy=error.remedy)

    def _defect(self, error: Exception) -> None:
        self._defects.failed(type(error).__name__)
        self._shift.log.error("defect", kind=type(error).__name__, in_a_row=self._defects.failures)
        if self._defects.open:
            raise error

    def _after(self, done: Tick) -> PolicyState | None:
        outcome = done.outcome
        if outcome is None:
            deliberation = done.considered.deliberation
            return successor(deliberation.state, deliberation.decision, None)
        self.sent += 1
        return None


class _Overdue(BaseException):
    """Told to stop, and the step under way does not end: no `except Exception` may keep it."""


@contextmanager
def stopped_by_signals(stop: Callable[[], None], grace: float = GRACE_SECONDS) -> Iterator[None]:
    """SIGTERM and SIGINT end the loop after the step under way; the handlers of before come back.

    A step that takes longer than `grace` seconds, as where a node is silent, is left as a crash would leave it: what is
    durable stays, what is under way is followed by the next start.
    """
    inside = True

    def told_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop()
        signal.setitimer(signal.ITIMER_REAL, grace)

    def too_long(_number: int, _frame: FrameType | None) -> None:
        if inside:
            raise _Overdue

    handlers = {signal.SIGTERM: told_to_stop, signal.SIGINT: told_to_stop, signal.SIGALRM: too_long}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
        inside = False
    except _Overdue:
        pass
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
