"""One deployment as one TOML: what scripts/deploy.py builds, checked before anything is sent.

Amounts of tokens are base units, prices decimal text in dollars, weights and slips bps, times seconds. The contracts
refuse by their own ceilings; what only a person can mean (names, sums, references) is settled here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from keeper.config.kinds import AddressText, AnyBps, AnySeconds, NameText, PriceText
from keeper.config.limits import LimitsSection
from keeper.config.profile import ChainProfile, load_profile
from keeper.config.settings import read_toml
from keeper.config.strict import Strict, validate
from keeper.errors import ConfigInvalid, WeightsNotWhole
from keeper.units import BPS, Bps, Seconds

MANDATE_MAX_DAYS = 90
"""The contracts' ceiling on a keeper's mandate."""

LEAST_GRACE = Seconds(3_600)
"""Seconds for which push feeds are not heard after a sequencer's return: what Chainlink's own example waits."""

Symbol = Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,12}$")]
FeeTier = Annotated[int, Field(ge=1, lt=1_000_000)]
"""Uniswap's fee, hundredths of a bp: 500 is 0.05 %."""


class KeeperMandate(Strict):
    """A keeper and for how many days from deployment it may act."""

    address: AddressText
    mandate_days: Annotated[int, Field(ge=1, le=MANDATE_MAX_DAYS)] = 30


