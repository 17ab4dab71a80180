"""Which blocks the story looked at, told from headers, senders and events alone."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise

from tests.audit.case import Case
from tests.audit.faults import Differs
from tests.audit.record import Block

STEP_SECONDS = 900
MARKET = ("trader", "maker", "admin", "borrower", "courier")
"""Roles whose transactions are the market's, beside the oracles'."""
_TOLD = "%Y-%m-%dT%H:%M:%SZ"


def first(case: Case) -> int:
    """The first look: the block in which the last deposit came, before anything else moved."""
    acts = {event.log.tx for event in case.events}
    deposits = []
    for move in case.ledger.moves:
        if move.tx in acts:
            break
        deposits.append(move.block)
    if not deposits:
        raise Differs("nobody ever deposited anything into the vault")
    return max(deposits)


@lru_cache(maxsize=4)
def steps(case: Case) -> tuple[int, ...]:
    """The market's last block in each step: a step begins where time leaps, and lasts until somebody else acts."""
    blocks = case.record.blocks[first(case) :]
    groups: list[list[Block]] = []
    for before, block in pairwise(blocks):
        if block.time - before.time >= STEP_SECONDS // 2:
            groups.append([])
        if groups:
            groups[-1].append(block)
    found = [_market_part(case, group) for group in groups]
    return tuple(part[-1].number for part in found if any(block.sent for block in part))


def step_of(case: Case, block: int) -> int:
    """The step after whose market a block was made: how many steps had ended below it."""
    return sum(one < block for one in steps(case))


def began(case: Case) -> int:
    """The market's time at the first look: the chain's, or a price file's first row, which no chain has."""
    if case.data["prices"]["source"].startswith("seeded path of seed "):
        return case.time(first(case))
    return int(datetime.strptime(case.data["prices"]["from"], _TOLD).replace(tzinfo=UTC).timestamp())


def before_kill(case: Case, stolen: frozenset[str]) -> int:
    """The look before the switch: the block before the first halt that was not a thief's, and that nobody lifted."""
    halts = [one for one in case.told(0, case.record.head, "Halted") if one.log.tx not in stolen]
    lifted = max((one.log.block for one in case.told(0, case.record.head, "Unhalted")), default=0)
    standing = [one.log.block for one in halts if one.log.block > lifted]
    if not standing:
        raise Differs("nobody pressed the switch: no Halted that stands")
    return min(standing) - 1


def _market_part(case: Case, group: list[Block]) -> list[Block]:
    people = {row["address"].lower(): role for role, row in case.book["people"].items()}
    part = []
    for block in group:
        roles = [people.get(one.sender, "") for one in block.sent]
        if any(not role.startswith("oracle_") and role not in MARKET for role in roles):
            break
        part.append(block)
    return part
