"""What a policy remembers next: a pure function of its decision and what became of it."""

from __future__ import annotations

from dataclasses import replace

from keeper.model import ActionKind, Decision, LastAction, Outcome, PolicyState, TxState
from keeper.units import Timestamp


def after_action(state: PolicyState, action: ActionKind, at: Timestamp) -> PolicyState:
    """`state` once `action` has succeeded at `at`."""
    others = tuple(last for last in state.last_actions if last.action is not action)
    return replace(state, last_actions=(*others, LastAction(action, at)))


def successor(state: PolicyState, decision: Decision, outcome: Outcome | None) -> PolicyState:
    """The state after this decision: its own where nothing was to be sent or it succeeded, else as it was."""
    if decision.action is ActionKind.NOOP:
        return decision.next_state
    if outcome is not None and outcome.state is TxState.FINAL_OK:
        return decision.next_state
    return state
