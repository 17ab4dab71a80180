"""An exit before it is sent: a halt or a flatten that a person ordered, bid for, tried by the node, and checked.

What guard asks of an exit is little: that it would go through, and that it can be paid. Prices, mandates and the clock
are not asked. Where all assets together take more gas than a transaction may use, those are left out that burn it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keeper.chain import abi
from keeper.chain.fees import OFF, Deferred, Fees, first_bid, quote
from keeper.chain.lens import Observation
from keeper.errors import RpcRefused
from keeper.execute import simulate
from keeper.execute.trial import MOST_GAS, unknown_method
from keeper.guard import Clock, Facts, check, kill_gas
from keeper.journal import Deliberation
from keeper.model import (
    NO_HISTORY,
    ActionKind,
    Address,
    AssetState,
    Decision,
    GuardVerdict,
    Hash32,
    PolicyState,
    Revert,
    Simulation,
    Snapshot,
    Terms,
)
from keeper.ops.clock import LEAST_AGE, max_age
from keeper.ops.cycle import Considered, deadline_of, gas_of
from keeper.ops.post import Post
from keeper.units import NO_VALUE, Wei

CEILING_FACTOR = 5
"""A kill may bid this many times the keeper's own gas ceiling: the vault's ceiling does not bind an exit."""
RUSH_FACTOR = 8
"""It bids up to this many base fees, seventeen full blocks' rise: what is not needed is not paid."""
_STARVED = "GasStarved"


@dataclass(frozen=True, slots=True)
class _Trial:
    """How an exit would go: of these assets, all where none is named."""

    found: Simulation
    assets: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


def consider(post: Post, seen: Observation, action: ActionKind, reason: str, previous: Hash32) -> Considered:
    """A halt or a flatten that a person ordered, checked and simulated; nothing is sent. Raises ChainError."""
    snapshot = seen.snapshot
    state = PolicyState()
    decision = Decision(action, (), "ordered", reason, NO_VALUE, NO_VALUE, next_state=state)
    deliberation = Deliberation(snapshot, NO_HISTORY, state, None, post.vault.decision, decision, previous)
    terms = Terms(
        epoch=snapshot.vault.epoch,
        config_version=snapshot.vault.config_version,
        deadline=deadline_of(snapshot.block.timestamp, post.vault.profile.block_ms),
        decision_id=deliberation.decision_id,
    )
    fees = eager(post, seen)
    facts = Facts(
        snapshot=snapshot,
        decision=decision,
        config=post.vault.decision,
        terms=terms,
        clock=Clock(post.clock.now(), max_age(post.vault.profile.block_ms), LEAST_AGE),
        gas=gas_of(seen, fees, kill_gas(snapshot)),
    )
    report = check(facts)
    if isinstance(fees, Deferred) or report.verdict is not GuardVerdict.PASS or post.account is None:
        return Considered(seen, deliberation, terms, fees, report)
    tried = _Trials(post, snapshot, action, terms.decision_id, post.account, fees).best()
    if tried.assets:
        named = ", ".join(asset.symbol for asset in snapshot.assets if asset.index in tried.assets)
        deliberation = replace(deliberation, decision=replace(decision, reason=f"{reason}; of {named} alone"))
    found = _with_room(tried.found, action, seen.balance, fees)
    passed = check(replace(facts, gas=replace(facts.gas, limit=found.gas_limit), simulation=found))
    return Considered(seen, deliberation, terms, fees, passed, (found,), tried.warnings, tried.assets)


def _with_room(found: Simulation, action: ActionKind, balance: Wei, fees: Fees) -> Simulation:
    """A flatten with all the gas that a transaction may have and the purse pays; what is unused costs nothing.

    Whoever moves a pool after the trial makes legs fail, each try of a smaller part or another route takes gas, and the
    vault reverts the whole flatten rather than starve one.
    """
    if action is not ActionKind.FLATTEN or not found.succeeds:
        return found
    return replace(found, gas_limit=max(found.gas_limit, min(MOST_GAS, _spendable(balance) // fees.max_fee)))


def _spendable(balance: Wei) -> int:
    """What may be bid: a tenth stays, for on a rollup the fee for a transaction's data is taken beside gas × bid."""
    return balance * 9 // 10


@dataclass(frozen=True, slots=True)
class _Trials:
    """The node's hand for one exit."""

    post: Post
    snapshot: Snapshot
    action: ActionKind
    decision_id: Hash32
    account: Address
    fees: Fees

    def best(self) -> _Trial:
        """All assets where that goes through, or fails for another reason than gas; else as many as fit."""
        (whole,), warnings = self._run([()])
        if self.action is not ActionKind.FLATTEN or whole.revert is None or not _starved(whole.revert):
            return _Trial(whole, warnings=warnings)
        held = [(asset.index,) for asset in self.snapshot.assets if _to_be_sold(asset)]
        alone, _ = self._run(held)
        unseen = bool(warnings) or self.post.vault.profile.simulate == "call"  # no events: whether it sold is not known
        good = sorted(
            (found.gas_used, index)
            for found, (index,) in zip(alone, held, strict=True)
            if found.succeeds and (found.deltas or unseen)
        )
        choices = [tuple(sorted(index for _, index in good[:count])) for count in range(len(good), 0, -1)]
        together, _ = self._run(choices) if choices else ((), ())
        for found, assets in zip(together, choices, strict=True):
            if found.succeeds:
                names = {asset.index: asset.symbol for asset in self.snapshot.assets}
                out = ", ".join(names[index] for (index,) in held if index not in assets)
                warning = f"{out} left out: with it the flatten takes more gas than a transaction may use"
                return _Trial(found, assets, (*warnings, warning))
        return _Trial(whole, warnings=warnings)

    def _run(self, choices: Sequence[tuple[int, ...]]) -> tuple[tuple[Simulation, ...], tuple[str, ...]]:
        """Each choice run by the node; where it does not know the method its profile promises, by plain calls."""
        args = (self.post.rpc, self.snapshot, self.action, self.decision_id, self.account, self.fees)
        try:
            return simulate.exit_trials(*args, choices=choices), ()
        except RpcRefused as error:
            if error.method != "eth_simulateV1" or not unknown_method(error):
                raise
            label, action = self.post.rpc.label, self.action
            warning = f"{label} has no eth_simulateV1: {action} was tried by eth_call and eth_estimateGas"
            return simulate.exit_trials(*args, "call", choices), (warning,)


def _starved(revert: Revert) -> bool:
    return revert.name == _STARVED or (revert.name == abi.UNKNOWN and "gas" in " ".join(revert.args).lower())


def _to_be_sold(asset: AssetState) -> bool:
    return not asset.frozen and asset.safe_rank == 0 and asset.balance > 0


def eager(post: Post, seen: Observation) -> Fees | Deferred:
    """A bid that outlasts a rush: many times the base fee, as far as the ceiling and the purse go."""
    profile, ceiling = post.vault.profile, Wei(post.vault.gas_ceiling * CEILING_FACTOR)
    fees = quote(profile, seen.next_base_fee, ceiling, OFF)
    if isinstance(fees, Deferred):
        return fees
    rush = seen.next_base_fee * RUSH_FACTOR + fees.priority_fee
    purse = _spendable(seen.balance) // kill_gas(seen.snapshot)
    most = min(first_bid(ceiling, profile.replacement.min_bump_bps), rush, purse)
    return replace(fees, max_fee=Wei(max(fees.max_fee, most)))
