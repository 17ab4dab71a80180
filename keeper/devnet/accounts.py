"""Who is who on the local chain: a role for each account of Anvil's public mnemonic.

The keys are public by design and derived when asked for, never stored. They open nothing on any other chain, and chain
id 31337 keeps what they sign from being valid anywhere else.
"""

from __future__ import annotations

from functools import lru_cache

from eth_account import Account
from eth_account.signers.local import LocalAccount

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
)
"""The place in this list is the index of derivation. maker provides liquidity and arbitrages, trader makes noise, admin
holds proxies, oracle_a* and oracle_b* are the two voices of every price, stranger may do nothing."""


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


def key(role: str) -> bytes:
    """The role's private key, 32 bytes: for tests and the demo, which write it to a keystore of the local chain."""
    return bytes(account(role).key)
