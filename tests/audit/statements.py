"""Statements nobody claimed, which must hold of any story: about tokens, feeds, epochs, budgets and the bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eth_utils.crypto import keccak

from tests.audit import theft, trades, words
from tests.audit.case import WHOLE, Case
from tests.audit.faults import Differs, NodeSilent
from tests.audit.record import Event
from tests.audit.rules import FEED_ERROR_BPS, Rules

_BPS = 10_000
_DAY, _MONTH = 86_400, 30 * 86_400
_NOBODY = "0x" + "0" * 40
EPOCHS = ("Rebalanced", "Allocated", "Retargeted", "Harvested", "Unhalted")
STEERING = ("Rebalanced", "Allocated", "Harvested")


def all_of(case: Case, made: Mapping[str, Any]) -> list[Callable[[], str]]:
    """Every statement as something to be tried: it returns a sentence, or raises Differs."""
    rules = Rules(case)
    return [
        lambda: code(case),
        lambda: balances(case),
        lambda: feeds(case, made["blocks"]),
        lambda: voices(case, rules),
        lambda: approvals(case),
        lambda: custody(case, rules),
        lambda: explained(case),
        lambda: trades.floors(case, rules),
        lambda: trades.reports(case, rules),
        lambda: trades.legs(case, rules),
        lambda: epochs(case),
        lambda: halted(case),
        lambda: budgets(case, rules),
        lambda: windows(case, rules),
        lambda: stolen(case, made["attack"]),
    ]


def code(case: Case) -> str:
    """What stands where the manifest says, and vault and rulebook name each other."""
    parts = case.manifest["parts"]
    rows = [parts["rulebook"], parts["vault"], parts["oracle"], *parts["adapters"].values(), *parts["sources"].values()]
    head = hex(case.record.head)
    for row in rows:
        found = "0x" + keccak(hexstr=case.node.ask("eth_getCode", row["address"], head)).hex()
        if found != row["runtime_hash"]:
            raise Differs(f"the code of {row['contract']} at {row['address']} is another than the manifest's")
    (named,) = case.node.call(case.rulebook, "vault()", "address", block=case.record.head)
    if named.lower() != case.vault or case.rulebook.lower() != parts["rulebook"]["address"].lower():
        raise Differs(f"vault {case.vault} and rulebook {case.rulebook} do not name each other")
    return f"{len(rows)} contracts have the manifest's code; vault and rulebook name each other"


def balances(case: Case) -> str:
    """The sum of a token's Transfers is the balance that the token tells."""
    head = case.record.head
    for token in case.ledger.tokens:
        (told,) = case.node.call(token, "balanceOf(address)", "uint256", case.vault, block=head)
        if told != case.ledger.balance(token, head):
            raise Differs(f"{token} tells {told}, its Transfers sum to {case.ledger.balance(token, head)}")
    return f"{len(case.ledger.tokens)} tokens hold what their {len(case.ledger.moves)} Transfers sum to"


def feeds(case: Case, looks: Mapping[str, Any]) -> str:
    """What a feed answers is what it last announced, wherever the node still has the state."""
    asked = gone = 0
    for block in sorted({looks["first"], looks["kill"], looks["last"], *(act.block for act in trades.acts(case))}):
        for voices in case.feeds.voices.values():
            for voice in voices:
                try:
                    answer = case.node.call(
                        voice.proxy, "latestRoundData()", "uint80,int256,uint256,uint256,uint80", block=block
                    )[1]
                except NodeSilent:
                    gone += 1
                    continue
                asked += 1
                if answer * voice.scale != voice.at(block):
                    raise Differs(f"feed {voice.proxy} answers {answer} at block {block}, its logs say otherwise")
    if not asked:
        raise Differs("the node has no state of any block that matters: the feeds cannot be held against their logs")
    return f"{asked} answers of feeds as their logs have them" + (f"; {gone} states are gone" if gone else "")


def voices(case: Case, rules: Rules) -> str:
    """What the oracle's sources say at the head is what this audit makes of the feeds, pools and shares behind them."""
    head, count = case.record.head, 0
    for held in (*case.assets, *case.rewards):
        for source, own in rules.oracle.voices(held.token, head, case.time(head)):
            price, _, verdict = case.node.call(source, "latest()", "uint128,uint40,uint8", block=head)
            count += 1
            if (0 if verdict else price) != own:
                raise Differs(f"source {source} of {held.symbol} says {price} (verdict {verdict}), recomputed {own}")
    return f"{count} voices of the oracle as the feeds, pools and shares behind them have it"


