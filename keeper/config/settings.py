"""The settings as one value, built once: the file, the environment's overrides, each name followed.

Settings are public: they hold references to secrets, so all of it may be logged. Values of secrets come from
`rpc_url` and `signer_secret`, as `Secret`, and have no place in here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from keeper.config.environment import environment, overlay
from keeper.config.kinds import ratio
from keeper.config.profile import ChainProfile, load_profile
from keeper.config.secrets import Secret, is_reference, resolve
from keeper.config.sections import ChainSection, ConfigFile, PolicySection, SignerSection, VaultSection
from keeper.config.strict import validate
from keeper.errors import ConfigInvalid, NotInThisRelease
from keeper.ids import Plain, digest, plain
from keeper.model import DecisionConfig, Hash32
from keeper.units import GWEI, Wei

SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """One vault with everything its names lead to."""

    name: str
    section: VaultSection
    manifest: Path
    chain_name: str
    chain: ChainSection
    profile: ChainProfile
    policy: PolicySection
    tick_seconds: int
    gas_ceiling: Wei
    """Wei a unit of gas."""
    decision: DecisionConfig


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything public. `folder` is the configuration's: relative paths start there."""

    file: ConfigFile
    path: Path
    folder: Path
    journal: str
    vaults: tuple[VaultSettings, ...]

    @property
    def mode(self) -> Literal["dry", "propose", "shadow", "live"]:
        """dry or live, as the file says this host is meant. Only a command's own option --mode live sends."""
        return self.file.keeper.mode

    def vault(self, name: str | None = None) -> VaultSettings:
        """The vault called `name`, or the only one. ConfigInvalid where there is none, or several to choose from."""
        known = ", ".join(vault.name for vault in self.vaults)
        if name is None and len(self.vaults) > 1:
            raise ConfigInvalid("--vault", f"{len(self.vaults)} vaults are configured", remedy=f"name one of {known}")
        for vault in self.vaults:
            if name in (None, vault.name):
                return vault
        raise ConfigInvalid("--vault", f"no vault {name} is configured", remedy=f"name one of {known}")

    def public_dump(self) -> dict[str, Plain]:
        """The configuration as JSON without numbers, for logs and the journal: references, never values."""
        dump = plain(self.file.model_dump(mode="python", by_alias=True))
        profiles = plain({vault.chain_name: vault.profile.model_dump() for vault in self.vaults})
        return {"file": dump, "profiles": profiles}

    def config_digest(self) -> Hash32:
        """The hash of the public dump: two runs with the same digest had the same settings."""
        return digest(self.public_dump())

    def rpc_url(self, chain_name: str, index: int = 0, env: Mapping[str, str] | None = None) -> Secret:
        """The RPC's address, which may hold a key. SecretMissing, SecretExposed where its reference leads nowhere."""
        text = self.file.chain[chain_name].rpc[index]
        where = f"chain.{chain_name}.rpc[{index}]"
        return resolve(text, where, base=self.folder, env=env) if is_reference(text) else Secret(where, text)

    def signer(self, role: Literal["keeper", "guardian"]) -> SignerSection:
        """The signer of a role. ConfigInvalid where this host has none."""
        section = self.file.signer.keeper if role == "keeper" else self.file.signer.guardian
        if section is None:
            raise ConfigInvalid(
                f"signer.{role}", "not configured", remedy=f"add [signer.{role}] with kind, path and secret"
            )
        return section

    def signer_path(self, role: Literal["keeper", "guardian"]) -> Path:
        """The keystore's path."""
        return self.folder / Path(self.signer(role).path).expanduser()

    def signer_secret(self, role: Literal["keeper", "guardian"], env: Mapping[str, str] | None = None) -> Secret:
        """The keystore's password. SecretMissing, SecretExposed where its reference leads nowhere."""
        return resolve(self.signer(role).secret, f"signer.{role}.secret", base=self.folder, env=env)


def load_settings(path: Path, env: Mapping[str, str] | None = None) -> Settings:
    """The settings in `path` under the environment. Raises a kind of ConfigInvalid; no secret is read."""
    data = overlay(read_toml(path), environment() if env is None else env)
    return build_settings(data, path)


