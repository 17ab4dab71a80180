"""Ids: keccak256 of canonical JSON (RFC 8785), every integer as a decimal string.

    body_id     = H({snapshot, history, state, proposal, config, action, orders})   what replay compares
    decision_id = H({body_id, engine_version, previous})                            goes on chain, an anchor
    intent_id   = H({decision_id, child})                                           one of its transactions

`action` is the kind with its arguments ({kind, targets_bps, claim}). Two programs agree on these ids only if they
agree on every byte, so floats have no form here: a TypeError refuses them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import rfc8785
from eth_hash.auto import keccak

from keeper.model import ZERO_HASH, Decision, DecisionConfig, Hash32, History, PolicyState, Proposal, Snapshot

T = TypeVar("T")
Plain: TypeAlias = "str | bool | list[Plain] | dict[str, Plain] | None"
"""JSON without numbers."""


def plain(value: object) -> Plain:
    """A frozen value as JSON without numbers; TypeError on a float or on anything else that has no canonical form."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(found)
            for field in dataclasses.fields(value)
            if (found := getattr(value, field.name)) != field.default or not field.metadata.get("appended")
        }
    raise TypeError(f"a {type(value).__name__} has no canonical form")


def _plain_mapping(value: Mapping[object, object]) -> dict[str, Plain]:
    result: dict[str, Plain] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"a key of type {type(key).__name__} has no canonical form")
        result[key] = plain(item)
    return result


def canonical(value: object) -> bytes:
    """The one byte string that stands for this value."""
    return rfc8785.dumps(plain(value))


def digest(value: object) -> Hash32:
    """keccak256 of the canonical bytes."""
    return digest_bytes(canonical(value))


def digest_bytes(body: bytes) -> Hash32:
    """keccak256 of bytes that are canonical already."""
    return "0x" + keccak(body).hex()


def body_id(
    snapshot: Snapshot,
    history: History,
    state: PolicyState,
    proposal: Proposal | None,
    config: DecisionConfig,
    decision: Decision,
) -> Hash32:
    """What a replay compares, over any version of the code: all inputs, and of the decision its action and orders."""
    return digest(
        {
            "snapshot": snapshot,
            "history": history,
            "state": state,
            "proposal": proposal,
            "config": config,
            "action": {"kind": decision.action, "targets_bps": decision.targets_bps, "claim": decision.claim},
            "orders": decision.orders,
        }
    )


def decision_id(body: Hash32, engine_version: str, previous: Hash32 = ZERO_HASH) -> Hash32:
    """The id that goes on chain; `previous` is the decision id before it in the same (keeper, vault) stream."""
    return digest({"body_id": body, "engine_version": engine_version, "previous": previous})


def intent_id(decision: Hash32, child: int = 0) -> Hash32:
    """The id of the `child`-th transaction of a decision, counted from 0. ValueError below 0."""
    if child < 0:
        raise ValueError(f"child number {child} is negative")
    return digest({"decision_id": decision, "child": child})


def revive(kind: type[T], data: Plain) -> T:
    """What `plain` made of a frozen value, as that value again. ValueError where `data` is not of that kind."""
    return cast("T", _revive(kind, data))


def _revive(kind: Any, data: Plain) -> object:
    if isinstance(kind, NewType):
        return _revive(kind.__supertype__, data)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        members = [member for member in get_args(kind) if member is not NoneType]
        return None if data is None else _revive(members[0], data)
    if origin is tuple:
        if not isinstance(data, list):
            raise ValueError(f"{data!r} is no list")
        return tuple(_revive(get_args(kind)[0], item) for item in data)
    if dataclasses.is_dataclass(kind):
        if not isinstance(data, dict):
            raise ValueError(f"{data!r} is no {kind}")
        hints = get_type_hints(kind)
        return cast("Any", kind)(**{name: _revive(hints[name], item) for name, item in data.items()})
    if kind is bool:
        if not isinstance(data, bool):
            raise ValueError(f"{data!r} is no {kind}")
        return data
    if isinstance(data, str) and isinstance(kind, type) and issubclass(kind, Enum | int | str):
        return kind(data)
    raise ValueError(f"{data!r} is no {kind}")
