"""Where everything on a furnished chain stands, as one frozen value and one JSON file (`ballast.devnet/1`)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keeper.errors import UsageError

SCHEMA = "ballast.devnet/1"


@dataclass(frozen=True, slots=True)
class Token:
    """An ERC-20: `asset` is what the feeds call its value (WETH is worth one ETH)."""

    symbol: str
    address: str
    decimals: int
    asset: str


@dataclass(frozen=True, slots=True)
class Voice:
    """One push feed: consumers read `proxy`, oracles submit to `aggregator`; heartbeat in seconds, deviation in bps."""

    asset: str
    proxy: str
    aggregator: str
    oracles: tuple[str, ...]
    decimals: int
    heartbeat: int
    deviation_bps: int


@dataclass(frozen=True, slots=True)
class Pool:
    """A Uniswap V3 pool; token0 and token1 are symbols in the pool's own order, the fee is in hundredths of a bp."""

    address: str
    token0: str
    token1: str
    fee: int

    @property
    def label(self) -> str:
        """As people say it: `USDC/WETH 500`."""
        return f"{self.token0}/{self.token1} {self.fee}"


@dataclass(frozen=True, slots=True)
class SignedFeed:
    """A Chainlink feed of signed reports: `proxy` is read, `data_id` (0x and 16 bytes) is what reports call it."""

    asset: str
    proxy: str
    data_id: str
    decimals: int
    heartbeat: int
    deviation_bps: int


@dataclass(frozen=True, slots=True)
class Beacon:
    """An API3 feed: `proxy` is read, `template` (0x and 32 bytes) is what its airnode signs beside time and value."""

    asset: str
    proxy: str
    template: str
    decimals: int
    heartbeat: int
    deviation_bps: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A Uniswap V2 pair; token0 and token1 are symbols in its own order, its fee is 3000 hundredths of a bp."""

    address: str
    token0: str
    token1: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """What Aave lends of one token: the receipt of a supplier and of a borrower."""

    symbol: str
    a_token: str
    debt_token: str


@dataclass(frozen=True, slots=True)
class Wrapped:
    """An ERC-4626 vault over an aToken; `underlying` is the symbol that it takes, decimals are the underlying's."""

    symbol: str
    address: str
    decimals: int
    underlying: str


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the public mnemonic; `accounts.key(role)` derives its key."""

    role: str
    index: int
    address: str


@dataclass(frozen=True, slots=True)
class OwnerSafe:
    """The Safe that owns what is deployed here: its owners' roles in order, and how many must sign."""

    address: str
    owners: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Book:
    """A furnished chain. `feeds` has two voices an asset, in a fixed order; `contracts` are the shared ones by name.

    From `client` on, fields are the full set's; `left_out` names what this client cannot carry.
    """

    name: str
    url: str
    chain_id: int
    genesis: str
    furnished_block: int
    furnished_hash: str
    tokens: Mapping[str, Token]
    feeds: Mapping[str, tuple[Voice, ...]]
    pools: tuple[Pool, ...]
    contracts: Mapping[str, str]
    owner_safe: OwnerSafe
    people: Mapping[str, Person]
    client: str = "anvil"
    fork_of: str = ""
    full: bool = False
    signed: Mapping[str, SignedFeed] = field(default_factory=dict)
    beacons: Mapping[str, Beacon] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()
    reserves: Mapping[str, Reserve] = field(default_factory=dict)
    wrapped: Mapping[str, Wrapped] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    opening: Mapping[str, int] = field(default_factory=dict)
    """By asset, the price that everything opened at: USD with 18 decimals, as text in the file."""

    def address(self, role: str) -> str:
        """The account of a role."""
        return self.people[role].address

    def pool(self, one: str, other: str, fee: int) -> Pool:
        """The pool of two symbols in either order, fee in hundredths of a bp. Raises KeyError where there is none."""
        for pool in self.pools:
            if {pool.token0, pool.token1} == {one, other} and pool.fee == fee:
                return pool
        raise KeyError(f"{one}/{other} {fee}")

    def as_json(self) -> dict[str, Any]:
        """The document that `save` writes and `load` reads."""
        opening = {asset: str(price) for asset, price in self.opening.items()}
        return {"schema": SCHEMA, **asdict(self), "opening": opening}


def save(book: Book, path: Path) -> None:
    """Write the book whole or not at all; a reader never sees half of it."""
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    staged.write_text(json.dumps(book.as_json(), indent=2) + "\n")
    staged.replace(path)


def load(path: Path) -> Book:
    """Read a book. Raises UsageError where the file is absent, is not a book, or is one of another schema."""
    try:
        document: object = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read as a local chain's book", remedy="keeper devnet up writes one"
        ) from error
    if not isinstance(document, dict) or document.pop("schema", None) != SCHEMA:
        raise UsageError(f"{path} is not of schema {SCHEMA}", remedy="keeper devnet up --fresh writes a new one")
    return from_json(document)


def from_json(document: Mapping[str, Any]) -> Book:
    """The value of a document without its schema line. Raises UsageError where a field is missing or unknown."""
    try:
        fields = dict(document)
        safe = dict(fields.pop("owner_safe"))
        return Book(
            tokens={symbol: Token(**token) for symbol, token in fields.pop("tokens").items()},
            feeds={
                asset: tuple(Voice(**{**voice, "oracles": tuple(voice["oracles"])}) for voice in voices)
                for asset, voices in fields.pop("feeds").items()
            },
            pools=tuple(Pool(**pool) for pool in fields.pop("pools")),
            owner_safe=OwnerSafe(**{**safe, "owners": tuple(safe["owners"])}),
            people={role: Person(**person) for role, person in fields.pop("people").items()},
            signed={asset: SignedFeed(**feed) for asset, feed in fields.pop("signed").items()},
            beacons={asset: Beacon(**beacon) for asset, beacon in fields.pop("beacons").items()},
            pairs=tuple(Pair(**pair) for pair in fields.pop("pairs")),
            reserves={symbol: Reserve(**reserve) for symbol, reserve in fields.pop("reserves").items()},
            wrapped={symbol: Wrapped(**wrapped) for symbol, wrapped in fields.pop("wrapped").items()},
            left_out=tuple(fields.pop("left_out")),
            opening={asset: int(price) for asset, price in fields.pop("opening").items()},
            **fields,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the local chain's book does not fit: {error}", remedy="keeper devnet up --fresh") from error
