"""One node, Anvil or Ganache: started apart from us, known by process id *and* start time, ended without a trace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from keeper.devnet import accounts, checkout
from keeper.devnet.faults import NodeSilent, PortTaken

CHAIN_ID = 31337
GENESIS_TIME = 1_767_225_600
"""2026-01-01T00:00:00Z: fixed, so that two runs give the same blocks."""
ANVIL, GANACHE = CLIENTS = ("anvil", "ganache")
BASE_FEE = 10**9
"""Wei: what the chain starts with and the market returns to; untended it decays by an eighth a block."""
_BALANCE_ETH = 1_000_000_000
_GAS_LIMIT = 60_000_000
_STATES = 2_048
"""Blocks whose state Anvil keeps, at half a megabyte each. By default it writes older ones to disk, 20 ms a block."""
_ANSWER_SECONDS = 20
_END_SECONDS = 5
_SILENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Node:
    """A process on a loopback port; `started` is the system's own mark of when, so that a reused pid is not ours."""

    pid: int
    started: str
    port: int
    log: str

    @property
    def url(self) -> str:
        """Its JSON-RPC address."""
        return f"http://127.0.0.1:{self.port}"


def is_free(port: int) -> bool:
    """Whether a listener could be opened on a loopback port; what is left of closed connections does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    folder: Path, port: int | None = None, *, client: str = ANVIL, genesis_time: int = GENESIS_TIME, fork_of: str = ""
) -> Node:
    """Start a node with its files in `folder` and wait until it listens; Anvil may fork the chain at a URL.

    Raises PortTaken, NodeSilent.
    """
    port = free_port() if port is None else port
    if not is_free(port):
        raise PortTaken(port)
    log = folder / "node.log"
    words = (_ganache if client == GANACHE else _anvil)(folder, port, genesis_time)
    stdout = os.devnull if client == GANACHE else str(log)
    words += ["--fork-url", fork_of] if fork_of else []
    pid = os.posix_spawn(
        words[0],
        words,
        {"HOME": str(folder)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
            (os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_APPEND, 0o644),
        ],
        setsid=True,
    )
    node = Node(pid, _start_mark(pid) or "", port, str(log))
    give_up = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < give_up:
        if not is_running(node):
            words_left = log.read_text().strip().splitlines()
            raise NodeSilent(f"it ended at once ({words_left[-1] if words_left else 'without a word'})", str(log))
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return node
        time.sleep(0.01)
    stop(node)
    raise NodeSilent(f"no answer on port {port} within {_ANSWER_SECONDS} s", str(log))


def _anvil(folder: Path, port: int, genesis_time: int) -> list[str]:
    return [
        *(str(checkout.anvil()), "--host", "127.0.0.1", "--port", str(port)),
        *("--chain-id", str(CHAIN_ID), "--hardfork", "prague"),
        *("--mnemonic", accounts.MNEMONIC, "--accounts", str(len(accounts.ROLES)), "--balance", str(_BALANCE_ETH)),
        *("--gas-limit", str(_GAS_LIMIT), "--block-base-fee-per-gas", str(BASE_FEE), "--timestamp", str(genesis_time)),
        *("--cache-path", str(folder / "cache"), "--no-request-size-limit", "--quiet"),
        *("--prune-history", str(_STATES)),
    ]


def _ganache(folder: Path, port: int, genesis_time: int) -> list[str]:
    """Without a limit to creation code, because a contract may first stand as its own creation code.

    What it prints is not kept: it greets with every account's private key, however quiet it is told to be.
    """
    began = datetime.fromtimestamp(genesis_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        *(checkout.node(), str(checkout.ganache()), "--server.host", "127.0.0.1", "--server.port", str(port)),
        *("--chain.chainId", str(CHAIN_ID), "--chain.hardfork", "shanghai", "--chain.time", began),
        *(
            "--chain.allowUnlimitedContractSize",
            "--chain.allowUnlimitedInitCodeSize",
            "--miner.timestampIncrement",
            "1",
        ),
        *("--wallet.mnemonic", accounts.MNEMONIC, "--wallet.totalAccounts", str(len(accounts.ROLES))),
        *("--wallet.defaultBalance", str(_BALANCE_ETH), "--miner.blockGasLimit", str(_GAS_LIMIT)),
        *("--miner.callGasLimit", str(_GAS_LIMIT), "--database.dbPath", str(folder / "chain"), "--logging.quiet"),
    ]


def is_running(node: Node) -> bool:
    """Whether that very process lives; a child of ours that has ended is reaped here."""
    with suppress(ChildProcessError):
        os.waitpid(node.pid, os.WNOHANG)
    return _start_mark(node.pid) == node.started != ""


def stop(node: Node) -> bool:
    """End the process and wait for its end; False where it was not running."""
    if not is_running(node):
        return False
    for word in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(node.pid, word)
        give_up = time.monotonic() + _END_SECONDS
        while time.monotonic() < give_up:
            if not is_running(node):
                _wait_for_silence(node.port)
                return True
            time.sleep(0.01)
    raise NodeSilent(f"process {node.pid} survived SIGKILL for {_END_SECONDS} s", node.log)


def _wait_for_silence(port: int) -> None:
    """Until nothing listens: a process counts as ended when its first thread has, and another may still hold the port.

    Bounded, because somebody else may take the port at once.
    """
    give_up = time.monotonic() + _SILENCE_SECONDS
    while time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.01)


def remember(node: Node, path: Path) -> None:
    """Write the node's particulars for `recall`."""
    path.write_text(json.dumps(asdict(node)) + "\n")


def recall(path: Path) -> Node | None:
    """The node remembered at `path`; None where nothing readable is."""
    try:
        return Node(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _start_mark(pid: int) -> str | None:
    """When a living process began, in the system's own words; None for a dead one or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return found.stdout.strip() or None
    return None if fields[0] == "Z" else fields[19]
