"""Deploying what brownie compiled: one account, one chain, every creation tried before it is sent."""

from __future__ import annotations

from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3.types import Nonce, TxReceipt
from web3.utils import get_create_address

from keeper.errors import ConfigInvalid
from scripts import artifacts
from scripts.building import Built
from scripts.front import say
from scripts.partial import Partial
from scripts.reading import Reader
from scripts.sending import Hand


class Yard:
    """Deploys and sends by `hand`; `reader` looks at the same chain.

    `partial` remembers what stands, so that a deployment broken off takes up its sources, oracle and adapters again.
    """

    def __init__(self, project: Any, hand: Hand, reader: Reader, partial: Partial) -> None:
        self.address = hand.address
        self.reader = reader
        self.gas = 0
        self._project = project
        self.hand = hand
        self._partial = partial

    def put(self, key: str, contract: str, *arguments: Any) -> Built:
        """Deploy and wait until mined; what `partial` has of the very same creation code is taken as it stands.

        Raises ConfigInvalid with the contract's own words where its constructor refuses.
        """
        container = self._project[contract]
        data = _hex(container.deploy.encode_input(*arguments))
        digest = "0x" + keccak(hexstr=data).hex()
        constructor = "0x" + data[len(_hex(container.bytecode)) :]
        known = self._partial.find(key, digest)
        if known is not None and self.reader.code(known.address):
            say(f"  {key:<18} {known.address}  stands already")
            return Built(contract, known.address, known.tx, constructor, 0)
        self._try(key, contract, data)
        receipt = self.hand.send(key, None, data)
        address, tx = str(receipt["contractAddress"]), _hex(receipt["transactionHash"].hex())
        self._partial.add(key, digest, address, tx)
        self._count(f"{key:<18} {address}", receipt)
        return Built(contract, address, tx, constructor, int(receipt["gasUsed"]))

    def foretell(self, ahead: int) -> str:
        """Where the account's creation after `ahead` more transactions will stand."""
        nonce = Nonce(self.reader.nonce(self.address) + ahead)
        return str(get_create_address(to_checksum_address(self.address), nonce))

    def send(self, what: str, to: str, data: str) -> str:
        """A call as a transaction, waited for; returns its hash. Raises RefusedError where it reverts."""
        receipt = self.hand.send(what, to, data)
        sent = _hex(receipt["transactionHash"].hex())
        self._count(f"{what:<18} {sent}"[:61], receipt)
        return sent

    def _count(self, line: str, receipt: TxReceipt) -> None:
        self.gas += int(receipt["gasUsed"])
        say(f"  {line:<61}  {int(receipt['gasUsed']):>9,} gas")

    def _try(self, key: str, contract: str, data: str) -> None:
        refused = self.reader.try_creation(self.address, data)
        if refused is None:
            return
        name, values = artifacts.explain_revert(contract, refused)
        where, reason, remedy = _in_words(key, contract, name, values)
        raise ConfigInvalid(where, reason, remedy=remedy)


def _hex(text: str) -> str:
    return "0x" + text.removeprefix("0x")


def _in_words(key: str, contract: str, name: str, values: tuple[str, ...]) -> tuple[str, str, str]:
    """A constructor's refusal as place, reason and remedy; the ceilings stand in the contracts alone."""
    said = f"{contract} refuses with {name}({', '.join(values)})"
    match name, values:
        case "AboveCeiling", (what, value, ceiling):
            return what, f"{value} is above the ceiling {ceiling}", f"lower {what} to {ceiling} or less"
        case "BelowFloorOf", (what, value, floor):
            return what, f"{value} is below the floor {floor}", f"raise {what} to {floor} or more"
        case "DeadLossBudget", (given, reachable):
            reason = f"a loss budget of {given} bps never binds: slip times turnover reaches {reachable} bps"
            return key, reason, f"set the limit of {given} bps, loss_day_bps or loss_month_bps, below {reachable}"
        case "DecimalsDiffer", (token, given, found):
            return "assets", f"{token} has {found} decimals, not {given}", f"write decimals = {found}"
        case "NoExit", (asset,):
            reason = f"asset {asset} has no enabled route into the first safe asset, where flatten sells to"
            return "routes", reason, f"add a route from asset {asset} into the asset of the least safe_rank above 0"
        case "NoSafeAssetListed", _:
            return "assets", "no asset is safe, so flatten could sell into none", "set safe_rank = 1 for a stablecoin"
        case _:
            return key, said, f"see {name} in contracts/SPEC.md and correct {key}"
