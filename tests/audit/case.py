"""What the demo's JSON leads to: the object itself, the vault's manifest, the chain's book, and the chain's record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.audit import words
from tests.audit.faults import Unusable
from tests.audit.ledger import Feeds, Ledger
from tests.audit.node import Node
from tests.audit.record import Event, Record

WHOLE = 10**18
"""100 %, and one dollar."""


@dataclass(frozen=True, slots=True)
class Held:
    """A token that a vault holds or is paid: `feed` is the asset it is worth in the book, `of` a share's underlying."""

    symbol: str
    token: str
    decimals: int
    feed: str
    of: str | None = None
    safe_rank: int = 0

    @property
    def unit(self) -> int:
        """Base units of one whole token."""
        return int(10**self.decimals)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One demo to be audited. `data` is its JSON's; `events` are the vault's, from its first to its last."""

    data: Mapping[str, Any]
    manifest: Mapping[str, Any]
    book: Mapping[str, Any]
    node: Node
    record: Record
    vault: str
    rulebook: str
    assets: tuple[Held, ...]
    rewards: tuple[Held, ...]
    feeds: Feeds
    ledger: Ledger
    events: tuple[Event, ...]

    def token(self, symbol: str) -> Held:
        """The asset or reward of that symbol."""
        return next(one for one in (*self.assets, *self.rewards) if one.symbol == symbol)

    def told(self, first: int, last: int, *names: str) -> list[Event]:
        """The vault's events of these names in the blocks from `first` to `last`."""
        return [one for one in self.events if one.name in names and first <= one.log.block <= last]

    # ------------------------------------------------------------------------------------------------ prices

    def rate(self, share: Held, block: int) -> int:
        """Base units of a share's underlying for one whole share."""
        found = self.node.call(share.token, "convertToAssets(uint256)", "uint256", share.unit, block=block)
        return int(found[0])

    def price(self, held: Held, block: int) -> int:
        """P of docs/demo.md: USD with 18 decimals of one whole token."""
        if held.of is None:
            return self.feeds.mean(held.feed, block)
        return self.price(self.token(held.of), block) * self.rate(held, block) // held.unit

    def value(self, held: Held, amount: int, block: int) -> int:
        """V of docs/demo.md."""
        return amount * self.price(held, block) // held.unit

    def balance(self, held: Held, block: int) -> int:
        """What the vault holds after a block, by Transfer logs."""
        return self.ledger.balance(held.token, block)

    def nav(self, block: int, at: int | None = None) -> int:
        """NAV of the balances at `block`, at the prices of the block `at` where that is another."""
        where = block if at is None else at
        return sum(self.value(held, self.balance(held, block), where) for held in self.assets)

    def time(self, block: int) -> int:
        """Unix seconds."""
        return self.record.blocks[block].time


def envelope(text: str) -> Mapping[str, Any]:
    """The demo's object: the last line of what it printed. Numbers with a point are decimals, never floats."""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        found = json.loads(lines[-1] if lines else "", parse_float=Decimal)
    except ValueError:
        raise Unusable("that is no demo's JSON: its last line is no object; say make demo ARGS=--json") from None
    if not isinstance(found, dict) or found.get("schema") != "ballast.cli/1" or not isinstance(found.get("data"), dict):
        raise Unusable("that is no demo's JSON: no object of schema ballast.cli/1 with data")
    return found


_GIVEN: tuple[tuple[str, type], ...] = (
    ("prices.source", str),
    ("prices.from", str),
    ("journal.path", str),
    ("journal.others", list),
    ("blocks.first", int),
    ("blocks.steps", list),
    ("manifest", str),
    ("book", str),
    ("left_out", list),
)
_GIVEN_OF_ATTACK: tuple[tuple[str, type], ...] = (
    ("attack.thief", str),
    ("attack.from_block", int),
    ("attack.to_block", int),
    ("attack.true_prices", dict),
)


def complete(data: Mapping[str, Any]) -> None:
    """What the audit starts from must be there, of its kind. Raises Unusable with the first that is not."""
    robbed = data.get("attack") is not None
    for name, kind in (*_GIVEN, *(_GIVEN_OF_ATTACK if robbed else ())):
        found: Any = data
        for word in name.split("."):
            found = found.get(word) if isinstance(found, dict) else None
        if not isinstance(found, kind):
            raise Unusable(f"the demo's JSON has {name} = {found!r}, not a {kind.__name__}: is it of this release?")
    for other in data["journal"]["others"]:
        if not isinstance(other, dict) or not isinstance(other.get("path"), str):
            raise Unusable(f"the demo's JSON has journal.others with {other!r}, which names no path")


def document(path: str, what: str) -> Mapping[str, Any]:
    """A JSON file the demo names. Raises Unusable where it is not there."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unusable(f"the {what} {path} cannot be read ({error}): tell the demo with --keep") from None
    if not isinstance(found, dict):
        raise Unusable(f"the {what} {path} is no object")
    return found


def opened(data: Mapping[str, Any], node: Node, record: Record) -> Case:
    """The case of a demo's data on the chain that `record` was read from."""
    complete(data)
    try:
        manifest, book = document(data["manifest"], "manifest"), document(data["book"], "book")
        vault = manifest["parts"]["vault"]["address"].lower()
        rulebook = str(node.call(vault, "rulebook()", "address", block=record.head)[0])
        assets = tuple(_held(row, book) for row in manifest["assets"])
        rewards = tuple(_held(row, book) for row in manifest.get("rewards", ()))
    except (KeyError, TypeError) as error:
        raise Unusable(f"the demo's JSON lacks {error}, or its manifest or book does") from None
    feeds = Feeds(book["feeds"], record)
    events = tuple(record.events(vault, words.VAULT, 0, record.head))
    return Case(
        data, manifest, book, node, record, vault, rulebook, assets, rewards, feeds, Ledger(record, vault), events
    )


def _held(row: Mapping[str, Any], book: Mapping[str, Any]) -> Held:
    symbol, rank = row["symbol"], int(row.get("safe_rank", 0))
    shares = book.get("wrapped", {})
    of = shares[symbol]["underlying"] if symbol in shares else None
    feed = book["tokens"][of or symbol]["asset"]
    return Held(symbol, row["token"].lower(), int(row["decimals"]), feed, of, rank)
