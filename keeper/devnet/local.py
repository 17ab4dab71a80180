"""Local chains by name: up, down, status. Each has one ignored folder with its book, its process and its log."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from keeper.devnet import book as books
from keeper.devnet import catalogue, checkout, compiling, hands, node, parts
from keeper.devnet.book import Book
from keeper.devnet.faults import OtherChain
from keeper.devnet.full import FULL_PRICES, LEFT_OUT, extend
from keeper.devnet.furnish import furnish
from keeper.devnet.kit import Chain
from keeper.devnet.node import Node
from keeper.errors import ChainError, UsageError

BOOK = "book.json"
_NODE = "node.json"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Status:
    """What `keeper devnet status` says: block and time are the latest block's, 0 where nothing runs."""

    name: str
    running: bool
    url: str
    pid: int
    block: int
    time: int
    book: str
    log: str


def folder_of(name: str) -> Path:
    """The folder of a named chain. Raises UsageError for a name that is no plain word."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"{name!r} cannot name a local chain", remedy="use letters, digits, - and _ only")
    return checkout.runs() / name


def up(
    name: str = "default",
    port: int | None = None,
    *,
    fresh: bool = False,
    full: bool = False,
    client: str = node.ANVIL,
    opening: Mapping[str, int] | None = None,
    say: Callable[[str], None] | None = None,
) -> Book:
    """The book of the running chain of that name, which is started and furnished first if it does not run.

    `fresh` ends a running one before; `full` asks for the full set, which a running quick one is not, while a running
    full one serves both; `client` is who runs it; `opening` are the prices that feeds and pools open at, by asset in
    USD with 18 decimals, `FULL_PRICES` where absent. A failed start leaves nothing but its log; `say` hears a line a
    package fetched or compiled. Raises UsageError for another client, NotACheckout in an installed wheel, OtherChain,
    PortTaken, NodeSilent, PartUnavailable, PartTampered, SourceRefused.
    """
    folder = folder_of(name)
    if client not in node.CLIENTS:
        raise UsageError(f"no client {client} of the local chain", remedy=f"choose {' or '.join(node.CLIENTS)}")
    with _alone():
        if fresh:
            _end(folder)
        running = _running_book(folder)
        if running is not None:
            _hold_against_wish(running, port, full=full, client=client, opening=opening)
            return running
        _end(folder)
        bring(full=full, say=say)

        def make(url: str) -> Book:
            prices = opening or FULL_PRICES
            furnished = replace(furnish(name, url, checkout.vendor(), client, prices), left_out=LEFT_OUT[client])
            return extend(furnished, checkout.vendor(), checkout.compiled(), prices) if full else furnished

        folder.mkdir(parents=True, exist_ok=True)
        return _keep(folder, node.start(folder, port, client=client), make)


def fork(name: str, origin: str = "default", port: int | None = None) -> Book:
    """Run an Anvil of that name as a fork of the running chain `origin`, as it is now; its book is the origin's.

    What is done on the fork is not done on the origin, whose clock the fork takes over, and which must run on as long
    as the fork reads from it. Raises UsageError where the origin does not run, or the fork already does.
    """
    folder = folder_of(name)
    with _alone():
        forked = _running_book(folder_of(origin))
        if forked is None or name == origin:
            raise UsageError(f"{origin} is no running chain that {name} could be a fork of", remedy="keeper devnet up")
        if _running_book(folder) is not None:
            raise UsageError(f"local chain {name} already runs", remedy=f"keeper devnet down --name {name}")
        _end(folder)

        def make(url: str) -> Book:
            made = replace(forked, name=name, url=url, client=node.ANVIL, fork_of=origin, left_out=LEFT_OUT[node.ANVIL])
            hands.of(made, "deployer").begin()
            return made

        folder.mkdir(parents=True, exist_ok=True)
        return _keep(folder, node.start(folder, port, fork_of=forked.url), make)


def bring(*, full: bool, say: Callable[[str], None] | None = None) -> None:
    """Fetch and compile what a set is made of and is not there yet; touches neither npm nor a compiler otherwise.

    Raises NotACheckout, PartUnavailable, PartTampered, SourceRefused.
    """
    parts.fetch(say=say)
    if full:
        parts.fetch(parts=catalogue.ADDED, say=say)
        compiling.build(checkout.vendor(), checkout.compiled(), say=say)


def down(name: str = "default") -> bool:
    """End the named chain and remove all it left but its log; False where none ran. Raises NotACheckout."""
    folder = folder_of(name)
    with _alone():
        return _end(folder)


def status(name: str = "default") -> Status:
    """Whether the named chain runs, and where it is. Raises NotACheckout."""
    folder = folder_of(name)
    running = _running_book(folder)
    known = node.recall(folder / _NODE)
    if running is None or known is None:
        return Status(name, False, "", 0, 0, 0, "", str(folder / "node.log"))
    last = Chain(running.url, running.address("deployer")).block()
    return Status(
        name,
        True,
        running.url,
        known.pid,
        int(last["number"], 16),
        int(last["timestamp"], 16),
        str(folder / BOOK),
        known.log,
    )


def _running_book(folder: Path) -> Book | None:
    """The folder's book, if its node lives and is the chain the book was written on; else None."""
    known = node.recall(folder / _NODE)
    if known is None or not node.is_running(known):
        return None
    try:
        found = books.load(folder / BOOK)
        genesis = Chain(found.url, found.address("deployer")).block("0x0")["hash"]
    except (UsageError, ChainError):
        return None
    return found if genesis == found.genesis else None


def _hold_against_wish(
    running: Book, port: int | None, *, full: bool, client: str, opening: Mapping[str, int] | None
) -> None:
    """Raises OtherChain where the running chain is not the one that was asked for."""
    its_port = int(running.url.rpartition(":")[2])
    if port is not None and port != its_port:
        raise OtherChain(running.name, f"on port {its_port}", f"on port {port}")
    if full and not running.full:
        raise OtherChain(running.name, "with the quick set", "with the full one")
    if client != running.client:
        raise OtherChain(running.name, f"on {running.client}", f"on {client}")
    for asset, price in running.opening.items():
        if opening is not None and opening[asset] != price:
            raise OtherChain(running.name, f"from {asset} at {_in_usd(price)}", f"from {_in_usd(opening[asset])}")


def _in_usd(price: int) -> str:
    return f"{price // 10**18:,}.{price % 10**18 // 10**14:04} USD"


def _keep(folder: Path, started: Node, make: Callable[[str], Book]) -> Book:
    """Remember a started node, have its book made from its URL, and end it again where that fails."""
    with ExitStack() as undoing:
        undoing.callback(_end, folder)
        node.remember(started, folder / _NODE)
        made = make(started.url)
        books.save(made, folder / BOOK)
        undoing.pop_all()
    return made


def _end(folder: Path) -> bool:
    known = node.recall(folder / _NODE)
    ended = node.stop(known) if known is not None else False
    for left in (folder / _NODE, folder / BOOK):
        left.unlink(missing_ok=True)
    for left in folder.glob("*"):
        if left.is_dir():
            shutil.rmtree(left)
    return ended


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time starts or ends chains."""
    runs = checkout.runs()
    runs.mkdir(parents=True, exist_ok=True)
    with (runs / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
