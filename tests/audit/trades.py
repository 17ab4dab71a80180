"""Statements nobody claimed about trades: floors and reports computed again from the oracle's own voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode

from tests.audit import words
from tests.audit.case import WHOLE, Case
from tests.audit.faults import Differs
from tests.audit.node import selector, split_types
from tests.audit.oracle import Cluster
from tests.audit.record import Event
from tests.audit.rules import Rules, up

_BPS = 10_000
_COOLING = 3_600
_CENT = 10**16
"""NAV at the last trade is remembered in whole cents."""
_ROUNDING = 2
"""Base units by which the floor of a part, cut from the whole's, may differ from its own."""
TRADING = ("Rebalanced", "Allocated", "Harvested")


@dataclass(frozen=True, slots=True)
class Act:
    """One transaction that traded: its last event, and the trades before it."""

    event: Event
    trades: tuple[Event, ...]

    @property
    def block(self) -> int:
        """Where it was mined."""
        return self.event.log.block


def acts(case: Case) -> list[Act]:
    """Every rebalance, allocation and harvest with its trades, in order."""
    told = case.told(0, case.record.head, *TRADING)
    trades = case.told(0, case.record.head, "Traded")
    return [Act(one, tuple(row for row in trades if row.log.tx == one.log.tx)) for one in told]


def floors(case: Case, rules: Rules) -> str:
    """Each trade brought its floor, and the floor was the oracle's or the keeper's own, whichever is higher."""
    count = late = exact = 0
    for act in acts(case):
        _alone(case, act.block)
        least_of = _wanted(case, act)
        for place, trade in enumerate(act.trades):
            way, sold = rules.ways[trade["route"]], trade["sold"]
            least, heard_late = rules.floor(way, sold, act.block, case.time(act.block))
            late += heard_late
            count += 1
            where = f"trade {place} of {act.event.name} in block {act.block}"
            if trade["bought"] < trade["floor"] or trade["floor"] < least:
                raise Differs(f"{where} brought {trade['bought']}, floor {trade['floor']}, the oracle's is {least}")
            if (trade["tokenIn"], trade["tokenOut"]) != (rules.sold_by(way), rules.bought_by(way)):
                raise Differs(f"{where} is not the trade of route {trade['route']}")
            if least_of is not None:
                exact += 1
                order = least_of[place]
                own = max(least, up(order[2] * sold, order[1]))
                if trade["floor"] != own:
                    raise Differs(f"{where} had the floor {trade['floor']}, oracle and order make it {own}")
    return (
        f"{count} trades at or above the oracle's floor, {exact} floors to the last unit; a TWAP was heard for {late}"
    )


def legs(case: Case, rules: Rules) -> str:
    """Each leg of a flatten brought its floor; the discount opens with time, for guardian and owner alone."""
    keepers = {row["address"].lower() for row in case.manifest["roles"]["keepers"]}
    count, opened = 0, 0
    pending: list[Event] = []
    for event in case.told(0, case.record.head, "LegSold", "Flattened", "Unhalted"):
        time = case.time(event.log.block)
        if event.name == "LegSold":
            pending.append(event)
            continue
        if event.name == "Unhalted":
            opened = 0
            continue
        privileged = event["actor"] not in keepers
        opened = opened or (time if privileged else 0)
        open_share = min(time - opened, _COOLING) * WHOLE // _COOLING if privileged else 0
        best = rules.refuge(event.log.block, time)
        if event["safeAsset"] != best:
            raise Differs(f"block {event.log.block} flattened into asset {event['safeAsset']}, the refuge was {best}")
        for leg in pending:
            _leg(case, rules, leg, open_share)
            count += 1
        pending = []
    return f"{count} legs of flattens at or above their floors, into the first refuge that had kept its peg"


def _leg(case: Case, rules: Rules, leg: Event, open_share: int) -> None:
    way, block = rules.ways[leg["route"]], leg.log.block
    slip = way.slip_bps + (rules.limits["emergencyBps"] - way.slip_bps) * open_share // WHOLE
    least, _ = rules.floor(way, leg["sold"], block, case.time(block), slip)
    if leg["bought"] < leg["floor"] or abs(leg["floor"] - least) > _ROUNDING:
        symbol = case.assets[leg["asset"]].symbol
        raise Differs(
            f"the leg of {symbol} in block {block} brought {leg['bought']}, floor {leg['floor']}, the oracle's {least}"
        )


