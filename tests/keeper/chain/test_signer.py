"""Keys: what refuses to open, what opens, and what is never shown."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from eth_account import Account

from keeper.chain.fees import Fees
from keeper.chain.signer import Signer, address_of, open_signer
from keeper.config import Secret
from keeper.errors import KeyFileExposed, KeyFileMissing, SignerError, WrongPassword
from keeper.units import Wei

KEY = "0x" + "5a" * 32
PASSWORD = "correct horse battery staple"
FEES = Fees(max_fee=Wei(30), priority_fee=Wei(2), ceiling=Wei(40), expected=Wei(12))


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "keeper.json"
    path.write_text(json.dumps(Account.encrypt(KEY, PASSWORD, kdf="pbkdf2", iterations=2)))
    path.chmod(0o600)
    return path


@pytest.fixture
def signer(keystore: Path) -> Signer:
    return open_signer("keeper", keystore, Secret("env:PASSWORD", PASSWORD))


def _refusal(path: Path, password: str = PASSWORD) -> SignerError:
    with pytest.raises(SignerError) as caught:
        open_signer("keeper", path, Secret("file:keeper.password", password))
    error = caught.value
    assert error.exit_code == 7
    assert "\n" not in str(error)
    assert password not in str(error)
    assert error.__cause__ is None
    return error


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    error = _refusal(tmp_path / "none.json")
    assert isinstance(error, KeyFileMissing)
    assert "signer.keeper.path" in error.remedy


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", '{"version": 1}', "5", '{"version": 3}', '{"version": 3, "crypto": 1}']
)
def test_a_file_that_is_no_keystore_is_no_key_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keeper.json"
    path.write_text(text)
    path.chmod(0o600)
    error = _refusal(path)
    assert isinstance(error, KeyFileMissing)
    assert error.message.endswith("what is there is no JSON keystore of version 3")


def test_a_keystore_of_a_kind_nobody_knows_is_no_key_file(keystore: Path) -> None:
    keystore.write_text(keystore.read_text().replace('"pbkdf2"', '"argon2"'))
    error = _refusal(keystore)
    assert isinstance(error, KeyFileMissing)
    assert error.message.endswith("what is there is no JSON keystore of version 3")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_key_file_that_others_may_touch_is_refused(keystore: Path, mode: int) -> None:
    keystore.chmod(mode)
    error = _refusal(keystore)
    assert isinstance(error, KeyFileExposed)
    assert error.remedy == f"chmod 600 {keystore}"


def test_a_wrong_password_names_its_reference_and_nothing_else(keystore: Path) -> None:
    error = _refusal(keystore, "incorrect donkey")
    assert isinstance(error, WrongPassword)
    assert "file:keeper.password" in str(error)


def test_the_address_can_be_told_without_the_password(keystore: Path, signer: Signer) -> None:
    assert address_of("keeper", keystore) == signer.address == Account.from_key(KEY).address


def test_a_signer_shows_its_address_only_and_is_not_written(signer: Signer) -> None:
    assert "5a5a" not in repr(signer)
    assert signer.address in repr(signer)
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(signer)


def test_what_is_signed_recovers_to_the_signer_and_hashes_to_its_hash(signer: Signer) -> None:
    signed = signer.sign(31337, 7, "0x" + "11" * 20, "0xabcd", 90_000, FEES)
    assert Account.recover_transaction(signed.raw) == signer.address
    assert signed.raw.startswith("0x02")
    again = signer.sign(31337, 7, "0x" + "11" * 20, "0xabcd", 90_000, FEES)
    assert (again.raw, again.tx_hash) == (signed.raw, signed.tx_hash)
    assert signer.sign(1, 7, "0x" + "11" * 20, "0xabcd", 90_000, FEES).tx_hash != signed.tx_hash
