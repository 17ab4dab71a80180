"""The one maker of intents: nothing is signed that did not pass here. The journal only reads back what it was given."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.errors import RefusedError
from keeper.ids import intent_id
from keeper.model import Address, Decision, GuardReport, GuardVerdict, HexBytes, Intent, Snapshot, Terms
from keeper.units import Wei


@dataclass(frozen=True, slots=True)
class Sendable:
    """The transaction as it would go out; `max_fee_ceiling` in wei a unit of gas bounds its every replacement."""

    to: Address
    data: HexBytes
    signer: Address
    gas_limit: int
    max_fee_ceiling: Wei


def admit(
    snapshot: Snapshot, decision: Decision, report: GuardReport, terms: Terms, sendable: Sendable, *, child: int = 0
) -> Intent:
    """The `child`-th intent of a decision that guard let pass. RefusedError for any other."""
    if report.verdict is not GuardVerdict.PASS or report.simulation is None or not report.simulation.succeeds:
        bad = next((check for check in report.checks if check.verdict is not GuardVerdict.PASS), None)
        why = f"{bad.name}: {bad.reason}" if bad else "it was not simulated"
        raise RefusedError(
            f"{decision.action} did not pass guard, {why}", remedy="run keeper plan, which shows every check"
        )
    return Intent(
        intent_id=intent_id(terms.decision_id, child),
        decision_id=terms.decision_id,
        child=child,
        action=decision.action,
        chain_id=snapshot.chain_id,
        vault=snapshot.vault.address,
        signer=sendable.signer,
        to=sendable.to,
        data=sendable.data,
        gas_limit=sendable.gas_limit,
        max_fee_ceiling=sendable.max_fee_ceiling,
        epoch=terms.epoch if decision.action.bears_epoch else None,
        deadline=terms.deadline,
    )
