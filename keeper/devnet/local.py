"""Local chains by name: up, down, status. Each has one ignored folder with its book, its process and its log."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keeper.devnet import book as books
from keeper.devnet import catalogue, checkout, compiling, node, parts
from keeper.devnet.book import Book
from keeper.devnet.faults import NodeElsewhere, OtherSet
from keeper.devnet.full import extend
from keeper.devnet.furnish import furnish
from keeper.devnet.kit import Chain
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
    say: Callable[[str], None] | None = None,
) -> Book:
    """The book of the running chain of that name, which is started and furnished first if it does not run.

    `fresh` ends a running one before; `full` asks for the full set, which a running quick one is not, while a running
    full one serves both. A failed start leaves nothing but its log; `say` hears a line a package fetched or compiled.
    Raises NotACheckout in an installed wheel, NodeElsewhere, OtherSet, PortTaken, NodeSilent, PartUnavailable,
    PartTampered, SourceRefused.
    """
    folder = folder_of(name)
    with _alone():
        if fresh:
            _end(folder)
        running = _running_book(folder)
        if running is not None:
            asked = port is not None and running.url.rpartition(":")[2] != str(port)
            if asked and port is not None:
                raise NodeElsewhere(name, int(running.url.rpartition(":")[2]), port)
            if full and not running.full:
                raise OtherSet(name)
            return running
        _end(folder)
        bring(full=full, say=say)
        folder.mkdir(parents=True, exist_ok=True)
        started = node.start(folder, port)
        try:
            node.remember(started, folder / _NODE)
            furnished = furnish(name, started.url, checkout.vendor())
            if full:
                furnished = extend(furnished, checkout.vendor(), checkout.compiled())
            books.save(furnished, folder / BOOK)
        except BaseException:
            _end(folder)
            raise
        return furnished


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
