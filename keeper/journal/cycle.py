"""One tick's account: all inputs of its decision, the decision, and what guard made of it."""

from __future__ import annotations

from dataclasses import dataclass

from keeper import ENGINE_VERSION
from keeper.ids import body_id, decision_id
from keeper.model import (
    ActionKind,
    Decision,
    DecisionConfig,
    GuardReport,
    GuardVerdict,
    Hash32,
    History,
    PolicyState,
    Proposal,
    Snapshot,
)


@dataclass(frozen=True, slots=True)
class Deliberation:
    """What was decided, from what, and under which ids; `previous` is the decision id before it in the stream."""

    snapshot: Snapshot
    history: History
    state: PolicyState
    proposal: Proposal | None
    config: DecisionConfig
    decision: Decision
    previous: Hash32
    engine_version: str = ENGINE_VERSION

    def ids(self) -> tuple[Hash32, Hash32]:
        """The body id, which a replay compares, and the decision id, which goes on chain. Milliseconds: ask once."""
        body = body_id(self.snapshot, self.history, self.state, self.proposal, self.config, self.decision)
        return body, decision_id(body, self.engine_version, self.previous)

    @property
    def decision_id(self) -> Hash32:
        """What goes on chain."""
        return self.ids()[1]


@dataclass(frozen=True, slots=True)
class Cycle:
    """A deliberation with its end. `acts`: an intent follows; False for a skip and for everything in dry mode."""

    deliberation: Deliberation
    guard: GuardReport | None
    acts: bool

    @property
    def verdict(self) -> str:
        """Guard's verdict, or NONE where there was nothing to guard."""
        return "NONE" if self.guard is None else self.guard.verdict.value

    @property
    def reason_code(self) -> str:
        """The word to count by: the first check that did not pass, else the decision's."""
        for check in self.guard.checks if self.guard else ():
            if check.verdict is not GuardVerdict.PASS:
                return check.name
        return self.deliberation.decision.reason_code

    @property
    def reason(self) -> str:
        """The sentence that belongs to it."""
        for check in self.guard.checks if self.guard else ():
            if check.verdict is not GuardVerdict.PASS:
                return check.reason
        return self.deliberation.decision.reason

    @property
    def action(self) -> ActionKind:
        """What was decided."""
        return self.deliberation.decision.action
