"""The command line of `make owner`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from scripts.acts import ACTS
from scripts.changes import CHANGES, QUEUE, Change
from scripts.rules import RULES

ALL_ACTS = {**ACTS, **RULES, **QUEUE}
"""Every act, by the word that asks for it."""
PENDING = "pending"
"""What waits; it changes nothing anywhere."""
RECORD = "record"
"""The manifest anew; it changes nothing on the chain."""
_WORDS = {
    "set-targets": (("targets…", "SYMBOL=BPS"),),
    "revoke-keeper": (("who", "ADDRESS, or role:NAME on a local chain"),),
    "revoke-guardian": (("who", "ADDRESS, or role:NAME on a local chain"),),
    "withdraw": (
        ("token", "a listed symbol, or any token's address"),
        ("amount", "whole tokens (base units of one not listed), or all"),
    ),
    "freeze": (("symbol", "a listed asset"),),
    "unfreeze": (("symbol", "a listed asset"),),
    "tighten": (("limits…", "NAME=VALUE, named as in a deployment's [limits]"),),
    "execute": (("ids…", "as `pending` lists them; ten characters suffice"),),
    "cancel": (("id", "as `pending` lists it; ten characters suffice"),),
}
_MANDATE_DAYS = 30


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="owner", description="act as a vault's owner")
    parser.add_argument("--network", required=True, help="devnet, devnet:NAME, or one of brownie-networks.yaml")
    parser.add_argument("--manifest", type=Path, required=True, help="deployments/<chainid>/<name>.json")
    parser.add_argument("--from", dest="key", help="key: NAME of make account, PATH, or role:NAME; it pays the gas")
    parser.add_argument("--safe-owner", action="append", default=[], help="a key of the Safe, as --from; repeat it")
    parser.add_argument("--password", help="where its password is: file:PATH, env:NAME; asked for where absent")
    parser.add_argument("--guardian", action="store_true", help="act as a guardian, with the key of --from")
    parser.add_argument("--out", type=Path, help="where the Safe's batch goes; beside the manifest where absent")
    parser.add_argument("--dry-run", action="store_true", help="rehearse; send and write nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--json", action="store_true", help="one object instead of lines")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser(PENDING, help="what waits in the queue, with its arguments and times; changes nothing")
    acts.add_parser(RECORD, help="write the manifest anew, as the chain has it; the old one is kept beside it")
    for name, act in ALL_ACTS.items():
        command = acts.add_parser(name, help=_first_line(act))
        for word, about in _WORDS.get(name, ()):
            _add(command, word, about)
    _switches(acts.choices["enable"])
    _switches(acts.choices["disable"])
    acts.choices["execute"].add_argument("--revoke", metavar="KEEPER", help="and revoke this keeper, in the same batch")
    changes = acts.choices["propose"].add_subparsers(dest="change", required=True)
    for name, change in CHANGES.items():
        _change(changes.add_parser(name, help=_first_line(change.build)), change)
    return parser.parse_args(words)


def _change(command: argparse.ArgumentParser, change: Change) -> None:
    for word in change.words:
        _add(command, word, None)
    if change.lasting:
        command.add_argument("--days", type=int, default=_MANDATE_DAYS, help="of the mandate, from when it is ripe")


def _switches(command: argparse.ArgumentParser) -> None:
    command.add_argument("kind", choices=("route", "claim"))
    command.add_argument("index", type=int, help="as the manifest numbers them")


def _add(command: argparse.ArgumentParser, word: str, about: str | None) -> None:
    name = word.removesuffix("…")
    if name == word:
        command.add_argument(name, metavar=name.upper(), help=about)
    else:
        command.add_argument(name, metavar=name.upper(), help=about, nargs="+")


def _first_line(build: object) -> str:
    return str(build.__doc__).splitlines()[0]
