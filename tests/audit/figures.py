"""Every figure of the demo's JSON once more, but for the stolen key's (theft.py). The formulas are docs/demo.md's."""

from __future__ import annotations

import re
from typing import Any

from tests.audit import blocks, journal, theft, words
from tests.audit.blocks import STEP_SECONDS
from tests.audit.case import WHOLE, Case, Held
from tests.audit.cuts import cut, cut_bps, moment
from tests.audit.faults import Differs
from tests.audit.record import Event

_PARTS = ("a stolen key", "harvests")
"""Parts of the story that options or clients leave out; a client's own are in the chain's book."""
_STEPS_A_DAY = 96
_SEEDED, _REPLAYED = re.compile(r"seeded path of seed \d+"), re.compile(r".+, seed \d+")
_ANCHORED = ("Rebalanced", "Retargeted", "Harvested", "Halted")


def recomputed(case: Case) -> dict[str, Any]:
    """The whole of `data`, from the chain and the journals alone."""
    robbed = theft.recomputed(case) if case.data.get("attack") is not None else None
    if robbed is None and theft.hidden(case):
        raise Differs("attack is null, and yet the thief's money moved on this chain")
    stolen = frozenset(one["tx"] for one in robbed["landed"]["txs"]) if robbed else frozenset[str]()
    first, steps = blocks.first(case), blocks.steps(case)
    last = case.record.head
    began = blocks.began(case)
    kill = blocks.before_kill(case, stolen)
    return {
        "client": case.node.ask("web3_clientVersion"),
        "steps": len(steps),
        "prices": {
            "source": _source(case),
            "from": moment(began),
            "to": moment(began + len(steps) * STEP_SECONDS),
        },
        "nav": {"start": str(case.nav(first)), "end": str(case.nav(last)), "hold": str(case.nav(first, at=last))},
        "rebalances": [
            _rebalance(case, one, began) for one in case.told(first + 1, last, "Rebalanced") if one.log.tx not in stolen
        ],
        "harvests": [
            _harvest(case, one) for one in case.told(first + 1, last, "Harvested") if one.log.tx not in stolen
        ],
        **_of_journals(case, stolen),
        "attack": robbed,
        "kill": _kill(case, kill, last),
        "left_out": _left_out(case, robbed is not None),
        "blocks": {"first": first, "kill": kill, "last": last, "steps": list(steps)},
        "vault": case.manifest["parts"]["vault"]["address"],
        "manifest": case.data["manifest"],
        "book": case.data["book"],
        "rpc": case.book["url"],
    }


def _source(case: Case) -> str:
    """As told, in one of two forms: no chain knows where its market's prices came from."""
    told = str(case.data["prices"]["source"])
    if not (_SEEDED.fullmatch(told) or _REPLAYED.fullmatch(told)):
        raise Differs(f"prices.source is {told!r}: neither a seeded path nor a file and a seed")
    return told


def _left_out(case: Case, robbed: bool) -> list[str]:
    """As told, but for what the chain knows: whether a key was stolen, and whether anything was harvested."""
    told = [str(one) for one in case.data["left_out"]]
    harvested = bool(case.told(0, case.record.head, "Harvested"))
    days = f"all but {len(blocks.steps(case)) // _STEPS_A_DAY} of "
    unknown = [
        one
        for one in told
        if one not in (*_PARTS, *case.book.get("left_out", ()))
        and not (one.startswith(days) and re.fullmatch(r"\d+ days", one.removeprefix(days)))
    ]
    if unknown:
        raise Differs(f"left_out names {unknown[0]}, and no part of the story is called so")
    for part, is_there in zip(_PARTS, (robbed, harvested), strict=True):
        if is_there and part in told:
            raise Differs(f"left_out names {part}, and yet the chain has it")
    if not robbed and _PARTS[0] not in told:
        raise Differs("nobody stole a key, and left_out does not say so")
    return told


# ---------------------------------------------------------------------------------------------------- the keepers


def gas(case: Case, tx: str) -> int:
    """What a transaction used."""
    return int(case.node.ask("eth_getTransactionReceipt", tx)["gasUsed"], 16)


