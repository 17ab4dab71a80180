"""account.py makes keys that only their owner can read, once, and the scripts open them by name or path."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from keeper.errors import SignerError, UsageError
from scripts import keys
from scripts.account import arguments, make, run
from scripts.networks import Network

AWAY = Network("rpc", "http://127.0.0.1:9", None)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("correct horse battery\n")
    path.chmod(0o600)
    return path


def test_a_bad_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot name an account"):
        make("../elsewhere", "password", tmp_path)


def test_a_key_is_made_once_and_opens_with_its_password_alone(
    tmp_path: Path, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["who", "--folder", str(tmp_path), "--password", f"file:{secret}"]
    assert run(arguments(words)) == 0
    path = tmp_path / "who.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = capsys.readouterr()
    opened = keys.open_key(str(path), AWAY, f"file:{secret}")
    assert said.out.strip() == opened.address
    assert "correct horse" not in said.err
    with pytest.raises(SignerError, match="is there already"):
        run(arguments(words))
    secret.write_text("wrong\n")
    with pytest.raises(SignerError, match="does not open") as refused:
        keys.open_key(str(path), AWAY, f"file:{secret}")
    assert "wrong" not in str(refused.value)
    path.chmod(0o644)
    with pytest.raises(SignerError, match=r"mode 0644.*chmod 600"):
        keys.open_key(str(path), AWAY, f"file:{secret}")


def test_a_missing_key_names_what_makes_one() -> None:
    with pytest.raises(SignerError, match="make account NAME=who"):
        keys.open_key("nobody-of-that-name", AWAY)


def test_a_public_key_is_refused_away_from_local_chains() -> None:
    with pytest.raises(UsageError, match="public key"):
        keys.open_key("role:deployer", AWAY)


def test_accounts_lie_in_the_projects_own_home() -> None:
    assert keys.path_of("who").parts[-5:] == (".tools", "home", ".brownie", "accounts", "who.json")
