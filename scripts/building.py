"""The order of deployment: push sources, TWAPs, rates, oracle, adapters, rulebook for a vault foretold, vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from keeper.config.claims import RewardEntry, StataRewards
from keeper.config.deployment import DeploymentFile, RouteEntry
from keeper.config.voices import AggregatorVoice, Erc4626Voice, TwapVoice
from keeper.errors import ConfigInvalid
from scripts import foreign, wiring
from scripts.reading import Reader, Unanswered

_KINDS = ("pair", "pool")
"""What a venue of Uniswap's is, by the number of fee tiers its route names: V2 has pairs, V3 pools."""


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
    clerk: Built
    rulebook: Built
    vault: Built

    @property
    def all(self) -> dict[str, Built]:
        """Every contract by name, in the order of deployment."""
        last = {"clerk": self.clerk, "rulebook": self.rulebook, "vault": self.vault}
        return {**self.sources, "oracle": self.oracle, **self.adapters, **last}


def build(deployment: DeploymentFile, site: Site) -> Buildings:
    """Deploy everything from `site`, which owns the rulebook until it is handed over."""
    _hold_claims(deployment, site.reader)
    sources = _sources(deployment, site)
    at = {key: built.address for key, built in sources.items()}
    oracle = site.put("oracle", "MedianOracle", wiring.listings(deployment, at))
    adapters = _adapters(deployment, site)
    clerk = site.put("clerk", "Clerk")
    site.reader.refresh()
    setup = wiring.setup_of(
        deployment,
        vault=site.foretell(1),
        owner=site.address,
        oracle=oracle.address,
        adapters={name: built.address for name, built in adapters.items()},
        now=site.reader.time,
    )
    rulebook = site.put("rulebook", "Rulebook", setup, clerk.address)
    vault = site.put("vault", "KeeperVault", rulebook.address, [asset.target_bps for asset in deployment.assets])
    return Buildings(sources, oracle, adapters, clerk, rulebook, vault)


def hold_venues(deployment: DeploymentFile, reader: Reader, factories: Mapping[str, str]) -> None:
    """Hold routes and claims against the chain, for adapters that stand; `factories` by the adapter's name.

    Raises ConfigInvalid where a venue is not what its route says, or not its adapter's.
    """
    _hold_claims(deployment, reader)
    for name, entry in deployment.adapters.items():
        routes = _routes_of(deployment, name)
        if not routes:
            continue
        if entry.kind == "erc4626":
            _hold_doors_of_shares(deployment, name, reader)
        elif name in factories and _factory(deployment, name, reader) != factories[name]:
            raise ConfigInvalid(routes[0][0], f"{routes[0][1].venue} is not of the factory {factories[name]}")


def _sources(deployment: DeploymentFile, site: Site) -> dict[str, Built]:
    built: dict[str, Built] = {}
    for kind, contract in wiring.CONTRACTS.items():
        for priced in deployment.priced:
            for place, voice in enumerate(priced.sources):
                key = wiring.source_key(priced, place)
                if voice.kind != kind:
                    continue
                built[key] = site.put(key, contract, *_arguments(deployment, priced, voice, built, site.reader))
    return dict(sorted(built.items()))


def _arguments(
    deployment: DeploymentFile,
    priced: wiring.Priced,
    voice: AggregatorVoice | TwapVoice | Erc4626Voice,
    built: Mapping[str, Built],
    reader: Reader,
) -> tuple[Any, ...]:
    if isinstance(voice, AggregatorVoice):
        return wiring.aggregator_arguments(priced, voice)
    if isinstance(voice, TwapVoice):
        return wiring.twap_arguments(priced, voice, _quotes(deployment, voice, built))
    where = f"assets[{deployment.index_of(priced.symbol)}].sources"
    _hold_share(deployment, priced.token, voice.underlying, where, reader)
    return wiring.rate_arguments(priced, voice)


def _quotes(deployment: DeploymentFile, voice: TwapVoice, built: Mapping[str, Built]) -> list[str]:
    return [built[key].address for key in wiring.source_keys(deployment, voice.quote, "aggregator")]


def _adapters(deployment: DeploymentFile, site: Site) -> dict[str, Built]:
    built = {}
    for name, entry in deployment.adapters.items():
        arguments: tuple[Any, ...] = ()
        if entry.kind == "v3_pool":
            arguments = (_factory(deployment, name, site.reader), wiring.POOL_INIT_CODE_HASH)
        elif entry.kind == "uniswap_v2":
            arguments = (_factory(deployment, name, site.reader), wiring.PAIR_INIT_CODE_HASH)
        elif entry.kind == "erc4626":
            _hold_doors_of_shares(deployment, name, site.reader)
        built[name] = site.put(f"adapter {name}", wiring.ADAPTERS[entry.kind], *arguments)
    return built


