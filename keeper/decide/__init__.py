"""What to do, and why: a pure function of what was seen, remembered and configured. Steering first, then harvests.

The live loop and a replay of the journal run this very code, so nothing here reads a clock, a file or a node, and all
money is integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from keeper.decide import bands, harvest
from keeper.decide.reasons import MEANINGS, ReasonCode, Standing
from keeper.decide.succession import successor
from keeper.errors import NotInThisRelease
from keeper.model import Decision, DecisionConfig, History, PolicyState, Proposal, Snapshot

__all__ = ["MEANINGS", "POLICIES", "ReasonCode", "Standing", "decide", "successor"]

Policy = Callable[[Snapshot, History, PolicyState, "Proposal | None", DecisionConfig], Decision]

POLICIES: Mapping[str, Policy] = MappingProxyType({"bands": bands.decide})
"""By the configuration's `kind`."""


def decide(
    snapshot: Snapshot,
    history: History,
    state: PolicyState,
    proposal: Proposal | None,
    config: DecisionConfig,
) -> Decision:
    """What the configured policy makes of these inputs. NotInThisRelease for a kind of policy that is not here."""
    policy = POLICIES.get(config.kind)
    if policy is None:
        kinds = ", ".join(f'kind = "{kind}"' for kind in sorted(POLICIES))
        raise NotInThisRelease(f"policy.{config.policy}.kind", f"policy kind {config.kind}", kinds)
    steering = policy(snapshot, history, state, proposal, config)
    return harvest.instead(snapshot, state, config, steering)
