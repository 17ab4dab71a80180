"""What an owner may ask of a vault, each act one call of vault or rulebook; nothing is sent here."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eth_utils.address import is_address, to_checksum_address

from keeper.chain.abi import decode_revert
from keeper.devnet.calls import encode_call
from keeper.errors import RefusedError, UsageError
from keeper.manifest import Manifest
from keeper.model import Order
from keeper.units import BPS
from scripts.allocation import allocation, tightened
from scripts.deposit import units
from scripts.keys import ROLE
from scripts.outlook import snapshot_of
from scripts.reading import Reader

ALL = 2**256 - 1
"""The whole balance, in a withdrawal."""
PATIENCE = 86_400
"""Seconds that an allocation's deadline lies ahead: a Safe's owners sign hours later."""


@dataclass(frozen=True, slots=True)
class Act:
    """One call by the owner: `what` says it in words."""

    what: str
    to: str
    data: str


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


def unhalt(ground: Ground, _options: argparse.Namespace) -> Act:
    """End a halt, an hour after it or later; every budget begins used up."""
    return Act("unhalt", ground.vault, encode_call("unhalt()"))


def set_targets(ground: Ground, options: argparse.Namespace) -> Act:
    """New targets; assets that are not named keep theirs. Raises UsageError unless they come to 100 %."""
    current = ground.reader.ask("KeeperVault", ground.vault, "state").targetsBps
    targets = dict(zip((asset.symbol for asset in ground.manifest.assets), current, strict=True))
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
    return Act("set targets", ground.vault, encode_call("setTargets(uint16[])", list(targets.values())))


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
    return Act(f"allocate in {len(orders)} orders", ground.vault, call(orders))


def withdraw(ground: Ground, options: argparse.Namespace) -> Act:
    """Take a token out to the payout address: listed ones in whole tokens, others by address and in base units."""
    listed = {asset.symbol: asset for asset in ground.manifest.assets}
    found = listed.get(options.token)
    if found is None and not is_address(options.token):
        known = ", ".join(listed)
        raise UsageError(f"{options.token} is not listed", remedy=f"name one of {known}, or a token's address")
    amount = ALL if options.amount == "all" else units(options.amount, found.decimals if found else 0)
    token = found.token if found else to_checksum_address(options.token)
    what = f"withdraw {options.amount} {options.token}"
    return Act(what, ground.vault, encode_call("withdraw(address,uint256)", token, amount))


ACTS: Mapping[str, Callable[[Ground, argparse.Namespace], Act]] = {
    "unhalt": unhalt,
    "set-targets": set_targets,
    "revoke-keeper": revoke_keeper,
    "revoke-guardian": revoke_guardian,
    "allocate": allocate,
    "withdraw": withdraw,
}


def hold_to_chain(act: Act, ground: Ground) -> None:
    """Raises RefusedError, in the contracts' own words, where the chain would refuse the act now."""
    refused = ground.reader.try_call(ground.owner, act.to, act.data)
    if refused is None:
        return
    said = decode_revert(refused)
    raise RefusedError(
        f"{act.what} would be refused with {said.name}({', '.join(said.args)})",
        remedy=f"see {said.name} in contracts/SPEC.md; nothing was sent",
    )


def _revocation(ground: Ground, who: str, role: str) -> Act:
    book = ground.reader.network.book
    if who.startswith(ROLE) and book is not None:
        who = book.address(who.removeprefix(ROLE))
    if not is_address(who):
        raise UsageError(f"{who} is no address", remedy=f"name the {role} by its address")
    address = to_checksum_address(who)
    signature = f"revoke{role.capitalize()}(address)"
    return Act(f"revoke {role} {address}", ground.rulebook, encode_call(signature, address))
