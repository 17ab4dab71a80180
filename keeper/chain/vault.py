"""The vault's calls and events, as the floors above use them: values of `keeper.model` in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from keeper.chain import abi
from keeper.chain.abi import Event
from keeper.model import Address, Hash32, HexBytes, Order, Report, Terms
from keeper.units import Share18, Usd18

_NAME = "KeeperVault"
ACTS = ("Rebalanced", "Retargeted", "Harvested", "Halted", "Flattened", "FlattenFailed", "Unhalted", "Allocated")
"""The events that each say one action was done; all others are parts of one."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill: what left and what came, base units of their tokens."""

    token_in: Address
    token_out: Address
    sold: int
    bought: int


def rebalance(orders: Iterable[Order], terms: Terms) -> HexBytes:
    """Calldata of `rebalance`."""
    listed = [(order.route, order.max_in, order.min_out) for order in orders]
    bound = (terms.epoch, terms.config_version, terms.deadline, abi.as_bytes(terms.decision_id))
    return _function("rebalance").call(listed, bound)


def harvest(claim: int, sales: Iterable[Order], terms: Terms) -> HexBytes:
    """Calldata of `harvest`; without sales it claims and sells nothing."""
    listed = [(order.route, order.max_in, order.min_out) for order in sales]
    bound = (terms.epoch, terms.config_version, terms.deadline, abi.as_bytes(terms.decision_id))
    return _function("harvest").call(claim, listed, bound)


def halt(reason: Hash32) -> HexBytes:
    """Calldata of `halt`."""
    return _function("halt").call(abi.as_bytes(reason))


def flatten(assets: Iterable[int] = ()) -> HexBytes:
    """Calldata of `flatten`: for the named assets alone, for all where none is named."""
    listed = list(assets)
    return _function("flatten(uint8[])").call(listed) if listed else _function("flatten()").call()


def read_epoch(vault: Address) -> dict[str, str]:
    """The call that `epoch_of` reads."""
    return {"to": vault, "data": _function("state").call()}


def epoch_of(data: HexBytes) -> int:
    """The epoch in what `state()` returned."""
    return int(_function("state").result(data)["epoch"])


def report_of(data: HexBytes) -> Report:
    """The report that `rebalance` or `harvest` returned."""
    return report(_function("rebalance").result(data))


def report(values: Mapping[str, Any]) -> Report:
    """The vault's `Report` struct."""
    return Report(
        nav_before=Usd18(values["navBefore"]),
        nav_after=Usd18(values["navAfter"]),
        drift_before=Share18(values["driftBefore"]),
        drift_after=Share18(values["driftAfter"]),
        turnover=Share18(values["turnover"]),
        loss=Share18(values["loss"]),
    )


def logs_between(vault: Address, first: int, last: int) -> dict[str, str]:
    """The filter for everything the vault emitted from block `first` to block `last`."""
    return {"address": vault, "fromBlock": hex(first), "toBlock": hex(last)}


def events(logs: Iterable[Mapping[str, Any]], vault: Address) -> tuple[Event, ...]:
    """The vault's own events among the logs, in order; what other contracts emit in its likeness is left out."""
    return tuple(event for event in events_or_none(logs, vault) if event is not None)


def events_or_none(logs: Iterable[Mapping[str, Any]], vault: Address) -> tuple[Event | None, ...]:
    """For each log the vault's event that it is, None for any other."""
    known = abi.load(_NAME)
    return tuple(known.event(log) if str(log.get("address", "")).lower() == vault.lower() else None for log in logs)


def trades(found: Iterable[Event]) -> tuple[Trade, ...]:
    """The fills of a rebalance, in the order of its orders."""
    return tuple(
        Trade(
            token_in=event.values["tokenIn"],
            token_out=event.values["tokenOut"],
            sold=event.values["sold"],
            bought=event.values["bought"],
        )
        for event in found
        if event.name == "Traded"
    )


def flows(found: Iterable[Event]) -> tuple[tuple[Address | int, int], ...]:
    """What left (below 0) and what came, base units: by token for trades, by asset index for the legs of a flatten."""
    listed = tuple(found)
    moves: list[tuple[Address | int, int]] = []
    for trade in trades(listed):
        moves += [(trade.token_in, -trade.sold), (trade.token_out, trade.bought)]
    safe = [int(event.values["safeAsset"]) for event in listed if event.name == "Flattened"]
    for event in listed:
        if event.name == "LegSold" and safe:
            moves += [(int(event.values["asset"]), -event.values["sold"]), (safe[0], event.values["bought"])]
    return tuple(moves)


def _function(name: str) -> abi.Function:
    return abi.load(_NAME).functions[name]
