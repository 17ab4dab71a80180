"""A keeper's place in tests: its configuration, its two keys, a really deployed vault, and `keeper` typed at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from keeper.cli import main
from keeper.config import load_settings
from keeper.devnet.kit import Chain
from keeper.ops.post import Post, take
from tests.deployed import Deployed

PASSWORD = "on this chain only"
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a configuration at a deployed vault."""

    folder: Path
    deployed: Deployed
    capture: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        return self.folder / "keeper.toml"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.sqlite"

    @property
    def node(self) -> Chain:
        return Chain(self.deployed.url, self.deployed.book.address("user"))

    def rewrite(self, old: str, new: str) -> None:
        """Change the configuration; what is changed must be there."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def type(self, *words: str) -> tuple[int, str, str]:
        """`keeper WORDS --json` in this process: exit code, stdout, stderr."""
        self.capture.readouterr()
        code = main([*words, "--config", str(self.config), "--json"])
        return code, *self.capture.readouterr()

    def said(self, *words: str, exit_code: int = 0) -> dict[str, Any]:
        """The envelope of a command that ends with `exit_code`."""
        code, out, err = self.type(*words)
        assert code == exit_code, out + err
        found: dict[str, Any] = json.loads(out)
        return found

    def text(self, *words: str) -> str:
        """What a person sees of a command that ends well."""
        self.capture.readouterr()
        code = main([*words, "--config", str(self.config)])
        found = self.capture.readouterr()
        assert code == 0, found
        return found.out

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`keeper WORDS` as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "keeper", *words, "--config", str(self.config)],
            cwd=ROOT,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def post(self, *, live: bool = False) -> Post:
        return take(load_settings(self.config), None, live=live)

    def sent(self, role: str) -> int:
        """How many transactions an account has sent."""
        return int(self.node.rpc("eth_getTransactionCount", self.deployed.book.address(role), "latest"), 16)

    def files(self) -> dict[str, bytes]:
        """Every file of the folder, to see whether anything changed."""
        return {str(path): path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}


def make(
    deployed: Deployed,
    folder: Path,
    capture: pytest.CaptureFixture[str],
    *,
    url: str = "",
    keeper: str = "keeper",
) -> Place:
    """A place whose keeper and guardian are the deployment's; `url` where the node is reached another way, `keeper` the
    account that holds that role."""
    for role, account in (("keeper", keeper), ("guardian", "guardian")):
        secret, key = folder / f"{role}.password", folder / f"{role}.json"
        key.write_text(json.dumps(Account.encrypt(deployed.key(account), PASSWORD, kdf="pbkdf2", iterations=2)))
        secret.write_text(f"{PASSWORD}\n")
        key.chmod(0o600)
        secret.chmod(0o600)
    signers = "".join(
        f'[signer.{role}]\nkind = "keystore"\npath = "{role}.json"\nsecret = "file:{role}.password"\n'
        for role in ("keeper", "guardian")
    )
    address = folder / "node.url"
    address.write_text(url or deployed.url)
    address.chmod(0o600)
    (folder / "keeper.toml").write_text(
        "schema = 1\n[keeper]\n"
        f'[chain.local]\nprofile = "anvil"\nrpc = ["file:node.url"]\ntick_seconds = 1\nclock = "chain"\n'
        f'[vault.treasury]\nchain = "local"\nmanifest = "{deployed.manifest_path}"\npolicy = "bands"\n'
        '[policy.bands]\nkind = "bands"\nabsolute_bps = 200\n' + signers
    )
    return Place(folder, deployed, capture)