def read_toml(path: Path) -> dict[str, object]:
    """A TOML file's tables. ConfigInvalid where there is none or it does not parse."""
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        remedy = f"write {path}, starting from keeper.example.toml, or name another with --config"
        raise ConfigInvalid(str(path), "no such file", remedy=remedy) from None
    except (PermissionError, IsADirectoryError) as error:
        raise ConfigInvalid(str(path), str(error.strerror).lower(), remedy=f"let the keeper read {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(str(path), f"not TOML: {error}", remedy=f"correct the syntax of {path}") from None


def build_settings(data: Mapping[str, object], path: Path) -> Settings:
    """The settings from tables already read; `path` names them in errors and anchors relative paths."""
    file = validate(ConfigFile, data, path.name)
    _refuse_later(file)
    folder = path.resolve().parent
    vaults = tuple(_vault(file, name, folder) for name in sorted(file.vault))
    return Settings(file=file, path=path, folder=folder, journal=_journal(file.keeper.journal, folder), vaults=vaults)


def _journal(url: str, folder: Path) -> str:
    if not url.startswith(SQLITE):
        raise NotInThisRelease("keeper.journal", f"a journal at {url.partition(':')[0]}", "sqlite:///PATH")
    return f"{SQLITE}{folder / Path(url.removeprefix(SQLITE)).expanduser()}"


def _vault(file: ConfigFile, name: str, folder: Path) -> VaultSettings:
    section = file.vault[name]
    if section.chain not in file.chain:
        raise _no_such("vault", name, "chain", section.chain, list(file.chain))
    if section.policy not in file.policy:
        raise _no_such("vault", name, "policy", section.policy, list(file.policy))
    chain, policy = file.chain[section.chain], file.policy[section.policy]
    where = f"chain.{section.chain}"
    profile = load_profile(chain.profile, chain.override, where=f"{where}.profile")
    if chain.clock == "chain" and not profile.local:
        raise ConfigInvalid(f"{where}.clock", f"{profile.name} keeps wall time", remedy='write clock = "wall"')
    ceiling = Wei(chain.gas_ceiling_gwei * GWEI) if chain.gas_ceiling_gwei else profile.gas_ceiling
    return VaultSettings(
        name=name,
        section=section,
        manifest=folder / Path(section.manifest).expanduser(),
        chain_name=section.chain,
        chain=chain,
        profile=profile,
        policy=policy,
        tick_seconds=chain.tick_seconds or profile.tick_seconds,
        gas_ceiling=ceiling,
        decision=DecisionConfig(
            policy=section.policy,
            kind=policy.kind,
            absolute_bps=policy.absolute_bps,
            relative_bps=policy.relative_bps,
            calendar=policy.calendar,
            min_benefit_bps=policy.min_benefit_bps,
            stage_cap_bps=file.keeper.stage_cap_bps,
            gas_ceiling=ceiling,
            harvest_every=policy.harvest_every,
            harvest_min_ratio=ratio(policy.harvest_min_ratio),
        ),
    )


def _no_such(section: str, name: str, key: str, value: str, known: list[str]) -> ConfigInvalid:
    remedy = f"add [{key}.{value}], or use one of {', '.join(sorted(known))}"
    return ConfigInvalid(f"{section}.{name}.{key}", f"no [{key}.{value}]", remedy=remedy)


def _refuse_later(file: ConfigFile) -> None:
    """What the schema has and this release cannot honour is refused, never ignored."""
    if file.keeper.mode in ("propose", "shadow"):
        raise NotInThisRelease("keeper.mode", f"mode {file.keeper.mode}", "dry or live")
    if file.rule:
        raise NotInThisRelease("[[rule]]", "rules", "no [[rule]] table")
    for name, chain in file.chain.items():
        if len(chain.rpc) > 1 or chain.quorum > 1:
            raise NotInThisRelease(f"chain.{name}.rpc", "a quorum of several RPCs", "one RPC and quorum = 1")
    for name, policy in file.policy.items():
        if policy.kind != "bands":
            raise NotInThisRelease(f"policy.{name}.kind", f"policy kind {policy.kind}", 'kind = "bands"')
        if policy.relative_bps or policy.calendar:
            raise NotInThisRelease(f"policy.{name}", "relative_bps and calendar", "absolute_bps")
    for role, signer in (("keeper", file.signer.keeper), ("guardian", file.signer.guardian)):
        if signer is not None and signer.kind != "keystore":
            raise NotInThisRelease(f"signer.{role}.kind", f"signer kind {signer.kind}", 'kind = "keystore"')
    for section in ("alerts", "web", "retention"):
        keys: dict[str, object] = getattr(file, section)
        if keys:
            raise NotInThisRelease(f"[{section}]", f"{section}.{min(keys)}", f"no keys in [{section}]")
