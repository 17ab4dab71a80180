"""The one door to the process's environment.

BALLAST_CONFIG                  the configuration's path, where a command is given none
BALLAST_DEBUG                   not empty: an unexpected error also prints its traceback
BALLAST_<SECTION>__<KEY>        overrides one setting: BALLAST_KEEPER__MODE=dry, BALLAST_CHAIN__BASE__TICK_SECONDS=5
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from keeper.errors import ConfigInvalid

PREFIX = "BALLAST_"
DEFAULT_CONFIG = "keeper.toml"


def environment() -> Mapping[str, str]:
    """The process's environment as it is now."""
    return os.environ


def debug_wanted(env: Mapping[str, str] | None = None) -> bool:
    """Whether an unexpected error should print its traceback."""
    return bool((environment() if env is None else env).get("BALLAST_DEBUG"))


def config_path(given: Path | None, env: Mapping[str, str] | None = None) -> Path:
    """The configuration to read: the one given, else BALLAST_CONFIG, else keeper.toml in the working directory."""
    return given or Path((environment() if env is None else env).get("BALLAST_CONFIG") or DEFAULT_CONFIG)


def overlay(data: dict[str, object], env: Mapping[str, str]) -> dict[str, object]:
    """A copy of `data` with the environment's overrides laid over it. Values are TOML where they parse, else text.

    Raises ConfigInvalid where a variable would put a key below something that is no section.
    """
    result = dict(data)
    for name in sorted(env):
        if name.startswith(PREFIX) and "__" in name:
            path = name.removeprefix(PREFIX).lower().split("__")
            result = _with(result, path, _value(env[name]), name)
    return result


def _with(section: dict[str, object], path: list[str], value: object, name: str) -> dict[str, object]:
    head, *rest = path
    if not rest:
        return {**section, head: value}
    below = section.get(head, {})
    if not isinstance(below, dict):
        raise ConfigInvalid(name, f"{head} is no section", remedy=f"unset {name}, or name a key inside a section")
    return {**section, head: _with(below, rest, value, name)}


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
