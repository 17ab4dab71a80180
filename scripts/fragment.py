"""Assets, claims and routes of a TOML, in a deployment's own words, for a vault that stands: as calls for its queue.

The manifest is told again as the deployment it came from, and the TOML's entries follow its own; so they are held to
all that a deployment is held to, and their indexes are those that the rulebook will give them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from keeper.config.deployment import DeploymentFile, RouteEntry, hold_together
from keeper.config.kinds import ZERO_ADDRESS
from keeper.config.settings import read_toml
from keeper.config.strict import validate
from keeper.errors import ConfigInvalid, UsageError
from keeper.manifest import Manifest, SourcePart
from scripts import building, wiring
from scripts.acts import Ground
from scripts.rules import encoded

_SECTIONS = ("assets", "claims", "routes")
_FUNCTIONS = {"assets": "listAsset", "claims": "addClaim", "routes": "addRoute"}
_FROZEN = 3
"""The place of `frozen` among an asset's fields."""
_KINDS = {contract: kind for kind, contract in wiring.ADAPTERS.items()}


class Extended(DeploymentFile):
    """A deployment as it stands, with what is to come; of its routes only those to come."""

    routes: Annotated[tuple[RouteEntry, ...], Field(strict=False)] = ()


def calls(ground: Ground, path: str, allowed: Sequence[str]) -> list[str]:
    """Calldata that lists the TOML's assets (frozen), then adds its claims, then its routes.

    Raises UsageError or ConfigInvalid for anything that a deployment would be refused for, or that is not allowed here.
    """
    manifest, given = ground.manifest, read_toml(Path(path))
    _hold_sections(given, path, allowed)
    _hold_manifest(ground)
    stands = told_again(manifest)
    joined = stands | {name: _joined(stands, given, name) for name in _SECTIONS}
    tokens = {asset.get("token") for asset in joined["assets"]}
    joined["rewards"] = [reward for reward in stands["rewards"] if reward["token"] not in tokens]
    whole = validate(Extended, joined, Path(path).name)
    hold_together(whole, Path(path).name)
    _hold_assets(ground, whole, Path(path).name)
    adapters = manifest.parts.adapters.items()
    factories = {name: part.immutables["factory"] for name, part in adapters if "factory" in part.immutables}
    building.hold_venues(whole, ground.reader, factories)
    at = {name: part.address for name, part in adapters}
    made = {
        "assets": [
            (*row[:_FROZEN], True, *row[_FROZEN + 1 :]) for row in wiring.assets_of(whole)[len(manifest.assets) :]
        ],
        "claims": wiring.claims_of(whole)[len(manifest.claims) :],
        "routes": wiring.routes_of(whole, at),
    }
    return [encoded(_FUNCTIONS[name], row) for name in _SECTIONS for row in made[name]]


def told_again(manifest: Manifest) -> dict[str, Any]:
    """The manifest in a deployment's words, without its routes."""
    roles = manifest.roles
    symbols = {asset.token: asset.symbol for asset in manifest.assets}
    symbols |= {reward.token: reward.symbol for reward in manifest.rewards}
    return {
        "schema": 1,
        "name": manifest.name,
        "profile": manifest.chain.profile,
        "roles": {
            "owner": roles.owner,
            "payout": roles.payout,
            "guardians": roles.guardians,
            "keepers": [{"address": keeper.address} for keeper in roles.keepers],
        },
        "assets": [
            {
                "symbol": asset.symbol,
                "token": asset.token,
                "decimals": asset.decimals,
                "target_bps": asset.target_bps,
                "min_bps": asset.min_bps,
                "max_bps": asset.max_bps,
                "safe_rank": asset.safe_rank,
                "depeg_bps": asset.depeg_bps,
                "dust": int(asset.dust),
                "price_low": _dollars(asset.price_low),
                "price_high": _dollars(asset.price_high),
                "sources": _voices(manifest, asset.symbol),
            }
            for asset in manifest.assets
        ],
        "adapters": {name: {"kind": _KINDS[part.contract]} for name, part in manifest.parts.adapters.items()},
        "rewards": [
            {
                "symbol": reward.symbol,
                "token": reward.token,
                "decimals": reward.decimals,
                "sources": _voices(manifest, reward.symbol),
            }
            for reward in manifest.rewards
        ],
        "claims": [
            {
                "kind": "call",
                "target": claim.target,
                "data": claim.data,
                "reward": symbols[claim.reward],
                "daily_cap": _dollars(claim.daily_cap),
                "enabled": claim.enabled,
            }
            for claim in manifest.claims
        ],
    }


