"""Whose chain this is: its id against the profile, its genesis against the manifest."""

from __future__ import annotations

from pathlib import Path

from keeper.chain.rpc import Rpc
from keeper.errors import WrongChainId
from keeper.manifest import Manifest, check_chain


def check(rpc: Rpc, manifest: Manifest, manifest_path: Path) -> None:
    """Hold the node against the profile and the manifest, in one round trip.

    Raises WrongChainId, ForeignGenesis, RpcUnreachable, RpcRefused.
    """
    chain_id, genesis = identify(rpc)
    if chain_id != rpc.profile.chain_id:
        raise WrongChainId(rpc.label, rpc.profile.chain_id, chain_id)
    check_chain(manifest, manifest_path, rpc.label, chain_id=chain_id, genesis=genesis)


def identify(rpc: Rpc) -> tuple[int, str]:
    """The chain id and the genesis block's hash the node names."""
    chain_id, genesis = (
        rpc.accepted(found) for found in rpc.many([("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])])
    )
    return rpc.understood(lambda pair: (int(pair[0], 16), str(pair[1]["hash"]).lower()), (chain_id, genesis))
