"""Keys for the scripts: an account of the project's own folder, a keystore by path, a role of a local chain."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from keeper.config.secrets import OTHERS_MAY, resolve
from keeper.devnet import accounts as roles
from keeper.errors import SignerError, UsageError
from scripts.networks import Network
from scripts.toolchain import TOOLS

KEYSTORES = TOOLS / "home" / ".brownie" / "accounts"
"""brownie's folder of accounts, in the project's own HOME: never ~/.brownie."""
ROLE = "role:"


def path_of(name: str) -> Path:
    """The keystore of an account by name, or the path itself where one is written."""
    return Path(name).expanduser() if "/" in name or name.endswith(".json") else KEYSTORES / f"{name}.json"


def open_key(name: str, network: Network, password: str | None = None) -> LocalAccount:
    """The account behind NAME, PATH or role:NAME; `password` is a reference (file:PATH), or a person is asked.

    Raises UsageError for a role on a chain that is not a local one of ours, SignerError where a keystore does not open.
    """
    if name.startswith(ROLE):
        if network.book is None:
            raise UsageError(f"{name} has a public key, worthless but on a local chain", remedy="make account NAME=who")
        return roles.account(name.removeprefix(ROLE))
    path = path_of(name)
    text = _keystore(path)
    try:
        key = Account.decrypt(text, _password(path, password))
    except (ValueError, KeyError, TypeError):
        said = password or "what was typed"
        raise SignerError(f"{said} does not open {path}", remedy="give that keystore's password") from None
    account: LocalAccount = Account.from_key(key)
    return account


def _keystore(path: Path) -> str:
    try:
        mode = path.stat().st_mode & 0o777
        if mode & OTHERS_MAY:
            raise SignerError(f"{path} has mode {mode:04o}, so others may read it", remedy=f"chmod 600 {path}")
        text = path.read_text(encoding="utf-8")
        json.loads(text)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise SignerError(f"no key file at {path}", remedy="make account NAME=who makes one") from None
    except ValueError:
        raise SignerError(f"{path} is no keystore", remedy="name a JSON keystore, as make account writes") from None
    return text


def _password(path: Path, reference: str | None) -> str:
    if reference is not None:
        return resolve(reference, "--password", base=Path.cwd()).reveal()
    if not sys.stdin.isatty():
        raise SignerError(f"no password for {path}", remedy="give --password file:PATH or env:NAME")
    return getpass.getpass(f"password of {path}: ")
