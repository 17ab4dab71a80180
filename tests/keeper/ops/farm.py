"""The story's vault for tests: the full chain, five assets, one a share that pays LINK; two keepers, two guardians."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keeper.devnet import course, hands, local
from keeper.devnet.feeds import Feeds
from keeper.manifest import load_manifest, manifest_path
from scripts import furnished
from tests.deployed import NAME, Deployed, script

NAV_USD = 3_200_000
STEP = 900


@contextmanager
def standing(folder: Path) -> Iterator[Deployed]:
    """A full chain with the vault on it, paid into."""
    name = f"farm-{os.getpid()}"
    try:
        book = local.up(name, full=True)
        config = folder / f"{NAME}.toml"
        config.write_text(furnished.render(book, NAME), encoding="utf-8")
        network = f"devnet:{name}"
        _succeed("deploy", "--network", network, "--config", config, "--root", folder, "--yes")
        path = manifest_path(folder, book.chain_id, NAME)
        said = ("--network", network, "--manifest", path, "--from", "role:user", "--yes")
        _succeed("deposit", *said, *furnished.deposit_words(book, NAV_USD))
        yield Deployed(book, path, load_manifest(path), config)
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


def wait(deployed: Deployed, *, steps: int) -> None:
    """Let quarters of an hour pass at steady prices, every voice answering when its heartbeat asks for it."""
    feeds = Feeds(deployed.book, still(deployed, steps), steady=True)
    for _ in range(steps):
        feeds.step()


def still(deployed: Deployed, steps: int) -> course.Course:
    """A course on which no price moves."""
    return course.Course(tuple(dict(deployed.book.opening) for _ in range(steps + 1)), STEP, 7)


def drift(deployed: Deployed, weth: int = 60) -> None:
    """The user adds so many whole WETH."""
    hand = hands.of(deployed.book, "user")
    hand.send(deployed.book.tokens["WETH"].address, "transfer(address,uint256)", deployed.vault, weth * 10**18)


def _succeed(module: str, *words: str | Path) -> None:
    done = script(module, *words)
    assert done.returncode == 0, f"{done.args} exited {done.returncode}:\n{done.stdout}\n{done.stderr}"
