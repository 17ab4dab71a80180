"""Where a script works: a local chain of ours that runs, or a network of brownie-networks.yaml."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any

import yaml

from keeper.config import environment
from keeper.devnet import book as books
from keeper.devnet import local
from keeper.devnet.book import Book
from keeper.errors import UsageError
from scripts.toolchain import ROOT

LOCAL = "devnet"
"""`devnet` is the local chain named default, `devnet:NAME` another one."""


@dataclass(frozen=True, slots=True)
class Network:
    """A chain to talk to. `book` is a furnished local one's; `url` may hold a key, so only `label` is ever shown."""

    label: str
    url: str
    book: Book | None
    is_local: bool = False

    def __repr__(self) -> str:
        return f"Network({self.label})"


def find(name: str) -> Network:
    """The network of that name. Raises UsageError where it is unknown, not running, or its address is not set."""
    if name == LOCAL or name.startswith(f"{LOCAL}:"):
        return _local(name, name.partition(":")[2] or "default")
    networks = yaml.safe_load((ROOT / "brownie-networks.yaml").read_text(encoding="utf-8"))
    live = {entry["id"]: entry for group in networks["live"] for entry in group["networks"]}
    if name not in live:
        known = ", ".join([LOCAL, *sorted(live)])
        raise UsageError(f"no network {name} to deploy to", remedy=f"use one of {known} (brownie-networks.yaml)")
    return Network(name, _expanded(name, live[name]), None)


def _local(label: str, name: str) -> Network:
    status = local.status(name)
    if not status.running:
        wanted = "keeper devnet up" if name == "default" else f"keeper devnet up --name {name}"
        raise UsageError(f"the local chain {name} does not run", remedy=wanted)
    book = books.load(local.folder_of(name) / local.BOOK)
    return Network(label, book.url, book, is_local=True)


def _expanded(name: str, entry: dict[str, Any]) -> str:
    """The address with its variables filled in; an address that holds a key stands in the environment alone."""
    try:
        return string.Template(str(entry["host"])).substitute(environment())
    except KeyError as error:
        variable = str(error.args[0])
    raise UsageError(f"network {name} needs ${variable}", remedy=f"set the environment variable {variable}")
