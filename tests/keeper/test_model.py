"""The values between the stages: frozen, slotted, and with the states' own logic."""

from __future__ import annotations

import dataclasses

import pytest

from keeper import model
from keeper.model import ActionKind, TxState

VALUES = [
    kind for name in model.__all__ if dataclasses.is_dataclass(kind := getattr(model, name)) and isinstance(kind, type)
]

FIRST_FIELDS = {
    "AssetCloses": "asset closes",
    "AssetDelta": "asset amount",
    "AssetState": (
        "index symbol token decimals balance price price_low price_high value weight target target_bps "
        "min_bps max_bps counted frozen safe_rank"
    ),
    "BlockRef": "number hash timestamp base_fee",
    "Check": "name verdict value limit unit reason",
    "Decision": "action orders reason_code reason cost benefit next_state targets_bps claim",
    "DecisionConfig": "policy kind absolute_bps relative_bps calendar min_benefit_bps stage_cap_bps gas_ceiling",
    "GuardReport": "verdict checks simulation",
    "Headroom": "loss_day loss_month turnover_day turnover_month",
    "History": "grid until assets source_digest",
    "Intent": (
        "intent_id decision_id child action chain_id vault signer to data gas_limit max_fee_ceiling epoch deadline"
    ),
    "LastAction": "action at",
    "Limits": (
        "spread_bps min_drift_bps min_progress_bps max_trade_bps min_trade_bps emergency_bps max_shift_bps "
        "harvest_cap_bps loss_day_bps loss_month_bps turnover_day_bps turnover_month_bps rebalance_cooldown "
        "retarget_cooldown harvest_cooldown delay max_gas_price keeper_may_flatten"
    ),
    "Order": "route max_in min_out",
    "Outcome": (
        "intent_id state tx_hash block gas_used fee_paid report deltas slippage_oracle slippage_simulated revert reason"
    ),
    "ParentOrder": "id route remaining next_at",
    "PolicyState": "last_actions peak_nav cppi_floor parent_orders latches",
    "PriceObservation": "asset source kind price updated_at age verdict reason",
    "Proposal": "weights_bps producer_digest",
    "Report": "nav_before nav_after drift_before drift_after turnover loss",
    "Revert": "name args",
    "RouteState": "index asset_in asset_out adapter venue slip_bps enabled",
    "RuleLatch": "rule since fired",
    "Simulation": "block orders gas_used report deltas revert gas_limit",
    "Snapshot": "chain_id block vault assets routes observations tickers",
    "Terms": "epoch config_version deadline decision_id",
    "TxAttempt": "intent_id number kind nonce tx_hash raw gas_limit max_fee priority_fee",
    "TxEvent": "intent_id state tx_hash block reason",
    "VaultState": (
        "address mode epoch config_version nav drift halted_at next_rebalance_at mandate_expires headroom limits"
    ),
}
"""The fields of the first release, in order: later ones are appended, none is ever moved, renamed or removed."""


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_a_value_cannot_be_changed_and_has_no_room_for_more(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(kind)


def test_exactly_the_five_ends_are_finished() -> None:
    finished = {state for state in TxState if state.finished}
    assert finished == {
        TxState.FINAL_OK,
        TxState.FINAL_REVERT,
        TxState.CANCELLED,
        TxState.DROPPED,
        TxState.SUPERSEDED,
    }


def test_only_steering_actions_bear_an_epoch() -> None:
    assert {kind for kind in ActionKind if kind.bears_epoch} == {
        ActionKind.REBALANCE,
        ActionKind.RETARGET,
        ActionKind.HARVEST,
    }


@pytest.mark.parametrize(("name", "fields"), FIRST_FIELDS.items())
def test_fields_are_appended_with_a_default_never_moved(name: str, fields: str) -> None:
    real = dataclasses.fields(getattr(model, name))
    first = fields.split()
    assert [field.name for field in real[: len(first)]] == first
    assert all(field.default is not dataclasses.MISSING for field in real[len(first) :])