def approvals(case: Case) -> str:
    """The vault never approved anybody."""
    if case.ledger.approvals:
        raise Differs(f"the vault approved somebody in {case.ledger.approvals[0]}")
    return "the vault never approved anybody"


def custody(case: Case, rules: Rules) -> str:
    """Value left only to registered venues and adapters, to payout, or burnt as a redeemed share."""
    doors = {way.adapter for way in rules.ways} | {way.venue for way in rules.ways} | {rules.payout}
    shares = {one.token for one in case.assets if one.of is not None}
    out = [move for move in case.ledger.moves if move.amount < 0]
    for move in out:
        if move.other not in doors and not (move.other == _NOBODY and move.token in shares):
            raise Differs(f"{-move.amount} of {move.token} went to {move.other} in {move.tx}, no door of the vault")
    return f"{len(out)} payments went to {len({move.other for move in out})} registered doors, and to nobody else"


def explained(case: Case) -> str:
    """What moved in a transaction is what its events say: sold out, bought in, claimed in, withdrawn out."""
    told: dict[str, dict[str, int]] = {}
    for event in case.events:
        for token, amount in _said(case, event):
            sums = told.setdefault(event.log.tx, {})
            sums[token] = sums.get(token, 0) + amount
    deposits = 0
    for tx in dict.fromkeys(move.tx for move in case.ledger.moves):
        moved: dict[str, int] = {}
        for move in case.ledger.of(tx):
            moved[move.token] = moved.get(move.token, 0) + move.amount
        if tx not in told:
            if any(amount < 0 for amount in moved.values()):
                raise Differs(f"tokens left the vault in {tx}, and no event says why")
            deposits += 1
        elif {token: amount for token, amount in moved.items() if amount} != {
            token: amount for token, amount in told[tx].items() if amount
        }:
            raise Differs(f"in {tx} moved {moved}, its events say {told[tx]}")
    return f"{len(told)} transactions moved what their events say; {deposits} deposits besides"


def _said(case: Case, event: Event) -> list[tuple[str, int]]:
    if event.name == "Traded":
        return [(event["tokenIn"], -event["sold"]), (event["tokenOut"], event["bought"])]
    if event.name == "LegSold":
        way = case.manifest["routes"][event["route"]]
        bought = case.assets[way["asset_out"]].token
        return [(case.assets[event["asset"]].token, -event["sold"]), (bought, event["bought"])]
    if event.name == "Harvested":
        reward = case.manifest["claims"][event["source"]]["reward"].lower()
        return [(reward, event["claimed"])]
    if event.name == "Withdrawn":
        return [(event["token"], -event["amount"])]
    return []


def epochs(case: Case) -> str:
    """Each steering act raised the epoch by one, and nothing else did."""
    told = [one["epoch"] for one in case.told(0, case.record.head, *EPOCHS)]
    (state,) = case.node.call(case.vault, "state()", words.STATE, block=case.record.head)
    if told != list(range(2, len(told) + 2)) or state[2] != len(told) + 1:
        raise Differs(f"epochs run {told}, and the vault stands at {state[2]}: each act must raise it by one, from 1")
    return f"{len(told)} epochs, each one above the last"


def halted(case: Case) -> str:
    """Between a halt and its end nothing steered; at the head the vault's mode is what the events come to."""
    standing = False
    for event in case.events:
        if event.name in STEERING and standing:
            raise Differs(f"{event.name} in block {event.log.block}, while the vault was halted")
        standing = (standing or event.name == "Halted") and event.name != "Unhalted"
    (state,) = case.node.call(case.vault, "state()", words.STATE, block=case.record.head)
    if bool(state[0]) != standing:
        raise Differs(f"by its events the vault is {'halted' if standing else 'active'}, by its state it is not")
    return "nothing steered a halted vault; " + ("it is halted now" if standing else "it is active now")


