"""What a thief with the keeper's key does to the owner: everything the vault lets it, each time as dear as it gets.

retarget    wants more of one asset and less of another, by all that a day's budget lets it shift: that makes drift
rebalance   sells the one for the other while the thief's own money holds the pool just above the route's floor
harvest     the same with the rewards
flatten     last: halts, and sells each asset behind a pool held at its floor
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keeper.chain import abi, vault
from keeper.chain.fees import Fees
from keeper.devnet.book import Book
from keeper.errors import ChainError
from keeper.manifest import RouteRecord
from keeper.model import AssetState, Hash32, Order, Report, Snapshot, Terms, VaultMode
from keeper.ops.post import Post
from keeper.units import (
    BPS,
    GWEI,
    SHARE_PER_BPS,
    WAD,
    Share18,
    TokenUnits,
    Usd18,
    Wei,
    format_share,
    format_usd,
    value_of,
)
from scripts.story.capital import Capital, Push, Run, pushes

REWARD = 255
"""A route's asset sold that is no asset: the reward of its claim."""
LEAST_SHIFT_BPS = 30
"""Less would not get past the vault's own least drift."""
HARVEST_EVERY = 28_800
"""Seconds between two harvests: rewards gather slowly, and each harvest needs a pool pushed."""
_ALL = TokenUnits(2**128 - 1)
_ANY = TokenUnits(0)
_GAS = 12_000_000
_AHEAD = 600
_TRIED = 4
"""The dearest so many ways are tried."""
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Deed:
    """One transaction of the stolen key that was mined: what it was, and one sentence."""

    kind: str
    tx: Hash32
    block: int
    words: str

    def as_json(self) -> dict[str, object]:
        """As the thief's process prints it."""
        return {"kind": self.kind, "tx": self.tx, "block": self.block, "words": self.words}


@dataclass(frozen=True, slots=True)
class Way:
    """A route that sells what there is too much of for what there is too little of; `worth` orders them."""

    route: RouteRecord
    push: Push
    worth: int


