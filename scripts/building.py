"""The order of deployment: push sources, TWAPs, oracle, adapters, rulebook for a vault foretold, vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from keeper.config.deployment import AggregatorVoice, DeploymentFile, TwapVoice
from keeper.errors import ConfigInvalid
from scripts import foreign, wiring
from scripts.reading import Reader, Unanswered


@dataclass(frozen=True, slots=True)
class Built:
    """One contract as it was deployed: creation transaction, encoded arguments, gas used (0: stood already)."""

    contract: str
    address: str
    tx: str
    constructor: str
    gas: int


class Site(Protocol):
    """Who deploys, and where."""

    address: str
    reader: Reader

    def put(self, key: str, contract: str, *arguments: Any) -> Built:
        """Deploy, and wait until mined."""
        ...

    def foretell(self, ahead: int) -> str:
        """Where the deployer's creation after `ahead` more transactions will stand."""
        ...


@dataclass(frozen=True, slots=True)
class Buildings:
    """Everything deployed, by its name in the manifest."""

    sources: Mapping[str, Built]
    oracle: Built
    adapters: Mapping[str, Built]
    rulebook: Built
    vault: Built

    @property
    def all(self) -> dict[str, Built]:
        """Every contract by name, in the order of deployment."""
        return {**self.sources, "oracle": self.oracle, **self.adapters, "rulebook": self.rulebook, "vault": self.vault}


def build(deployment: DeploymentFile, site: Site) -> Buildings:
    """Deploy everything from `site`, which owns the rulebook until it is handed over."""
    sources = _sources(deployment, site)
    at = {key: built.address for key, built in sources.items()}
    oracle = site.put("oracle", "MedianOracle", wiring.listings(deployment, at))
    adapters = _adapters(deployment, site)
    site.reader.refresh()
    setup = wiring.setup_of(
        deployment,
        vault=site.foretell(1),
        owner=site.address,
        oracle=oracle.address,
        adapters={name: built.address for name, built in adapters.items()},
        now=site.reader.time,
    )
    rulebook = site.put("rulebook", "Rulebook", setup)
    vault = site.put("vault", "KeeperVault", rulebook.address, [asset.target_bps for asset in deployment.assets])
    return Buildings(sources, oracle, adapters, rulebook, vault)


def _sources(deployment: DeploymentFile, site: Site) -> dict[str, Built]:
    built: dict[str, Built] = {}
    for kind in ("aggregator", "twap"):
        for asset in deployment.assets:
            for place, voice in enumerate(asset.sources):
                key = wiring.source_key(asset, place)
                if voice.kind != kind:
                    continue
                if isinstance(voice, AggregatorVoice):
                    arguments = wiring.aggregator_arguments(asset, voice)
                else:
                    arguments = wiring.twap_arguments(asset, voice, _quotes(deployment, voice, built))
                built[key] = site.put(key, wiring.CONTRACTS[kind], *arguments)
    return dict(sorted(built.items()))


def _quotes(deployment: DeploymentFile, voice: TwapVoice, built: Mapping[str, Built]) -> list[str]:
    return [built[key].address for key in wiring.source_keys(deployment, voice.quote, "aggregator")]


def _adapters(deployment: DeploymentFile, site: Site) -> dict[str, Built]:
    built = {}
    for name, entry in deployment.adapters.items():
        arguments: tuple[Any, ...] = ()
        if entry.kind == "v3_pool":
            arguments = (_factory(deployment, name, site.reader), wiring.POOL_INIT_CODE_HASH)
        built[name] = site.put(f"adapter {name}", wiring.ADAPTERS[entry.kind], *arguments)
    return built


def _factory(deployment: DeploymentFile, name: str, reader: Reader) -> str:
    """The one factory of all pools behind an adapter; each pool must stand where that factory puts it."""
    factories: set[str] = set()
    tokens = {asset.symbol: asset.token for asset in deployment.assets}
    for index, route in enumerate(deployment.routes):
        if route.adapter != name:
            continue
        where = f"routes[{index}].venue"
        try:
            factory = str(reader.ask_abi("pool", foreign.POOL, route.venue, "factory"))
        except Unanswered:
            raise ConfigInvalid(where, f"{route.venue} is no Uniswap V3 pool") from None
        expected = wiring.pool_address(factory, tokens[route.symbols[0]], tokens[route.symbols[1]], route.fees[0])
        if expected != route.venue:
            pair = "/".join(route.symbols)
            raise ConfigInvalid(where, f"{route.venue} is not the pool {pair} {route.fees[0]} of {factory}")
        factories.add(factory)
    if len(factories) != 1:
        raise ConfigInvalid(
            f"adapters.{name}", f"its routes use {len(factories)} factories", remedy="name one adapter a factory"
        )
    return factories.pop()
