"""The witness: what a story came to, from balances, feeds and logs on the chain, and nothing that the keeper says.

Prices are the mean of an asset's two push feeds at the same block; the vault's own oracle is not asked.
"""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from keeper.chain import abi, vault
from keeper.devnet import chainlink
from keeper.devnet.book import Book
from keeper.devnet.calls import decode_result, encode_call
from keeper.devnet.kit import MULTICALL3, Chain, Read
from keeper.manifest import Manifest
from keeper.model import Address, Hash32
from keeper.units import Share18, Timestamp, TokenUnits, Usd18, Wei
from scripts.story.facts import Exit, Holding, Rebalance, Sight

_TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
_VAULT = "KeeperVault"
_PRICE_DECIMALS = 18


class Witness:
    """Looks at one vault on the chain of `book`."""

    def __init__(self, book: Book, manifest: Manifest) -> None:
        self._book = book
        self._manifest = manifest
        self.vault: Address = manifest.parts.vault.address
        self._chain = Chain(book.url, book.address("stranger"))

    def sight(self, block: int | None = None) -> Sight:
        """The vault and its prices at a block, the latest where none is named."""
        tag = "latest" if block is None else hex(block)
        header = self._chain.block(tag)
        number = int(header["number"], 16)
        assets = self._manifest.assets
        voices = [voice for asset in assets for voice in self._book.feeds[self._book.tokens[asset.symbol].asset]]
        reads = [Read(asset.token, "balanceOf(address)", "uint256", (self.vault,)) for asset in assets]
        reads += [chainlink.answer_read(voice) for voice in voices]
        answers = self._read_all(reads, number)
        said = {
            voice.proxy: int(row[1]) * 10 ** (_PRICE_DECIMALS - voice.decimals)
            for voice, row in zip(voices, answers[len(assets) :], strict=True)
        }
        holdings = []
        for asset, row in zip(assets, answers, strict=False):
            views = [said[voice.proxy] for voice in self._book.feeds[self._book.tokens[asset.symbol].asset]]
            price = Usd18(sum(views) // len(views))
            holdings.append(Holding(asset.symbol, asset.decimals, asset.target_bps, TokenUnits(int(row[0])), price))
        state, headroom = (self._view(name, number) for name in ("state", "headroom"))
        return Sight(
            block=number,
            time=Timestamp(int(header["timestamp"], 16)),
            base_fee=Wei(int(header["baseFeePerGas"], 16)),
            holdings=tuple(holdings),
            halted=bool(state["mode"]),
            epoch=int(state["epoch"]),
            loss_left=Share18(min(headroom["lossDay"], headroom["lossMonth"])),
            turnover_left=Share18(min(headroom["turnoverDay"], headroom["turnoverMonth"])),
        )

    def rebalances(self, first: int, last: int) -> tuple[Rebalance, ...]:
        """Every Rebalanced event in these blocks, with the receipt's gas and the drift by balances around it."""
        found = []
        for log, event in self._events(first, last):
            if event.name != "Rebalanced":
                continue
            number, report = int(log["blockNumber"], 16), vault.report(event.values["report"])
            found.append(
                Rebalance(
                    block=number,
                    tx=log["transactionHash"],
                    decision_id=event.values["decisionId"],
                    report=report,
                    gas=self._gas(log["transactionHash"]),
                    seen_before=self.sight(number - 1).drift,
                    seen_after=self.sight(number).drift,
                )
            )
        return tuple(found)

    def exits(self, first: int, last: int) -> tuple[Exit, ...]:
        """Every Halted and Flattened event in these blocks."""
        found = []
        for log, event in self._events(first, last):
            if event.name in ("Halted", "Flattened"):
                number = int(log["blockNumber"], 16)
                time = Timestamp(int(self._chain.block(hex(number))["timestamp"], 16))
                reason = event.values.get("reason")
                legs = (int(event.values.get("sold", 0)), int(event.values.get("failed", 0)))
                found.append(Exit(event.name, number, log["transactionHash"], time, reason, *legs))
        return tuple(found)

    def client(self) -> str:
        """The node's own name and version."""
        return str(self._chain.rpc("web3_clientVersion"))

    def transfers(self, first: int, last: int) -> frozenset[Hash32]:
        """The transactions in these blocks that moved any token to or from the vault."""
        place = "0x" + self.vault[2:].lower().rjust(64, "0")
        topics: list[list[str | None]] = [[_TRANSFER, place], [_TRANSFER, None, place]]
        logs = [log for one in topics for log in self._logs(first, last, {"topics": one})]
        return frozenset(log["transactionHash"] for log in logs)

    def _events(self, first: int, last: int) -> list[tuple[dict[str, Any], abi.Event]]:
        known = abi.load(_VAULT)
        logs = self._logs(first, last, {"address": self.vault})
        found = ((log, known.event(log)) for log in logs)
        return [(log, event) for log, event in found if event is not None]

    def _logs(self, first: int, last: int, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        asked = {"fromBlock": hex(first), "toBlock": hex(last), **wanted}
        logs: list[dict[str, Any]] = self._chain.rpc("eth_getLogs", asked)
        return logs

    def _gas(self, tx: Hash32) -> int:
        return int(self._chain.rpc("eth_getTransactionReceipt", tx)["gasUsed"], 16)

    def _view(self, name: str, block: int) -> Any:
        function = abi.load(_VAULT).functions[name]
        return function.result(self._chain.rpc("eth_call", {"to": self.vault, "data": function.call()}, hex(block)))

    def _read_all(self, reads: list[Read], block: int) -> list[tuple[Any, ...]]:
        batch = [(read.to, bytes.fromhex(encode_call(read.signature, *read.arguments)[2:])) for read in reads]
        data = encode_call("aggregate((address,bytes)[])", batch)
        answer = self._chain.rpc("eth_call", {"to": MULTICALL3, "data": data}, hex(block))
        _, found = decode_result("uint256,bytes[]", answer)
        return [decode_result(read.returns, data) for read, data in zip(reads, found, strict=True)]