def reports(case: Case, rules: Rules) -> str:
    """Each report of a rebalance or allocation follows from balances, targets and the oracle's medians."""
    told = acts(case)
    at_trade = 0
    for act in told:
        if act.event.name == "Harvested":
            made = _of_harvest(case, rules, act, at_trade)
        else:
            made = _of_rebalance(case, rules, act)
            at_trade = made[words.NAV_AFTER] // _CENT * _CENT
        if tuple(act.event["report"]) != made:
            raise Differs(
                f"the report of {act.event.name} in block {act.block} is {act.event['report']}, recomputed {made}"
            )
    return f"{len(told)} reports recomputed to the last unit: NAV, drift, turnover and loss"


def _of_rebalance(case: Case, rules: Rules, act: Act) -> tuple[int, ...]:
    block, time = act.block, case.time(act.block)
    held = [case.balance(one, block - 1) for one in case.assets]
    (state,) = case.node.call(case.vault, "state()", words.STATE, block=block - 1)
    targets, dust = state[7], [int(row["dust"]) for row in case.manifest["assets"]]
    counted = [bool(target) or amount > least for target, amount, least in zip(targets, held, dust, strict=True)]
    prices = [
        rules.oracle.cluster(one.token, block, time) if count else Cluster(0, 0, 0, late=False)
        for one, count in zip(case.assets, counted, strict=True)
    ]
    values = [_down(amount, price.mid, one.unit) for amount, price, one in zip(held, prices, case.assets, strict=True)]
    before, first = sum(values), _drift(values, targets, counted)
    turnover = 0
    for trade in act.trades:
        way = rules.ways[trade["route"]]
        i, o = way.asset_in, way.asset_out
        turnover += up(trade["sold"] * prices[i].mid, case.assets[i].unit)
        held[i] -= trade["sold"]
        held[o] += trade["bought"]
        for place in (i, o):
            values[place] = _down(held[place], prices[place].mid, case.assets[place].unit)
    after = sum(values)
    loss = up(max(before - after, 0) * WHOLE, before)
    return before, after, first, _drift(values, targets, counted), up(turnover * WHOLE, before), loss


def _of_harvest(case: Case, rules: Rules, act: Act, nav: int) -> tuple[int, ...]:
    block, time = act.block, case.time(act.block)
    if not act.trades:
        return (0,) * 6
    sold = brought = 0
    for trade in act.trades:
        one, two = (
            (rules.oracle.cluster(trade[name], block, time), _unit(case, trade[name]))
            for name in ("tokenIn", "tokenOut")
        )
        sold += up(trade["sold"] * one[0].mid, one[1])
        brought += _down(trade["bought"], two[0].mid, two[1])
    if brought != act.event["soldFor"]:
        raise Differs(f"the harvest in block {block} says it sold for {act.event['soldFor']}, recomputed {brought}")
    loss = up(max(sold - brought, 0) * WHOLE, nav)
    return nav, nav + brought, 0, 0, up(sold * WHOLE, nav), loss


def _drift(values: Sequence[int], targets: Sequence[int], counted: Sequence[bool]) -> int:
    """Half the sum of what values are off their goals, over NAV; rounded up."""
    nav = sum(values)
    wanted = sum(target for target, count in zip(targets, counted, strict=True) if count)
    off = sum(
        abs(value - nav * target // wanted)
        for value, target, count in zip(values, targets, counted, strict=True)
        if count
    )
    return up(off * WHOLE, 2 * nav)


def _down(amount: int, price: int, unit: int) -> int:
    return amount * price // unit


def _unit(case: Case, token: str) -> int:
    return next(one.unit for one in (*case.assets, *case.rewards) if one.token == token)


def _alone(case: Case, block: int) -> None:
    """A state is known after a block: what a transaction saw follows from it only where it had the block to itself."""
    sent = case.record.blocks[block].sent
    if len(sent) != 1:
        raise Differs(f"block {block} has {len(sent)} transactions, one of them of the vault: its state cannot be told")


def _wanted(case: Case, act: Act) -> list[Any] | None:
    """The orders of the call itself; None where a Safe made it."""
    sent = case.record.sent(act.event.log.tx, act.block)
    for signature, place in ((words.REBALANCE, 0), (words.HARVEST, 1)):
        if sent.to == case.vault and sent.data.startswith(selector(signature)):
            found = decode(split_types(signature), bytes.fromhex(sent.data[10:]))[place]
            return list(found)
    return None
