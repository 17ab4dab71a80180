"""One deployment as one TOML: what scripts/deploy.py builds, checked before anything is sent.

Amounts of tokens are base units, prices decimal text in dollars, weights and slips bps, times seconds. The contracts
refuse by their own ceilings; what only a person can mean (names, sums, references) is settled here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from keeper.config.claims import ClaimEntry, RewardEntry, StataRewards
from keeper.config.kinds import AddressText, AnyBps, NameText, PriceText
from keeper.config.limits import LimitsSection
from keeper.config.profile import ChainProfile, load_profile
from keeper.config.settings import read_toml
from keeper.config.strict import Strict, validate
from keeper.config.voices import AggregatorVoice, Erc4626Voice, Symbol, TwapVoice
from keeper.errors import ConfigInvalid, WeightsNotWhole
from keeper.units import BPS, Bps, Seconds

MANDATE_MAX_DAYS = 90
"""The contracts' ceiling on a keeper's mandate."""

LEAST_GRACE = Seconds(3_600)
"""Seconds for which push feeds are not heard after a sequencer's return: what Chainlink's own example waits."""

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

    kind: Literal["swap_router_02", "v3_pool", "uniswap_v2", "erc4626", "routed_share"]


class RouteEntry(Strict):
    """[[routes]]: a way from one asset to another. `path` alternates symbols and fee tiers: ["WBTC", 3000, "WETH"].

    Through a V2 pair, or into a share and out of it, there is no tier to choose: ["USDC", "waUSDC"]. With `claim`, the
    index of one of [[claims]], it sells that claim's reward into a safe asset.
    """

    path: Annotated[tuple[Symbol | FeeTier, ...], Field(min_length=2, strict=False)]
    adapter: NameText
    venue: AddressText
    slip_bps: AnyBps
    enabled: bool = True
    claim: Annotated[int, Field(ge=0)] | None = None

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
    rewards: Annotated[tuple[RewardEntry, ...], Field(strict=False)] = ()
    claims: Annotated[tuple[ClaimEntry, ...], Field(strict=False)] = ()

    @property
    def priced(self) -> tuple[AssetEntry | RewardEntry, ...]:
        """Everything the oracle has a price of: assets, then rewards."""
        return (*self.assets, *self.rewards)

    def priced_as(self, symbol: str) -> AssetEntry | RewardEntry:
        """The asset or reward of that symbol. KeyError where there is none."""
        for entry in self.priced:
            if entry.symbol == symbol:
                return entry
        raise KeyError(symbol)

    def index_of(self, symbol: str) -> int:
        """An asset's index. KeyError where no asset has the symbol."""
        for index, asset in enumerate(self.assets):
            if asset.symbol == symbol:
                return index
        raise KeyError(symbol)

    def underlying_of(self, symbol: str) -> str | None:
        """What a listed share counts in, by symbol; None for an asset that is no share."""
        voice = self.assets[self.index_of(symbol)].sources[0]
        return voice.underlying if isinstance(voice, Erc4626Voice) else None

    def shares(self) -> dict[str, str]:
        """Every listed share and what it counts in, by symbol."""
        found = {asset.symbol: self.underlying_of(asset.symbol) for asset in self.assets}
        return {symbol: below for symbol, below in found.items() if below is not None}

    def chain_profile(self) -> ChainProfile:
        """The chain it is for. ConfigInvalid for an unknown profile."""
        return load_profile(self.profile)


def load_deployment(path: Path) -> DeploymentFile:
    """The deployment in `path`. Raises ConfigInvalid or a kind of it; WeightsNotWhole where targets miss 100 %."""
    deployment = validate(DeploymentFile, read_toml(path), path.name)
    hold_together(deployment, path.name)
    return deployment


def hold_together(deployment: DeploymentFile, file: str) -> None:
    """What no field can say alone. Raises ConfigInvalid or a kind of it; WeightsNotWhole where targets miss 100 %."""
    _check_names(deployment, file)
    total = sum(asset.target_bps for asset in deployment.assets)
    if total != BPS:
        raise WeightsNotWhole(f"assets in {file}", total)
    _check_sequencer(deployment, load_profile(deployment.profile, where=f"profile in {file}"), file)


def _check_sequencer(deployment: DeploymentFile, profile: ChainProfile, file: str) -> None:
    """A push feed read without the sequencer's uptime feed would speak old prices as the sequencer returns."""
    if not profile.sequencer_feed:
        return
    places = [(f"assets[{index}]", asset.sources) for index, asset in enumerate(deployment.assets)]
    places += [(f"rewards[{index}]", reward.sources) for index, reward in enumerate(deployment.rewards)]
    for at, sources in places:
        for place, voice in enumerate(sources):
            if not isinstance(voice, AggregatorVoice):
                continue
            where = f"{at}.sources[{place}].sequencer in {file}"
            if voice.sequencer != profile.sequencer_feed:
                complaint = f"{voice.sequencer or 'none'} is not {profile.name}'s sequencer feed"
                raise ConfigInvalid(where, complaint, remedy=f'write sequencer = "{profile.sequencer_feed}"')
            if voice.grace < LEAST_GRACE:
                complaint = f"a grace of {voice.grace} s after the sequencer's return"
                raise ConfigInvalid(where, complaint, remedy=f"write grace = {LEAST_GRACE} or more")


