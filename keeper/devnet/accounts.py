"""Who is who on the local chain: a role for each account of Anvil's public mnemonic.

The keys are public by design and derived when asked for, never stored. They open nothing on any other chain, and chain
id 31337 keeps what they sign from being valid anywhere else.
"""

from __future__ import annotations

from functools import lru_cache

from eth_account import Account
from eth_account.datastructures import SignedMessage
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from keeper.errors import UsageError

MNEMONIC = "test test test test test test test test test test test junk"
ROLES = (
    "deployer",
    "maker",
    "keeper",
    "guardian",
    "owner_1",
    "owner_2",
    "owner_3",
    "user",
    "trader",
    "admin",
    "oracle_a1",
    "oracle_a2",
    "oracle_a3",
    "oracle_b1",
    "oracle_b2",
    "oracle_b3",
    "stranger",
    "standby",
    "guardian_2",
    "thief",
    "borrower",
    "courier",
)
"""The place in this list is the index of derivation. maker provides liquidity and arbitrages, trader makes noise, admin
holds proxies, oracle_a* and oracle_b* are the two voices of every price, stranger may do nothing, standby is a second
keeper, thief is who steals a key and has money of its own, borrower makes Aave's USDC scarce, courier carries signed
reports and API3's values to the chain."""


NETWORK = ("network_1", "network_2", "network_3", "network_4")
"""Who signs the reports of the signed-report feeds; none of them has an account on the chain."""
SIGNERS = (*NETWORK, "airnode", "impostor")
"""Keys that only sign: the network, API3's first-party oracle, and one that nobody knows."""


def index(role: str) -> int:
    """The index of derivation of a role. Raises UsageError for one that does not exist."""
    if role not in ROLES:
        raise UsageError(f"no role {role} on the local chain", remedy=f"choose one of {', '.join(ROLES)}")
    return ROLES.index(role)


@lru_cache(maxsize=len(ROLES))
def account(role: str) -> LocalAccount:
    """The role's account with its public, worthless key. Takes some 50 ms the first time."""
    Account.enable_unaudited_hdwallet_features()
    found: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index(role)}")
    return found


@lru_cache(maxsize=len(SIGNERS))
def signer(name: str) -> LocalAccount:
    """A key that signs and never sends; derived beside the accounts', so public and worthless like them."""
    if name not in SIGNERS:
        raise UsageError(f"no signer {name} on the local chain", remedy=f"choose one of {', '.join(SIGNERS)}")
    Account.enable_unaudited_hdwallet_features()
    found: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/1'/0/{SIGNERS.index(name)}")
    return found


def sign(name: str, digest: bytes) -> SignedMessage:
    """The signature of `signer(name)` over 32 bytes, as they are."""
    return signer(name).unsafe_sign_hash(Hash32(digest))


def key(role: str) -> bytes:
    """The role's private key, 32 bytes: for tests and the demo, which write it to a keystore of the local chain."""
    return bytes(account(role).key)
