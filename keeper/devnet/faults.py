"""What can go wrong on the local chain; each is a leaf of the tree in keeper/errors.py.

UsageError   ── OtherChain, PortTaken, PartUnavailable, SourceRefused, PriceFileRefused
ChainError   ── NodeSilent, CallReverted
DiffersError ── PartTampered
"""

from __future__ import annotations

from keeper.errors import ChainError, DiffersError, UsageError


class PartUnavailable(UsageError):
    """A pinned package could not be brought; `spec` is its name@version."""

    code = "devnet-part-unavailable"

    def __init__(self, spec: str, reason: str) -> None:
        super().__init__(
            f"{spec} could not be fetched: {reason}", remedy="check npm and its registry, then make setup again"
        )
        self.spec = spec
        self.reason = reason


class PartTampered(DiffersError):
    """A package is not the one that was pinned; `found` and `pinned` are sha512 in npm's notation."""

    code = "devnet-part-tampered"

    def __init__(self, spec: str, found: str, pinned: str) -> None:
        super().__init__(
            f"{spec} has {found}, pinned is {pinned}: nothing of it was unpacked",
            remedy="fetch from a registry you trust; change parts.lock.json only after reading the package",
            differences=(found, pinned),
        )
        self.spec = spec
        self.found = found
        self.pinned = pinned


class SourceRefused(UsageError):
    """A published source could not be compiled; `project` is whose, `reason` the compiler's first words."""

    code = "devnet-source-refused"

    def __init__(self, project: str, reason: str) -> None:
        super().__init__(f"{project} could not be compiled: {reason}", remedy="make setup again, with Node 20 or newer")
        self.project = project
        self.reason = reason


class OtherChain(UsageError):
    """The named chain already runs, but not as it was asked for: another port, set or client."""

    code = "devnet-other-chain"

    def __init__(self, name: str, running: str, asked: str) -> None:
        super().__init__(
            f"local chain {name} already runs {running}, not {asked}",
            remedy=f"keeper devnet down --name {name}, then up as you want it; or another --name",
        )
        self.name = name
        self.running = running
        self.asked = asked


class PriceFileRefused(UsageError):
    """A file of prices that cannot be replayed; `file` is which, `reason` names line and fault."""

    code = "devnet-price-file"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}", remedy="docs/devnet.md says what a price file looks like")
        self.file = file
        self.reason = reason


class PortTaken(UsageError):
    """Something else listens on the port asked for."""

    code = "devnet-port-taken"

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken", remedy="choose another --port, or leave it out")
        self.port = port


class NodeSilent(ChainError):
    """The node ended or did not answer in time; `log` is the file that holds its last words."""

    code = "devnet-node"

    def __init__(self, reason: str, log: str) -> None:
        super().__init__(f"the local node is not usable: {reason}", remedy=f"read {log}, then keeper devnet up --fresh")
        self.reason = reason
        self.log = log


class CallReverted(ChainError):
    """The node refused a call, or a transaction reverted; `method` is JSON-RPC's, `reason` the node's words."""

    code = "devnet-call"

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(
            f"{method} on the local chain: {reason}", remedy="keeper devnet up --fresh makes a clean chain"
        )
        self.method = method
        self.reason = reason
