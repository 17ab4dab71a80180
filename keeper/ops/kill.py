"""The kill switch: halt, watch it, then flatten, watch that; from the guardian's own key, past a keeper that hangs.

It takes no word of the loop: a key, a stream and a lock of its own. What guard asks of an exit is little: that it would
go through, and that it can be paid. Prices, mandates and the clock are not asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keeper.chain import abi, vault
from keeper.chain.fees import OFF, Deferred, Fees, first_bid, quote
from keeper.chain.lens import Observation
from keeper.errors import HoldError, RefusedError, RpcRefused
from keeper.execute import simulate
from keeper.execute.recover import recover
from keeper.execute.trial import unknown_method
from keeper.guard import Clock, Facts, check, kill_gas
from keeper.journal import Cycle, Deliberation, Journal, Writer
from keeper.model import (
    NO_HISTORY,
    ActionKind,
    Address,
    Decision,
    GuardVerdict,
    Hash32,
    Outcome,
    PolicyState,
    Simulation,
    Snapshot,
    Terms,
    TxState,
    VaultMode,
)
from keeper.ops.clock import LEAST_AGE, max_age
from keeper.ops.cycle import Considered, act, deadline_of, gas_of
from keeper.ops.post import OPERATOR, Post, entitled
from keeper.units import NO_VALUE, Share18, Usd18, Wei, share_of, value_of

CEILING_FACTOR = 5
"""A kill may bid this many times the keeper's own gas ceiling: the vault's ceiling does not bind an exit."""
RUSH_FACTOR = 8
"""It bids up to this many base fees, seventeen full blocks' rise: what is not needed is not paid."""
TRIES = 3
"""So often each of its two transactions is decided anew, where a node would not take it."""
SETTLE_SECONDS = 120.0
"""How long each of its two transactions is watched."""


@dataclass(frozen=True, slots=True)
class LegFailure:
    """An asset that flatten could not sell, and why; it stays in the vault for another flatten, or `withdraw`."""

    symbol: str
    route: int
    reason: str


@dataclass(frozen=True, slots=True)
class Killed:
    """What was done, and what the vault holds now. `halt` is None where it was halted already."""

    before: Snapshot
    after: Snapshot
    halt: Outcome | None
    flatten: Outcome
    sold: tuple[str, ...]
    failed: tuple[LegFailure, ...]
    warnings: tuple[str, ...] = ()

    @property
    def stable_share(self) -> Share18:
        """Safe assets over all counted ones by balance, at the prices of now, or of before where there is none now."""
        old = {asset.index: asset.price for asset in self.before.assets}
        safe = whole = 0
        for asset in self.after.assets:
            price = asset.price or old.get(asset.index)
            value = value_of(asset.balance, price, asset.decimals) if price and not asset.frozen else NO_VALUE
            whole += value
            safe += value if asset.safe_rank else 0
        return share_of(Usd18(safe), Usd18(whole))


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
    found, warnings = _tried(post, snapshot, action, terms.decision_id, post.account, fees)
    gas = replace(facts.gas, limit=found.gas_limit)
    passed = check(replace(facts, gas=gas, simulation=found))
    return Considered(seen, deliberation, terms, fees, passed, (found,), warnings)


def _tried(
    post: Post, snapshot: Snapshot, action: ActionKind, decision_id: Hash32, account: Address, fees: Fees
) -> tuple[Simulation, tuple[str, ...]]:
    """An exit run by the node; where it does not know the method its profile promises, by plain calls, and said."""
    try:
        return simulate.exit_trial(post.rpc, snapshot, action, decision_id, account, fees), ()
    except RpcRefused as error:
        if error.method != "eth_simulateV1" or not unknown_method(error):
            raise
        warning = f"{post.rpc.label} has no eth_simulateV1: {action} was tried by eth_call and eth_estimateGas"
        return simulate.exit_trial(post.rpc, snapshot, action, decision_id, account, fees, "call"), (warning,)


def eager(post: Post, seen: Observation) -> Fees | Deferred:
    """A bid that outlasts a rush: many times the base fee, as far as the ceiling and the purse go."""
    profile, ceiling = post.vault.profile, Wei(post.vault.gas_ceiling * CEILING_FACTOR)
    fees = quote(profile, seen.next_base_fee, ceiling, OFF)
    if isinstance(fees, Deferred):
        return fees
    rush = seen.next_base_fee * RUSH_FACTOR + fees.priority_fee
    purse = seen.balance // kill_gas(seen.snapshot)
    most = min(first_bid(ceiling, profile.replacement.min_bump_bps), rush, purse)
    return replace(fees, max_fee=Wei(max(fees.max_fee, most)))


