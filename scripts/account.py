"""`make account`: a new encrypted key, where brownie and these scripts look for accounts: the project's own HOME.

`.tools/home/.brownie/accounts/NAME.json`, never ~/.brownie; `make clean` keeps that folder. There is no mnemonic: the
file and its password are the key, so both are backed up, apart. stdout is the address.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from eth_account import Account

from keeper.config.secrets import resolve
from keeper.errors import SignerError, UsageError
from keeper.exit_codes import ExitCode
from scripts import keys
from scripts.front import answer, say

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_SHORTEST = 8
"""Characters of a password typed by a person."""


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="account", description="make an encrypted key")
    parser.add_argument("name", help="letters, digits, - and _")
    parser.add_argument("--password", help="where its password is: file:PATH, env:NAME; asked for where absent")
    parser.add_argument("--folder", type=Path, default=keys.KEYSTORES, help="where the file goes")
    return parser.parse_args(words)


def make(name: str, password: str, folder: Path) -> tuple[Path, str]:
    """Write a new keystore, readable by its owner alone; returns its path and address.

    Raises UsageError for a bad name, SignerError where one of that name is there: a key is never overwritten.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"{name!r} cannot name an account", remedy="use letters, digits, - and _ only")
    path = folder / f"{name}.json"
    if path.exists():
        raise SignerError(f"{path} is there already", remedy="choose another name: a key is never overwritten")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Account.create()
    text = json.dumps(Account.encrypt(fresh.key, password))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return path, str(fresh.address)


def run(options: argparse.Namespace) -> ExitCode:
    """The whole command."""
    path, address = make(options.name, _password(options.password), options.folder)
    say(f"encrypted key in {path}: back it up, and its password elsewhere")
    print(address)
    return ExitCode.DONE


def _password(reference: str | None) -> str:
    if reference is not None:
        return resolve(reference, "--password", base=Path.cwd()).reveal()
    if not sys.stdin.isatty():
        raise SignerError("no password for the new key", remedy="give --password file:PATH or env:NAME")
    first = getpass.getpass("a password for the new key: ")
    if len(first) < _SHORTEST:
        raise SignerError(f"a password of {len(first)} characters", remedy=f"use {_SHORTEST} or more")
    if getpass.getpass("once more: ") != first:
        raise SignerError("the two passwords differ", remedy="try again")
    return first


if __name__ == "__main__":
    raise SystemExit(answer(lambda: run(arguments())))
