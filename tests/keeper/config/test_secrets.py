"""Secrets: where they may lie, who may read them, and that they never show."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from keeper.config.secrets import Secret, resolve
from keeper.config.settings import load_settings
from keeper.errors import ConfigInvalid, KeeperError, SecretExposed, SecretMissing
from tests.keeper.config.texts import CONFIG

WORD = "correct horse battery staple"


def write(path: Path, mode: int, text: str = WORD + "\n") -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o601, 0o666, 0o777])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    write(tmp_path / "word", mode)
    with pytest.raises(SecretExposed, match=f"mode 0{mode:o}.*chmod 600 {tmp_path}/word") as caught:
        resolve("file:word", "signer.keeper.secret", base=tmp_path, env={})
    assert caught.value.mode == mode


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_read_without_its_last_newline(tmp_path: Path, mode: int) -> None:
    write(tmp_path / "word", mode, f" {WORD} \n")
    assert resolve("file:word", "x", base=tmp_path, env={}).reveal() == f" {WORD} "


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ("env:ABSENT", "set the environment variable ABSENT"),
        ("env:EMPTY", "set the environment variable EMPTY"),
        ("file:absent", "write the secret to .*absent and chmod 600 it"),
        ("file:empty", "write the secret to .*empty and chmod 600 it"),
        ("file:.", "chmod 600|mode"),
        ("credential:word", "LoadCredential"),
    ],
)
def test_a_reference_that_leads_nowhere_says_what_to_do(tmp_path: Path, reference: str, remedy: str) -> None:
    write(tmp_path / "empty", 0o600, "\n")
    with pytest.raises(KeeperError, match=remedy) as caught:
        resolve(reference, "signer.keeper.secret", base=tmp_path, env={"EMPTY": ""})
    assert isinstance(caught.value, SecretMissing | SecretExposed)


def test_a_value_where_a_reference_belongs_is_refused_unseen(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        resolve(WORD, "signer.keeper.secret", base=tmp_path, env={})
    assert WORD not in str(caught.value)


def test_environment_and_credentials_are_read(tmp_path: Path) -> None:
    write(tmp_path / "word", 0o400)
    env = {"WORD": WORD, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolve("env:WORD", "x", base=tmp_path, env=env).reveal() == WORD
    assert resolve("credential:word", "x", base=Path("/nowhere"), env=env).reveal() == WORD


def test_a_secret_shows_as_its_reference_and_is_written_nowhere() -> None:
    secret = Secret("env:WORD", WORD)
    for shown in (repr(secret), str(secret), f"{secret}", repr([secret]), repr({"a": secret})):
        assert WORD not in shown
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(secret)
    with pytest.raises(TypeError, match="not written"):
        copy.copy(secret)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(secret)


def test_settings_and_secrets_cannot_meet(tmp_path: Path) -> None:
    (tmp_path / "keeper.toml").write_text(CONFIG.replace('"http://127.0.0.1:8545"', '"env:NODE"'))
    write(tmp_path / "keeper.password", 0o600)
    env = {"NODE": "https://node.example/v2/abcdef"}
    settings = load_settings(tmp_path / "keeper.toml", env)
    assert settings.signer_secret("keeper", env).reveal() == WORD
    assert settings.rpc_url("local", env=env).reveal() == env["NODE"]
    for shown in (repr(settings), json.dumps(settings.public_dump())):
        assert WORD not in shown
        assert "abcdef" not in shown
        assert "file:keeper.password" in shown


def test_an_address_without_a_key_may_stand_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "keeper.toml").write_text(CONFIG)
    url = load_settings(tmp_path / "keeper.toml", {}).rpc_url("local", env={})
    assert (url.reveal(), repr(url)) == ("http://127.0.0.1:8545", "Secret(chain.local.rpc[0])")
