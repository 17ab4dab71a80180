"""The log: fixed event names and key/values on stderr, one line each; nothing that is secret is ever handed to it."""

from __future__ import annotations

import sys
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from keeper.model import Outcome, Snapshot
from keeper.ops.cycle import Tick
from keeper.units import format_share, format_usd


def open_log(**bound: str) -> FilteringBoundLogger:
    """A logger that writes logfmt lines to stderr, with these values in each."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    log: FilteringBoundLogger = structlog.get_logger(**bound)
    return log


def portfolio(snapshot: Snapshot) -> dict[str, Any]:
    """The few figures of a snapshot that a line carries."""
    nav, drift = snapshot.vault.nav, snapshot.vault.drift
    return {
        "block": snapshot.block.number,
        "nav": "unpriced" if nav is None else format_usd(nav),
        "drift": "unpriced" if drift is None else format_share(drift),
    }


def told(log: FilteringBoundLogger, tick: Tick) -> None:
    """A tick as one line, with the whole reason where it is not that of the tick before; its transaction as another."""
    cycle = tick.cycle
    words = {"reason": cycle.reason} if tick.written else {}
    log.info(
        "tick",
        **portfolio(tick.considered.seen.snapshot),
        action=cycle.action.value,
        verdict=cycle.verdict,
        reason_code=str(cycle.reason_code),
        **words,
    )
    if tick.outcome is not None:
        settled(log, tick.outcome)


def settled(log: FilteringBoundLogger, outcome: Outcome) -> None:
    """How an intent stands, or ended."""
    report = outcome.report
    log.info(
        "settled" if outcome.state.finished else "pending",
        state=outcome.state.value,
        tx=outcome.tx_hash or "",
        block=outcome.block.number if outcome.block else 0,
        gas=outcome.gas_used,
        drift=format_share(report.drift_after) if report else "",
        revert=outcome.revert.name if outcome.revert else "",
        reason=outcome.reason,
    )
