"""What a tick means as an exit code: done, HOLD, or refused."""

from __future__ import annotations

from keeper.decide import ReasonCode, Standing
from keeper.errors import HoldError, KeeperError, RefusedError
from keeper.guard import REFUSING
from keeper.model import ActionKind, GuardVerdict, TxState
from keeper.ops.cycle import Considered, Tick

AGAIN = "nothing: the next tick looks again (docs/operating.md lists the reasons)"
REMEDIES = {
    ReasonCode.HALTED: "find out why it was halted; when all is well its owner starts it again",
    ReasonCode.MANDATE_EXPIRED: "have the owner appoint this keeper again",
    ReasonCode.NO_ROUTE: "have the owner add or enable a route",
    ReasonCode.EMPTY_VAULT: "deposit listed assets, or have the owner look at the targets",
    "gas-money": "send coin for gas to the keeper's address",
    "own-nonce": "wait for a block; where it stays, find out who else holds this key",
    "block-age": "set this host's clock, or mend the node: its head stands still",
    "tickers": "wait for the exchanges (keeper status shows each), or correct [prices]",
    "ticker-gap": "wait: the feeds follow; where it stays, find out whether the feeds or the exchanges are wrong",
    "voices": "wait for the feeds (keeper status shows each), or have the owner replace a source",
}
"""What a person can do about a HOLD that may not clear by itself, by the decision's reason or guard's check."""


def of_considered(considered: Considered) -> KeeperError | None:
    """Why nothing is sent, where that is not as it should be; None where there is nothing to do or all passed."""
    decision, guard = considered.deliberation.decision, considered.guard
    if decision.action is ActionKind.NOOP:
        holds = ReasonCode(decision.reason_code).standing is Standing.HOLD
        remedy = REMEDIES.get(decision.reason_code, AGAIN)
        return HoldError(f"{decision.reason_code}: {decision.reason}", remedy=remedy) if holds else None
    if guard is None or guard.verdict is GuardVerdict.PASS:
        return None
    bad = next(check for check in guard.checks if check.verdict is guard.verdict)
    if bad.name in REFUSING:
        return RefusedError(
            f"{bad.name}: {bad.reason}", remedy="keeper plan shows every check; the next tick decides anew"
        )
    return HoldError(f"{bad.name}: {bad.reason}", remedy=REMEDIES.get(bad.name, AGAIN))


def of_tick(tick: Tick | None) -> KeeperError | None:
    """The same of a tick, with how its transaction stands."""
    if tick is None:
        return HoldError("an earlier transaction is still under way", remedy="nothing: the next tick follows it")
    outcome = tick.outcome
    if outcome is None:
        return of_considered(tick.considered)
    if not outcome.state.finished:
        return HoldError(f"{outcome.state}: {outcome.reason}", remedy="nothing: the next tick follows it")
    if outcome.state is not TxState.FINAL_OK:
        reason = f"the transaction ended as {outcome.state}: {outcome.reason}"
        return RefusedError(reason, remedy="keeper journal show --table outcome says more; the next tick decides anew")
    return None
