"""The rows of docs/failures.toml that need a chain, a key or a journal: one line, its remedy and code, no change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

from keeper.ops.log import open_log
from keeper.ops.shift import begin
from tests.keeper.cli import failures
from tests.keeper.ops.place import Place

FAILURES = failures.table()
Spoil = Callable[[Place], AbstractContextManager[None]]


@contextmanager
def wrong_chain(place: Place) -> Iterator[None]:
    place.node.rpc("anvil_setChainId", 31_338)
    try:
        yield
    finally:
        place.node.rpc("anvil_setChainId", 31_337)


def foreign_genesis(place: Place) -> AbstractContextManager[None]:
    manifest = json.loads(place.deployed.manifest_path.read_text())
    manifest["chain"]["genesis"] = "0x" + "9e" * 32
    (place.folder / "old.json").write_text(json.dumps(manifest))
    place.rewrite(str(place.deployed.manifest_path), "old.json")
    return nullcontext()


def missing_key(place: Place) -> AbstractContextManager[None]:
    (place.folder / "keeper.json").unlink()
    return nullcontext()


def exposed_key(place: Place) -> AbstractContextManager[None]:
    (place.folder / "keeper.json").chmod(0o644)
    return nullcontext()


def wrong_password(place: Place) -> AbstractContextManager[None]:
    (place.folder / "keeper.password").write_text("another word\n")
    return nullcontext()


def node_down(place: Place) -> AbstractContextManager[None]:
    (place.folder / "node.url").write_text("http://127.0.0.1:9")
    return nullcontext()


@contextmanager
def second_keeper(place: Place) -> Iterator[None]:
    with begin(place.post(), open_log()):
        yield


SPOILS: dict[str, Spoil] = {
    "wrong-chain-id": wrong_chain,
    "foreign-genesis": foreign_genesis,
    "missing-key-file": missing_key,
    "world-readable-key-file": exposed_key,
    "wrong-password": wrong_password,
    "rpc-down-at-start": node_down,
    "second-keeper": second_keeper,
}
ELSEWHERE = {"unknown-config-key", "weights-not-whole"}
"""Driven by tests/keeper/cli/test_commands.py: they need no vault."""


def test_every_row_is_driven() -> None:
    assert FAILURES.keys() == SPOILS.keys() | ELSEWHERE


@pytest.mark.parametrize("row", sorted(SPOILS))
def test_the_documented_failure(place: Place, row: str) -> None:
    failure = FAILURES[row]
    with SPOILS[row](place):
        before = place.files()
        block = place.node.rpc("eth_blockNumber")
        words = failure.command.split()[1:]
        assert words[0] in ("run", "once")
        failure.check(*place.type(*words))
        assert place.files() == before
        assert place.node.rpc("eth_blockNumber") == block


def test_no_error_ever_says_the_password(place: Place) -> None:
    shutil.copy(place.folder / "guardian.json", place.folder / "keeper.json")
    (place.folder / "keeper.password").write_text("hunter2-hunter2\n")
    _, out, err = place.type("once", "--mode", "live")
    assert "hunter2" not in out + err
