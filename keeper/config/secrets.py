"""Secrets: references in the settings, values only here, resolved at the moment they are used.

    env:NAME          the environment variable NAME
    file:PATH         the file's text without its last newline; nobody but its owner may be allowed to read it
    credential:NAME   the file NAME in the folder that systemd's LoadCredential made ($CREDENTIALS_DIRECTORY)

A `Secret` never prints, formats, pickles or compares its value, and no settings schema has a field that could hold one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from keeper.config.environment import environment
from keeper.errors import ConfigInvalid, SecretExposed, SecretMissing

OTHERS_MAY = 0o077
"""The permission bits of group and world: a secret's file has none of them."""

_REFERENCE = re.compile(r"(?P<scheme>env|file|credential):(?P<name>.+)")


class Secret:
    """A value that is only seen through `reveal`; shows as the reference it came from."""

    __slots__ = ("_value", "reference")

    def __init__(self, reference: str, value: str) -> None:
        self.reference = reference
        self._value = value

    def reveal(self) -> str:
        """The value itself: hand it straight to what needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


def is_reference(text: str) -> bool:
    """Whether `text` is a reference, not a value."""
    return _REFERENCE.fullmatch(text) is not None


def resolve(reference: str, where: str, *, base: Path, env: Mapping[str, str] | None = None) -> Secret:
    """The secret behind a reference; relative paths start at `base`, the configuration's folder.

    Raises SecretMissing, SecretExposed, or ConfigInvalid where `reference` is none; `where` is the setting's path.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ConfigInvalid(
            where, "a secret is a reference, never a value", remedy="write env:NAME, file:PATH or credential:NAME"
        )
    variables = environment() if env is None else env
    if match["scheme"] == "env":
        return Secret(reference, _from_environment(reference, match["name"], where, variables))
    if match["scheme"] == "file":
        return Secret(reference, _from_file(reference, base / Path(match["name"]).expanduser(), where))
    folder = variables.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise SecretMissing(where, reference, "start the keeper from a unit with LoadCredential, or use file:PATH")
    return Secret(reference, _from_file(reference, Path(folder) / match["name"], where))


def _from_environment(reference: str, name: str, where: str, env: Mapping[str, str]) -> str:
    value = env.get(name, "")
    if not value:
        raise SecretMissing(where, reference, f"set the environment variable {name}")
    return value


def _from_file(reference: str, path: Path, where: str) -> str:
    try:
        mode = path.stat().st_mode & 0o777
        if mode & OTHERS_MAY:
            raise SecretExposed(where, str(path), mode)
        value = path.read_text(encoding="utf-8").removesuffix("\n")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise SecretMissing(where, reference, f"write the secret to {path} and chmod 600 it") from None
    except PermissionError:
        raise SecretMissing(where, reference, f"let the keeper's user own {path}") from None
    except UnicodeDecodeError:
        raise SecretMissing(where, reference, f"write {path} as UTF-8 text") from None
    if not value:
        raise SecretMissing(where, reference, f"write the secret to {path} and chmod 600 it")
    return value