def _rebalance(case: Case, event: Event, began: int) -> dict[str, Any]:
    report, step = event["report"], blocks.step_of(case, event.log.block)
    return {
        "block": event.log.block,
        "tx": event.log.tx,
        "step": step,
        "at": moment(began + step * STEP_SECONDS),
        "drift_before": cut(report[words.DRIFT_BEFORE], 6),
        "drift_after": cut(report[words.DRIFT_AFTER], 6),
        "turnover": cut(report[words.TURNOVER], 6),
        "loss_bps": cut_bps(report[words.LOSS], 2),
        "gas": gas(case, event.log.tx),
    }


def _harvest(case: Case, event: Event) -> dict[str, Any]:
    return {
        "block": event.log.block,
        "tx": event.log.tx,
        "claimed": str(event["claimed"]),
        "sold_for": str(event["soldFor"]),
        "gas": gas(case, event.log.tx),
    }


# ---------------------------------------------------------------------------------------------------- the kill


def _kill(case: Case, before: int, last: int) -> dict[str, Any]:
    told = case.told(before + 1, last, "Halted", "Flattened")
    flattens = [one for one in told if one.name == "Flattened"]
    return {
        "stable_share": cut(sum(_share(case, one.symbol, last) for one in case.assets if one.safe_rank), 6),
        "non_stable_before": cut(
            sum(_share(case, one.symbol, before) for one in case.assets if not _stable(case, one)), 6
        ),
        "failed_legs": flattens[-1]["failed"] if flattens else None,
        "calls": len(told),
        "seconds": case.time(told[-1].log.block) - case.time(before),
        "refuges": [_refuge(case, one) for one in flattens],
        "legs": [
            {
                "asset": case.assets[one["asset"]].symbol,
                "sold": str(one["sold"]),
                "bought": str(one["bought"]),
                "floor": str(one["floor"]),
            }
            for one in case.told(before + 1, last, "LegSold")
        ],
    }


def _refuge(case: Case, flatten: Event) -> dict[str, Any]:
    held = case.assets[flatten["safeAsset"]]
    return {"asset": held.symbol, "price": str(case.price(held, flatten.log.block))}


def _share(case: Case, symbol: str, block: int) -> int:
    held = case.token(symbol)
    return case.value(held, case.balance(held, block), block) * WHOLE // case.nav(block)


def _stable(case: Case, held: Held) -> bool:
    """Ranked safe, or a share of what is."""
    return bool(held.safe_rank or (held.of is not None and case.token(held.of).safe_rank))


# ---------------------------------------------------------------------------------------------------- the journals


def _of_journals(case: Case, stolen: frozenset[str]) -> dict[str, Any]:
    told = case.data["journal"]
    paths = [told["path"], *(one["path"] for one in told["others"])]
    found = [journal.read(path) for path in paths]
    anchors = _anchors(case, stolen)
    missing = [one for _, one in anchors if not any(one in book.known for book in found)]
    if missing:
        raise Differs(f"the chain carries decision {missing[0]}, which is in no journal")
    rows = [
        {"path": path, "rows": one.rows, "verified": not (one.broken or _unanchored(one, anchors))}
        for path, one in zip(paths, found, strict=True)
    ]
    holds: dict[str, int] = {}
    for one in found:
        for reason, count in one.holds.items():
            holds[reason] = holds.get(reason, 0) + count
    return {"holds": holds, "journal": rows[0] | {"others": rows[1:]}}


def _anchors(case: Case, stolen: frozenset[str]) -> list[tuple[str, str]]:
    """Signer and decision id of every act of a keeper or guardian that the chain carries."""
    people = {row["address"].lower(): role for role, row in case.book["people"].items()}
    found = []
    for event in case.told(0, case.record.head, *_ANCHORED):
        sender = case.record.sent(event.log.tx, event.log.block).sender
        steered = people.get(sender, "").startswith(("keeper", "standby", "guardian"))
        if steered and event.log.tx not in stolen:
            found.append((sender, theft.decision_of(event)))
    return found


def _unanchored(book: journal.Journal, anchors: list[tuple[str, str]]) -> bool:
    """Whether what the chain carries of this journal's signers, and what it says went well, are not the same."""
    carried = {one for signer, one in anchors if signer in book.signers}
    return bool(book.carried - carried)
