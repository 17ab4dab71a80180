"""Keys: opened from an encrypted file for as long as the process needs them, seen by nobody, replaced by no other.

The only module that holds a private key. It signs EIP-1559 transactions and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_address, to_checksum_address

from keeper.chain.fees import Fees
from keeper.config import Secret
from keeper.errors import KeyFileExposed, KeyFileMissing, WrongPassword
from keeper.model import Address, Hash32, HexBytes

OTHERS_MAY = 0o077
"""The permission bits of group and world: a key's file has none of them."""

_NO_KEYSTORE = "what is there is no JSON keystore of version 3"

SignerRole = Literal["keeper", "guardian"]


@dataclass(frozen=True, slots=True)
class Signed:
    """Signed bytes, ready to send, and the hash they will have."""

    raw: HexBytes
    tx_hash: Hash32


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that is open; shows as its address."""

    role: SignerRole
    address: Address
    _account: LocalAccount = field(repr=False)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer is not written anywhere")

    def sign(self, chain_id: int, nonce: int, to: Address, data: HexBytes, gas_limit: int, fees: Fees) -> Signed:
        """A type-2 transaction that carries no coin, signed."""
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "to": to,
            "value": 0,
            "data": data,
            "gas": gas_limit,
            "maxFeePerGas": int(fees.max_fee),
            "maxPriorityFeePerGas": int(fees.priority_fee),
        }
        signed = self._account.sign_transaction(fields)
        return Signed(raw="0x" + bytes(signed.raw_transaction).hex(), tx_hash="0x" + bytes(signed.hash).hex())


def open_signer(role: SignerRole, path: Path, secret: Secret) -> Signer:
    """The key in the encrypted file at `path`. Deriving takes about a second, by the file's own design.

    Raises KeyFileMissing, KeyFileExposed, WrongPassword.
    """
    keystore = _read(role, path)
    try:
        key = Account.decrypt(keystore, secret.reveal())
    except (KeyError, TypeError, AttributeError, RuntimeError):
        # RuntimeError: a version or a cipher that the library does not know
        raise KeyFileMissing(role, str(path), _NO_KEYSTORE) from None
    except ValueError:
        # `from None`: nothing of what the library says about a key or a password may reach a log
        raise WrongPassword(role, str(path), secret.reference) from None
    account: LocalAccount = Account.from_key(key)
    return Signer(role=role, address=account.address, _account=account)


def address_of(role: SignerRole, path: Path) -> Address | None:
    """The address a key's file names, without opening it; None where it names none. KeyFileMissing, KeyFileExposed."""
    found = _read(role, path).get("address")
    return to_checksum_address(found) if isinstance(found, str) and is_address(found) else None


def _read(role: SignerRole, path: Path) -> dict[str, Any]:
    try:
        mode = path.stat().st_mode & 0o777
        if mode & OTHERS_MAY:
            raise KeyFileExposed(role, str(path), mode)
        document: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeyFileMissing(role, str(path)) from None
    except OSError as error:
        raise KeyFileMissing(role, str(path), str(error.strerror).lower()) from None
    except ValueError:
        raise KeyFileMissing(role, str(path), _NO_KEYSTORE) from None
    if not isinstance(document, dict) or document.get("version") != 3:
        raise KeyFileMissing(role, str(path), _NO_KEYSTORE)
    return document
