"""Balances and push feeds at every block, from logs alone: a chain may have forgotten its old states."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.audit import words
from tests.audit.faults import Differs
from tests.audit.record import Record

_USD = 18


@dataclass(frozen=True, slots=True)
class Move:
    """A Transfer to or from the vault; `amount` is positive where it came in."""

    block: int
    tx: str
    token: str
    other: str
    amount: int


class Ledger:
    """Every movement of every token to or from one account."""

    def __init__(self, record: Record, holder: str) -> None:
        self.moves = tuple(_moves(record, holder))
        self.approvals = tuple(
            log.tx
            for log in record.logs
            if log.topics
            and log.topics[0] == words.APPROVAL.topic
            and len(log.topics) > 1
            and _at(log.topics[1]) == holder
        )

    @property
    def tokens(self) -> list[str]:
        """Every token that ever moved."""
        return sorted({move.token for move in self.moves})

    def balance(self, token: str, block: int) -> int:
        """Base units held after a block."""
        return sum(move.amount for move in self.moves if move.token == token and move.block <= block)

    def of(self, tx: str) -> list[Move]:
        """What a transaction moved, in order."""
        return [move for move in self.moves if move.tx == tx]


def _at(topic: str) -> str:
    return "0x" + topic[-40:].lower()


def _moves(record: Record, holder: str) -> Sequence[Move]:
    found = []
    for log in record.logs:
        if not log.topics or log.topics[0] != words.TRANSFER.topic or len(log.topics) != 3:
            continue
        source, target = _at(log.topics[1]), _at(log.topics[2])
        amount = int(log.data, 16)
        if source == holder:
            found.append(Move(log.block, log.tx, log.address, target, -amount))
        if target == holder:
            found.append(Move(log.block, log.tx, log.address, source, amount))
    return found


@dataclass(frozen=True, slots=True)
class Voice:
    """A push feed of the book, and all it has answered: blocks, and USD with 18 decimals."""

    proxy: str
    scale: int
    blocks: tuple[int, ...]
    answers: tuple[int, ...]

    def at(self, block: int) -> int:
        """The answer that stands after a block."""
        place = bisect_right(self.blocks, block)
        if not place:
            raise Differs(f"the feed {self.proxy} had not answered by block {block}")
        return self.answers[place - 1]


class Feeds:
    """The push feeds of a book, two an asset."""

    def __init__(self, listed: Mapping[str, Sequence[Mapping[str, Any]]], record: Record) -> None:
        said: dict[str, list[tuple[int, int]]] = {}
        for log in record.logs:
            if log.topics and log.topics[0] == words.ANSWER.topic:
                event = words.ANSWER.read(log)
                said.setdefault(log.address, []).append((log.block, int(event["current"])))
        self.voices = {asset: tuple(_voice(row, said) for row in rows) for asset, rows in listed.items()}

    def mean(self, asset: str, block: int) -> int:
        """Half the sum of both, rounded down."""
        one, two = self.voices[asset]
        return (one.at(block) + two.at(block)) // 2


def _voice(row: Mapping[str, Any], said: Mapping[str, list[tuple[int, int]]]) -> Voice:
    scale = 10 ** (_USD - int(row["decimals"]))
    answers = said.get(row["aggregator"].lower(), [])
    return Voice(
        row["proxy"], scale, tuple(block for block, _ in answers), tuple(answer * scale for _, answer in answers)
    )
