"""A keeper's desk in tests: a real vault, its node with a wire in between, a journal, and the keeper's key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from eth_account import Account

from keeper.chain import lens
from keeper.chain.fees import Fees, quote
from keeper.chain.lens import Observation
from keeper.chain.rpc import Rpc
from keeper.chain.signer import Signer, open_signer
from keeper.config import ChainProfile, Secret, load_profile
from keeper.devnet import hands
from keeper.devnet.kit import Chain
from keeper.execute import simulate
from keeper.execute.intent import calldata
from keeper.guard import Sendable, admit
from keeper.journal import Journal, StreamKey, Writer
from keeper.model import (
    ActionKind,
    Address,
    Decision,
    GuardReport,
    GuardVerdict,
    Intent,
    Order,
    PolicyState,
    Simulation,
    Terms,
)
from keeper.units import Timestamp, TokenUnits, Usd18
from tests.deployed import Deployed
from tests.keeper.wire import Wire

DRIFT_WETH = 40 * 10**18
"""What the user adds: the vault is then a good 3 % overweight in WETH."""
WETH, WBTC, USDC = 0, 1, 2
DECISION = "0x" + "d1" * 32
PASSWORD = Secret("env:PASSWORD", "on this chain only")


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything one keeper needs, and a hand on the node behind the wire."""

    deployed: Deployed
    wire: Wire
    rpc: Rpc
    node: Chain
    journal: Journal
    writer: Writer
    signer: Signer

    def observe(self, account: Address | None = None) -> Observation:
        return lens.observe(self.rpc, self.deployed.manifest, account or self.signer.address)

    def fees(self, seen: Observation) -> Fees:
        found = quote(self.rpc.profile, seen.next_base_fee, self.rpc.profile.gas_ceiling)
        assert isinstance(found, Fees)
        return found

    def way(self, seen: Observation, sold: int, bought: int, *, place: int = 0) -> int:
        """The `place`-th enabled route of a pair: 0 is the pool direct, 1 the router."""
        pair = [r.index for r in seen.snapshot.routes if (r.asset_in, r.asset_out) == (sold, bought)]
        return pair[place]

    def decision(self, seen: Observation, *orders: Order) -> Decision:
        listed = orders or (Order(self.way(seen, WETH, USDC), TokenUnits(10**20), TokenUnits(0)),)
        return Decision(ActionKind.REBALANCE, listed, "test", "a test says so", Usd18(0), Usd18(0), PolicyState())

    def terms(self, seen: Observation, **changes: object) -> Terms:
        vault, now = seen.snapshot.vault, seen.snapshot.block.timestamp
        return replace(Terms(vault.epoch, vault.config_version, Timestamp(now + 600), DECISION), **changes)

    def simulated(self, seen: Observation) -> Simulation:
        sender, fees = self.signer.address, self.fees(seen)
        return simulate.best(self.rpc, seen.snapshot, self.decision(seen), self.terms(seen), sender, fees)[0]

    def intent(
        self, seen: Observation, simulation: Simulation, action: ActionKind = ActionKind.REBALANCE, **terms: object
    ) -> Intent:
        """The intent guard makes of it, READY in the journal."""
        bound = self.terms(seen, **terms)
        sendable = Sendable(
            to=self.deployed.vault,
            data=calldata(action, simulation.orders, bound),
            signer=self.signer.address,
            gas_limit=simulation.gas_limit,
            max_fee_ceiling=self.rpc.profile.gas_ceiling,
        )
        decided = replace(self.decision(seen), action=action)
        intent = admit(seen.snapshot, decided, GuardReport(GuardVerdict.PASS, (), simulation), bound, sendable)
        self.writer.record_intent(intent)
        return intent

    def ready(self) -> tuple[Intent, Fees, Simulation]:
        """A good rebalance, simulated, READY."""
        seen = self.observe()
        simulation = self.simulated(seen)
        assert simulation.succeeds, simulation.revert
        return self.intent(seen, simulation), self.fees(seen), simulation

    def states(self) -> list[str]:
        """Every step the journal has of any intent, in order."""
        path = self.journal.path
        return [row["state"] for row in rows(path, "tx_event")]

    def epoch(self) -> int:
        return self.observe().snapshot.vault.epoch

    def node_block(self) -> int:
        """The node's latest block number."""
        return int(self.node.rpc("eth_blockNumber"), 16)

    def sends(self) -> int:
        """How often signed bytes came over the wire."""
        return self.wire.seen.count("eth_sendRawTransaction")


def rows(path: Path, table: str) -> list[dict[str, str]]:
    """A table of the journal, read by nobody's code but SQLite's."""
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY seq")]  # noqa: S608
    connection.close()
    return found


def keystore(path: Path, key: bytes) -> Path:
    """A key's file that opens quickly."""
    path.write_text(json.dumps(Account.encrypt(key, PASSWORD.reveal(), kdf="pbkdf2", iterations=2)))
    path.chmod(0o600)
    return path


@contextmanager
def taken(
    deployed: Deployed, folder: Path, *, profile: ChainProfile | None = None, role: str = "keeper"
) -> Iterator[Desk]:
    """A desk for one test, its journal in `folder`."""
    node = Chain(deployed.url, deployed.book.address("user"))
    signer = open_signer("keeper", keystore(folder / f"{role}.json", deployed.key(role)), PASSWORD)
    manifest = deployed.manifest
    stream = StreamKey("keeper", manifest.chain.id, manifest.chain.genesis, deployed.vault)
    with Wire(deployed.url).up() as wire, Journal.open(f"sqlite:///{folder / 'journal.sqlite'}") as journal:
        rpc = Rpc(wire.url, profile or load_profile("anvil"), label="chain.local.rpc[0]", timeout=2)
        with Writer(journal, stream, node.now) as writer:
            yield Desk(deployed, wire, rpc, node, journal, writer, signer)


def drift(deployed: Deployed) -> None:
    """Make the vault overweight in WETH."""
    hand = hands.of(deployed.book, "user")
    weth = deployed.book.tokens["WETH"].address
    hand.send(weth, "transfer(address,uint256)", deployed.vault, DRIFT_WETH)
