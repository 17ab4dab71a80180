"""The sections of the configuration, each a strict schema: what may be written, in which unit, with which default."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from keeper.config.exchanges import PricesSection
from keeper.config.kinds import AnyBps, AnySeconds, NameText, RatioText
from keeper.config.secrets import is_reference
from keeper.config.strict import Strict
from keeper.units import Bps, Seconds


def rpc_address(text: str) -> str:
    """A reference, or a URL too short to hold a key (no user, path or query). ValueError for anything else."""
    if is_reference(text):
        return text
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("neither a reference (env:NAME) nor an http address")
    if url.username or url.password or url.path not in ("", "/") or url.query or url.fragment:
        raise ValueError(
            "an address with a path may hold a key: put it into an environment variable and write env:NAME"
        )
    return text


def secret_reference(text: str) -> str:
    """A reference to a secret; a ValueError for anything else, so that no value can stand in a file."""
    if not is_reference(text):
        raise ValueError("a secret is a reference, never a value: write env:NAME, file:PATH or credential:NAME")
    return text


RpcText = Annotated[str, AfterValidator(rpc_address)]
ReferenceText = Annotated[str, AfterValidator(secret_reference)]


class KeeperSection(Strict):
    """[keeper]: this process."""

    name: NameText = "keeper"
    """Who writes: with a vault it names one hash stream of the journal."""
    mode: Literal["dry", "propose", "shadow", "live"] = "dry"
    """What this host is meant for. Only the option --mode live sends, which no file and no variable can say."""
    journal: Annotated[str, Field(min_length=1)] = "sqlite:///journal.sqlite"
    """Where the journal is; a relative path starts at the configuration's folder."""
    stage_cap_bps: Annotated[Bps, Field(ge=1, le=10_000)] = Bps(1_000)
    """The largest trade, as a share of NAV: go live with a tenth first."""


class ChainSection(Strict):
    """[chain.NAME]: one chain and how to reach it."""

    profile: str
    rpc: Annotated[tuple[RpcText, ...], Field(min_length=1, strict=False)]
    quorum: Annotated[int, Field(ge=1)] = 1
    tick_seconds: Annotated[int, Field(ge=1, le=3_600)] | None = None
    """Seconds between ticks; the profile's where absent."""
    clock: Literal["wall", "chain"] = "wall"
    """chain: time is the latest block's, for local chains whose days pass in minutes."""
    gas_ceiling_gwei: Annotated[int, Field(ge=1)] | None = None
    """The most the keeper pays for a unit of gas; the profile's where absent."""
    override: dict[str, Any] = Field(default_factory=dict)
    """Keys of the profile that are otherwise on this chain."""


class VaultSection(Strict):
    """[vault.NAME]: one vault to steer."""

    chain: str
    manifest: Annotated[str, Field(min_length=1)]
    """The manifest's path; a relative one starts at the configuration's folder."""
    policy: str


class PolicySection(Strict):
    """[policy.NAME]: when to act."""

    kind: Literal["bands", "hybrid", "calendar"]
    absolute_bps: Annotated[Bps, Field(ge=1, le=10_000)]
    """Act when some asset's |weight - target| reaches this."""
    relative_bps: AnyBps = Bps(0)
    calendar: str = ""
    min_benefit_bps: AnyBps = Bps(1)
    """Act only where the drift removed is worth at least this share of NAV more than it costs."""
    harvest_every: AnySeconds = Seconds(6 * 3_600)
    """Seconds between two looks at a reward claim; 0 harvests nothing."""
    harvest_min_ratio: RatioText = "2"
    """How many times its cost a harvest must bring."""


class SignerSection(Strict):
    """[signer.keeper], [signer.guardian]: a key and the secret that opens it."""

    kind: Literal["keystore", "kms", "web3signer"]
    path: Annotated[str, Field(min_length=1)]
    secret: ReferenceText


class SignersSection(Strict):
    """[signer]: at most one of each role on this host."""

    keeper: SignerSection | None = None
    guardian: SignerSection | None = None


class ConfigFile(Strict):
    """The whole file."""

    schema_: Literal[1] = Field(alias="schema")
    keeper: KeeperSection
    chain: Annotated[dict[NameText, ChainSection], Field(min_length=1)]
    vault: Annotated[dict[NameText, VaultSection], Field(min_length=1)]
    policy: Annotated[dict[NameText, PolicySection], Field(min_length=1)]
    rule: list[dict[str, Any]] = Field(default_factory=list)
    signer: SignersSection = SignersSection()
    prices: PricesSection = PricesSection()
    alerts: dict[str, Any] = Field(default_factory=dict)
    web: dict[str, Any] = Field(default_factory=dict)
    retention: dict[str, Any] = Field(default_factory=dict)
