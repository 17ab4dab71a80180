"""What the stolen key cost, once more: from its transactions, the feeds, and the true prices that the JSON names."""

from __future__ import annotations

from typing import Any

from tests.audit import journal, words
from tests.audit.blocks import first, step_of, steps
from tests.audit.case import WHOLE, Case, Held
from tests.audit.cuts import cut_bps
from tests.audit.faults import Differs
from tests.audit.ledger import Move
from tests.audit.record import Event
from tests.audit.rules import Rules

KINDS = {
    "Rebalanced": "rebalance",
    "Retargeted": "retarget",
    "Harvested": "harvest",
    "Halted": "halt",
    "Flattened": "flatten",
}
STEERING = ("rebalance", "retarget", "harvest")
TRADING = ("rebalance", "harvest")
_HOUR = 3_600
FAR_BPS = 100
"""Twice the feed error that the published bounds assume: a true price further off is none."""


def recomputed(case: Case) -> dict[str, Any]:
    """`attack` of the demo's object."""
    told = case.data["attack"]
    thief = told["thief"].lower()
    acts = _acts(case, thief)
    deeds = [_Deed(case, one) for one in acts]
    steering = [one for one in deeds if one.kind in STEERING]
    trading = [one for one in deeds if one.kind in TRADING]
    if not steering:
        raise Differs(f"{told['thief']} steered nothing that a journal does not know")
    span = sorted({*(one.block for one in deeds), *_own_blocks(case)})
    hours = max(-(-(case.time(steering[-1].block) - case.time(steering[0].block)) // _HOUR), 1)
    rules = Rules(case)
    bound, true_bound = rules.episode(hours)
    loss, true_loss = sum(one.loss for one in trading), sum(one.true_loss for one in trading)
    return {
        "thief": told["thief"],
        "from_block": span[0] - 1,
        "to_block": span[-1],
        "hours": hours,
        "landed": {kind: sum(one.kind == kind for one in deeds) for kind in KINDS.values()}
        | {
            "lossy_rebalance": sum(one.kind == "rebalance" and one.loss > 0 for one in deeds),
            "txs": [one.as_json() for one in deeds],
        },
        **_pair("loss", loss),
        **_pair("bound", bound),
        **_pair("true_loss", true_loss),
        **_pair("true_bound", true_bound),
        "nav": {
            "before": str(case.nav(span[0] - 1)),
            "after": str(case.nav(steering[-1].block)),
            "traded": str(sum(one.traded for one in trading)),
        },
        "true_prices": _true_prices(case, sorted({one.step for one in deeds})),
        "flatten": _flatten(case, rules, {one.tx for one in deeds}),
    }


def _pair(name: str, share: int) -> dict[str, Any]:
    return {name: str(share), f"{name}_bps": cut_bps(share, 4)}


def _sender(case: Case, event: Event) -> str:
    return case.record.sent(event.log.tx, event.log.block).sender


class _Deed:
    """One transaction of the stolen key: shares of NAV, USD with 18 decimals."""

    def __init__(self, case: Case, event: Event) -> None:
        self.kind, self.tx, self.block = KINDS[event.name], event.log.tx, event.log.block
        self.step = step_of(case, self.block)
        self.loss = self.true_loss_usd = self.true_loss = self.traded = 0
        if self.kind in TRADING:
            self.loss = int(event["report"][words.LOSS])
            self.true_loss_usd = _true_loss_usd(case, self)
            before = sum(
                case.balance(held, self.block - 1) * true_price(case, held, self.step, self.block - 1) // held.unit
                for held in case.assets
            )
            self.true_loss = self.true_loss_usd * WHOLE // before
            self.traded = case.nav(self.block) - case.nav(self.block - 1, at=self.block)

    def as_json(self) -> dict[str, Any]:
        """As `attack.landed.txs` has it."""
        return {
            "tx": self.tx,
            "block": self.block,
            "kind": self.kind,
            "step": self.step,
            "loss": str(self.loss),
            "true_loss_usd": str(self.true_loss_usd),
        }


def true_price(case: Case, held: Held, step: int, block: int) -> int:
    """T of docs/demo.md: the market's own price in a step, USD with 18 decimals; a share's by its rate at a block."""
    if held.of is not None:
        return true_price(case, case.token(held.of), step, block) * case.rate(held, block) // held.unit
    try:
        return int(case.data["attack"]["true_prices"][str(step)][held.feed])
    except KeyError:
        raise Differs(
            f"attack.true_prices has no price of {held.feed} in step {step}, where the thief traded"
        ) from None


def _true_loss_usd(case: Case, deed: _Deed) -> int:
    """What left the vault at true prices, less what came; the claim of a harvest came for nothing and is no trade."""
    held = {one.token: one for one in (*case.assets, *case.rewards)}
    moves = case.ledger.of(deed.tx)
    if deed.kind == "harvest":
        moves = _without_claim(case, moves)
    lost = 0
    for move in moves:
        token = held[move.token]
        worth = abs(move.amount) * true_price(case, token, deed.step, deed.block) // token.unit
        lost += worth if move.amount < 0 else -worth
    return lost


def _without_claim(case: Case, moves: list[Move]) -> list[Move]:
    rewards = {one.token for one in case.rewards}
    claim = next((move for move in moves if move.token in rewards and move.amount > 0), None)
    return [move for move in moves if move is not claim]


def _true_prices(case: Case, acted: list[int]) -> dict[str, dict[str, str]]:
    """As told, for the steps in which the thief acted: no chain has them. Near the feeds they must be all the same."""
    told = case.data["attack"]["true_prices"]
    found: dict[str, dict[str, str]] = {}
    for step in acted:
        block = steps(case)[step - 1]
        for asset, price in told.get(str(step), {}).items():
            off = max(abs(voice.at(block) - int(price)) for voice in case.feeds.voices[asset]) * 10_000
            if off > FAR_BPS * int(price):
                raise Differs(
                    f"attack.true_prices has {asset} at {price} in step {step}, {off // int(price)} bps off its feeds;"
                    f" at most {FAR_BPS} can be"
                )
            found.setdefault(str(step), {})[asset] = price
    return found


def _flatten(case: Case, rules: Rules, stolen: set[str]) -> dict[str, Any]:
    """What the thief's flattens sold and bought, by feeds and at true prices, but for redemptions into the refuge."""
    refuges = {
        one.log.tx: case.assets[one["safeAsset"]]
        for one in case.events
        if one.name == "Flattened" and one.log.tx in stolen
    }
    sums = [0, 0, 0, 0]
    for leg in case.events:
        if leg.name != "LegSold" or leg.log.tx not in stolen:
            continue
        sold, refuge, block = case.assets[leg["asset"]], refuges[leg.log.tx], leg.log.block
        if sold.of == refuge.symbol:
            continue
        step = step_of(case, block)
        for place, (held, amount) in enumerate(((sold, leg["sold"]), (refuge, leg["bought"]))):
            sums[place] += case.value(held, amount, block)
            sums[place + 2] += amount * true_price(case, held, step, block) // held.unit
    bound = rules.flatten_once()
    return {
        "sold_usd": str(sums[0]),
        "bought_usd": str(sums[1]),
        "true_sold_usd": str(sums[2]),
        "true_bought_usd": str(sums[3]),
        "loss_bps": cut_bps(_part(sums[0], sums[1]), 4),
        "true_loss_bps": cut_bps(_part(sums[2], sums[3]), 4),
        **_pair("bound", bound),
    }


def _part(sold: int, bought: int) -> int:
    return (sold - bought) * WHOLE // sold if sold else 0


def _acts(case: Case, thief: str) -> list[Event]:
    """What the stolen key did: steering and halts with an id that no journal knows, and every flatten."""
    told = case.data["journal"]
    known = {known for one in (told, *told["others"]) for known in journal.read(one["path"]).known}
    return [
        one
        for one in case.told(0, case.record.head, *KINDS)
        if _sender(case, one) == thief and (one.name == "Flattened" or decision_of(one) not in known)
    ]


def far(case: Case) -> int:
    """How far the true prices were from a push feed at most while the thief acted, bps, rounded up."""
    found = [
        -(-abs(voice.at(steps(case)[int(step) - 1]) - int(price)) * 10_000 // int(price))
        for step, prices in case.data["attack"]["true_prices"].items()
        for asset, price in prices.items()
        for voice in case.feeds.voices[asset]
    ]
    return max(found)


def hidden(case: Case) -> bool:
    """Whether somebody stole a key in a story whose JSON does not say so: the thief's money moved."""
    return bool(_own_blocks(case))


def decision_of(event: Event) -> str:
    """The decision id that an event of the vault carries."""
    return str(event["reason"] if event.name == "Halted" else event["decisionId"])


def _own_blocks(case: Case) -> list[int]:
    """Blocks in which the thief's own money acted."""
    capital = str(case.book["people"].get("thief", {"address": ""})["address"]).lower()
    after = case.record.blocks[first(case) + 1 :]
    return [block.number for block in after if any(one.sender == capital for one in block.sent)]
