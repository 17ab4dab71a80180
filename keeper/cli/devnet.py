"""`keeper devnet up|down|status`: a furnished local chain, from a checkout only."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from keeper.cli.envelope import Answer, JsonFlag, run_command

NameOption = Annotated[str, typer.Option("--name", help="Which local chain, where there are several.")]
PortOption = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="A free one where absent.")]
FullOption = Annotated[bool, typer.Option("--full", help="The full set: Aave, V2, signed feeds and more besides.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="End a running one first and begin anew.")]


def register(app: typer.Typer) -> None:
    """Add `devnet` to the command line."""
    group = typer.Typer(help="A furnished local chain.", rich_markup_mode=None)
    group.command("up")(up)
    group.command("down")(down)
    group.command("status")(status)
    app.add_typer(group, name="devnet")


def up(
    name: NameOption = "default",
    port: PortOption = None,
    fresh: FreshOption = False,
    full: FullOption = False,
    json: JsonFlag = False,
) -> None:
    """Start Anvil and furnish it; a running one is left as it is."""
    run_command("devnet up", json, lambda: _up(name, port, fresh, full))


def down(name: NameOption = "default", json: JsonFlag = False) -> None:
    """End it; only its log is left."""
    run_command("devnet down", json, lambda: _down(name))


def status(name: NameOption = "default", json: JsonFlag = False) -> None:
    """Say whether it runs, and where."""
    run_command("devnet status", json, lambda: _status(name))


def _up(name: str, port: int | None, fresh: bool, full: bool) -> Answer:
    from keeper.devnet import local

    book = local.up(name, port, fresh=fresh, full=full, say=lambda line: print(line, file=sys.stderr))
    path = local.folder_of(name) / local.BOOK
    pools = ", ".join(pool.label for pool in book.pools)
    text = f"{name} runs at {book.url}, chain {book.chain_id}: {', '.join(book.tokens)}; {pools}\n  {path}"
    return Answer(book.as_json() | {"path": str(path)}, text)


def _down(name: str) -> Answer:
    from keeper.devnet import local

    ended = local.down(name)
    return Answer({"name": name, "ended": ended}, f"{name} has ended" if ended else f"{name} was not running")


def _status(name: str) -> Answer:
    from dataclasses import asdict

    from keeper.devnet import local

    found = local.status(name)
    where = f"{found.name} runs at {found.url}, process {found.pid}, block {found.block}, chain time {found.time}"
    return Answer(asdict(found), where if found.running else f"{found.name} is not running")
