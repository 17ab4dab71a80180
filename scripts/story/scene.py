"""Setting the scene: the chain, the vault, its first and only deposits, the keeper's configuration and keys."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path

from eth_account import Account

from keeper.devnet import accounts, local
from keeper.devnet.book import Book
from keeper.devnet.furnish import PRICES
from keeper.exit_codes import ExitCode
from keeper.manifest import Manifest, load_manifest, manifest_path
from keeper.units import BPS, Usd18, amount_for, format_units
from scripts import toolchain
from scripts.devnet_deployment import render
from scripts.story.cast import Cast, last_words
from scripts.story.faults import StageFailed
from scripts.story.place import VAULT, Place

DEPOSIT_USD = 2_000_000
"""Whole dollars at the opening prices, parted by the targets: the portfolio begins without drift."""
_CONTRACTS_PYTHON = toolchain.TOOLS / "venv" / "contracts" / "bin" / "python"
_DEPLOY_SECONDS = 240
_DEPOSIT_SECONDS = 60
_KEYSTORE_ROUNDS = 1_024
"""Few, for speed: these keys are public and worthless (keeper/devnet/accounts.py)."""

_CONFIG = """\
schema = 1

[keeper]
name = "demo"
mode = "live"
journal = "sqlite:///{journal}"
stage_cap_bps = 1000

[chain.local]
profile = "anvil"
rpc = ["{url}"]
tick_seconds = 1
clock = "chain"

[vault.{vault}]
chain = "local"
manifest = "{manifest}"
policy = "bands"

[policy.bands]
kind = "bands"
absolute_bps = 200
min_benefit_bps = 1

[signer.keeper]
kind = "keystore"
path = "keys/keeper.json"
secret = "file:keys/keeper.password"

[signer.guardian]
kind = "keystore"
path = "keys/guardian.json"
secret = "file:keys/guardian.password"
"""


def raise_chain(where: Place, say: Callable[[str], None]) -> Book:
    """A fresh local chain of the place's name; one that was kept from an earlier story is ended first."""
    if local.status(where.name).running:
        say("  the chain kept from an earlier story is ended")
    return local.up(where.name, fresh=True, say=say)


def deploy(where: Place, book: Book, cast: Cast) -> Manifest:
    """The vault and all around it, by scripts/deploy.py, owned by the chain's Safe; its manifest."""
    where.deployment.write_text(render(book, VAULT), encoding="utf-8")
    words = ["--config", str(where.deployment), "--root", str(where.folder), "--yes"]
    _run_script("deploy", where, cast, words, _DEPLOY_SECONDS)
    return load_manifest(manifest_path(where.folder, book.chain_id, VAULT))


def deposit(where: Place, book: Book, manifest: Manifest, cast: Cast) -> None:
    """The user's deposits at the target weights: the one time that anybody sends the vault anything."""
    words = ["--manifest", str(manifest_path(where.folder, book.chain_id, VAULT)), "--from", "role:user", "--yes"]
    for symbol, amount in shares(book, manifest).items():
        whole = format_units(amount, book.tokens[symbol].decimals, book.tokens[symbol].decimals).replace(",", "")
        words += ["--wrap", whole] if symbol == "WETH" else ["--token", symbol, "--amount", whole]
    _run_script("deposit", where, cast, words, _DEPOSIT_SECONDS)


def shares(book: Book, manifest: Manifest) -> dict[str, int]:
    """Base units of each asset that make up DEPOSIT_USD at the opening prices and the targets, by symbol."""
    amounts: dict[str, int] = {}
    for asset in manifest.assets:
        worth = Usd18(DEPOSIT_USD * 10**18 * asset.target_bps // BPS)
        amounts[asset.symbol] = amount_for(worth, Usd18(PRICES[book.tokens[asset.symbol].asset]), asset.decimals)
    return amounts


def equip(where: Place, book: Book) -> None:
    """The keeper's configuration and both keystores, in the place's folder, for its owner's eyes alone."""
    folder = where.folder / "keys"
    folder.mkdir(mode=0o700)
    for role in ("keeper", "guardian"):
        password = secrets.token_urlsafe(24)
        keystore = Account.encrypt(accounts.key(role), password, kdf="pbkdf2", iterations=_KEYSTORE_ROUNDS)
        _write(folder / f"{role}.password", password + "\n")
        _write(folder / f"{role}.json", json.dumps(keystore))
    manifest = manifest_path(where.folder, book.chain_id, VAULT).relative_to(where.folder)
    _write(where.config, _CONFIG.format(journal=where.journal.name, url=book.url, vault=VAULT, manifest=manifest))


def _run_script(name: str, where: Place, cast: Cast, words: list[str], seconds: float) -> None:
    log = where.log(name)
    network = f"devnet:{where.name}"
    line = [str(_CONTRACTS_PYTHON), "-m", f"scripts.{name}", "--network", network, *words]
    code = cast.perform(name, line, log, seconds)
    if code != ExitCode.DONE:
        raise StageFailed(name, f"ended with {code}: {last_words(log)}", log)


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
