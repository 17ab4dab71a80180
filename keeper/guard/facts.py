"""Everything guard may look at, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.model import Decision, DecisionConfig, Simulation, Snapshot, Terms
from keeper.units import Bps, Seconds, Timestamp, Wei

KILL_BASE_GAS = 1_800_000
"""A halt, the choice of the refuge (the vault wants 1.5M of gas at hand for it) and the loop around the legs."""
KILL_LEG_GAS = 600_000
"""One leg of a flatten through a two-hop router swap with every voice read (0.35M and four voices)."""


@dataclass(frozen=True, slots=True)
class Gas:
    """What gas costs and what there is to pay it with; wei, and wei a unit of gas.

    `bid` is None while no bid fits under the ceiling, and `why` says so; `limit` is the transaction's gas limit;
    `pending` counts the signer's transactions that a node has seen and no block has.
    """

    balance: Wei
    expected: Wei
    bid: Wei | None
    ceiling: Wei
    limit: int
    why: str = ""
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is, and how far from it a block's own time may be."""

    now: Timestamp
    max_age: Seconds
    max_ahead: Seconds


@dataclass(frozen=True, slots=True)
class Veto:
    """When exchanges hold a trade back: fewer than `min_sources` agree, or their median is this far off the vault's."""

    min_sources: int
    max_gap_bps: Bps


@dataclass(frozen=True, slots=True)
class Facts:
    """One decision with all that speaks for or against sending it. `simulation` is None while there is none yet."""

    snapshot: Snapshot
    decision: Decision
    config: DecisionConfig
    terms: Terms
    clock: Clock
    gas: Gas
    simulation: Simulation | None = None
    veto: Veto | None = None
    """None where no exchange is asked."""


def kill_gas(snapshot: Snapshot) -> int:
    """The gas that a halt and a flatten of this vault may take: what the keeper keeps back."""
    legs = sum(1 for asset in snapshot.assets if asset.counted and asset.safe_rank == 0)
    return KILL_BASE_GAS + KILL_LEG_GAS * legs
