"""What an owner, and mostly a guardian too, changes in a rulebook at once: what narrows, and what was switched off."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth_abi.exceptions import EncodingError

from keeper.chain import abi
from keeper.errors import UsageError
from keeper.units import GWEI
from scripts.acts import Act, Ground, one
from scripts.facts import snake

GWEI_KEY = "max_gas_price_gwei"
"""As a deployment's [limits] writes it; the rulebook's own is in wei."""


def encoded(function: str, *arguments: Any) -> str:
    """Calldata of one of the rulebook's functions, 0x-hex. Raises UsageError where a number does not fit its type."""
    try:
        return abi.load("Rulebook").functions[function].call(*arguments)
    except EncodingError as error:
        raise UsageError(f"{function}: {error}", remedy="write a number that fits") from None


def freeze(ground: Ground, options: argparse.Namespace) -> Act:
    """An asset is neither traded nor counted nor flattened from now on, only withdrawn."""
    index, _ = ground.asset(options.symbol)
    return one(f"freeze {options.symbol}", ground.rulebook, encoded("freeze", index))


def unfreeze(ground: Ground, options: argparse.Namespace) -> Act:
    """A frozen asset takes part again, an hour after its freeze or later."""
    index, _ = ground.asset(options.symbol)
    return one(f"unfreeze {options.symbol}", ground.rulebook, encoded("unfreeze", index))


def enable(ground: Ground, options: argparse.Namespace) -> Act:
    """A route or a claim is used again, an hour after it was switched off or later."""
    return _switched(ground, options, True)


def disable(ground: Ground, options: argparse.Namespace) -> Act:
    """A route or a claim is used no more."""
    return _switched(ground, options, False)


def tighten(ground: Ground, options: argparse.Namespace) -> Act:
    """Narrower limits; those that are not named stay."""
    return one("tighten limits", ground.rulebook, encoded("tighten", limits_with(ground, options.limits)))


def limits_with(ground: Ground, words: Sequence[str]) -> tuple[int | bool, ...]:
    """The rulebook's Limits with some of them as NAME=VALUE says, named as in a deployment's [limits].

    Raises UsageError for a name or a value that is none.
    """
    current = ground.reader.ask("Rulebook", ground.rulebook, "limits")._asdict()
    names = {snake(field): field for field in current}
    known = (GWEI_KEY if name == "max_gas_price" else name for name in names)
    for word in words:
        name, _, text = word.partition("=")
        field = names.get("max_gas_price" if name == GWEI_KEY else name)
        if field is None or name == "max_gas_price":
            raise UsageError(f"{name} is no limit", remedy=f"use one of {', '.join(known)}")
        current[field] = _value(name, text, isinstance(current[field], bool))
    return tuple(current.values())


def _value(name: str, text: str, switch: bool) -> int | bool:
    if switch:
        if text not in ("true", "false"):
            raise UsageError(f"{name} is {text!r}", remedy=f"write {name}=true or {name}=false")
        return text == "true"
    if not text.isdecimal() or len(text) > _DIGITS:
        raise UsageError(f"{name} is {text!r}", remedy=f"write a whole number, as in {name}=30")
    return int(text) * (GWEI if name == GWEI_KEY else 1)


_DIGITS = 10
"""What the widest limit that a person writes has: gwei of a 64-bit gas price."""


def _switched(ground: Ground, options: argparse.Namespace, on: bool) -> Act:
    listed = len(ground.reader.ask("Rulebook", ground.rulebook, f"{options.kind}s"))
    if not 0 <= options.index < listed:
        raise UsageError(f"no {options.kind} {options.index}", remedy=f"there are {listed}, counted from 0")
    function = f"set{options.kind.capitalize()}Enabled"
    what = f"{'enable' if on else 'disable'} {options.kind} {options.index}"
    return one(what, ground.rulebook, encoded(function, options.index, on))


RULES: Mapping[str, Callable[[Ground, argparse.Namespace], Act]] = {
    "freeze": freeze,
    "unfreeze": unfreeze,
    "enable": enable,
    "disable": disable,
    "tighten": tighten,
}