class RolesSection(Strict):
    """[roles]: who may do what; owner is a Safe that accepts in a second step."""

    owner: AddressText
    payout: AddressText
    guardians: Annotated[tuple[AddressText, ...], Field(min_length=1, strict=False)]
    keepers: Annotated[tuple[KeeperMandate, ...], Field(min_length=1, strict=False)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        accounts = [self.owner, *self.guardians, *(keeper.address for keeper in self.keepers)]
        for account in accounts:
            if accounts.count(account) > 1:
                raise ValueError(f"{account} holds two roles: owner, guardians and keepers are pairwise distinct")
        return self


class AggregatorVoice(Strict):
    """A push feed that speaks AggregatorV3."""

    kind: Literal["aggregator"]
    feed: AddressText
    max_age: AnySeconds
    sequencer: AddressText | None = None
    grace: AnySeconds = Seconds(0)


class TwapVoice(Strict):
    """A Uniswap V3 pool's average over `window` seconds, turned into USD by its quote token's own push feeds."""

    kind: Literal["twap"]
    pool: AddressText
    quote: Symbol
    window: AnySeconds
    min_liquidity: Annotated[int, Field(ge=1)]
    min_cardinality: Annotated[int, Field(ge=1, le=65_535)] = 1
    """Observations the pool keeps, at least."""


class Erc4626Voice(Strict):
    """The rate of an ERC-4626 share in its underlying, another asset here: price and freshness are that one's."""

    kind: Literal["erc4626"]
    underlying: Symbol
    max_growth_bps_per_year: Annotated[AnyBps, Field(ge=1)]
    """Above it, counted from deployment, the rate is believed no further."""


class AssetEntry(Strict):
    """[[assets]]: in the order of their indexes, which stand for ever."""

    symbol: Symbol
    token: AddressText
    decimals: Annotated[int, Field(ge=2, le=24)]
    target_bps: AnyBps
    min_bps: AnyBps
    max_bps: AnyBps
    safe_rank: Annotated[int, Field(ge=0, le=255)] = 0
    depeg_bps: AnyBps = Bps(200)
    dust: Annotated[int, Field(ge=0)] = 0
    price_low: PriceText
    price_high: PriceText
    sources: Annotated[
        tuple[Annotated[AggregatorVoice | TwapVoice | Erc4626Voice, Field(discriminator="kind")], ...],
        Field(min_length=1, max_length=4, strict=False),
    ]

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        if not self.min_bps <= self.target_bps <= self.max_bps:
            raise ValueError(
                f"{self.symbol}: target {self.target_bps} bps is outside {self.min_bps} to {self.max_bps} bps"
            )
        return self


class AdapterEntry(Strict):
    """[adapters.NAME]: a door to one kind of venue."""

    kind: Literal["swap_router_02", "v3_pool", "uniswap_v2", "erc4626"]


class RouteEntry(Strict):
    """[[routes]]: a way from one asset to another. `path` alternates symbols and fee tiers: ["WBTC", 3000, "WETH"].

    Through a V2 pair, or into a share and out of it, there is no tier to choose: ["USDC", "waUSDC"].
    """

    path: Annotated[tuple[Symbol | FeeTier, ...], Field(min_length=2, strict=False)]
    adapter: NameText
    venue: AddressText
    slip_bps: AnyBps
    enabled: bool = True

    @property
    def symbols(self) -> tuple[str, ...]:
        """The assets along the way: sold first, bought last."""
        return tuple(step for step in self.path if isinstance(step, str))

    @property
    def fees(self) -> tuple[int, ...]:
        """The fee tiers between them."""
        return tuple(step for step in self.path if isinstance(step, int))

    @model_validator(mode="after")
    def _alternates(self) -> Self:
        if len(self.path) == 2 and not self.fees:
            return self
        symbols_stand_even = all(isinstance(step, int) == bool(place % 2) for place, step in enumerate(self.path))
        if len(self.path) % 2 == 0 or not symbols_stand_even:
            raise ValueError('path alternates symbols and fee tiers, as in ["WBTC", 3000, "WETH"], or is two symbols')
        return self


class DeploymentFile(Strict):
    """The whole file."""

    schema_: Literal[1] = Field(alias="schema")
    name: NameText
    profile: str
    roles: RolesSection
    limits: LimitsSection = LimitsSection()
    assets: Annotated[tuple[AssetEntry, ...], Field(min_length=2, max_length=16, strict=False)]
    adapters: Annotated[dict[NameText, AdapterEntry], Field(min_length=1)]
    routes: Annotated[tuple[RouteEntry, ...], Field(min_length=1, strict=False)]

    def index_of(self, symbol: str) -> int:
        """An asset's index. KeyError where no asset has the symbol."""
        for index, asset in enumerate(self.assets):
            if asset.symbol == symbol:
                return index
        raise KeyError(symbol)

    def chain_profile(self) -> ChainProfile:
        """The chain it is for. ConfigInvalid for an unknown profile."""
        return load_profile(self.profile)


def load_deployment(path: Path) -> DeploymentFile:
    """The deployment in `path`. Raises ConfigInvalid or a kind of it; WeightsNotWhole where targets miss 100 %."""
    deployment = validate(DeploymentFile, read_toml(path), path.name)
    _check_names(deployment, path.name)
    total = sum(asset.target_bps for asset in deployment.assets)
    if total != BPS:
        raise WeightsNotWhole(f"assets in {path.name}", total)
    _check_sequencer(deployment, load_profile(deployment.profile, where=f"profile in {path.name}"), path.name)
    return deployment


def _check_sequencer(deployment: DeploymentFile, profile: ChainProfile, file: str) -> None:
    """A push feed read without the sequencer's uptime feed would speak old prices as the sequencer returns."""
    if not profile.sequencer_feed:
        return
    for index, asset in enumerate(deployment.assets):
        for place, voice in enumerate(asset.sources):
            if not isinstance(voice, AggregatorVoice):
                continue
            where = f"assets[{index}].sources[{place}].sequencer in {file}"
            if voice.sequencer != profile.sequencer_feed:
                complaint = f"{voice.sequencer or 'none'} is not {profile.name}'s sequencer feed"
                raise ConfigInvalid(where, complaint, remedy=f'write sequencer = "{profile.sequencer_feed}"')
            if voice.grace < LEAST_GRACE:
                complaint = f"a grace of {voice.grace} s after the sequencer's return"
                raise ConfigInvalid(where, complaint, remedy=f"write grace = {LEAST_GRACE} or more")


def _check_names(deployment: DeploymentFile, file: str) -> None:
    symbols = [asset.symbol for asset in deployment.assets]
    for index, symbol in enumerate(symbols):
        if symbols.index(symbol) != index:
            raise ConfigInvalid(f"assets[{index}].symbol in {file}", f"{symbol} is listed twice")
    for index, asset in enumerate(deployment.assets):
        _check_sources(deployment, asset, f"assets[{index}].sources in {file}")
    for index, route in enumerate(deployment.routes):
        where = f"routes[{index}] in {file}"
        for symbol in route.symbols:
            _known(symbol, symbols, where)
        if route.symbols[0] == route.symbols[-1]:
            raise ConfigInvalid(where, f"sells {symbol} for {symbol}")
        if route.adapter not in deployment.adapters:
            remedy = f"use one of {', '.join(sorted(deployment.adapters))}, or add [adapters.{route.adapter}]"
            raise ConfigInvalid(where, f"no adapter {route.adapter}", remedy=remedy)
        _check_door(deployment, route, where)


def _check_sources(deployment: DeploymentFile, asset: AssetEntry, where: str) -> None:
    symbols = [other.symbol for other in deployment.assets]
    for voice in asset.sources:
        if isinstance(voice, TwapVoice):
            _known(voice.quote, symbols, where)
        if not isinstance(voice, Erc4626Voice):
            continue
        if len(asset.sources) != 1:
            raise ConfigInvalid(where, "a share has its rate and no other source", remedy="remove the other sources")
        _known(voice.underlying, symbols, where)
        below = deployment.assets[deployment.index_of(voice.underlying)]
        if any(isinstance(other, Erc4626Voice) for other in below.sources):
            remedy = f"name an underlying with price sources of its own, not {voice.underlying}"
            raise ConfigInvalid(where, f"{voice.underlying} is a share itself", remedy=remedy)


def _check_door(deployment: DeploymentFile, route: RouteEntry, where: str) -> None:
    kind = deployment.adapters[route.adapter].kind
    if kind in ("uniswap_v2", "erc4626"):
        if route.fees:
            remedy = f'write path = ["{route.symbols[0]}", "{route.symbols[-1]}"], one hop'
            raise ConfigInvalid(where, f"{kind} knows no fee tiers", remedy=remedy)
    elif not route.fees:
        remedy = f'write path = ["{route.symbols[0]}", FEE, "{route.symbols[-1]}"], the fee in hundredths of a bp'
        raise ConfigInvalid(where, f"{kind} needs a fee tier between two symbols", remedy=remedy)
    if kind == "v3_pool" and len(route.fees) != 1:
        raise ConfigInvalid(where, "a pool's own door trades one hop", remedy="use a router's adapter for several hops")
    ends = [deployment.assets[deployment.index_of(symbol)].token for symbol in (route.symbols[0], route.symbols[-1])]
    if kind == "erc4626" and route.venue not in ends:
        remedy = "write the share's own address as the venue"
        raise ConfigInvalid(where, f"{route.venue} is neither {' nor '.join(route.symbols)}", remedy=remedy)


def _known(symbol: str, symbols: list[str], where: str) -> None:
    if symbol not in symbols:
        raise ConfigInvalid(where, f"no asset {symbol}", remedy=f"use one of {', '.join(symbols)}")
