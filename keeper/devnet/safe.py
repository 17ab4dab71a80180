"""Safe 1.4.1 at its canonical addresses, and one Safe made through the real factory to own what is deployed here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.devnet import accounts, artifacts
from keeper.devnet.book import OwnerSafe
from keeper.devnet.calls import encode_call
from keeper.devnet.kit import CREATE2, ZERO, Chain, Receipt

_SINGLETON_FACTORY = "0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7"
"""Where Safe's own deployments come from; it runs the same code as the deterministic deployer that Anvil has."""
_NO_SALT = bytes(32)
_PUBLISHED = {
    "safe": "Safe.sol/Safe",
    "safe_l2": "SafeL2.sol/SafeL2",
    "safe_proxy_factory": "proxies/SafeProxyFactory.sol/SafeProxyFactory",
    "safe_fallback": "handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler",
    "safe_multi_send": "libraries/MultiSendCallOnly.sol/MultiSendCallOnly",
}
_OWNER_SAFE_SALT = 1
_TRANSACTION = "address,uint256,bytes,uint8,uint256,uint256,uint256,address,address"


def furnish(chain: Chain, vendor: Path) -> dict[str, str]:
    """Deploy the five contracts by CREATE2 with salt 0, so at their canonical addresses; returns address by name."""
    chain.set_code(_SINGLETON_FACTORY, chain.rpc("eth_getCode", CREATE2, "latest"))
    found: dict[str, str] = {}
    for name, path in _PUBLISHED.items():
        code = artifacts.load(vendor / "safe" / "build" / "artifacts" / "contracts" / f"{path}.json").init_code()
        chain.transact(_SINGLETON_FACTORY, "0x" + _NO_SALT.hex() + code[2:])
        origin = b"\xff" + bytes.fromhex(_SINGLETON_FACTORY[2:]) + _NO_SALT + keccak(hexstr=code)
        found[name] = to_checksum_address(keccak(origin)[12:])
    return found


def found_safe(chain: Chain, contracts: dict[str, str], owners: Sequence[str], threshold: int) -> OwnerSafe:
    """Make a Safe of these roles through SafeProxyFactory, as Safe's own application does (the L2 kind, which logs)."""
    setup = encode_call(
        "setup(address[],uint256,address,bytes,address,address,uint256,address)",
        *([accounts.account(role).address for role in owners], threshold, ZERO, b"", contracts["safe_fallback"]),
        *(ZERO, 0, ZERO),
    )
    arguments = (contracts["safe_l2"], bytes.fromhex(setup[2:]), _OWNER_SAFE_SALT)
    signature = "createProxyWithNonce(address,bytes,uint256)"
    address = chain.read(contracts["safe_proxy_factory"], signature, "address", *arguments)
    chain.send(contracts["safe_proxy_factory"], signature, *arguments)
    return OwnerSafe(to_checksum_address(address), tuple(owners), threshold)


def execute(chain: Chain, safe: OwnerSafe, to: str, data: str, *, value: int = 0, sender: str | None = None) -> Receipt:
    """Have the Safe call `to` with 0x-hex `data` and `value` wei: its first owners sign, anyone may send.

    Raises CallReverted with GS013 where the inner call reverts.
    """
    fields = (to, value, bytes.fromhex(data[2:]), 0, 0, 0, 0, ZERO, ZERO)
    nonce = chain.read(safe.address, "nonce()", "uint256")
    digest = chain.read(safe.address, f"getTransactionHash({_TRANSACTION},uint256)", "bytes32", *fields, nonce)
    signers = [accounts.account(role) for role in safe.owners[: safe.threshold]]
    signatures = b"".join(
        bytes(signer.unsafe_sign_hash(digest).signature)
        for signer in sorted(signers, key=lambda one: int(one.address, 16))
    )
    return chain.send(safe.address, f"execTransaction({_TRANSACTION},bytes)", *fields, signatures, sender=sender)
