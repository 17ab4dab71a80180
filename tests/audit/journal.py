"""A keeper's journal, read with sqlite3 alone: its hash chain, its bodies, why ticks ended, and which ids it knows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from tests.audit.faults import Unusable

_NOTHING = "0x" + "00" * 32


@dataclass(frozen=True, slots=True)
class Journal:
    """What is in one file. `broken` is the first thing found wrong, empty where nothing is.

    `signers` are the accounts whose transactions it records, `known` the decision ids it has, `carried` those whose
    transactions it says went well (without flattens, whose event carries no id).
    """

    rows: int
    broken: str
    holds: dict[str, int]
    signers: frozenset[str]
    known: frozenset[str]
    carried: frozenset[str]


def canonical(value: Any) -> bytes:
    """RFC 8785 of a value without numbers: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(body: bytes) -> str:
    """keccak256 as hex."""
    return "0x" + keccak(body).hex()


def read(path: str) -> Journal:
    """The journal in that file. Raises Unusable where there is none."""
    if not Path(path).is_file():
        raise Unusable(f"the journal {path} is not there: tell the demo with --keep")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        store.row_factory = sqlite3.Row
        try:
            return _read(store)
        except sqlite3.DatabaseError as error:
            raise Unusable(f"{path} is no journal: {error}") from None


def _read(store: sqlite3.Connection) -> Journal:
    rows = _rows(store)
    broken = _chains(rows) or _bodies(store) or _decisions(store)
    intents = store.execute("select intent_id, decision_id, signer, action from intent").fetchall()
    ended = {row["intent_id"] for row in store.execute("select intent_id from outcome where state = 'FINAL_OK'")}
    return Journal(
        rows=len(rows),
        broken=broken,
        holds=_holds(store),
        signers=frozenset(row["signer"].lower() for row in intents),
        known=frozenset(row["decision_id"] for row in store.execute("select decision_id from decision")),
        carried=frozenset(
            row["decision_id"] for row in intents if row["intent_id"] in ended and row["action"] != "FLATTEN"
        ),
    )


def _rows(store: sqlite3.Connection) -> list[tuple[str, dict[str, str | None]]]:
    """Every audit row with its table's name: a table is one where it has a place in a hash stream."""
    found = []
    names = [row["name"] for row in store.execute("select name from sqlite_master where type = 'table'")]
    for name in sorted(names):
        columns = {row["name"] for row in store.execute(f'pragma table_info("{name}")')}
        if {"journal_id", "seq", "row_hash"} <= columns:
            found += [(name, dict(row)) for row in store.execute(f'select * from "{name}"')]  # noqa: S608 - a table's name
    return sorted(found, key=lambda item: (item[1]["journal_id"], int(item[1]["seq"] or 0)))


def _chains(rows: Sequence[tuple[str, dict[str, str | None]]]) -> str:
    heads: dict[str | None, tuple[int, str]] = {}
    for table, row in rows:
        number, before = heads.get(row["journal_id"], (0, _NOTHING))
        seq = int(row["seq"] or 0)
        body = {name: value for name, value in row.items() if name != "row_hash"} | {"seq": str(seq)}
        made = digest(canonical({"table": table, "row": body}))
        if seq != number + 1:
            return f"row {seq} of {table} follows row {number}"
        if row["prev_hash"] != before:
            return f"row {seq} of {table} is not chained to the row before"
        if row["row_hash"] != made:
            return f"row {seq} of {table} has the hash {row['row_hash']}, its columns {made}"
        heads[row["journal_id"]] = (seq, made)
    return ""


def _bodies(store: sqlite3.Connection) -> str:
    for row in store.execute("select hash, body from blob where body is not null"):
        if digest(row["body"].encode()) != row["hash"]:
            return f"the body of {row['hash']} is another"
    return ""


def _decisions(store: sqlite3.Connection) -> str:
    """Each decision's id is the hash of its body, the engine and the id before."""
    for row in store.execute("select decision_id, body_id, engine_version, previous_id from decision"):
        named = {"body_id": row["body_id"], "engine_version": row["engine_version"], "previous": row["previous_id"]}
        if digest(canonical(named)) != row["decision_id"]:
            return f"decision {row['decision_id']} is not the hash of what it says"
    return ""


def _holds(store: sqlite3.Connection) -> dict[str, int]:
    """How often each reason ended a tick without a transaction."""
    counts: dict[str, int] = {}
    for row in store.execute("select reason_code, count from cycle where action = 'NOOP' or verdict <> 'PASS'"):
        counts[row["reason_code"]] = counts.get(row["reason_code"], 0) + int(row["count"])
    return counts
