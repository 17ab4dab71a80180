"""The audit's own arithmetic, without a chain; and that it is a stranger to the project's code."""

from __future__ import annotations

import ast
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.audit import journal, table
from tests.audit.cuts import cut, cut_bps, moment
from tests.audit.faults import Differs, NodeSilent
from tests.audit.oracle import Said, _at_tick, _largest
from tests.audit.rules import _within
from tests.audit.statements import _Bucket

MAY = {"httpx", "eth_abi", "eth_utils", "pytest", "tests"}
DOLLAR = 10**18


def test_it_imports_nothing_of_the_project() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                root = name.split(".")[0]
                assert root in MAY | sys.stdlib_module_names, f"{path.name} imports {name}"
                assert root != "tests" or name.startswith("tests.audit"), f"{path.name} imports {name}"


def test_cuts_round_down_below_nothing_too() -> None:
    assert cut(21_264_999_999_999_999, 6) == Decimal("0.021264")
    assert cut_bps(98_765_432_109_876, 2) == Decimal("0.98")
    assert cut_bps(-1, 4) == Decimal("-0.0001")
    assert moment(1_767_225_600) == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("prices", "mid"),
    [
        ([100, 101], 100),
        ([100, 101, 150], 100),
        ([100, 101, 101], 101),
        ([100, 100, 101, 101], 100),
    ],
)
def test_the_cluster_is_the_largest_run_and_its_median(prices: list[int], mid: int) -> None:
    found = _largest([Said(price * DOLLAR, push=True) for price in prices], 100, "it")
    assert found.mid // DOLLAR == mid


def test_a_pair_with_more_push_feeds_wins_and_equals_make_no_price() -> None:
    def push(price: int) -> Said:
        return Said(price, push=True)

    def late(price: int) -> Said:
        return Said(price, push=False)

    found = _largest([push(100_000), late(100_001), push(200_000), push(200_001)], 100, "it")
    assert (found.low, found.high, found.late) == (200_000, 200_001, True)
    with pytest.raises(NodeSilent):
        _largest([push(100_000), push(100_001), push(200_000), push(200_001)], 100, "it")
    with pytest.raises(NodeSilent):
        _largest([late(100_000), late(100_001)], 100, "it")


def test_a_tick_is_a_price() -> None:
    # 1.0001^-196256 raw USDC for one raw WETH, at a dollar: 10^12 * 1.0001^-196256 dollars
    assert _at_tick(0, 10**6, 10**6, DOLLAR) == DOLLAR
    assert _at_tick(1, 10**6, 10**6, DOLLAR) == 1_000_100_000_000_000_000
    assert _at_tick(-1, 10**6, 10**6, DOLLAR) == 999_900_009_999_000_099


def test_a_bucket_leaks_its_capacity_in_a_window() -> None:
    bucket = _Bucket(20, 86_400)
    assert bucket.capacity == 10**15
    assert bucket.charge(10**15, 100_000) == 0
    assert bucket.charge(0, 143_200) == 5 * 10**14
    with pytest.raises(Differs):
        bucket.charge(5 * 10**14 + 1, 143_200)
    bucket.fill(200_000)
    with pytest.raises(Differs):
        bucket.charge(1, 200_000)


def test_an_episode_is_half_a_figure_and_what_leaks_of_the_other_half() -> None:
    assert _within(15, 86_400, 0) == 75 * 10**13
    assert _within(15, 86_400, 86_400) == 15 * 10**14
    assert _within(1, 86_400, 1) == 50_000_578_703_704  # rounded up


def test_figures_are_compared_by_kind_and_to_the_last_unit() -> None:
    assert table.first_difference(table.rows({"a": Decimal("0.5")}, {"a": Decimal("0.50")})) is None
    for claimed, recomputed in (({"a": True}, {"a": 1}), ({"a": "1"}, {"a": 1}), ({"a": 1}, {}), ({}, {"a": 1})):
        assert table.first_difference(table.rows(claimed, recomputed)) is not None


def make_journal(path: Path, known: Sequence[str] = ()) -> None:
    """Two chained rows, hashed by hand as docs/journal.md says, and decisions of these ids."""
    columns = "journal_id, seq, prev_hash, row_hash, chain_id, vault_id, at"
    with closing(sqlite3.connect(path)) as store:
        store.execute(f"create table cycle ({columns}, action, verdict, reason_code, count)")
        store.execute("create table intent (intent_id, decision_id, signer, action)")
        store.execute("create table outcome (intent_id, state)")
        store.execute("create table decision (decision_id, body_id, engine_version, previous_id)")
        store.execute("create table blob (hash, body)")
        before = "0x" + "00" * 32
        for seq, (action, reason, count) in enumerate([("NOOP", "inside-band", "3"), ("REBALANCE", "drift", "1")], 1):
            row = {"journal_id": "0x1", "seq": str(seq), "prev_hash": before, "chain_id": "1", "vault_id": "v@é"}
            row |= {"at": "9", "action": action, "verdict": "PASS", "reason_code": reason, "count": count}
            before = journal.digest(journal.canonical({"table": "cycle", "row": row}))
            stored = row | {"seq": f"{seq:016}", "row_hash": before}
            store.execute(
                f"insert into cycle ({', '.join(stored)}) values ({', '.join('?' * len(stored))})",  # noqa: S608
                list(stored.values()),
            )
        store.executemany("insert into decision values (?, '', '', '')", [(one,) for one in known])
        store.commit()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select 1", ""),
        ("update cycle set count = '4' where seq = '0000000000000001'", "has the hash"),
        ("update cycle set prev_hash = '0x2' where seq = '0000000000000002'", "not chained"),
        ("delete from cycle where seq = '0000000000000001'", "row 2 of cycle follows row 0"),
        ("insert into blob values ('0x3', 'no')", "the body of 0x3"),
        ("insert into decision values ('0x4', '0x5', '1', '0x6')", "decision 0x4"),
    ],
)
def test_a_journal_is_whole_or_says_where_it_broke(tmp_path: Path, statement: str, said: str) -> None:
    made, path = tmp_path / "made.sqlite", tmp_path / "journal.sqlite"
    make_journal(made)
    shutil.copy(made, path)
    with closing(sqlite3.connect(path)) as store:
        store.execute(statement)
        store.commit()
    found = journal.read(str(path))
    assert said in found.broken
    assert bool(said) == bool(found.broken)
    assert found.holds["inside-band"] in (3, 4) if found.rows == 2 else True
