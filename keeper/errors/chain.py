"""The chain: its nodes, its identity, and what its contracts refuse."""

from __future__ import annotations

from collections.abc import Sequence

from keeper.errors.kinds import ChainError, RefusedError


class VaultRevert(RefusedError):
    """A call reverted: `name` and `values` are one of our errors decoded, or "Unknown" and the raw data."""

    code = "vault-revert"

    def __init__(self, call: str, name: str, values: Sequence[object] = ()) -> None:
        text = ", ".join(str(value) for value in values)
        super().__init__(f"{call} reverts with {name}({text})", remedy=f"see {name} in contracts/SPEC.md")
        self.call = call
        self.name = name
        self.values = tuple(values)


class RpcUnreachable(ChainError):
    """No answer. `label` names the RPC as the configuration does (`chain.base.rpc[0]`): its URL may hold a key."""

    code = "rpc-unreachable"

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(
            f"{label} does not answer: {reason}", remedy=f"start the node behind {label}, or correct its address"
        )
        self.label = label
        self.reason = reason


class RpcRefused(ChainError):
    """The node answered with an error of its own; `rpc_code` is JSON-RPC's number, or None."""

    code = "rpc-refused"

    def __init__(self, label: str, method: str, reason: str, rpc_code: int | None = None) -> None:
        super().__init__(
            f"{label} refuses {method}: {reason}", remedy="run keeper doctor, which says what this node can do"
        )
        self.label = label
        self.method = method
        self.reason = reason
        self.rpc_code = rpc_code


class WrongChainId(ChainError):
    """The node serves another chain than the profile or the manifest names."""

    code = "wrong-chain-id"

    def __init__(self, label: str, expected: int, found: int) -> None:
        super().__init__(
            f"{label} serves chain {found}, not chain {expected}",
            remedy=f"point {label} at chain {expected}, or choose the profile of chain {found}",
        )
        self.label = label
        self.expected = expected
        self.found = found


class ForeignGenesis(ChainError):
    """The manifest was written on another chain of the same id: one that is gone, or somebody's local one."""

    code = "foreign-genesis"

    def __init__(self, manifest: str, expected: str, found: str) -> None:
        super().__init__(
            f"{manifest} was written on the chain with genesis {expected}, this chain's is {found}",
            remedy="deploy on this chain and use the manifest that writes",
        )
        self.manifest = manifest
        self.expected = expected
        self.found = found
