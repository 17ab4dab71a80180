"""Setting the scene: the chain, the vault, its first and only deposits, the keeper's configuration and keys."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from eth_account import Account

from keeper.devnet import accounts, local, node
from keeper.devnet.book import Book
from keeper.devnet.furnish import PRICES
from keeper.exit_codes import ExitCode
from keeper.manifest import Manifest, load_manifest, manifest_path
from keeper.units import BPS, Usd18, amount_for, format_units
from scripts import devnet_deployment, furnished, toolchain
from scripts.story.cast import Cast, last_words
from scripts.story.faults import StageFailed
from scripts.story.place import GUARDIAN, KEEPER, STANDBY, VAULT, Place
from scripts.story.plot import Plot

DEPOSIT_USD = 2_000_000
"""Whole dollars of the short story at the opening prices, parted by the targets: the portfolio begins without drift."""
_CONTRACTS_PYTHON = toolchain.TOOLS / "venv" / "contracts" / "bin" / "python"
_DEPLOY_SECONDS = {node.ANVIL: 240, node.GANACHE: 900}
"""Ganache estimates gas by running it again and again."""
_DEPOSIT_SECONDS = 60
_KEYSTORE_ROUNDS = 1_024
"""Few, for speed: these keys are public and worthless (keeper/devnet/accounts.py)."""

_CONFIG = """\
schema = 1

[keeper]
name = "{name}"
mode = "live"
journal = "sqlite:///{journal}"
stage_cap_bps = 1000

[chain.local]
profile = "{profile}"
rpc = ["{url}"]
tick_seconds = 1
clock = "chain"

[chain.local.override]
chain_id = {chain_id}

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
path = "keys/{name}.json"
secret = "file:keys/{name}.password"

[signer.guardian]
kind = "keystore"
path = "keys/guardian.json"
secret = "file:keys/guardian.password"
"""
_TICKERS = """
[prices]
timeout_ms = 400

[prices.coinbase]
base_url = "{coinbase}"
products = {{ WETH = ["ETH-USD"], WBTC = ["BTC-USD"] }}

[prices.kraken]
base_url = "{kraken}"
products = {{ WETH = ["ETHUSD"], WBTC = ["XBTUSD"], USDC = ["USDCUSD"] }}
"""
_ORIGIN = "-origin"
"""What the name of a forked chain's origin ends in."""


def raise_chain(where: Place, how: Plot, say: Callable[[str], None]) -> Book:
    """A fresh local chain of the place's name; what was kept from an earlier story is ended first."""
    if local.status(where.name).running:
        say("  the chain kept from an earlier story is ended")
    lower_chain(where)
    opening = how.course.prices[0] if how.prices is not None else None
    name = f"{where.name}{_ORIGIN}" if how.forked else where.name
    book = local.up(name, fresh=True, full=not how.quick, client=how.client, opening=opening, say=say)
    return local.fork(where.name, name) if how.forked else book


def lower_chain(where: Place) -> None:
    """End the place's chain, and the origin of a forked one."""
    local.down(where.name)
    local.down(f"{where.name}{_ORIGIN}")


def deploy(where: Place, how: Plot, book: Book, cast: Cast) -> Manifest:
    """The vault and all around it, by scripts/deploy.py, owned by the chain's Safe; its manifest."""
    made = devnet_deployment.render(book, VAULT) if how.quick else furnished.render(book, VAULT)
    where.deployment.write_text(made, encoding="utf-8")
    words = ["--config", str(where.deployment), "--root", str(where.folder), "--yes"]
    run_script("deploy", where, cast, words, _DEPLOY_SECONDS[how.client])
    return load_manifest(manifest_of(where, book))


def manifest_of(where: Place, book: Book) -> Path:
    """Where the vault's manifest lies."""
    return manifest_path(where.folder, book.chain_id, VAULT)


def book_of(where: Place) -> Path:
    """Where the book of the place's chain lies."""
    return local.folder_of(where.name) / local.BOOK


def deposit(where: Place, how: Plot, book: Book, manifest: Manifest, cast: Cast) -> None:
    """The user's deposits at the target weights: the one time that anybody sends the vault anything."""
    words = ["--manifest", str(manifest_of(where, book)), "--from", "role:user", "--yes"]
    if not how.quick:
        words += furnished.deposit_words(book)
    for symbol, amount in (shares(book, manifest) if how.quick else {}).items():
        whole = format_units(amount, book.tokens[symbol].decimals, book.tokens[symbol].decimals).replace(",", "")
        words += ["--wrap", whole] if symbol == "WETH" else ["--token", symbol, "--amount", whole]
    run_script("deposit", where, cast, words, _DEPOSIT_SECONDS)


def shares(book: Book, manifest: Manifest) -> dict[str, int]:
    """Base units of each asset that make up DEPOSIT_USD at the opening prices and the targets, by symbol."""
    amounts: dict[str, int] = {}
    for asset in manifest.assets:
        worth = Usd18(DEPOSIT_USD * 10**18 * asset.target_bps // BPS)
        amounts[asset.symbol] = amount_for(worth, Usd18(PRICES[book.tokens[asset.symbol].asset]), asset.decimals)
    return amounts


def equip(where: Place, how: Plot, book: Book, exchanges: Mapping[str, str]) -> None:
    """Configurations and keystores of keeper and standby, in the place's folder, for its owner's eyes alone."""
    folder = where.folder / "keys"
    folder.mkdir(mode=0o700)
    names = (KEEPER,) if how.quick else (KEEPER, STANDBY)
    for role in (*names, GUARDIAN):
        password = secrets.token_urlsafe(24)
        keystore = Account.encrypt(accounts.key(role), password, kdf="pbkdf2", iterations=_KEYSTORE_ROUNDS)
        _write(folder / f"{role}.password", password + "\n")
        _write(folder / f"{role}.json", json.dumps(keystore))
    manifest = manifest_of(where, book).relative_to(where.folder)
    profile = "ganache" if book.client == "ganache" else "anvil"
    for name in names:
        filled = _CONFIG.format(
            name=name,
            journal=where.journal_of(name).name,
            profile=profile,
            chain_id=book.chain_id,
            url=book.url,
            vault=VAULT,
            manifest=manifest,
        )
        _write(where.config_of(name), filled + (_TICKERS.format(**exchanges) if exchanges else ""))


def run_script(
    name: str,
    where: Place,
    cast: Cast,
    words: list[str],
    seconds: float,
    *,
    called: str = "",
    fair: Collection[int] = (),
) -> int:
    """One of the project's scripts, to its end; its exit code. StageFailed where that is neither 0 nor `fair`."""
    log = where.log(called or name)
    network = f"devnet:{where.name}"
    line = [str(_CONTRACTS_PYTHON), "-m", f"scripts.{name}", "--network", network, *words]
    code = cast.perform(name, line, log, seconds)
    if code not in (ExitCode.DONE, *fair):
        raise StageFailed(name, f"ended with {code}: {last_words(log)}", log)
    return code


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
