"""The few functions these scripts call on contracts that are not ours, written by hand."""

from __future__ import annotations

from typing import Any


def _function(name: str, inputs: str, outputs: str, kind: str = "view") -> dict[str, Any]:
    """One ABI entry; types are comma-separated."""
    return {
        "type": "function",
        "name": name,
        "stateMutability": kind,
        "inputs": [{"name": "", "type": word} for word in inputs.split(",") if word],
        "outputs": [{"name": "", "type": word} for word in outputs.split(",") if word],
    }


PROXY_FEED = (_function("aggregator", "", "address"),)
POOL = (_function("factory", "", "address"),)
"""A Uniswap V3 pool or V2 pair."""
SHARE = (_function("asset", "", "address"),)
"""An ERC-4626 vault."""
PAYING_SHARE = (_function("rewardTokens", "", "address[]"),)
"""Aave's wrapper, which hands on what its aToken earns."""
SAFE_TRANSACTION = "address,uint256,bytes,uint8,uint256,uint256,uint256,address,address"
SAFE = (
    _function("getThreshold", "", "uint256"),
    _function("getOwners", "", "address[]"),
    _function("nonce", "", "uint256"),
    _function("getTransactionHash", f"{SAFE_TRANSACTION},uint256", "bytes32"),
)
ERC20 = (
    _function("symbol", "", "string"),
    _function("decimals", "", "uint8"),
    _function("balanceOf", "address", "uint256"),
)