def budgets(case: Case, rules: Rules) -> str:
    """Every bucket filled again from the events: never above its capacity, and what is left is what the vault said."""
    limits = rules.limits
    bucket = {
        name: _Bucket(limits[name], window)
        for name, window in (
            ("lossDayBps", _DAY),
            ("lossMonthBps", _MONTH),
            ("turnoverDayBps", _DAY),
            ("turnoverMonthBps", _MONTH),
            ("maxShiftBps", _DAY),
            ("harvestCapBps", _DAY),
        )
    }
    for event in case.events:
        time = case.time(event.log.block)
        if event.name == "Unhalted":
            for one in bucket.values():
                one.fill(time)
        elif event.name == "Rebalanced":
            report = event["report"]
            for name, amount in (("loss", report[words.LOSS]), ("turnover", report[words.TURNOVER])):
                left = min(bucket[f"{name}{span}Bps"].charge(amount, time) for span in ("Day", "Month"))
                if left != event[f"{name}Left"]:
                    raise Differs(
                        f"{name} left after block {event.log.block}: {event[f'{name}Left']}, recomputed {left}"
                    )
        elif event.name == "Retargeted" and int(event["decisionId"], 16):
            bucket["maxShiftBps"].charge(event["shift"], time)
        elif event.name == "Harvested":
            bucket["harvestCapBps"].charge(event["report"][words.TURNOVER], time)
    return "six budgets recomputed, none ever above its capacity: " + ", ".join(
        f"{name[:-3]} at most {one.fullest * 100 // one.capacity} %" for name, one in bucket.items() if one.capacity
    )


class _Bucket:
    """Half a published figure as capacity; a capacity leaks in a window, rounded down."""

    def __init__(self, figure_bps: int, window: int) -> None:
        self.capacity = figure_bps * (WHOLE // _BPS) // 2
        self.fullest = 0
        self._window = window
        self._level = self._at = 0

    def charge(self, amount: int, time: int) -> int:
        """Put something in; returns what is left. Raises Differs where it does not fit."""
        elapsed = time - self._at
        self._level = 0 if elapsed >= self._window else max(self._level - self.capacity * elapsed // self._window, 0)
        self._level, self._at = self._level + amount, time
        if self._level > self.capacity:
            raise Differs(f"a budget of {self.capacity} holds {self._level} at {time}")
        self.fullest = max(self.fullest, self._level)
        return self.capacity - self._level

    def fill(self, time: int) -> None:
        """Probation: nothing is left."""
        self._level, self._at = self.capacity, time


def windows(case: Case, rules: Rules) -> str:
    """In any 24 h and any 30 d, both ends counted, loss and turnover stay within the published figures."""
    told = [(case.time(one.log.block), one["report"]) for one in case.told(0, case.record.head, "Rebalanced")]
    most = {}
    for name, place in (("loss", words.LOSS), ("turnover", words.TURNOVER)):
        for span, window in (("Day", _DAY), ("Month", _MONTH)):
            sums = [sum(row[place] for time, row in told if end - window <= time <= end) for end, _ in told]
            figure = rules.limits[f"{name}{span}Bps"] * (WHOLE // _BPS)
            most[f"{name}{span}"] = max(sums, default=0) * 100 // figure
            if max(sums, default=0) > figure:
                raise Differs(f"{name} of {max(sums)} within a {span.lower()}, {figure} is published")
    return "no window above what is published: " + ", ".join(f"{name} {part} %" for name, part in most.items())


def stolen(case: Case, attack: Mapping[str, Any] | None) -> str:
    """The thief took no more than is published, by the oracle, truly, and in its flatten."""
    if attack is None:
        return "no key was stolen"
    exit_ = attack["flatten"]
    pairs = [("by the oracle", attack["loss"], attack["bound"]), ("truly", attack["true_loss"], attack["true_bound"])]
    for what, lost, bound in pairs:
        if int(lost) > int(bound):
            raise Differs(f"the thief took {lost} {what}, {bound} is published for {attack['hours']} h")
    for name in ("loss_bps", "true_loss_bps"):
        if exit_[name] > exit_["bound_bps"]:
            raise Differs(f"the thief's flatten: {name} {exit_[name]}, {exit_['bound_bps']} is published")
    part = int(attack["loss"]) * 100 // int(attack["bound"])
    return (
        f"the thief took {part} % of what is published for {attack['hours']} h, and no more in its flatten;"
        f" a feed was {theft.far(case)} bps off the market at most, {FEED_ERROR_BPS} are assumed"
    )
