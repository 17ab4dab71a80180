"""The doctor: everything the keeper stands on, looked at one by one; each finding names its remedy.

Nothing is written and nothing sent. Where one thing is missing, what depends on it is left out, not reported as broken.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from keeper.chain.abi import as_bytes
from keeper.chain.rpc import Refusal
from keeper.config import Settings, load_settings
from keeper.config.settings import SQLITE
from keeper.errors import ChainError, DiffersError, HaltError, JournalUnusable, KeeperError
from keeper.ids import digest_bytes
from keeper.journal import Journal, open_incidents, unfinished_intents, verify
from keeper.manifest import Manifest, load_manifest
from keeper.ops.findings import Finding, failed, good, warned
from keeper.ops.patient import of_observation
from keeper.ops.post import Post, SignerRole, key_of, stream_of, take


def examine(path: Path, vault: str | None) -> Iterator[Finding]:
    """Every finding, in the order in which the keeper needs what was looked at."""
    try:
        settings = load_settings(path)
        section = settings.vault(vault)
    except KeeperError as error:
        yield failed("configuration", error)
        return
    yield good("configuration", f"{path}: vault {section.name} on {section.profile.name}")
    yield from _keys(settings)
    try:
        manifest = load_manifest(section.manifest)
    except KeeperError as error:
        yield failed("manifest", error)
        return
    yield good("manifest", f"{section.manifest}: {manifest.name} at {manifest.parts.vault.address}")
    yield from _journal(settings, manifest)
    try:
        post = take(settings, vault)
    except KeeperError as error:
        yield failed("rpc", error)
        return
    yield good("rpc", f"{post.rpc.label} serves chain {manifest.chain.id} with the manifest's genesis")
    try:
        yield _simulates(post)
        yield _code(post)
        yield from of_observation(post, post.survey())
    except KeeperError as error:
        yield failed("vault", error)


def _keys(settings: Settings) -> Iterator[Finding]:
    roles: tuple[SignerRole, ...] = ("keeper", "guardian")
    without = {"keeper": "this keeper can only be dry", "guardian": "keeper kill does not work on this host"}
    for role in roles:
        if getattr(settings.file.signer, role) is None:
            yield warned(f"signer.{role}", f"not configured: {without[role]}", f"add [signer.{role}]")
            continue
        try:
            key = key_of(settings, role)
        except KeeperError as error:
            yield failed(f"signer.{role}", error)
        else:
            yield good(f"signer.{role}", f"{settings.signer_path(role)} opens as {key.address}")


def _journal(settings: Settings, manifest: Manifest) -> Iterator[Finding]:
    path = Path(settings.journal.removeprefix(SQLITE))
    if not path.exists():
        if os.access(path.parent, os.W_OK):
            yield good("journal", f"{path} will be made by the first tick")
        else:
            yield failed("journal", JournalUnusable(str(path), "its folder cannot be written"))
        return
    if not os.access(path, os.W_OK):
        yield failed("journal", JournalUnusable(str(path), "cannot be written"))
        return
    try:
        with Journal.open(settings.journal, create=False) as journal:
            found = verify(journal)
            yield good("journal", f"{path}: {found.rows} rows in {found.streams} streams, intact")
            key = stream_of(settings, manifest)
            for incident in open_incidents(journal, key):
                remedy = f"keeper run names the remedy; when all is well keeper resume --ack {incident.incident_id}"
                yield failed("halt", HaltError(f"{incident.code}: {incident.reason}", remedy=remedy))
            for left in unfinished_intents(journal, key):
                text = f"{left.intent.action} {left.intent.intent_id} stands at {left.state}"
                yield warned("unfinished", text, "keeper run --mode live brings it to its end first")
    except KeeperError as error:
        yield failed("journal", error)


def _simulates(post: Post) -> Finding:
    """How the node runs a transaction before it is signed, which none is without."""
    if post.vault.profile.simulate == "call":
        return good("simulation", "by eth_call and eth_estimateGas, as the profile says: reports, no fills")
    found = post.rpc.ask("eth_simulateV1", [{"blockStateCalls": [{"calls": []}]}, "latest"])
    if isinstance(found, Refusal):
        remedy = f"""put a node that takes eth_simulateV1 behind {post.rpc.label}, or write simulate = "call" into"""
        remedy += f" [chain.{post.vault.chain_name}.override]"
        return failed("simulation", ChainError(f"the node refuses eth_simulateV1: {found.message}", remedy=remedy))
    return good("simulation", "by eth_simulateV1, which the node takes")


def _code(post: Post) -> Finding:
    """The code at every address of the manifest, by its hash."""
    parts = post.manifest.parts
    wanted = {"rulebook": parts.rulebook, "vault": parts.vault, "oracle": parts.oracle}
    if parts.clerk:
        wanted["clerk"] = parts.clerk
    expected = {name: (part.address, part.runtime_hash) for name, part in wanted.items()}
    expected |= {f"adapter {name}": (part.address, part.runtime_hash) for name, part in parts.adapters.items()}
    expected |= {f"source {name}": (part.address, part.runtime_hash) for name, part in parts.sources.items()}
    expected |= {asset.symbol: (asset.token, asset.code_hash) for asset in post.manifest.assets}
    answers = post.rpc.many([("eth_getCode", [address, "latest"]) for address, _ in expected.values()])
    differ = []
    for (name, (_, hashed)), answer in zip(expected.items(), answers, strict=True):
        found = post.rpc.understood(lambda code: digest_bytes(as_bytes(code)), post.rpc.accepted(answer))
        if found != hashed:
            differ.append(f"{name} has code {found}, the manifest says {hashed}")
    if not differ:
        return good("code", f"all {len(expected)} contracts carry the manifest's code")
    text = "; ".join(differ)
    return failed("code", DiffersError(text, remedy="halt the vault and find out who changed what", differences=differ))
