"""What is measured: a real vault on a furnished local chain of the benchmark's own, and a keeper's desk before it."""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from eth_account import Account
from structlog.typing import FilteringBoundLogger

from keeper.config import load_settings
from keeper.devnet import local
from keeper.devnet.kit import Chain
from keeper.ops.post import take
from keeper.ops.shift import Shift, begin
from tests.deployed import Deployed, deploy_vault

DRIFT_WETH = 40 * 10**18
"""What a deposit of WETH alone makes of a vault on target: a good 3 % overweight."""
_PASSWORD = "public"
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Scene:
    """A vault on target, the folder for journals, and a hand on its node (as the user, who has tokens)."""

    deployed: Deployed
    folder: Path
    node: Chain

    @contextmanager
    def undone(self, *, drifted: bool = False) -> Iterator[None]:
        """Whatever happens to the chain inside is undone; `drifted`: the vault is off target meanwhile."""
        before = self.node.rpc("evm_snapshot")
        try:
            if drifted:
                weth = self.deployed.book.tokens["WETH"].address
                self.node.send(weth, "transfer(address,uint256)", self.deployed.vault, DRIFT_WETH)
            yield
        finally:
            self.node.rpc("evm_revert", before)

    @contextmanager
    def keeper(self, url: str) -> Iterator[Shift]:
        """A keeper on duty through the node at `url`, live, with a journal of its own."""
        folder = self.folder / f"keeper-{next(_numbers)}"
        folder.mkdir()
        config = folder / "keeper.toml"
        config.write_text(_CONFIG.format(url=url, manifest=self.deployed.manifest_path))
        (folder / "password").write_text(_PASSWORD)
        (folder / "key.json").write_text(
            json.dumps(Account.encrypt(self.deployed.key("keeper"), _PASSWORD, kdf="pbkdf2", iterations=2))
        )
        for name in ("password", "key.json"):
            (folder / name).chmod(0o600)
        post = take(load_settings(config, {}), None, live=True)
        with begin(post, _silent()) as shift:
            yield shift


def _silent() -> FilteringBoundLogger:
    """A log that says nothing: figures are the output."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    log: FilteringBoundLogger = structlog.wrap_logger(structlog.ReturnLogger(), wrapper_class=quiet)
    return log


@contextmanager
def built() -> Iterator[Scene]:
    """The scene, and nothing of it afterwards."""
    name = f"bench-{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        deployed = deploy_vault(local.up(name), folder)
        yield Scene(deployed, folder, Chain(deployed.url, deployed.book.address("user")))
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name), ignore_errors=True)
        shutil.rmtree(folder)


_CONFIG = """schema = 1
[keeper]
mode = "live"
[chain.local]
profile = "anvil"
rpc = ["{url}"]
clock = "chain"
[vault.treasury]
chain = "local"
manifest = "{manifest}"
policy = "bands"
[policy.bands]
kind = "bands"
absolute_bps = 200
[signer.keeper]
kind = "keystore"
path = "key.json"
secret = "file:password"
"""
