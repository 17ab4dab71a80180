"""The frozen values that pass between the stages: what was seen, decided, checked, sent, and what became of it.

    BlockRef → PriceObservation → Snapshot (+ History, PolicyState, Proposal) → Decision → GuardReport (with Simulation)
    → Intent → TxAttempt → Outcome

Numbers are integers in the units of `keeper.units`. Addresses are EIP-55 text, hashes and calldata lower-case 0x text.
Fields are appended with a default, never moved: these values are hashed into ids and written to journals.

`keeper.model.envelope` is the vault's own arithmetic on such values: what it will do, and with which words it refuses.
"""

from __future__ import annotations

from keeper.model.checked import AssetDelta, Check, GuardReport, Report, Revert, Simulation
from keeper.model.decided import (
    NO_HISTORY,
    AssetCloses,
    Decision,
    DecisionConfig,
    History,
    LastAction,
    LastHarvest,
    Order,
    ParentOrder,
    PolicyState,
    Proposal,
    RuleLatch,
)
from keeper.model.seen import (
    REWARD,
    AssetState,
    BlockRef,
    ClaimState,
    HarvestQuote,
    Headroom,
    Limits,
    PriceObservation,
    RouteState,
    Snapshot,
    VaultState,
)
from keeper.model.sent import Intent, Outcome, Terms, TxAttempt, TxEvent
from keeper.model.words import (
    ZERO_HASH,
    ActionKind,
    Address,
    AttemptKind,
    GuardVerdict,
    Hash32,
    HexBytes,
    PriceVerdict,
    SourceKind,
    TxState,
    VaultMode,
)

__all__ = [
    "NO_HISTORY",
    "REWARD",
    "ZERO_HASH",
    "ActionKind",
    "Address",
    "AssetCloses",
    "AssetDelta",
    "AssetState",
    "AttemptKind",
    "BlockRef",
    "Check",
    "ClaimState",
    "Decision",
    "DecisionConfig",
    "GuardReport",
    "GuardVerdict",
    "HarvestQuote",
    "Hash32",
    "Headroom",
    "HexBytes",
    "History",
    "Intent",
    "LastAction",
    "LastHarvest",
    "Limits",
    "Order",
    "Outcome",
    "ParentOrder",
    "PolicyState",
    "PriceObservation",
    "PriceVerdict",
    "Proposal",
    "Report",
    "Revert",
    "RouteState",
    "RuleLatch",
    "Simulation",
    "Snapshot",
    "SourceKind",
    "Terms",
    "TxAttempt",
    "TxEvent",
    "TxState",
    "VaultMode",
    "VaultState",
]
