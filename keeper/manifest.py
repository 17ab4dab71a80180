"""`ballast.manifest/1`: what stands where, written by the script that deployed and by nothing else.

`deployments/<chainid>/<name>.json`. Numbers that may pass 2^53 (dust, sanity bands) are decimal strings. Fields are
appended with a default, never moved or renamed.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from keeper.config.kinds import AddressText, AnyBps, HashText, HexText, NameText
from keeper.config.strict import Strict, validate
from keeper.errors import ConfigInvalid, ForeignGenesis, ManifestExists, ManifestInvalid, WeightsNotWhole, WrongChainId
from keeper.model import Limits
from keeper.units import BPS

LOCAL_CHAINS = frozenset({31_337, 1_337})
"""Chain ids made on this machine: their manifests lie in ignored folders and may be overwritten."""

Whole = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$")]
"""An integer as decimal text."""


class ChainRecord(Strict):
    """The chain it was deployed to: its id may be anybody's, its genesis is its own."""

    id: Annotated[int, Field(ge=1)]
    genesis: HashText
    profile: str


class BlockRecord(Strict):
    """The last block of the deployment."""

    number: Annotated[int, Field(ge=0)]
    hash: HashText


class CompilerRecord(Strict):
    """What compiled it; `input_sha256` is the digest of the compiler's standard JSON input."""

    solc: str
    evm: str
    input_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(Strict):
    """One deployed contract. `constructor` is its encoded arguments, `runtime_hash` keccak256 of its code."""

    address: AddressText
    contract: str
    tx: HashText
    constructor: HexText
    runtime_hash: HashText
    immutables: dict[str, str]


class SourcePart(Part):
    """A price source, the asset or reward it prices, and what it reads through a proxy: a name and an address each."""

    asset: str
    kind: Literal["aggregator", "twap", "erc4626"]
    behind: dict[str, AddressText] = Field(default_factory=dict)


class PartsRecord(Strict):
    """Every contract of the deployment; a rulebook of 0.1 did without a clerk."""

    rulebook: Part
    vault: Part
    oracle: Part
    adapters: dict[str, Part]
    sources: dict[str, SourcePart]
    clerk: Part | None = None


class AssetRecord(Strict):
    """A listed asset; `code_hash` is keccak256 of its token's code, and where that is a proxy, of the proxy's own.

    `implementation` is where such a proxy leads; its code's hash stands among the surroundings.
    """

    index: Annotated[int, Field(ge=0)]
    symbol: str
    token: AddressText
    decimals: Annotated[int, Field(ge=2, le=24)]
    code_hash: HashText
    target_bps: AnyBps
    min_bps: AnyBps
    max_bps: AnyBps
    safe_rank: Annotated[int, Field(ge=0)] = 0
    depeg_bps: AnyBps
    dust: Whole
    price_low: Whole
    price_high: Whole
    implementation: AddressText | None = None


class RouteRecord(Strict):
    """A registered route, whole."""

    index: Annotated[int, Field(ge=0)]
    asset_in: Annotated[int, Field(ge=0, le=255)]
    asset_out: Annotated[int, Field(ge=0, le=255)]
    claim: Annotated[int, Field(ge=0)] = 0
    slip_bps: AnyBps
    enabled: bool
    adapter: AddressText
    venue: AddressText
    data: HexText


class RewardRecord(Strict):
    """A token that claims pay and routes sell; the oracle prices it beside the assets. Hashes as an asset's."""

    symbol: str
    token: AddressText
    decimals: Annotated[int, Field(ge=2, le=24)]
    code_hash: HashText
    implementation: AddressText | None = None


class ClaimRecord(Strict):
    """A registered claim, whole: `data` is sent to `target`; at most `daily_cap` (USD, 18 decimals) sold in 24 h."""

    index: Annotated[int, Field(ge=0)]
    target: AddressText
    reward: AddressText
    daily_cap: Whole
    enabled: bool
    data: HexText


class KeeperRecord(Strict):
    """A keeper's mandate; `expires` in Unix seconds."""

    address: AddressText
    expires: Annotated[int, Field(ge=0)]


class RolesRecord(Strict):
    """Who may do what; `pending_owner` is named and has not accepted yet."""

    owner: AddressText
    payout: AddressText
    guardians: list[AddressText]
    keepers: list[KeeperRecord]
    pending_owner: AddressText | None = None


