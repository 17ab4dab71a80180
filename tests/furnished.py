"""The story's vault for tests: five assets, a share of Aave's, a reward, $3.2M, on the full local chain."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from keeper.chain.abi import decode_revert
from keeper.devnet import api3, chainlink, hands, local, signed
from keeper.devnet.book import Book
from keeper.devnet.calls import decode_result, encode_call
from keeper.devnet.kit import Chain, Receipt
from keeper.manifest import load_manifest, manifest_path
from scripts.furnished import deposit_words, render
from scripts.networks import Network
from scripts.reading import Reader
from tests.deployed import NAME, Deployed, script, succeed

REBALANCE = "rebalance((uint16,uint128,uint128)[],(uint64,uint32,uint40,bytes32))"
RETARGET = "retarget(uint16[],(uint64,uint32,uint40,bytes32))"
HARVEST = "harvest(uint16,(uint16,uint128,uint128)[],(uint64,uint32,uint40,bytes32))"
ALLOCATE = "allocate((uint16,uint128,uint128)[],uint40)"
REPORT = "uint256,uint256,uint64,uint64,uint64,uint64"
MOST = 2**128 - 1
"""As an order's maxIn: whatever the vault lets through."""


class Stage:
    """A deployed vault with hands on it: who sends is named by role, `owner` is the Safe itself."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.book = deployed.book
        self.hand = hands.of(deployed.book, "deployer")
        self.vault = deployed.vault
        self.indexes = {asset.symbol: asset.index for asset in deployed.manifest.assets}
        self._tokens = {asset.symbol: asset.token for asset in deployed.manifest.assets}
        self._tokens |= {reward.symbol: reward.token for reward in deployed.manifest.rewards}

    @property
    def reader(self) -> Reader:
        """The scripts' eyes on the same chain, at its latest block."""
        return Reader(Network(f"devnet:{self.book.name}", self.book.url, self.book, is_local=True))

    def account(self, role: str) -> str:
        """The address behind a role, able to send."""
        if role != "owner":
            return self.book.address(role)
        owner = self.deployed.manifest.roles.owner
        self.hand.impersonate(owner, 10**18)
        return owner

    def act(self, role: str, signature: str, *arguments: object, to: str | None = None) -> Receipt:
        """A call of the vault, or of `to`, as a transaction."""
        return self.hand.send(to or self.vault, signature, *arguments, sender=self.account(role))

    def refusal(self, role: str, signature: str, *arguments: object, to: str | None = None) -> str:
        """The name of the error such a call would revert with now; empty where it would pass."""
        data = encode_call(signature, *arguments)
        found = self.reader.try_call(self.account(role), to or self.vault, data)
        return "" if found is None else decode_revert(found).name

    def terms(self, mark: bytes = b"test") -> tuple[int, int, int, bytes]:
        """Terms of the state as it is."""
        state = self.state()
        version = self.hand.read(self.deployed.rulebook, "configVersion()", "uint32")
        return (state.epoch, int(version), self.hand.now() + 600, mark.ljust(32, b"\0"))

    def state(self) -> Any:
        """The vault's own state."""
        return self.reader.ask("KeeperVault", self.vault, "state")

    def held(self, symbol: str, holder: str | None = None) -> int:
        """Base units of an asset or reward."""
        return int(self.hand.read(self._tokens[symbol], "balanceOf(address)", "uint256", holder or self.vault))

    def route(self, sold: str, bought: str, place: int = 0) -> int:
        """The index of the `place`-th route between two symbols; a reward's begins at 255."""
        first = self.indexes.get(sold, 255)
        ways = [w for w in self.deployed.manifest.routes if (w.asset_in, w.asset_out) == (first, self.indexes[bought])]
        return ways[place].index

    def later(self, seconds: int, prices: Mapping[str, int] | None = None) -> None:
        """Let time pass, then have every feed speak: as it opened, but for `prices` (USD, 18 decimals)."""
        self.hand.mine_at(self.hand.now() + seconds)
        say_prices(self.hand, self.book, {**self.book.opening, **(prices or {})})

    def simulated(self, role: str, returns: str, signature: str, *arguments: object) -> Sequence[int]:
        """What such a call would return now."""
        request = {"from": self.account(role), "to": self.vault, "data": encode_call(signature, *arguments)}
        return decode_result(returns, self.hand.rpc("eth_call", request, "latest"))


def say_prices(hand: Chain, book: Book, prices: Mapping[str, int]) -> None:
    """Every feed of every kind answers these prices, USD with 18 decimals."""
    chainlink.answer_all(hand, book.feeds, prices)
    answers = {asset: prices[asset] // 10 ** (18 - feed.decimals) for asset, feed in book.signed.items()}
    signed.report(hand, book.contracts, book.signed, answers)
    for asset, beacon in book.beacons.items():
        api3.update(hand, book.contracts, beacon, prices[asset])


def deploy_furnished(book: Book, folder: Path) -> Deployed:
    """Deploy the story's vault, its files below `folder`, and deposit into it."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / f"{NAME}.toml"
    config.write_text(render(book, NAME), encoding="utf-8")
    network = f"devnet:{book.name}"
    succeed(script("deploy", "--network", network, "--config", config, "--root", folder, "--yes"))
    path = manifest_path(folder, book.chain_id, NAME)
    said = ("--network", network, "--manifest", path, "--from", "role:user", "--yes", *deposit_words(book))
    succeed(script("deposit", *said))
    return Deployed(book, path, load_manifest(path), config)


@pytest.fixture(scope="session")
def furnished_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The story's vault on a full chain of its own; tests take `stage`, which undoes what they do."""
    name = f"furnished-{os.getpid()}-{token_hex(2)}"  # each folder of tests has one of its own
    try:
        yield deploy_furnished(local.up(name, full=True), tmp_path_factory.mktemp("furnished"))
    finally:
        local.down(name)
        shutil.rmtree(local.folder_of(name))


@pytest.fixture
def stage(furnished_once: Deployed) -> Iterator[Stage]:
    """The story's vault, fresh prices, on a chain that is as it was again after the test."""
    found = Stage(furnished_once)
    before = found.hand.rpc("evm_snapshot")
    found.later(60)
    yield found
    assert found.hand.rpc("evm_revert", before)
