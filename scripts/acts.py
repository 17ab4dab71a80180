"""What an owner may ask of a vault, each act one call of vault or rulebook; nothing is sent here."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from keeper.config.kinds import checksummed
from keeper.devnet.calls import encode_call
from keeper.errors import UsageError
from keeper.manifest import Manifest
from keeper.model import Order
from keeper.units import BPS
from scripts import foreign
from scripts.allocation import allocation, tightened
from scripts.deposit import units
from scripts.keys import ROLE
from scripts.outlook import snapshot_of
from scripts.reading import Reader, Unanswered
from scripts.safe import Call

ALL = 2**256 - 1
"""The whole balance, in a withdrawal."""
PATIENCE = 86_400
"""Seconds that an allocation's deadline lies ahead: a Safe's owners sign hours later."""


@dataclass(frozen=True, slots=True)
class Act:
    """Calls by the owner, in order; `what` says them in words.

    `later` is calldata of the rulebook's own that these calls queue: rehearsed at once, made after the delay.
    """

    what: str
    calls: tuple[Call, ...]
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What an act is made from: the chain, the deployment, and the owner who will send it, `at_once` or hours later."""

    reader: Reader
    manifest: Manifest
    owner: str
    at_once: bool = False

    @property
    def vault(self) -> str:
        """The vault's address."""
        return self.manifest.parts.vault.address

    @property
    def rulebook(self) -> str:
        """The rulebook's address."""
        return self.manifest.parts.rulebook.address

    def assets(self) -> dict[str, tuple[int, Any]]:
        """Every asset as the chain has it, symbol → index and struct; one listed since goes by its token's word."""
        known = {asset.token: asset.symbol for asset in self.manifest.assets}
        found: dict[str, tuple[int, Any]] = {}
        for index, asset in enumerate(self.reader.ask("Rulebook", self.rulebook, "assets")):
            symbol = known.get(asset.token) or self._symbol(asset.token)
            found[asset.token if symbol in found else symbol] = (index, asset)
        return found

    def asset(self, symbol: str) -> tuple[int, Any]:
        """A listed asset's index and struct. Raises UsageError."""
        found = self.assets()
        if symbol not in found:
            raise UsageError(f"{symbol} is not listed in {self.manifest.name}", remedy=f"use {', '.join(found)}")
        return found[symbol]

    def _symbol(self, token: str) -> str:
        try:
            return str(self.reader.ask_abi("erc20", foreign.ERC20, token, "symbol"))
        except Unanswered:
            return token

    def address(self, who: str) -> str:
        """The address that a word means: an address, or role:NAME on a local chain. Raises UsageError."""
        book = self.reader.network.book
        if who.startswith(ROLE) and book is not None:
            who = book.address(who.removeprefix(ROLE))
        if not is_address(who):
            raise UsageError(f"{who} is no address", remedy="write 0x and 40 hex digits")
        try:
            return checksummed(who)
        except ValueError as error:
            raise UsageError(str(error), remedy="copy the address again, whole") from None


def one(what: str, to: str, data: str) -> Act:
    """An act of one call, without coin."""
    return Act(what, (Call(to, 0, data),))


def unhalt(ground: Ground, _options: argparse.Namespace) -> Act:
    """End a halt, an hour after it or later; every budget begins used up."""
    return one("unhalt", ground.vault, encode_call("unhalt()"))


def set_targets(ground: Ground, options: argparse.Namespace) -> Act:
    """New targets; assets that are not named keep theirs. Raises UsageError unless they come to 100 %."""
    current = ground.reader.ask("KeeperVault", ground.vault, "state").targetsBps
    listed = ground.assets()
    targets = dict(zip(listed, (*current, *(0 for _ in listed)), strict=False))
    for word in options.targets:
        symbol, _, number = word.partition("=")
        if symbol not in targets:
            raise UsageError(f"{symbol} is not listed in {ground.manifest.name}", remedy=f"use {', '.join(targets)}")
        if not number.isdecimal():
            raise UsageError(f"{word!r} is no target", remedy=f"write {symbol}=BPS, as in {symbol}=4000")
        targets[symbol] = int(number)
    if sum(targets.values()) != BPS:
        stand = " ".join(f"{symbol}={bps}" for symbol, bps in targets.items())
        raise UsageError(f"targets come to {sum(targets.values())} bps: {stand}", remedy=f"make them {BPS}")
    return one("set targets", ground.vault, encode_call("setTargets(uint16[])", list(targets.values())))


def revoke_keeper(ground: Ground, options: argparse.Namespace) -> Act:
    """Take a keeper's mandate away; transactions it has signed die with it."""
    return _revocation(ground, options.who, "keeper")


def revoke_guardian(ground: Ground, options: argparse.Namespace) -> Act:
    """Take a guardian's role away."""
    return _revocation(ground, options.who, "guardian")


def allocate(ground: Ground, _options: argparse.Namespace) -> Act:
    """Trade back to the targets, as far as the floors let it."""
    deadline = ground.reader.time + PATIENCE

    def call(orders: Sequence[Order]) -> str:
        rows = [(order.route, order.max_in, order.min_out) for order in orders]
        return encode_call("allocate((uint16,uint128,uint128)[],uint40)", rows, deadline)

    def trial(orders: Sequence[Order]) -> bytes | None:
        return ground.reader.try_call(ground.owner, ground.vault, call(orders))

    snapshot = snapshot_of(ground.reader, ground.manifest)
    orders = allocation(snapshot, trial)
    if ground.at_once:
        orders = tightened(orders, snapshot, trial)
    return one(f"allocate in {len(orders)} orders", ground.vault, call(orders))


def withdraw(ground: Ground, options: argparse.Namespace) -> Act:
    """Take a token out to the payout address: listed ones in whole tokens, others by address and in base units."""
    listed = {symbol: asset for symbol, (_, asset) in ground.assets().items()}
    found = listed.get(options.token)
    if found is None and not is_address(options.token):
        known = ", ".join(listed)
        raise UsageError(f"{options.token} is not listed", remedy=f"name one of {known}, or a token's address")
    amount = ALL if options.amount == "all" else units(options.amount, found.decimals if found else 0)
    token = found.token if found else to_checksum_address(options.token)
    what = f"withdraw {options.amount} {options.token}"
    return one(what, ground.vault, encode_call("withdraw(address,uint256)", token, amount))


ACTS: Mapping[str, Callable[[Ground, argparse.Namespace], Act]] = {
    "unhalt": unhalt,
    "set-targets": set_targets,
    "revoke-keeper": revoke_keeper,
    "revoke-guardian": revoke_guardian,
    "allocate": allocate,
    "withdraw": withdraw,
}


def _revocation(ground: Ground, who: str, role: str) -> Act:
    address = ground.address(who)
    signature = f"revoke{role.capitalize()}(address)"
    return one(f"revoke {role} {address}", ground.rulebook, encode_call(signature, address))