def kill(post: Post, reason: str) -> Killed:
    """Halt unless halted, then flatten; each is watched to its end, and the journal has it before the node.

    Raises RefusedError where guard or the chain says no, HoldError where one is still under way, ChainError,
    JournalError, SignerNotEntitled.
    """
    first = post.observe()
    entitled(post, first, "guardian")
    with (
        Journal.open(post.settings.journal) as journal,
        Writer(journal, post.stream(OPERATOR), post.clock.now, role=OPERATOR) as writer,
    ):
        for end in recover(post.rpc, journal, writer, post.manifest, timeout=SETTLE_SECONDS):
            _ended(end, "an earlier kill")
        seen = post.observe()
        halt, warnings = None, list[str]()
        if seen.snapshot.vault.mode is VaultMode.ACTIVE:
            halt = _carry_out(post, writer, seen, ActionKind.HALT, reason, warnings)
            seen = post.observe()
        flatten = _carry_out(post, writer, seen, ActionKind.FLATTEN, reason, warnings)
        after = post.observe().snapshot
        arguments = {"vault": post.vault.name, "actor": post.account or ""}
        writer.record_operator_action("guardian", "kill", dict(arguments), reason, flatten.tx_hash)
    sold, failed = _legs(post, flatten)
    return Killed(first.snapshot, after, halt, flatten, sold, failed, tuple(warnings))


def _carry_out(
    post: Post, writer: Writer, seen: Observation, action: ActionKind, reason: str, warnings: list[str]
) -> Outcome:
    for _ in range(TRIES - 1):
        try:
            outcome = _try(post, writer, seen, action, reason, warnings)
        except RpcRefused:
            seen = post.observe()  # what the node would not take is recorded as DROPPED: decide anew
            continue
        if outcome.state is not TxState.DROPPED:
            return _ended(outcome, str(action))
        seen = post.observe()
    return _ended(_try(post, writer, seen, action, reason, warnings), str(action))


def _try(
    post: Post, writer: Writer, seen: Observation, action: ActionKind, reason: str, warnings: list[str]
) -> Outcome:
    considered = consider(post, seen, action, reason, writer.previous_id)
    warnings.extend(warning for warning in considered.warnings if warning not in warnings)
    cycle = Cycle(considered.deliberation, considered.guard, acts=considered.passed)
    writer.record_cycle(cycle)
    if not considered.passed:
        raise RefusedError(f"{action} did not pass: {cycle.reason}", remedy="see contracts/SPEC.md, and keeper doctor")
    return act(post, writer, considered, timeout=SETTLE_SECONDS)


def _ended(outcome: Outcome, what: str) -> Outcome:
    if not outcome.state.finished:
        raise HoldError(
            f"{what} is {outcome.state}: {outcome.reason}", remedy="run keeper kill again: it follows first"
        )
    if outcome.state is not TxState.FINAL_OK and what != "an earlier kill":
        raise RefusedError(f"{what} ended as {outcome.state}: {outcome.reason}", remedy="run keeper kill again")
    return outcome


def _legs(post: Post, flatten: Outcome) -> tuple[tuple[str, ...], tuple[LegFailure, ...]]:
    """The legs by the flatten's own events."""
    names = {asset.index: asset.symbol for asset in post.manifest.assets}
    receipt = post.rpc.call("eth_getTransactionReceipt", [flatten.tx_hash])
    logs = post.rpc.understood(lambda found: tuple(found["logs"]), receipt)
    found = vault.events(logs, post.manifest.parts.vault.address)
    sold = tuple(names.get(event.values["asset"], "?") for event in found if event.name == "LegSold")
    failed = tuple(
        LegFailure(names.get(event.values["asset"], "?"), event.values["route"], _why(event.values["reason"]))
        for event in found
        if event.name == "LegFailed"
    )
    return sold, failed


def _why(reason: str) -> str:
    revert = abi.decode_revert(reason)
    return f"{revert.name}({', '.join(revert.args)})" if reason != "0x" else "no route to the safe asset"
