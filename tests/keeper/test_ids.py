"""Ids: golden vectors that no later version may change, and what has no canonical form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper import ids
from keeper.model import NO_HISTORY, ZERO_HASH, Decision, Outcome, PolicyState, Snapshot, TxState
from tests.keeper.journal import scene

FIXED = {"nav": 10**24, "drift": -1, "symbol": "WETH", "frozen": False, "cluster": None, "orders": [[0, 10**18, 1]]}
FIXED_DIGEST = "0x292195f345bdeed5453f29c66272dbda0e18374725e6cc495e0912d686f2b704"
DECISION_ID = "0x5eb28c3e3e8d80244ab3fd037a143f2cf6ec0ff26a00f4366c7f8589f805c734"
INTENT_ID = "0xd5fef4fa325bcdb9943caa5114214cc2376cf1a583b44416b7c74bccecf7d0ac"

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


def body() -> str:
    return ids.body_id(scene.snapshot(1), NO_HISTORY, PolicyState(), None, scene.CONFIG, scene.decision())


def test_canonical_json_sorts_keys_and_writes_integers_as_text() -> None:
    value = {"b": 10**30, "a": [True, None, "é", -5], "A": {}}
    assert ids.canonical(value) == '{"A":{},"a":[true,null,"é","-5"],"b":"1000000000000000000000000000000"}'.encode()


def test_digest_is_keccak_not_sha3() -> None:
    assert ids.digest_bytes(b"") == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_golden_ids() -> None:
    decision_id = ids.decision_id(FIXED_DIGEST, "engine/1", ZERO_HASH)
    assert (ids.digest(FIXED), decision_id, ids.intent_id(decision_id, 0)) == (FIXED_DIGEST, DECISION_ID, INTENT_ID)


def test_a_body_id_is_the_digest_of_its_named_parts() -> None:
    decision = replace(scene.decision(), targets_bps=(5, 6), claim=2)
    snapshot, state = scene.snapshot(1), PolicyState()
    parts = {
        "snapshot": snapshot,
        "history": NO_HISTORY,
        "state": state,
        "proposal": None,
        "config": scene.CONFIG,
        "action": {"kind": "REBALANCE", "targets_bps": [5, 6], "claim": 2},
        "orders": decision.orders,
    }
    assert ids.body_id(snapshot, NO_HISTORY, state, None, scene.CONFIG, decision) == ids.digest(parts)


def test_every_input_changes_the_body_id() -> None:
    base = body()
    decision = scene.decision()
    variants = [
        ids.body_id(scene.snapshot(2), NO_HISTORY, PolicyState(), None, scene.CONFIG, decision),
        ids.body_id(scene.snapshot(1), replace(NO_HISTORY, grid=1), PolicyState(), None, scene.CONFIG, decision),
        ids.body_id(scene.snapshot(1), NO_HISTORY, replace(PolicyState(), peak_nav=1), None, scene.CONFIG, decision),
        ids.body_id(
            scene.snapshot(1), NO_HISTORY, PolicyState(), None, replace(scene.CONFIG, absolute_bps=201), decision
        ),
        ids.body_id(scene.snapshot(1), NO_HISTORY, PolicyState(), None, scene.CONFIG, replace(decision, orders=())),
        ids.body_id(scene.snapshot(1), NO_HISTORY, PolicyState(), None, scene.CONFIG, replace(decision, claim=0)),
    ]
    assert len({base, *variants}) == len(variants) + 1


def test_the_words_of_a_decision_do_not_change_its_body_id() -> None:
    told_otherwise = replace(scene.decision(), reason="in other words", cost=3)
    assert ids.body_id(scene.snapshot(1), NO_HISTORY, PolicyState(), None, scene.CONFIG, told_otherwise) == body()


def test_engine_and_predecessor_change_the_decision_id_and_the_child_the_intent_id() -> None:
    one = ids.decision_id(body(), "engine/1")
    assert len({one, ids.decision_id(body(), "engine/2"), ids.decision_id(body(), "engine/1", one)}) == 3
    assert ids.intent_id(one, 0) != ids.intent_id(one, 1)
    with pytest.raises(ValueError, match="negative"):
        ids.intent_id(one, -1)


@pytest.mark.parametrize("value", [1.0, float("nan"), Decimal(1), {1: "a"}, {"a": [0.5]}, b"raw", {1, 2}, object()])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="canonical form"):
        ids.canonical(value)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="non-UTF-8"):
        ids.canonical("\ud800")


@given(PLAIN)
def test_canonical_bytes_are_a_fixed_point(value: object) -> None:
    plain = ids.plain(value)
    assert ids.plain(plain) == plain
    assert ids.canonical(plain) == ids.canonical(value)


def test_values_come_back_from_their_plain_form() -> None:
    outcome = scene.outcome(scene.intent(ZERO_HASH), TxState.FINAL_REVERT)
    for value, kind in ((scene.snapshot(3), Snapshot), (scene.decision(), Decision), (outcome, Outcome)):
        assert ids.revive(kind, ids.plain(value)) == value


@dataclass(frozen=True)
class _Flag:
    on: bool
    count: int


@pytest.mark.parametrize(
    "data", [{"on": "true", "count": "1"}, {"on": True, "count": 1}, [], None, {"on": True, "count": None}]
)
def test_a_wrong_plain_form_is_refused(data: ids.Plain) -> None:
    with pytest.raises(ValueError, match="is no"):
        ids.revive(_Flag, data)
