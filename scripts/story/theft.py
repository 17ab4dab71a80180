"""What a stolen key cost: the thief's transactions as the chain has them, and their sum beside the published bound.

docs/demo.md has every formula. True prices are the market's own; all else is from logs, receipts and balances.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from keeper.chain import vault
from keeper.model import Address, Hash32
from keeper.units import WAD, Share18
from scripts.bounds import Bounds, Episode
from scripts.story.facts import Happening, Sight
from scripts.story.faults import StageFailed
from scripts.story.witness import Witness

KINDS = {
    "Rebalanced": "rebalance",
    "Retargeted": "retarget",
    "Harvested": "harvest",
    "Halted": "halt",
    "Flattened": "flatten",
}
"""An event of the vault, and what the transaction is called that emitted it."""
STEERING = ("rebalance", "retarget", "harvest")
TRADING = ("rebalance", "harvest")
_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Deed:
    """One transaction of the stolen key. `loss` by the vault's report, `true_loss` at true prices, shares of NAV;
    `true_loss_usd` and `traded`, what it changed of NAV by the feeds, in USD with 18 decimals, 0 where nothing moved.
    """

    kind: str
    tx: Hash32
    block: int
    time: int
    step: int
    loss: int
    true_loss_usd: int
    true_loss: int
    traded: int


@dataclass(frozen=True, slots=True)
class Exit:
    """The thief's flatten: USD with 18 decimals sold and bought, by the feeds and at true prices."""

    sold: int
    bought: int
    true_sold: int
    true_bought: int
    bound: Share18

    @property
    def loss(self) -> int:
        """Of what was sold, by the feeds; 1e18 = 100 %."""
        return (self.sold - self.bought) * WAD // self.sold if self.sold else 0

    @property
    def true_loss(self) -> int:
        """The same at true prices."""
        return (self.true_sold - self.true_bought) * WAD // self.true_sold if self.true_sold else 0


@dataclass(frozen=True, slots=True)
class Theft:
    """The whole episode, in the blocks after `from_block` up to `to_block`."""

    thief: Address
    from_block: int
    to_block: int
    deeds: tuple[Deed, ...]
    exit: Exit
    episode: Episode
    nav_before: int
    nav_after: int
    true_prices: Mapping[int, Mapping[str, int]]

    @property
    def landed(self) -> Counter[str]:
        """How many transactions of each kind."""
        return Counter(deed.kind for deed in self.deeds)

    @property
    def lossy(self) -> int:
        """Rebalances that the vault itself counts as a loss."""
        return sum(deed.kind == "rebalance" and deed.loss > 0 for deed in self.deeds)

    @property
    def loss(self) -> int:
        """By the vault's reports, of rebalances and harvests; 1e18 = 100 % of NAV."""
        return sum(deed.loss for deed in self.deeds if deed.kind in TRADING)

    @property
    def true_loss(self) -> int:
        """At true prices; below 0 it was a gain."""
        return sum(deed.true_loss for deed in self.deeds if deed.kind in TRADING)

    @property
    def traded(self) -> int:
        """What trading changed of NAV by the feeds, net of what prices did; USD with 18 decimals."""
        return sum(deed.traded for deed in self.deeds if deed.kind in TRADING)


