"""One tick: observe, decide, check, simulate, check again, write down; where live and passed also send and settle.

`consider` reads only: `keeper plan` and a dry tick are the very same code as a live one up to the journal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from keeper.chain.fees import Deferred, Fees, quote
from keeper.chain.lens import Observation
from keeper.decide import decide
from keeper.execute import send, simulate, watch
from keeper.execute.intent import calldata
from keeper.guard import Clock, Facts, Gas, Sendable, Veto, admit, check
from keeper.journal import Cycle, Deliberation, Writer
from keeper.model import (
    NO_HISTORY,
    ActionKind,
    GuardReport,
    GuardVerdict,
    Hash32,
    Outcome,
    PolicyState,
    Simulation,
    Terms,
)
from keeper.ops.claims import quoted
from keeper.ops.clock import LEAST_AGE, max_age
from keeper.ops.post import Post
from keeper.units import Timestamp

DEADLINE_BLOCKS = 10
LEAST_DEADLINE = 120
"""A transaction may be mined for ten blocks, at least two minutes; the vault itself allows an hour."""
SETTLE_SECONDS = 60.0
"""How long one tick follows its transaction; the ticks after it go on following."""
EXPECTED_GAS = 1_500_000
"""What a rebalance is taken to need before it was simulated: two trades of five assets."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A decision with all that was found for or against it; `guard` is None where there was nothing to send."""

    seen: Observation
    deliberation: Deliberation
    terms: Terms
    fees: Fees | Deferred | None = None
    guard: GuardReport | None = None
    simulations: tuple[Simulation, ...] = ()
    warnings: tuple[str, ...] = ()
    assets: tuple[int, ...] = ()
    """What a flatten is held to; all where none is named."""

    @property
    def passed(self) -> bool:
        """Whether guard let it pass."""
        return self.guard is not None and self.guard.verdict is GuardVerdict.PASS


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick came to. `written`: in full; False where it was one more skip like the last."""

    considered: Considered
    cycle: Cycle
    written: bool
    outcome: Outcome | None = None


def consider(post: Post, seen: Observation, state: PolicyState, previous: Hash32) -> Considered:
    """Decide on what was seen, and check it; where there is nothing to steer, with quotes of what could be harvested.

    Sends nothing, writes nothing. Raises RpcUnreachable, RpcRefused.
    """
    config = post.vault.decision
    decision = decide(seen.snapshot, NO_HISTORY, state, None, config)
    if decision.action is not ActionKind.REBALANCE:
        seen = quoted(post, seen, state)
        decision = decide(seen.snapshot, NO_HISTORY, state, None, config)
    snapshot = seen.snapshot
    deliberation = Deliberation(snapshot, NO_HISTORY, state, None, config, decision, previous)
    terms = Terms(
        epoch=snapshot.vault.epoch,
        config_version=snapshot.vault.config_version,
        deadline=deadline_of(snapshot.block.timestamp, post.vault.profile.block_ms),
        decision_id=deliberation.decision_id,
    )
    if decision.action is ActionKind.NOOP:
        return Considered(seen, deliberation, terms)
    fees = quote(post.vault.profile, seen.next_base_fee, post.vault.gas_ceiling, snapshot.vault.limits.max_gas_price)
    facts = Facts(
        snapshot=snapshot,
        decision=decision,
        config=config,
        terms=terms,
        clock=Clock(post.clock.now(), max_age(post.vault.profile.block_ms), LEAST_AGE),
        gas=gas_of(seen, fees, EXPECTED_GAS),
        veto=veto_of(post),
    )
    report = check(facts)
    if isinstance(fees, Deferred) or report.verdict is not GuardVerdict.PASS or post.account is None:
        return Considered(seen, deliberation, terms, fees, report)
    chosen, every = simulate.best(post.rpc, snapshot, decision, terms, post.account, fees)
    gas = replace(facts.gas, limit=chosen.gas_limit)
    return Considered(seen, deliberation, terms, fees, check(replace(facts, gas=gas, simulation=chosen)), every)


def tick(
    post: Post, writer: Writer, state: PolicyState, seen: Observation, stopping: Callable[[], bool] = watch.never
) -> Tick:
    """Consider what was seen and write it down; with an open key also act, and wait for the end of it.

    The journal's rows are durable before anything is sent. Raises ChainError, JournalError.
    """
    considered = consider(post, seen, state, writer.previous_id)
    acts = considered.passed and post.signer is not None
    cycle = Cycle(considered.deliberation, considered.guard, acts)
    written = writer.record_cycle(cycle)
    if not acts:
        return Tick(considered, cycle, written)
    return Tick(considered, cycle, written, act(post, writer, considered, stopping=stopping))


def act(
    post: Post,
    writer: Writer,
    considered: Considered,
    *,
    timeout: float = SETTLE_SECONDS,
    stopping: Callable[[], bool] = watch.never,
) -> Outcome:
    """Make the intent of what passed, sign, store, send, and follow it for a while; it may be unfinished still."""
    deliberation, report, fees = considered.deliberation, considered.guard, considered.fees
    if post.signer is None or report is None or report.simulation is None or not isinstance(fees, Fees):
        raise ValueError("only what guard let pass is acted on, and only with an open key")
    decision, found = deliberation.decision, report.simulation
    sendable = Sendable(
        to=deliberation.snapshot.vault.address,
        data=calldata(decision.action, found.orders, considered.terms, claim=decision.claim, assets=considered.assets),
        signer=post.signer.address,
        gas_limit=found.gas_limit,
        max_fee_ceiling=fees.ceiling,
    )
    intent = admit(deliberation.snapshot, decision, report, considered.terms, sendable)
    writer.record_intent(intent)
    attempt = send.submit(post.rpc, writer, post.signer, intent, fees, nonce=considered.seen.nonce)
    return watch.settle(
        post.rpc,
        writer,
        post.manifest,
        intent,
        (attempt,),
        timeout=timeout,
        promised=found.report,
        stopping=stopping,
    )


def deadline_of(now: Timestamp, block_ms: int) -> Timestamp:
    """Until when a transaction decided at `now` may be mined."""
    return Timestamp(now + max(LEAST_DEADLINE, DEADLINE_BLOCKS * block_ms // 1_000))


def veto_of(post: Post) -> Veto | None:
    """When exchanges hold a trade back; None where none is configured."""
    prices = post.settings.file.prices
    return Veto(prices.min_sources, prices.max_gap_bps) if prices.exchanges else None


def gas_of(seen: Observation, fees: Fees | Deferred, limit: int) -> Gas:
    """What guard wants to know of gas."""
    pending = max(seen.pending_nonce - seen.nonce, 0)
    if isinstance(fees, Deferred):
        return Gas(seen.balance, fees.needed, None, fees.ceiling, limit, fees.reason, pending)
    return Gas(seen.balance, fees.expected, fees.max_fee, fees.ceiling, limit, "", pending)