class Published(Strict):
    """Where the sources were published, if anywhere: addresses of pages."""

    sourcify: str | None
    etherscan: str | None


class Manifest(Strict):
    """One deployment."""

    schema_: Literal["ballast.manifest/1"] = Field(alias="schema")
    name: NameText
    chain: ChainRecord
    block: BlockRecord
    compiler: CompilerRecord
    parts: PartsRecord
    assets: list[AssetRecord]
    routes: list[RouteRecord]
    limits: dict[str, int | bool]
    """Named as the rulebook's `Limits`: see `limits_of`."""
    roles: RolesRecord
    config_version: Annotated[int, Field(ge=1)]
    published: Published
    surroundings: dict[AddressText, HashText] = Field(default_factory=dict)
    """keccak256 of the code of what the deployment stands on and did not make: feeds, aggregators, venues, the Safe."""
    rewards: list[RewardRecord] = Field(default_factory=list)
    claims: list[ClaimRecord] = Field(default_factory=list)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = {field.name for field in dataclasses.fields(Limits)}
        if set(self.limits) != names:
            differ = ", ".join(sorted(names.symmetric_difference(self.limits)))
            raise ValueError(f"limits differ from the rulebook's in {differ}")
        numbered: dict[str, Sequence[AssetRecord | RouteRecord | ClaimRecord]] = {
            "assets": self.assets,
            "routes": self.routes,
            "claims": self.claims,
        }
        for kind, entries in numbered.items():
            indexes = [entry.index for entry in entries]
            if indexes != list(range(len(indexes))):
                raise ValueError(f"{kind} carry the indexes {indexes}, not 0 upwards in order")
        total = sum(asset.target_bps for asset in self.assets)
        if total != BPS:
            raise WeightsNotWhole("assets of the manifest", total)
        return self

    def limits_of(self) -> Limits:
        """The limits as the value that stages use."""
        return Limits(**self.limits)  # type: ignore[arg-type]  # the validator has compared the names; NewTypes are ints


def manifest_path(root: Path, chain_id: int, name: str) -> Path:
    """Where the manifest of a deployment lies below the project's root (or the folder an operator keeps them in)."""
    return root / "deployments" / str(chain_id) / f"{name}.json"


def load_manifest(path: Path) -> Manifest:
    """The manifest in `path`. ManifestInvalid where there is none or it does not fit; WeightsNotWhole."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        remedy = "deploy first (make deploy writes the manifest), or correct vault.NAME.manifest"
        raise ManifestInvalid(str(path), "no such manifest", remedy=remedy) from None
    except OSError as error:
        raise ManifestInvalid(str(path), str(error.strerror).lower(), remedy=f"let the keeper read {path}") from None
    except ValueError as error:
        raise ManifestInvalid(str(path), f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise ManifestInvalid(str(path), "not a JSON object")
    try:
        return validate(Manifest, data, path.name)
    except ConfigInvalid as error:
        if isinstance(error, WeightsNotWhole):
            raise
        raise ManifestInvalid(str(path), error.message) from None


def save_manifest(manifest: Manifest, root: Path) -> Path:
    """Write it whole or not at all, keys sorted; returns the path.

    Raises ManifestExists where one is there already, unless the chain is local.
    """
    path = manifest_path(root, manifest.chain.id, manifest.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(manifest.model_dump(by_alias=True), indent=2, sort_keys=True) + "\n"
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        draft = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            draft.chmod(0o644)
            if manifest.chain.id in LOCAL_CHAINS:
                draft.replace(path)
            else:
                path.hardlink_to(draft)
        except FileExistsError:
            raise ManifestExists(str(path)) from None
        finally:
            draft.unlink(missing_ok=True)
    return path


def check_chain(manifest: Manifest, path: Path, label: str, *, chain_id: int, genesis: str) -> None:
    """Hold the chain behind `label` against the manifest. WrongChainId, or ForeignGenesis for another of that id."""
    if chain_id != manifest.chain.id:
        raise WrongChainId(label, manifest.chain.id, chain_id)
    if genesis.lower() != manifest.chain.genesis:
        raise ForeignGenesis(str(path), manifest.chain.genesis, genesis.lower())