class Ledger:
    """Writes down the thief's deeds step by step, while the chain still has the states around them."""

    def __init__(self, witness: Witness, thief: Address, bounds: Bounds) -> None:
        self._witness = witness
        self._thief = thief
        self._bounds = bounds
        self._deeds: list[Deed] = []
        self._legs: list[tuple[int, int, int, int]] = []
        self._prices: dict[int, Mapping[str, int]] = {}
        self._known = {token.address.lower(): (token.symbol, token.decimals) for token in witness.book.tokens.values()}
        self._known |= {one.address.lower(): (one.symbol, one.decimals) for one in witness.book.wrapped.values()}

    def note(self, step: int, prices: Mapping[str, int], happened: tuple[Happening, ...]) -> None:
        """The thief's events of a step, and the step's true prices. StageFailed for one of another key's."""
        for one in (one for one in happened if one.name in KINDS):
            receipt = self._witness.receipt(one.tx)
            if receipt["from"].lower() != self._thief.lower():
                raise StageFailed("a stolen key", f"{one.tx} is not of the stolen key", None)
            self._prices[step] = prices
            self._deeds.append(self._deed(step, prices, one, self._witness.moves(receipt)))
        for leg in self._witness.legs(happened):
            self._note_leg(leg.block, leg.symbol, (leg.sold, leg.bought), prices)

    def close(self, capital: Address, first: int, last: int) -> Theft:
        """The episode, once it is over; `capital` is the thief's own account, active between these blocks."""
        steering = [deed for deed in self._deeds if deed.kind in STEERING]
        if not steering:
            raise StageFailed("a stolen key", "the thief landed nothing", None)
        hours = max(-(-(steering[-1].time - steering[0].time) // _HOUR), 1)
        blocks = self._witness.moved(capital, first, last) | {deed.block for deed in self._deeds}
        from_block, to_block = min(blocks) - 1, max(blocks)
        sums = [sum(leg[place] for leg in self._legs) for place in range(4)]
        return Theft(
            thief=self._thief,
            from_block=from_block,
            to_block=to_block,
            deeds=tuple(self._deeds),
            exit=Exit(sums[0], sums[1], sums[2], sums[3], self._bounds.flatten_once),
            episode=self._bounds.episode(hours),
            nav_before=self._witness.sight(from_block).nav,
            nav_after=self._witness.sight(steering[-1].block).nav,
            true_prices=dict(self._prices),
        )

    def _deed(self, step: int, prices: Mapping[str, int], one: Happening, moves: list[tuple[Address, int]]) -> Deed:
        kind, after = KINDS[one.name], self._witness.sight(one.block)
        if kind not in TRADING:
            return Deed(kind, one.tx, one.block, after.time, step, 0, 0, 0, 0)
        before = self._witness.sight(one.block - 1)
        rates = self._witness.rates(one.block)
        if kind == "harvest":
            moves = _without_claim(moves)
        lost = sum(_signed(amount, self._worth(token, abs(amount), prices, rates)) for token, amount in moves)
        nav = self._true_nav(before, prices)
        return Deed(
            kind=kind,
            tx=one.tx,
            block=one.block,
            time=after.time,
            step=step,
            loss=vault.report(one.values["report"]).loss,
            true_loss_usd=lost,
            true_loss=lost * WAD // nav,
            traded=after.nav - before.worth_at(after.prices),
        )

    def _note_leg(self, block: int, symbol: str, amounts: tuple[int, int], prices: Mapping[str, int]) -> None:
        """A leg of a flatten, but for the redemption of a share of what is safe."""
        seen, rates = self._witness.sight(block), self._witness.rates(block)
        held = {one.symbol: one for one in seen.holdings}
        refuge = min((one for one in self._witness.manifest.assets if one.safe_rank), key=lambda one: one.safe_rank)
        if held[symbol].stable:
            return
        both = list(zip((symbol, refuge.symbol), amounts, strict=True))
        by_feeds = [amount * held[name].price // 10 ** held[name].decimals for name, amount in both]
        tokens = {one.symbol: one.token.lower() for one in self._witness.manifest.assets}
        truly = [self._worth(tokens[name], amount, prices, rates) for name, amount in both]
        self._legs.append((by_feeds[0], by_feeds[1], truly[0], truly[1]))

    def _true_nav(self, seen: Sight, prices: Mapping[str, int]) -> int:
        rates = self._witness.rates(seen.block)
        tokens = {one.symbol: one.token.lower() for one in self._witness.manifest.assets}
        return sum(self._worth(tokens[held.symbol], held.balance, prices, rates) for held in seen.holdings)

    def _worth(self, token: Address, amount: int, prices: Mapping[str, int], rates: Mapping[str, int]) -> int:
        """USD of base units at true prices, rounded down; a share by its rate."""
        symbol, decimals = self._known[token]
        price = prices[self._witness.priced_as(symbol)]
        if symbol in rates:
            price = price * rates[symbol] // 10**decimals
        return int(amount * price // 10**decimals)


def _signed(amount: int, worth: int) -> int:
    """What left the vault is lost, what came is won."""
    return worth if amount < 0 else -worth


def _without_claim(moves: list[tuple[Address, int]]) -> list[tuple[Address, int]]:
    """The moves of a harvest without what was claimed: the first that came of what left afterwards, or at all."""
    sold = {token for token, amount in moves if amount < 0}
    for place, (token, amount) in enumerate(moves):
        if amount > 0 and (token in sold or not sold):
            return moves[:place] + moves[place + 1 :]
    return moves