def _voices(manifest: Manifest, symbol: str) -> list[dict[str, Any]]:
    parts = [part for _, part in sorted(manifest.parts.sources.items()) if part.asset == symbol]
    return [_voice(manifest, part) for part in parts]


def _voice(manifest: Manifest, part: SourcePart) -> dict[str, Any]:
    fixed = part.immutables
    if part.kind == "aggregator":
        sequencer = fixed["sequencerFeed"]
        heard = {} if sequencer == ZERO_ADDRESS else {"sequencer": sequencer, "grace": int(fixed["grace"])}
        return {"kind": part.kind, "feed": fixed["feed"], "max_age": int(fixed["maxAge"]), **heard}
    if part.kind == "twap":
        quotes = (other.asset for other in manifest.parts.sources.values() if other.address == fixed["quoteOne"])
        return {
            "kind": part.kind,
            "pool": fixed["pool"],
            "quote": next(quotes),
            "window": int(fixed["window"]),
            "min_liquidity": int(fixed["minLiquidity"]),
        }
    below = next(asset.symbol for asset in manifest.assets if asset.token == fixed["underlying"])
    return {"kind": part.kind, "underlying": below, "max_growth_bps_per_year": int(fixed["maxGrowthBpsPerYear"])}


def _joined(stands: Mapping[str, Any], given: Mapping[str, object], name: str) -> list[Any]:
    """What stands, then what is to come."""
    more = given.get(name, [])
    if not isinstance(more, list) or not all(isinstance(entry, dict) for entry in more):
        raise UsageError(f"{name} is no list of tables", remedy=f"write [[{name}]]")
    return [*stands.get(name, []), *more]


def _dollars(amount: str) -> str:
    whole, rest = divmod(int(amount), 10**18)
    return f"{whole}.{rest:018d}"


def _hold_sections(given: Mapping[str, object], path: str, allowed: Sequence[str]) -> None:
    wanted = [f"[[{name}]]" for name in allowed]
    for name in given:
        if name not in allowed:
            raise UsageError(f"{path} has {name}, which is not proposed so", remedy=f"keep {', '.join(wanted)} alone")
    if not given:
        raise UsageError(f"{path} holds nothing to propose", remedy=f"write {' or '.join(wanted)}")


def _hold_manifest(ground: Ground) -> None:
    """The indexes to come follow from the manifest: it must know all that is registered."""
    for name in _SECTIONS:
        known = len(getattr(ground.manifest, name))
        found = len(ground.reader.ask("Rulebook", ground.rulebook, name))
        if known != found:
            raise UsageError(
                f"the rulebook has {found} {name}, the manifest {known}",
                remedy="bring the manifest up to date first: make owner … record",
            )


def _hold_assets(ground: Ground, whole: DeploymentFile, file: str) -> None:
    """The oracle of today prices each new asset. (Its target is 0: all targets sum to 100 % without it.)"""
    for index, asset in list(enumerate(whole.assets))[len(ground.manifest.assets) :]:
        where = f"assets[{index}] in {file}"
        oracle = str(ground.reader.ask("Rulebook", ground.rulebook, "oracle"))
        known = ground.reader.ask("MedianOracle", oracle, "sources", asset.token)
        if len(known) != len(asset.sources):
            raise ConfigInvalid(
                where,
                f"the oracle has {len(known)} sources of {asset.symbol}, here are {len(asset.sources)}",
                remedy="write the oracle's own sources; where it has none, propose set-oracle first with one that has",
            )
