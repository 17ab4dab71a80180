"""What the lens said, as a snapshot: pure, every number under its own name, every voice with its verdict and age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keeper.manifest import Manifest
from keeper.model import (
    AssetState,
    BlockRef,
    ClaimState,
    Headroom,
    Limits,
    PriceObservation,
    PriceVerdict,
    RouteState,
    Snapshot,
    SourceKind,
    VaultMode,
    VaultState,
)
from keeper.units import BPS, WAD, Bps, Seconds, Share18, Timestamp, TokenUnits, Usd18, share_of

ROLES = ("NONE", "OWNER", "GUARDIAN", "KEEPER")
_MODES = (VaultMode.ACTIVE, VaultMode.HALTED)
_KINDS = (SourceKind.PUSH, SourceKind.TWAP, SourceKind.DERIVED)
_VERDICTS = (
    (PriceVerdict.OK, ""),
    (PriceVerdict.STALE, "older than the source allows"),
    (PriceVerdict.ERROR, "stamped ahead of the block"),
    (PriceVerdict.ERROR, "not above zero"),
    (PriceVerdict.ERROR, "its decimals changed"),
    (PriceVerdict.STALE, "the sequencer is down, or was until a moment ago"),
    (PriceVerdict.ERROR, "the pool is too thin"),
    (PriceVerdict.STALE, "the pool's history is shorter than the window"),
    (PriceVerdict.ERROR, "its quote token has no price"),
    (PriceVerdict.ERROR, "it failed to answer"),
)
"""In the order of the contracts' `Verdict`."""
_OK = 0
_LIMITS = {
    "spread_bps": "spreadBps",
    "min_drift_bps": "minDriftBps",
    "min_progress_bps": "minProgressBps",
    "max_trade_bps": "maxTradeBps",
    "min_trade_bps": "minTradeBps",
    "emergency_bps": "emergencyBps",
    "max_shift_bps": "maxShiftBps",
    "harvest_cap_bps": "harvestCapBps",
    "loss_day_bps": "lossDayBps",
    "loss_month_bps": "lossMonthBps",
    "turnover_day_bps": "turnoverDayBps",
    "turnover_month_bps": "turnoverMonthBps",
    "rebalance_cooldown": "rebalanceCooldown",
    "retarget_cooldown": "retargetCooldown",
    "harvest_cooldown": "harvestCooldown",
    "delay": "delay",
    "max_gas_price": "maxGasPrice",
    "keeper_may_flatten": "keeperMayFlatten",
}


def snapshot(lens: Mapping[str, Any], block: BlockRef, manifest: Manifest) -> Snapshot:
    """The first vault of a lens's answer. Symbols are the manifest's, or the token's address for one listed since."""
    seen = lens["vaults"][0]
    names = {record.index: record.symbol for record in manifest.assets}
    assets = tuple(_asset(seen, index, names) for index in range(len(seen["assets"])))
    return Snapshot(
        chain_id=lens["seen"]["chainId"],
        block=block,
        vault=_vault(seen),
        assets=assets,
        routes=tuple(_route(index, route) for index, route in enumerate(seen["routes"])),
        claims=tuple(_claim(index, claim) for index, claim in enumerate(seen["claims"])),
        observations=tuple(
            _voice(index, voice, asset["all"]["mid"] != 0, block.timestamp)
            for index, asset in enumerate(seen["assets"])
            for voice in asset["voices"]
        ),
    )


def _vault(seen: Mapping[str, Any]) -> VaultState:
    state, limits = seen["state"], limits_of(seen["rules"]["limits"])
    priced = seen["nav"] != 0
    room = seen["headroom"]
    return VaultState(
        address=seen["vault"],
        mode=_MODES[state["mode"]],
        epoch=state["epoch"],
        config_version=seen["rules"]["configVersion"],
        nav=Usd18(seen["nav"]) if priced else None,
        drift=Share18(seen["drift"]) if priced else None,
        halted_at=Timestamp(state["haltedAt"]),
        next_rebalance_at=Timestamp(state["rebalancedAt"] + limits.rebalance_cooldown if state["rebalancedAt"] else 0),
        mandate_expires=Timestamp(seen["standings"][0]["expires"]),
        headroom=Headroom(
            loss_day=Share18(room["lossDay"]),
            loss_month=Share18(room["lossMonth"]),
            turnover_day=Share18(room["turnoverDay"]),
            turnover_month=Share18(room["turnoverMonth"]),
            shift_day=Share18(room["shiftDay"]),
        ),
        limits=limits,
        harvested_at=Timestamp(state["harvestedAt"]),
        retargeted_at=Timestamp(state["retargetedAt"]),
    )


def limits_of(found: Mapping[str, Any]) -> Limits:
    """The rulebook's `Limits` struct."""
    return Limits(**{name: found[theirs] for name, theirs in _LIMITS.items()})


def _asset(seen: Mapping[str, Any], index: int, names: Mapping[int, str]) -> AssetState:
    asset, rule, price = seen["assets"][index], seen["rules"]["assets"][index], seen["assets"][index]["price"]
    target_bps = seen["state"]["targetsBps"][index] if index < len(seen["state"]["targetsBps"]) else 0
    whole = seen["targetSum"]
    counted = asset["counted"]
    usable = asset["usable"]
    return AssetState(
        index=index,
        symbol=names.get(index, rule["token"]),
        token=rule["token"],
        decimals=rule["decimals"],
        balance=TokenUnits(asset["balance"]),
        price=Usd18(price["mid"]) if usable else None,
        price_low=Usd18(price["low"]) if usable else None,
        price_high=Usd18(price["high"]) if usable else None,
        value=Usd18(asset["value"]),
        weight=share_of(Usd18(asset["value"]), Usd18(seen["nav"])) if seen["nav"] else Share18(0),
        target=Share18(target_bps * WAD // (whole or BPS) if counted else 0),
        target_bps=Bps(target_bps),
        min_bps=Bps(rule["minBps"]),
        max_bps=Bps(rule["maxBps"]),
        counted=counted,
        frozen=rule["frozen"],
        safe_rank=rule["safeRank"],
    )


def _route(index: int, found: Mapping[str, Any]) -> RouteState:
    return RouteState(
        index=index,
        asset_in=found["assetIn"],
        asset_out=found["assetOut"],
        adapter=found["adapter"],
        venue=found["venue"],
        slip_bps=Bps(found["slipBps"]),
        enabled=found["enabled"],
        claim=found["claim"],
    )


def _claim(index: int, found: Mapping[str, Any]) -> ClaimState:
    return ClaimState(
        index=index,
        target=found["target"],
        reward=found["reward"],
        daily_cap=Usd18(found["dailyCap"]),
        enabled=found["enabled"],
    )


def _voice(index: int, found: Mapping[str, Any], priced: bool, now: Timestamp) -> PriceObservation:
    verdict, reason = _VERDICTS[found["verdict"]]
    if found["verdict"] == _OK and not found["inCluster"]:
        lone = "no other voice agrees, so there is no price"
        verdict, reason = PriceVerdict.OUTLIER, "outside the cluster that makes the price" if priced else lone
    updated = found["updatedAt"]
    return PriceObservation(
        asset=index,
        source=found["source"],
        kind=_KINDS[found["kind"]],
        price=Usd18(found["price"]) if found["price"] else None,
        updated_at=Timestamp(updated),
        age=Seconds(max(0, now - updated) if updated else 0),
        verdict=verdict,
        reason=reason,
    )
