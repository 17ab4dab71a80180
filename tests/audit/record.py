"""All that a chain has written down: headers, transactions and logs, from its first block to its head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_utils.crypto import keccak

from tests.audit.faults import NodeSilent
from tests.audit.node import Node, split_types

_LOGS = 250
"""Blocks of which the logs are asked for at once."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction: lower-case addresses, `data` as hex."""

    tx: str
    block: int
    sender: str
    to: str
    data: str


@dataclass(frozen=True, slots=True)
class Block:
    """A header: unix seconds, and what is in it."""

    number: int
    time: int
    sent: tuple[Sent, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """One log; topics and data as hex, the address in lower case."""

    block: int
    index: int
    tx: str
    address: str
    topics: tuple[str, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log: values by the names of the interface; addresses in lower case."""

    name: str
    log: Log
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


class Shape:
    """An event as its interface declares it: `Name(type indexed name, (type,type) name, …)`."""

    def __init__(self, declared: str) -> None:
        self.name = declared[: declared.index("(")]
        self._fields = [_field(text) for text in split_types(declared)]
        types = ",".join(kind for kind, _, _ in self._fields)
        self.topic = "0x" + keccak(text=f"{self.name}({types})").hex()

    def read(self, log: Log) -> Event:
        """The log as this event. Raises NodeSilent where it does not fit."""
        indexed = [(kind, name) for kind, name, is_topic in self._fields if is_topic]
        plain = [(kind, name) for kind, name, is_topic in self._fields if not is_topic]
        if len(log.topics) != len(indexed) + 1:
            raise NodeSilent(f"{self.name} in {log.tx} has {len(log.topics)} topics, its interface {len(indexed) + 1}")
        words = [
            decode([kind], bytes.fromhex(topic[2:]))[0]
            for (kind, _), topic in zip(indexed, log.topics[1:], strict=True)
        ]
        words += decode([kind for kind, _ in plain], bytes.fromhex(log.data[2:]))
        names = [name for _, name in (*indexed, *plain)]
        return Event(self.name, log, dict(zip(names, (_plain(word) for word in words), strict=True)))


def _field(text: str) -> tuple[str, str, bool]:
    kind, *words = text.strip().split(" ")
    return kind, words[-1], words[0] == "indexed"


def _plain(word: Any) -> Any:
    return "0x" + word.hex() if isinstance(word, bytes) else word


@dataclass(frozen=True, slots=True)
class Record:
    """Blocks by number from 0 to the head, and every log in the order of the chain."""

    blocks: tuple[Block, ...]
    logs: tuple[Log, ...]

    @property
    def head(self) -> int:
        """The newest block's number."""
        return len(self.blocks) - 1

    def sent(self, tx: str, block: int) -> Sent:
        """The transaction of that hash in that block."""
        return next(one for one in self.blocks[block].sent if one.tx == tx)

    def events(self, address: str, shapes: Mapping[str, Shape], first: int, last: int) -> Iterator[Event]:
        """What a contract said in the blocks from `first` to `last`; logs of no known shape are left out."""
        known = {shape.topic: shape for shape in shapes.values()}
        for log in self.logs:
            if log.address == address and first <= log.block <= last and log.topics and log.topics[0] in known:
                yield known[log.topics[0]].read(log)


def read(node: Node) -> Record:
    """The whole record of a node's chain."""
    head = int(node.ask("eth_blockNumber"), 16)
    headers = node.ask_all([("eth_getBlockByNumber", (hex(number), True)) for number in range(head + 1)])
    spans = [
        ("eth_getLogs", ({"fromBlock": hex(start), "toBlock": hex(min(start + _LOGS - 1, head))},))
        for start in range(0, head + 1, _LOGS)
    ]
    rows = [row for span in spans for row in node.ask(span[0], *span[1])]
    return Record(tuple(_block(header) for header in headers), tuple(_log(row) for row in rows))


def _block(header: Mapping[str, Any]) -> Block:
    number = int(header["number"], 16)
    sent = tuple(
        Sent(row["hash"], number, row["from"].lower(), (row["to"] or "").lower(), row["input"])
        for row in header["transactions"]
    )
    return Block(number, int(header["timestamp"], 16), sent)


def _log(row: Mapping[str, Any]) -> Log:
    return Log(
        block=int(row["blockNumber"], 16),
        index=int(row["logIndex"], 16),
        tx=row["transactionHash"],
        address=row["address"].lower(),
        topics=tuple(row["topics"]),
        data=row["data"],
    )
