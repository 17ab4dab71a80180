"""`keeper devnet up|down|status`: a furnished local chain, from a checkout only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keeper.cli.envelope import Answer, JsonFlag, run_command

if TYPE_CHECKING:
    from keeper.devnet.book import Book

NameOption = Annotated[str, typer.Option("--name", help="Which local chain, where there are several.")]
PortOption = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="A free one where absent.")]
FullOption = Annotated[bool, typer.Option("--full", help="The full set: Aave, V2, signed feeds and more besides.")]
ClientOption = Annotated[str, typer.Option("--client", help="anvil or ganache, which stops at Shanghai's rules.")]
ForkOption = Annotated[str, typer.Option("--fork", help="Fork the running chain of this name, as it is now.")]
PricesOption = Annotated[Path | None, typer.Option("--prices", help="Open at the first row of this file of closes.")]
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
    client: ClientOption = "anvil",
    fork: ForkOption = "",
    prices: PricesOption = None,
    json: JsonFlag = False,
) -> None:
    """Start a node and furnish it; a running one is left as it is."""
    if fork:
        run_command("devnet up", json, lambda: _fork(name, fork, port))
    else:
        run_command("devnet up", json, lambda: _up(name, port, prices, fresh=fresh, full=full, client=client))


def down(name: NameOption = "default", json: JsonFlag = False) -> None:
    """End it; only its log is left."""
    run_command("devnet down", json, lambda: _down(name))


def status(name: NameOption = "default", json: JsonFlag = False) -> None:
    """Say whether it runs, and where."""
    run_command("devnet status", json, lambda: _status(name))


def _up(name: str, port: int | None, prices: Path | None, *, fresh: bool, full: bool, client: str) -> Answer:
    from keeper.devnet import course, local

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    opening = None if prices is None else course.opening_of(prices)
    book = local.up(name, port, fresh=fresh, full=full, client=client, opening=opening, say=say)
    return _told(book, local.folder_of(name) / local.BOOK)


def _fork(name: str, origin: str, port: int | None) -> Answer:
    from keeper.devnet import local

    book = local.fork(name, origin, port)
    return _told(book, local.folder_of(name) / local.BOOK)


def _told(book: Book, path: Path) -> Answer:
    pools = ", ".join(pool.label for pool in book.pools)
    left_out = f"\n  left out on {book.client}: {'; '.join(book.left_out)}" if book.left_out else ""
    text = (
        f"{book.name} runs at {book.url}, chain {book.chain_id}: {', '.join(book.tokens)}; {pools}{left_out}\n  {path}"
    )
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