def _check_names(deployment: DeploymentFile, file: str) -> None:
    places = [f"assets[{index}]" for index in range(len(deployment.assets))]
    places += [f"rewards[{index}]" for index in range(len(deployment.rewards))]
    for place, (at, entry) in enumerate(zip(places, deployment.priced, strict=True)):
        _check_new(entry, deployment.priced[:place], at, file)
    for at, entry in zip(places, deployment.priced, strict=True):
        _check_sources(deployment, entry, f"{at}.sources in {file}")
    for index, claim in enumerate(deployment.claims):
        _check_claim(deployment, claim, f"claims[{index}] in {file}")
    for index, reward in enumerate(deployment.rewards):
        if reward.symbol not in {claim.reward for claim in deployment.claims}:
            remedy = f'add [[claims]] with reward = "{reward.symbol}", or remove it'
            raise ConfigInvalid(f"rewards[{index}] in {file}", f"no claim pays {reward.symbol}", remedy=remedy)
    for index, route in enumerate(deployment.routes):
        where = f"routes[{index}] in {file}"
        _check_ends(deployment, route, where)
        if route.adapter not in deployment.adapters:
            remedy = f"use one of {', '.join(sorted(deployment.adapters))}, or add [adapters.{route.adapter}]"
            raise ConfigInvalid(where, f"no adapter {route.adapter}", remedy=remedy)
        _check_door(deployment, route, where)


def _check_new(entry: AssetEntry | RewardEntry, before: Sequence[AssetEntry | RewardEntry], at: str, file: str) -> None:
    if entry.symbol in {other.symbol for other in before}:
        raise ConfigInvalid(f"{at}.symbol in {file}", f"{entry.symbol} is listed twice")
    twin = next((other.symbol for other in before if other.token == entry.token), None)
    if twin is not None:
        raise ConfigInvalid(f"{at}.token in {file}", f"{entry.token} is {twin} already")


def _check_sources(deployment: DeploymentFile, entry: AssetEntry | RewardEntry, where: str) -> None:
    symbols = [other.symbol for other in deployment.priced]
    for voice in entry.sources:
        if isinstance(voice, TwapVoice):
            _known(voice.quote, symbols, where)
        if not isinstance(voice, Erc4626Voice):
            continue
        if len(entry.sources) != 1:
            raise ConfigInvalid(where, "a share has its rate and no other source", remedy="remove the other sources")
        _known(voice.underlying, [asset.symbol for asset in deployment.assets], where)
        if deployment.underlying_of(voice.underlying) is not None:
            remedy = f"name an underlying with price sources of its own, not {voice.underlying}"
            raise ConfigInvalid(where, f"{voice.underlying} is a share itself", remedy=remedy)


def _check_claim(deployment: DeploymentFile, claim: ClaimEntry, where: str) -> None:
    """What a claim pays is priced, and is no principal; a share's own claim names a share."""
    _known(claim.reward, [entry.symbol for entry in deployment.priced], where)
    if claim.reward in {symbol for pair in deployment.shares().items() for symbol in pair}:
        complaint = f"{claim.reward} is a share or the underlying of one: what is claimed could be principal"
        raise ConfigInvalid(where, complaint, remedy="claim a reward that no listed share is made of")
    if isinstance(claim, StataRewards):
        _known(claim.share, [asset.symbol for asset in deployment.assets], where)
        if deployment.underlying_of(claim.share) is None:
            raise ConfigInvalid(where, f"{claim.share} is no share", remedy='name an asset of source kind = "erc4626"')


def _check_ends(deployment: DeploymentFile, route: RouteEntry, where: str) -> None:
    """A route leads from one asset to another, or with `claim` from that claim's reward into a safe asset."""
    rewards = [reward.symbol for reward in deployment.rewards]
    for symbol in route.symbols:
        _known(symbol, [entry.symbol for entry in deployment.priced], where)
    first, last = route.symbols[0], route.symbols[-1]
    if first == last:
        raise ConfigInvalid(where, f"sells {first} for {last}")
    if last in rewards:
        raise ConfigInvalid(where, f"buys {last}, which is a reward and no asset", remedy=f"list {last} to hold it")
    if route.claim is None:
        if first in rewards:
            raise ConfigInvalid(where, f"sells the reward {first} of no claim", remedy="write claim = INDEX")
        return
    if route.claim >= len(deployment.claims):
        raise ConfigInvalid(where, f"claim {route.claim} of {len(deployment.claims)}", remedy="they count from 0")
    if first not in rewards or deployment.claims[route.claim].reward != first:
        paid = deployment.claims[route.claim].reward
        raise ConfigInvalid(
            where, f"sells {first}, claim {route.claim} pays {paid}", remedy=f"begin with a reward: {paid}"
        )
    if not deployment.assets[deployment.index_of(last)].safe_rank:
        raise ConfigInvalid(where, f"sells a reward into {last}, which is not safe", remedy="end in a safe asset")


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
    first, last = route.symbols[0], route.symbols[-1]
    ends = [deployment.priced_as(symbol).token for symbol in (first, last)]
    if kind == "erc4626" and route.venue not in ends:
        remedy = "write the share's own address as the venue"
        raise ConfigInvalid(where, f"{route.venue} is neither {' nor '.join(route.symbols)}", remedy=remedy)
    if kind == "routed_share":
        shares = deployment.shares()
        if len([end for end in (first, last) if end in shares]) != 1:
            remedy = 'write path = ["WETH", 500, "SHARE"], as if the share were its asset'
            raise ConfigInvalid(where, f"of {first} and {last} not one is a share", remedy=remedy)
        if first == shares.get(last) or last == shares.get(first):
            raise ConfigInvalid(where, f"{first} and {last} need no router", remedy="use an adapter of kind erc4626")


def _known(symbol: str, symbols: list[str], where: str) -> None:
    if symbol not in symbols:
        raise ConfigInvalid(where, f"no asset {symbol}", remedy=f"use one of {', '.join(symbols)}")
