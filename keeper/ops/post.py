"""A keeper's post: one vault, the node it is watched through, the account that would act, the journal's stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from keeper.chain import identity, lens
from keeper.chain.lens import Observation
from keeper.chain.rpc import Call, Rpc
from keeper.chain.signer import Signer, address_of, open_signer
from keeper.config import Settings, VaultSettings
from keeper.errors import KeyFileMissing, SignerNotEntitled
from keeper.journal import StreamKey
from keeper.manifest import Manifest, load_manifest
from keeper.model import Address, BlockRef
from keeper.ops.clock import KeeperClock
from keeper.prices import Product, ask, judged, products_of

SignerRole = Literal["keeper", "guardian"]
OPERATOR: Literal["operator"] = "operator"
"""What is added to the keeper's name for the stream of a person's commands."""


@dataclass(frozen=True, slots=True)
class Post:
    """Everything a tick needs but the journal. `account` is who would act; `signer` its open key, None when dry."""

    settings: Settings
    vault: VaultSettings
    manifest: Manifest
    rpc: Rpc
    clock: KeeperClock
    account: Address | None
    signer: Signer | None
    products: tuple[Product, ...] = ()
    """The tickers that exchanges are asked for; none where [prices] names no exchange."""

    def stream(self, actor: str | None = None) -> StreamKey:
        """The keeper's stream of the journal, or that of a person's commands."""
        return stream_of(self.settings, self.manifest, actor)

    def head(self) -> BlockRef:
        """The newest block. Raises RpcUnreachable, RpcRefused."""
        return self.rpc.understood(lens.block_ref, self.rpc.call("eth_getBlockByNumber", ["latest", False]))

    def observe(self, beside: Sequence[Call] = ()) -> Observation:
        """The vault now, and what is asked of its block beside it. Raises RpcUnreachable, RpcRefused."""
        seen = lens.observe(self.rpc, self.manifest, self.account, beside=beside)
        self.clock.saw(seen.snapshot.block)
        return seen

    def survey(self, beside: Sequence[Call] = ()) -> Observation:
        """The vault now, and what the exchanges say: asked beside the node, awaited no longer than [prices] allows.

        Raises RpcUnreachable, RpcRefused; an exchange's failure is an observation.
        """
        if not self.products:
            return self.observe(beside)
        section = self.settings.file.prices
        asked = ask(self.products, section.timeout_ms)
        seen = self.observe(beside)
        tickers = judged(asked.heard(), self.clock.now(), max_age=section.max_age, outlier_bps=section.outlier_bps)
        return replace(seen, snapshot=replace(seen.snapshot, tickers=tickers))


def take(settings: Settings, name: str | None, *, role: SignerRole = "keeper", live: bool = False) -> Post:
    """The post at the vault called `name`, the chain held against profile and manifest; changes nothing anywhere.

    With `live` the role's key is opened first, and its errors come first. Raises ConfigInvalid, ManifestInvalid,
    SignerError, ChainError.
    """
    vault = settings.vault(name)
    manifest = load_manifest(vault.manifest)
    signer = key_of(settings, role) if live else None
    rpc = rpc_of(settings, vault)
    identity.check(rpc, manifest, vault.manifest)
    return Post(
        settings=settings,
        vault=vault,
        manifest=manifest,
        rpc=rpc,
        clock=KeeperClock(vault.chain.clock),
        account=signer.address if signer else onlooker(settings, manifest, role),
        signer=signer,
        products=products_of(settings.file.prices, manifest),
    )


def stream_of(settings: Settings, manifest: Manifest, actor: str | None = None) -> StreamKey:
    """The journal's stream of this keeper at this vault, or that of a person's commands."""
    name = settings.file.keeper.name
    return StreamKey(
        keeper=f"{name}.{actor}" if actor else name,
        chain_id=manifest.chain.id,
        genesis=manifest.chain.genesis,
        vault=manifest.parts.vault.address,
    )


def rpc_of(settings: Settings, vault: VaultSettings) -> Rpc:
    """The vault's node. SecretMissing where its address's reference leads nowhere."""
    url, label = settings.rpc_url(vault.chain_name), f"chain.{vault.chain_name}.rpc[0]"
    return Rpc(url, vault.profile, label=label, timeout=vault.profile.answer_seconds)


def key_of(settings: Settings, role: SignerRole) -> Signer:
    """The key of a role, open. Raises ConfigInvalid where none is configured, SecretMissing, SignerError."""
    settings.signer(role)
    path = settings.signer_path(role)
    address_of(role, path)  # a missing or exposed key is told before its password is asked for
    return open_signer(role, path, settings.signer_secret(role))


def onlooker(settings: Settings, manifest: Manifest, role: SignerRole) -> Address | None:
    """Who would act, without opening a key: the key file's own word where it has one, else the manifest's first."""
    section = settings.file.signer.keeper if role == "keeper" else settings.file.signer.guardian
    if section is not None:
        try:
            named = address_of(role, settings.signer_path(role))
        except KeyFileMissing:
            named = None
        if named is not None:
            return named
    known = manifest.roles.guardians if role == "guardian" else [one.address for one in manifest.roles.keepers]
    return next(iter(known), None)


def entitled(post: Post, seen: Observation, role: SignerRole) -> None:
    """Hold the signer's role at the vault against the one it is to act in. SignerNotEntitled."""
    address = post.account or "nobody"
    if role == "guardian" and seen.role not in ("GUARDIAN", "OWNER"):
        raise SignerNotEntitled(role, address, f"its role at the vault is {seen.role}")
    if role == "keeper" and seen.role != "KEEPER":
        ends = seen.snapshot.vault.mandate_expires
        raise SignerNotEntitled(role, address, f"its mandate ended at {ends}" if ends else f"its role is {seen.role}")
