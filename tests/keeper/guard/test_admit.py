"""Only what passed becomes an intent, and only guard makes one."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from keeper.errors import RefusedError
from keeper.guard import Sendable, admit, check
from keeper.ids import intent_id
from keeper.model import ActionKind, GuardReport, GuardVerdict
from keeper.units import GWEI, Wei
from tests.keeper.guard.test_checks import DECIDED, GOOD, RED, SEEN, TERMS
from tests.keeper.world import VAULT

SENDABLE = Sendable(VAULT, "0x1234", "0x" + "33" * 20, 800_000, Wei(100 * GWEI))
MAKERS = {"keeper/guard/admit.py", "keeper/journal/reading.py"}


@pytest.mark.parametrize("row", RED, ids=[row[0] for row in RED])
def test_what_did_not_pass_becomes_no_intent(row: tuple[str, str, object, GuardVerdict, str]) -> None:
    with pytest.raises(RefusedError, match=f"REBALANCE did not pass guard, {row[1]}: "):
        admit(SEEN, DECIDED, check(row[2]), TERMS, SENDABLE)  # type: ignore[arg-type]  # the row's third is Facts


def test_a_verdict_without_a_simulation_becomes_no_intent() -> None:
    with pytest.raises(RefusedError, match="it was not simulated"):
        admit(SEEN, DECIDED, GuardReport(GuardVerdict.PASS, ()), TERMS, SENDABLE)


def test_an_intent_says_what_passed() -> None:
    intent = admit(SEEN, DECIDED, check(GOOD), TERMS, SENDABLE, child=1)
    assert intent.intent_id == intent_id(TERMS.decision_id, 1)
    assert (intent.to, intent.data, intent.signer) == (VAULT, "0x1234", SENDABLE.signer)
    assert (intent.epoch, intent.deadline, intent.chain_id) == (1, TERMS.deadline, SEEN.chain_id)
    assert (intent.gas_limit, intent.max_fee_ceiling) == (800_000, 100 * GWEI)


def test_an_exit_bears_no_epoch() -> None:
    halt = replace(DECIDED, action=ActionKind.HALT, orders=())
    assert admit(SEEN, halt, check(GOOD), TERMS, SENDABLE).epoch is None


def test_nobody_else_makes_an_intent() -> None:
    root = Path(__file__).parents[3]
    found = set()
    for path in sorted((root / "keeper").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Intent":
                found.add(path.relative_to(root).as_posix())
    assert found == MAKERS
