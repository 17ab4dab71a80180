"""CoW Protocol's settlement with mainnet's own bytecode, salt and arguments, so at mainnet's addresses.

One account is allowed to settle, in the way mainnet's manager allows solvers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eth_abi.abi import encode

from keeper.devnet.kit import CREATE2, Chain

MAINNET_SETTLEMENT = "0x9008D19f58AAbD9eD0D60971565AA8510560ab41"
_SALT = b"Mattresses in Berlin!".ljust(32, b"\0")
_GAS_MONEY = 10**20


def furnish(chain: Chain, vendor: Path, solver: str) -> dict[str, str]:
    """Deploy authenticator and settlement by CREATE2 and let `solver` settle; addresses by name.

    Raises ValueError where the settlement does not come to its mainnet address.
    """
    folder = vendor / "cow" / "deployments" / "mainnet"
    published: dict[str, dict[str, Any]] = {
        name: json.loads((folder / f"{name}.json").read_text())
        for name in (
            "GPv2AllowListAuthentication_Implementation",
            "GPv2AllowListAuthentication_Proxy",
            "GPv2Settlement",
        )
    }
    for deployment in published.values():
        chain.transact(CREATE2, "0x" + _SALT.hex() + deployment["bytecode"][2:] + _arguments(deployment))
    at = {
        "cow_authenticator": str(published["GPv2AllowListAuthentication_Proxy"]["address"]),
        "cow_settlement": str(published["GPv2Settlement"]["address"]),
    }
    if at["cow_settlement"] != MAINNET_SETTLEMENT or chain.rpc("eth_getCode", MAINNET_SETTLEMENT, "latest") == "0x":
        raise ValueError(f"CoW's settlement did not come to {MAINNET_SETTLEMENT}")
    manager = chain.read(at["cow_authenticator"], "manager()", "address")
    chain.impersonate(manager, _GAS_MONEY)
    chain.send(at["cow_authenticator"], "addSolver(address)", solver, sender=manager)
    chain.release(manager)
    return at


def _arguments(deployment: Mapping[str, Any]) -> str:
    """The published constructor arguments, encoded as the published ABI asks."""
    inputs: list[dict[str, str]] = next((e["inputs"] for e in deployment["abi"] if e["type"] == "constructor"), [])
    types = [entry["type"] for entry in inputs]
    values = [
        bytes.fromhex(str(value)[2:]) if kind == "bytes" else value
        for kind, value in zip(types, deployment["args"], strict=True)
    ]
    return encode(types, values).hex()
