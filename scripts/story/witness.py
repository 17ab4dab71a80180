"""The witness: what a story came to, from balances, feeds and logs on the chain, and nothing that the keeper says.

Prices are the mean of an asset's two push feeds at the same block; the vault's own oracle is not asked. A share is
worth its rate times its underlying. docs/demo.md has every formula.
"""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from keeper.chain import abi, vault
from keeper.devnet import chainlink
from keeper.devnet.book import Book
from keeper.devnet.calls import decode_result, encode_call
from keeper.devnet.kit import MULTICALL3, Chain, Read
from keeper.manifest import AssetRecord, Manifest
from keeper.model import Address, Hash32
from keeper.units import Bps, Share18, Timestamp, TokenUnits, Usd18, Wei
from scripts.story.facts import Exit, Happening, Harvest, Holding, Leg, Rebalance, Refuge, Sight

_TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
_VAULT = "KeeperVault"
_PRICE_DECIMALS = 18


class Witness:
    """Looks at one vault on the chain of `book`."""

    def __init__(self, book: Book, manifest: Manifest) -> None:
        self.book = book
        self.manifest = manifest
        self.vault: Address = manifest.parts.vault.address
        self._chain = Chain(book.url, book.address("stranger"))
        self._feeds = sorted({self.priced_as(asset.symbol) for asset in manifest.assets})
        self._shares = [asset for asset in manifest.assets if asset.symbol in book.wrapped]

    def priced_as(self, symbol: str) -> str:
        """What the feeds call the value of a token; a share goes by its underlying's."""
        wrapped = self.book.wrapped.get(symbol)
        return self.book.tokens[wrapped.underlying if wrapped else symbol].asset

    def sight(self, block: int | None = None) -> Sight:
        """The vault and its prices at a block, the latest where none is named."""
        tag = "latest" if block is None else hex(block)
        header = self._chain.block(tag)
        number = int(header["number"], 16)
        assets = self.manifest.assets
        voices = [voice for feed in self._feeds for voice in self.book.feeds[feed]]
        reads = [Read(asset.token, "balanceOf(address)", "uint256", (self.vault,)) for asset in assets]
        reads += [
            Read(share.token, "convertToAssets(uint256)", "uint256", (10**share.decimals,)) for share in self._shares
        ]
        reads += [chainlink.answer_read(voice) for voice in voices]
        views = [abi.load(_VAULT).functions[name] for name in ("state", "headroom")]
        *answers, state, headroom = self._read_all(reads, [view.call() for view in views], number)
        said = {
            voice.proxy: int(row[1]) * 10 ** (_PRICE_DECIMALS - voice.decimals)
            for voice, row in zip(voices, answers[len(assets) + len(self._shares) :], strict=True)
        }
        prices = {feed: _mean([said[voice.proxy] for voice in self.book.feeds[feed]]) for feed in self._feeds}
        rates = {share.symbol: int(row[0]) for share, row in zip(self._shares, answers[len(assets) :], strict=False)}
        seen, room = views[0].result(state), views[1].result(headroom)
        holdings = tuple(
            self._holding(asset, int(row[0]), int(target), prices, rates)
            for asset, row, target in zip(assets, answers, seen["targetsBps"], strict=False)
        )
        return Sight(
            block=number,
            time=Timestamp(int(header["timestamp"], 16)),
            base_fee=Wei(int(header["baseFeePerGas"], 16)),
            holdings=holdings,
            halted=bool(seen["mode"]),
            epoch=int(seen["epoch"]),
            loss_left=Share18(min(room["lossDay"], room["lossMonth"])),
            turnover_left=Share18(min(room["turnoverDay"], room["turnoverMonth"])),
        )

    def rates(self, block: int) -> dict[str, int]:
        """By share, what one whole of it is worth in base units of its underlying."""
        reads = [
            Read(share.token, "convertToAssets(uint256)", "uint256", (10**share.decimals,)) for share in self._shares
        ]
        found = self._read_all(reads, [], block)
        return {share.symbol: int(row[0]) for share, row in zip(self._shares, found, strict=True)}

    def happenings(self, first: int, last: int) -> tuple[Happening, ...]:
        """Every event of the vault in these blocks, in order."""
        known, found = abi.load(_VAULT), []
        for log in self._logs(first, last, {"address": self.vault}):
            event = known.event(log)
            if event is not None:
                found.append(Happening(event.name, int(log["blockNumber"], 16), log["transactionHash"], event.values))
        return tuple(found)

    def rebalances(self, happened: tuple[Happening, ...]) -> tuple[Rebalance, ...]:
        """The Rebalanced among these, with the receipt's gas and the drift by balances around each."""
        return tuple(
            Rebalance(
                block=one.block,
                tx=one.tx,
                decision_id=one.values["decisionId"],
                report=vault.report(one.values["report"]),
                gas=self._gas(one.tx),
                seen_before=self.sight(one.block - 1).drift,
                seen_after=self.sight(one.block).drift,
            )
            for one in happened
            if one.name == "Rebalanced"
        )

    def harvests(self, happened: tuple[Happening, ...]) -> tuple[Harvest, ...]:
        """The Harvested among these, with the receipt's gas."""
        return tuple(
            Harvest(
                block=one.block,
                tx=one.tx,
                decision_id=one.values["decisionId"],
                claimed=int(one.values["claimed"]),
                sold_for=int(one.values["soldFor"]),
                gas=self._gas(one.tx),
            )
            for one in happened
            if one.name == "Harvested"
        )

    def exits(self, happened: tuple[Happening, ...]) -> tuple[Exit, ...]:
        """The Halted and Flattened among these."""
        return tuple(
            Exit(
                name=one.name,
                block=one.block,
                tx=one.tx,
                time=Timestamp(int(self._chain.block(hex(one.block))["timestamp"], 16)),
                decision_id=one.values.get("reason"),
                sold=int(one.values.get("sold", 0)),
                failed=int(one.values.get("failed", 0)),
                refuge=self._refuge(one) if one.name == "Flattened" else None,
            )
            for one in happened
            if one.name in ("Halted", "Flattened")
        )

    def _refuge(self, flattened: Happening) -> Refuge:
        asset = self.manifest.assets[int(flattened.values["safeAsset"])]
        price = self.sight(flattened.block).prices[asset.symbol]
        return Refuge(asset.symbol, price, asset.safe_rank, Bps(asset.depeg_bps))

    def legs(self, happened: tuple[Happening, ...]) -> tuple[Leg, ...]:
        """The LegSold among these."""
        return tuple(
            Leg(
                block=one.block,
                tx=one.tx,
                symbol=self.manifest.assets[int(one.values["asset"])].symbol,
                sold=int(one.values["sold"]),
                bought=int(one.values["bought"]),
                floor=int(one.values["floor"]),
            )
            for one in happened
            if one.name == "LegSold"
        )

    def client(self) -> str:
        """The node's own name and version."""
        return str(self._chain.rpc("web3_clientVersion"))

    def receipt(self, tx: Hash32) -> dict[str, Any]:
        """A mined transaction's receipt, as the node gives it."""
        found: dict[str, Any] = self._chain.rpc("eth_getTransactionReceipt", tx)
        return found

    def moves(self, receipt: dict[str, Any]) -> list[tuple[Address, int]]:
        """Every Transfer from (below 0) or to the vault in a receipt, in order: token, lower case, and base units."""
        place, found = _topic(self.vault), []
        for log in receipt["logs"]:
            if log["topics"][0] == _TRANSFER and len(log["topics"]) == 3 and place in log["topics"][1:]:
                amount = int(log["data"], 16)
                found.append((str(log["address"]).lower(), -amount if log["topics"][1] == place else amount))
        return found

    def transfers(self, first: int, last: int) -> frozenset[Hash32]:
        """The transactions in these blocks that moved any token to or from the vault."""
        return frozenset(log["transactionHash"] for log in self._transfers(self.vault, first, last))

    def moved(self, account: Address, first: int, last: int) -> set[int]:
        """Those of these blocks in which tokens moved to or from an account."""
        return {int(log["blockNumber"], 16) for log in self._transfers(account, first, last)}

    def _transfers(self, account: Address, first: int, last: int) -> list[dict[str, Any]]:
        place = _topic(account)
        topics: list[list[str | None]] = [[_TRANSFER, place], [_TRANSFER, None, place]]
        return [log for one in topics for log in self._logs(first, last, {"topics": one})]

    def _holding(
        self, asset: AssetRecord, balance: int, target: int, prices: dict[str, int], rates: dict[str, int]
    ) -> Holding:
        price, wrapped = prices[self.priced_as(asset.symbol)], self.book.wrapped.get(asset.symbol)
        safe = {one.symbol for one in self.manifest.assets if one.safe_rank}
        if wrapped is not None:
            price = price * rates[asset.symbol] // 10**asset.decimals
        return Holding(
            symbol=asset.symbol,
            decimals=asset.decimals,
            target_bps=Bps(target),
            balance=TokenUnits(balance),
            price=Usd18(price),
            safe=asset.symbol in safe,
            stable=asset.symbol in safe or (wrapped is not None and wrapped.underlying in safe),
        )

    def _logs(self, first: int, last: int, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        if last < first:
            return []
        asked = {"fromBlock": hex(first), "toBlock": hex(last), **wanted}
        logs: list[dict[str, Any]] = self._chain.rpc("eth_getLogs", asked)
        return logs

    def _gas(self, tx: Hash32) -> int:
        return int(self.receipt(tx)["gasUsed"], 16)

    def _read_all(self, reads: list[Read], views: list[str], block: int) -> list[Any]:
        """Decoded answers of the reads, then the vault's own views as they came; one round trip."""
        batch = [(read.to, bytes.fromhex(encode_call(read.signature, *read.arguments)[2:])) for read in reads]
        batch += [(self.vault, bytes.fromhex(view[2:])) for view in views]
        data = encode_call("aggregate((address,bytes)[])", batch)
        answer = self._chain.rpc("eth_call", {"to": MULTICALL3, "data": data}, hex(block))
        _, found = decode_result("uint256,bytes[]", answer)
        decoded = [decode_result(read.returns, data) for read, data in zip(reads, found, strict=False)]
        return [*decoded, *found[len(reads) :]]


def _mean(views: list[int]) -> int:
    return sum(views) // len(views)


def _topic(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")
