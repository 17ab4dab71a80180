"""What decide takes beside the snapshot, and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from keeper.model.words import ZERO_HASH, ActionKind, Hash32, appended
from keeper.units import NO_VALUE, WAD, Bps, Seconds, Share18, Timestamp, TokenUnits, Usd18, Wei


@dataclass(frozen=True, slots=True)
class AssetCloses:
    """Closes of one asset on the history's grid, oldest first."""

    asset: int
    closes: tuple[Usd18, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The last closes an asset on a fixed grid, and the digest of their source. `NO_HISTORY` where none is kept."""

    grid: Seconds
    until: Timestamp
    assets: tuple[AssetCloses, ...]
    source_digest: Hash32


NO_HISTORY = History(grid=Seconds(0), until=Timestamp(0), assets=(), source_digest=ZERO_HASH)


@dataclass(frozen=True, slots=True)
class LastAction:
    """When an action of this kind last succeeded."""

    action: ActionKind
    at: Timestamp


@dataclass(frozen=True, slots=True)
class ParentOrder:
    """An order worked off in slices: what is left to sell and when the next slice is due."""

    id: Hash32
    route: int
    remaining: TokenUnits
    next_at: Timestamp


@dataclass(frozen=True, slots=True)
class RuleLatch:
    """A rule whose condition has held since `since`, and whether it has fired."""

    rule: str
    since: Timestamp
    fired: bool


@dataclass(frozen=True, slots=True)
class LastHarvest:
    """When a claim was last quoted, and when it last was harvested; 0 is never."""

    claim: int
    looked_at: Timestamp
    harvested_at: Timestamp


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What a policy remembers; its successor is a pure function of Decision and Outcome."""

    last_actions: tuple[LastAction, ...] = ()
    peak_nav: Usd18 = NO_VALUE
    cppi_floor: Usd18 = NO_VALUE
    parent_orders: tuple[ParentOrder, ...] = ()
    latches: tuple[RuleLatch, ...] = ()
    harvests: tuple[LastHarvest, ...] = appended(())


@dataclass(frozen=True, slots=True)
class Proposal:
    """Targets from outside decide, one an asset in bps, and the digest of who made them: an input, never recomputed."""

    weights_bps: tuple[Bps, ...]
    producer_digest: Hash32


@dataclass(frozen=True, slots=True)
class DecisionConfig:
    """The settings decide may see: nothing else of the configuration can change a decision."""

    policy: str
    kind: str
    absolute_bps: Bps
    relative_bps: Bps
    calendar: str
    min_benefit_bps: Bps
    stage_cap_bps: Bps
    gas_ceiling: Wei
    harvest_every: Seconds = appended(Seconds(6 * 3_600))
    """Seconds between two looks at a claim; 0 is never."""
    harvest_min_ratio: Share18 = appended(Share18(2 * WAD))
    """How many times its cost a harvest must bring, 1e18 = once."""


@dataclass(frozen=True, slots=True)
class Order:
    """One trade: `max_in` is a cap the vault clamps, `min_out` may only raise its floor; base units."""

    route: int
    max_in: TokenUnits
    min_out: TokenUnits


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do and why. `reason_code` is one of few words to count by, `reason` the sentence with its figures."""

    action: ActionKind
    orders: tuple[Order, ...]
    reason_code: str
    reason: str
    cost: Usd18
    benefit: Usd18
    next_state: PolicyState
    targets_bps: tuple[Bps, ...] = ()
    """RETARGET's argument."""
    claim: int | None = None
    """HARVEST's argument."""
