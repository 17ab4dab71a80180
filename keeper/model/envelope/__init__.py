"""The vault's envelope as pure integers: what each of its acts does to its state, or the error it is refused with.

    State, Rules, Market, Call, orders, Terms, Venue (what swaps fill) → Done (state after, report, trades) | Refusal

The same order of checks and the same rounding as the contract, to the last unit; held to it by random sequences played
on both (tests/keeper/model). Left out, because they are the chain's and no arithmetic: gas, the lock, `pay`, and tokens
that do not answer.
"""

from __future__ import annotations

from keeper.model.envelope.buckets import DAY, MONTH, Levels, loss_left, turnover_left
from keeper.model.envelope.exits import flatten, halt, kill, refuge, trip, unhalt
from keeper.model.envelope.portfolio import Book, Place, Price, drift_up, floor_up
from keeper.model.envelope.refusals import Refusal
from keeper.model.envelope.rewards import claim_level, harvest, harvest_level
from keeper.model.envelope.steering import (
    allocate,
    headroom,
    progress_needed,
    rebalance,
    rescue_native,
    retarget,
    set_targets,
    withdraw,
)
from keeper.model.envelope.trades import KEEPER_DEADLINE, book_of
from keeper.model.envelope.values import (
    ALL,
    AssetRule,
    Call,
    Claimed,
    ClaimRule,
    ClaimUse,
    Done,
    Fill,
    Flattening,
    KeeperSale,
    Leg,
    Market,
    Recorded,
    Role,
    Rules,
    State,
    Swap,
    Trade,
    Tripping,
    Venue,
    opening,
)

__all__ = [
    "ALL",
    "DAY",
    "KEEPER_DEADLINE",
    "MONTH",
    "AssetRule",
    "Book",
    "Call",
    "ClaimRule",
    "ClaimUse",
    "Claimed",
    "Done",
    "Fill",
    "Flattening",
    "KeeperSale",
    "Leg",
    "Levels",
    "Market",
    "Place",
    "Price",
    "Recorded",
    "Refusal",
    "Role",
    "Rules",
    "State",
    "Swap",
    "Trade",
    "Tripping",
    "Venue",
    "allocate",
    "book_of",
    "claim_level",
    "drift_up",
    "flatten",
    "floor_up",
    "halt",
    "harvest",
    "harvest_level",
    "headroom",
    "kill",
    "loss_left",
    "opening",
    "progress_needed",
    "rebalance",
    "refuge",
    "rescue_native",
    "retarget",
    "set_targets",
    "trip",
    "turnover_left",
    "unhalt",
    "withdraw",
]
