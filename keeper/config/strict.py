"""Strict reading: every schema refuses what it does not know, and says which known key was most likely meant."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from keeper.errors import ConfigInvalid, UnknownKey


class Strict(BaseModel):
    """A section of a file: frozen, no conversions, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


S = TypeVar("S", bound=BaseModel)


def validate(schema: type[S], data: Mapping[str, object], file: str) -> S:
    """`data` as `schema`. Raises UnknownKey or ConfigInvalid for the first thing wrong; `file` is named in it."""
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        raise _explain(schema, error, file) from None


def _explain(schema: type[BaseModel], error: ValidationError, file: str) -> ConfigInvalid:
    found = error.errors(include_url=False, include_input=False)
    first = next((item for item in found if item["type"] == "extra_forbidden"), found[0])
    location = _without_tags(schema, tuple(first["loc"]))
    if first["type"] == "extra_forbidden":
        return unknown_key(schema, location, file)

    reason = first["msg"].removeprefix("Value error, ")
    return ConfigInvalid(f"{dotted(location) or 'the top level'} in {file}", reason[:1].lower() + reason[1:])


def unknown_key(schema: type[BaseModel], location: tuple[int | str, ...], file: str) -> UnknownKey:
    """The error for a key at `location` that `schema` does not have, with the nearest one it has."""
    *section, last = location
    key = str(last)
    siblings = _keys_of(_descend(schema, section))
    near = difflib.get_close_matches(key, siblings, n=1, cutoff=0.6)
    where = dotted(tuple(section))
    nearest = f"{where}.{near[0]}" if near and where else (near[0] if near else None)
    if nearest is None:
        nearest = _nearest_elsewhere(schema, key)
    return UnknownKey(f"[{where}] in {file}" if where else f"the top level of {file}", key, nearest)


def _without_tags(schema: type[BaseModel], location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The place as the file has it: pydantic puts a union's `kind` between a list's index and the key."""
    tags = set(_tags(schema, set()))
    return tuple(
        part for place, part in enumerate(location) if not (part in tags and isinstance(location[place - 1], int))
    )


def _tags(annotation: object, seen: set[type[BaseModel]]) -> Iterator[object]:
    for schema, _ in _schemas_in(annotation, ""):
        if schema not in seen:
            seen.add(schema)
            yield from get_args(schema.model_fields["kind"].annotation) if "kind" in schema.model_fields else ()
            for field in schema.model_fields.values():
                yield from _tags(field.annotation, seen)


def dotted(location: tuple[int | str, ...]) -> str:
    """A place in a file as text: `chain.base.rpc[0]`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _nearest_elsewhere(schema: type[BaseModel], key: str) -> str | None:
    paths = dict(_all_keys(schema, ""))
    near = difflib.get_close_matches(key, list(paths), n=1, cutoff=0.75)
    return paths[near[0]] if near else None


def _all_keys(annotation: object, prefix: str) -> Iterator[tuple[str, str]]:
    for schema, path in _schemas_in(annotation, prefix):
        for name, field in schema.model_fields.items():
            full = f"{path}.{name}" if path else name
            yield name, full
            yield from _all_keys(field.annotation, full)


def _schemas_in(annotation: object, path: str) -> Iterator[tuple[type[BaseModel], str]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, path
        return
    inner = f"{path}.*" if get_origin(annotation) is dict else path
    for part in get_args(annotation):
        yield from _schemas_in(part, inner)


def _descend(schema: object, section: list[int | str]) -> list[type[BaseModel]]:
    places: list[object] = [schema]
    for part in section:
        places = [below for place in places for below in _below(place, part)]
    return [kind for place in places for kind, _ in _schemas_in(place, "")]


def _below(place: object, part: int | str) -> list[object]:
    origin = get_origin(place)
    if origin is Annotated:
        return _below(get_args(place)[0], part)
    if origin in (Union, types.UnionType):
        return [below for member in get_args(place) for below in _below(member, part)] or [place]
    if origin is dict:
        return [get_args(place)[1]]
    if origin in (list, tuple):
        return [get_args(place)[0]]
    if isinstance(place, type) and issubclass(place, BaseModel):
        field: Any = place.model_fields.get(str(part))
        if field is not None:
            return [field.annotation]
    return []


def _keys_of(schemas: list[type[BaseModel]]) -> list[str]:
    return sorted({name for schema in schemas for name in schema.model_fields})