class Raid:
    """The stolen key at `post`, with `capital` beside it."""

    def __init__(self, post: Post, book: Book, capital: Capital) -> None:
        if post.signer is None:
            raise ValueError("the raid needs the key open")
        self._post = post
        self._signer = post.signer
        self._capital = capital
        self._routes = [(route, pushes(book, post.manifest, route)) for route in post.manifest.routes]
        self._harvested_at = 0

    def turn(self) -> tuple[Deed, ...]:
        """What can be done now, done: a harvest, a retarget, a rebalance; nothing of a vault that is halted."""
        seen = self._post.observe().snapshot
        if seen.vault.mode is not VaultMode.ACTIVE:
            return ()
        deeds = [self._harvest(seen), self._retarget(self._post.observe().snapshot), self._rebalance()]
        return tuple(deed for deed in deeds if deed is not None)

    def leave(self) -> tuple[Deed, ...]:
        """Halt the vault, and sell each asset behind a pushed pool; what needs no pool goes last."""
        seen = self._post.observe().snapshot
        deeds: list[Deed | None] = [self._send("halt", vault.halt(_decision()), "the thief halts the vault")]
        refuge = min((asset for asset in seen.assets if asset.safe_rank), key=lambda asset: asset.safe_rank)
        for asset in seen.assets:
            if asset.safe_rank == 0 and asset.value:
                deeds.append(self._flatten(asset, refuge))
        data = _function("flatten()").call()
        if self._capital.trial(None, 0, data) is not None:
            deeds.append(self._send("flatten", data, "the thief flattens what is left"))
        return tuple(deed for deed in deeds if deed is not None)

    def _harvest(self, seen: Snapshot) -> Deed | None:
        """Claim the rewards and have them sold into a pushed pool, if the last time is long enough ago."""
        now = seen.block.timestamp
        ways = [(route, hops) for route, hops in self._routes if route.asset_in == REWARD and route.enabled and hops]
        if not ways or now - self._harvested_at < HARVEST_EVERY:
            return None
        route, hops = ways[0]
        data = _function("harvest").call(route.claim, [(route.index, _ALL, 0)], _terms(seen))
        found = self._capital.most(hops[0], data, lambda run: int(vault.report_of(run.returned).loss))
        if found is None:
            return None
        self._harvested_at = now
        lost = format_usd(Usd18(found[1] * int(seen.vault.nav or 0) // WAD))
        words = f"the thief harvests behind {hops[0].label}, the rewards sold {lost} too cheap"
        return self._behind(hops[0], found[0], "harvest", data, words)

    def _retarget(self, seen: Snapshot) -> Deed | None:
        """Shift as much as is left from the asset whose sale is dearest to the one it is sold for."""
        left = getattr(seen.vault.headroom, "shift_day", Share18(0))
        ways = self._ways(seen, extra=left)
        if not ways or left // SHARE_PER_BPS < LEAST_SHIFT_BPS:
            return None
        sold, bought = ways[0].route.asset_in, ways[0].route.asset_out
        targets = [int(asset.target_bps) for asset in seen.assets]
        shift = min(
            left // SHARE_PER_BPS,
            targets[sold] - seen.assets[sold].min_bps,
            seen.assets[bought].max_bps - targets[bought],
        )
        if shift < LEAST_SHIFT_BPS:
            return None
        targets[sold] -= shift
        targets[bought] += shift
        data = _function("retarget").call(targets, _terms(seen))
        if self._capital.trial(None, 0, data) is None:
            return None
        names = f"{seen.assets[sold].symbol} to {seen.assets[bought].symbol}"
        return self._send("retarget", data, f"the thief moves {shift / 100:.2f} % of the targets from {names}")

    def _rebalance(self) -> Deed | None:
        """Of the dearest ways the first that goes through behind a push."""
        observed = self._post.observe()
        seen = observed.snapshot
        if observed.gate is not None:
            return None
        for way in self._ways(seen)[:_TRIED]:
            data = vault.rebalance([Order(way.route.index, _ALL, _ANY)], Terms(*_terms_of(seen)))
            found = self._capital.most(way.push, data, lambda run: int(vault.report_of(run.returned).loss))
            if found is None or found[1] == 0:
                continue
            report = self._report(way, found[0], data)
            pair = f"{seen.assets[way.route.asset_in].symbol} for {seen.assets[way.route.asset_out].symbol}"
            words = f"the thief pushes {way.push.label}, and has the vault sell {pair}, {_lost(report)}"
            return self._behind(way.push, found[0], "rebalance", data, words)
        return None

    def _report(self, way: Way, amount: int, data: str) -> Report:
        run = self._capital.trial(way.push, amount, data)
        if run is None:
            raise ChainError("what went through a moment ago does not any more", remedy="run make demo again")
        return vault.report_of(run.returned)

    def _flatten(self, asset: AssetState, refuge: AssetState) -> Deed | None:
        """One asset sold whole into the refuge, at as low a price as the vault lets it."""
        data = _function("flatten(uint8[])").call([asset.index])
        ways = [
            hops[0]
            for route, hops in self._routes
            if hops and route.enabled and (route.asset_in, route.asset_out) == (asset.index, refuge.index)
        ]
        found = [(push, self._capital.most(push, data, _judge_exit(self._post, asset, refuge))) for push in ways[:1]]
        best = max(((most[1], push, most[0]) for push, most in found if most), default=None, key=lambda one: one[0])
        if best is None:
            return None
        cost, push, amount = best
        words = f"the thief flattens {asset.symbol} behind {push.label}, {format_share(Share18(cost))} of it lost"
        return self._behind(push, amount, "flatten", data, words)

    def _ways(self, seen: Snapshot, extra: int = 0) -> list[Way]:
        """Routes from too much to too little, dearest first; `extra`: what of NAV targets could still move."""
        nav = int(seen.vault.nav or 0)
        found = []
        for route, hops in self._routes:
            if route.asset_in == REWARD or not route.enabled or not hops:
                continue
            over = _over(seen.assets[route.asset_in]) + extra
            under = extra - _over(seen.assets[route.asset_out])
            size = min(over, under, seen.vault.limits.max_trade_bps * SHARE_PER_BPS)
            if size * BPS >= seen.vault.limits.min_trade_bps * BPS * SHARE_PER_BPS:
                found.append(Way(route, hops[0], size * route.slip_bps * nav))
        return sorted(found, key=lambda way: -way.worth)

    def _behind(self, push: Push, amount: int, kind: str, data: str, words: str) -> Deed:
        """Push, act, undo the push."""
        bought = self._capital.push(push, amount)
        try:
            return self._send(kind, data, words)
        finally:
            self._capital.undo(push, bought)

    def _send(self, kind: str, data: str, words: str) -> Deed:
        """Sign with the stolen key and wait until mined. ChainError where it reverts or is not mined."""
        rpc, observed = self._post.rpc, self._post.observe()
        fee = Wei(2 * observed.next_base_fee + GWEI)
        fees = Fees(max_fee=fee, priority_fee=Wei(GWEI), ceiling=fee, expected=fee)
        chain_id = self._post.manifest.chain.id
        where = self._post.manifest.parts.vault.address
        signed = self._signer.sign(chain_id, observed.nonce, where, data, _GAS, fees)
        rpc.accepted(rpc.send("eth_sendRawTransaction", [signed.raw]))
        receipt = _waited(lambda: rpc.call("eth_getTransactionReceipt", [signed.tx_hash]))
        if int(receipt["status"], 16) != 1:
            raise ChainError(f"the thief's {kind} {signed.tx_hash} reverted", remedy="run make demo again")
        return Deed(kind, signed.tx_hash, int(receipt["blockNumber"], 16), words)


def _judge_exit(post: Post, asset: AssetState, refuge: AssetState) -> Callable[[Run], int | None]:
    """What part of an asset's value a flatten of it lost, 1e18 = 100 %; None unless all of it was sold."""

    def judge(run: Run) -> int | None:
        events = vault.events(run.logs, post.manifest.parts.vault.address)
        for event in events:
            if event.name == "LegSold" and int(event.values["asset"]) == asset.index:
                sold, bought = event.values["sold"], event.values["bought"]
                if sold != asset.balance or asset.price is None or refuge.price is None:
                    return None
                worth = value_of(sold, asset.price, asset.decimals)
                return (worth - value_of(bought, refuge.price, refuge.decimals)) * 10**18 // worth
        return None

    return judge


def _over(asset: AssetState) -> int:
    """How far above its target an asset's weight is, below 0 where it is below; share of NAV."""
    return int(asset.weight) - int(asset.target) if asset.counted else 0


def _lost(report: Report) -> str:
    lost = report.nav_before - report.nav_after
    return f"{format_usd(type(report.nav_before)(lost))} below the oracle, {format_share(report.turnover)} of NAV"


def _terms_of(seen: Snapshot) -> tuple[Any, ...]:
    return seen.vault.epoch, seen.vault.config_version, seen.block.timestamp + _AHEAD, _decision()


def _terms(seen: Snapshot) -> tuple[Any, ...]:
    *bound, decision_id = _terms_of(seen)
    return (*bound, abi.as_bytes(decision_id))


def _decision() -> Hash32:
    """A decision id that no journal knows."""
    return "0x" + secrets.token_hex(32)


def _function(name: str) -> abi.Function:
    return abi.load("KeeperVault").functions[name]


def _waited(ask: Callable[[], Any]) -> Any:
    give_up = time.monotonic() + _PATIENCE
    while (found := ask()) is None:
        if time.monotonic() > give_up:
            raise ChainError(f"a transaction was not mined within {_PATIENCE:g} s", remedy="run make demo again")
        time.sleep(0.01)
    return found