def _factory(deployment: DeploymentFile, name: str, reader: Reader) -> str:
    """The one factory of all pools behind an adapter; each pool must stand where that factory puts it."""
    factories: set[str] = set()
    for where, route in _routes_of(deployment, name):
        try:
            factory = str(reader.ask_abi("pool", foreign.POOL, route.venue, "factory"))
        except Unanswered:
            raise ConfigInvalid(where, f"{route.venue} is no Uniswap {_KINDS[len(route.fees)]}") from None
        if _expected(deployment, route, factory) != route.venue:
            pair = "/".join(route.symbols) + "".join(f" {fee}" for fee in route.fees)
            raise ConfigInvalid(where, f"{route.venue} is not the {_KINDS[len(route.fees)]} {pair} of {factory}")
        factories.add(factory)
    if len(factories) != 1:
        raise ConfigInvalid(
            f"adapters.{name}", f"its routes use {len(factories)} factories", remedy="name one adapter a factory"
        )
    return factories.pop()


def _expected(deployment: DeploymentFile, route: RouteEntry, factory: str) -> str:
    """Where `factory` puts what a one-hop route trades with."""
    one, other = (deployment.priced_as(symbol).token for symbol in route.symbols)
    if route.fees:
        return wiring.pool_address(factory, one, other, route.fees[0])
    return wiring.pair_address(factory, one, other)


def _hold_doors_of_shares(deployment: DeploymentFile, name: str, reader: Reader) -> None:
    """Each venue behind the adapter is a share, and the route's other end its asset."""
    for where, route in _routes_of(deployment, name):
        ends = {deployment.assets[deployment.index_of(symbol)].token: symbol for symbol in route.symbols}
        underlying = next(symbol for token, symbol in ends.items() if token != route.venue)
        _hold_share(deployment, route.venue, underlying, where, reader)


def _hold_share(deployment: DeploymentFile, share: str, underlying: str, where: str, reader: Reader) -> None:
    """Raises ConfigInvalid unless `share` is an ERC-4626 vault of the asset called `underlying`."""
    wanted = deployment.assets[deployment.index_of(underlying)].token
    try:
        asset = str(reader.ask_abi("share", foreign.SHARE, share, "asset"))
    except Unanswered:
        raise ConfigInvalid(where, f"{share} is no ERC-4626 share") from None
    if asset != wanted:
        raise ConfigInvalid(where, f"{share} is a share of {asset}, not of {underlying} ({wanted})")


def _hold_claims(deployment: DeploymentFile, reader: Reader) -> None:
    """Rewards have the decimals they are said to have, and a share that is said to pay one does."""
    for index, reward in enumerate(deployment.rewards):
        _hold_reward(reward, f"rewards[{index}]", reader)
    for index, claim in enumerate(deployment.claims):
        if not isinstance(claim, StataRewards):
            continue
        where, share = f"claims[{index}].share", deployment.priced_as(claim.share).token
        try:
            paid = reader.ask_abi("paying share", foreign.PAYING_SHARE, share, "rewardTokens")
        except Unanswered:
            raise ConfigInvalid(where, f"{share} is no wrapper of Aave's that pays rewards") from None
        if deployment.priced_as(claim.reward).token not in paid:
            remedy = "call refreshRewardTokens() of the share first, or remove the claim"
            raise ConfigInvalid(where, f"{claim.share} pays {len(paid)} rewards, {claim.reward} is none", remedy=remedy)


def _hold_reward(reward: RewardEntry, where: str, reader: Reader) -> None:
    try:
        decimals = int(reader.ask_abi("erc20", foreign.ERC20, reward.token, "decimals"))
    except Unanswered:
        raise ConfigInvalid(where, f"{reward.token} is no token on this chain") from None
    if decimals != reward.decimals:
        remedy = f"write decimals = {decimals}"
        raise ConfigInvalid(where, f"{reward.symbol} has {decimals} decimals, not {reward.decimals}", remedy=remedy)


def _routes_of(deployment: DeploymentFile, adapter: str) -> list[tuple[str, RouteEntry]]:
    """The routes through an adapter, each with the place where its venue is written."""
    numbered = enumerate(deployment.routes)
    return [(f"routes[{index}].venue", route) for index, route in numbered if route.adapter == adapter]
