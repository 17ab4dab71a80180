"""The hash stream: which one, and how a row is chained to the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from keeper.ids import canonical, digest, digest_bytes
from keeper.journal.schema import AUDIT, blob
from keeper.model import ZERO_HASH, Address, Hash32


@dataclass(frozen=True, slots=True)
class StreamKey:
    """One keeper's account of one vault. The genesis is part of it: a local chain made anew is another chain."""

    keeper: str
    chain_id: int
    genesis: Hash32
    vault: Address

    @property
    def journal_id(self) -> Hash32:
        """The stream's id, in each of its rows."""
        return digest({"keeper": self.keeper, "chain_id": self.chain_id, "genesis": self.genesis, "vault": self.vault})

    @property
    def vault_id(self) -> str:
        """The vault, whoever keeps it."""
        return f"{self.vault}@{self.genesis[:10]}"

    @property
    def chain(self) -> str:
        """The chain, told from others of the same id."""
        return f"{self.chain_id}@{self.genesis[:10]}"


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a stream; seq 0 and zeroes before the first."""

    seq: int = 0
    row_hash: Hash32 = ZERO_HASH


def head_of(connection: Connection, journal_id: Hash32) -> Head:
    """Where the stream ends now."""
    last = Head()
    for table in AUDIT:
        query = select(table.c.seq, table.c.row_hash).where(table.c.journal_id == journal_id)
        found = connection.execute(query.order_by(table.c.seq.desc()).limit(1)).first()
        if found is not None and found.seq > last.seq:
            last = Head(found.seq, found.row_hash)
    return last


def row_hash(table: Table, row: Mapping[str, object]) -> Hash32:
    """The hash of a row: its table's name and every column but the hash itself."""
    body = {name: value for name, value in row.items() if name != "row_hash"}
    return digest({"table": table.name, "row": body})


class Appender:
    """Rows of one transaction, each chained to the last. `head` is where the stream ends once it has committed."""

    def __init__(self, connection: Connection, key: StreamKey, head: Head, at: int) -> None:
        self.connection = connection
        self.head = head
        self._key = key
        self._at = at

    def append(self, table: Table, *, at: int | None = None, **columns: Any) -> None:
        """One more row; `at` in Unix seconds where it is not now."""
        row: dict[str, Any] = {
            "journal_id": self._key.journal_id,
            "seq": self.head.seq + 1,
            "prev_hash": self.head.row_hash,
            "chain_id": self._key.chain_id,
            "vault_id": self._key.vault_id,
            "at": self._at if at is None else at,
            **columns,
        }
        row["row_hash"] = row_hash(table, row)
        self.connection.execute(table.insert().values(row))
        self.head = Head(row["seq"], row["row_hash"])

    def of_stream(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row is of this stream."""
        return table.c.journal_id == self._key.journal_id

    def has(self, table: Table, condition: ColumnElement[bool]) -> bool:
        """Whether this stream has such a row."""
        query = select(table.c.seq).where(self.of_stream(table) & condition).limit(1)
        return self.connection.execute(query).first() is not None

    def keep(self, value: object) -> Hash32:
        """Store a value's canonical body under its hash, once; returns the hash."""
        body = canonical(value)
        key = digest_bytes(body)
        if self.connection.execute(select(blob.c.hash).where(blob.c.hash == key)).first() is None:
            self.connection.execute(blob.insert().values(hash=key, body=body.decode()))
        return key
