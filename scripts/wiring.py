"""From a deployment's TOML to constructor arguments, in the order of the contracts' own structs. Reads nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.config.claims import ClaimEntry, RewardEntry, StataRewards
from keeper.config.deployment import AssetEntry, DeploymentFile, RouteEntry
from keeper.config.kinds import ZERO_ADDRESS, price
from keeper.config.voices import AggregatorVoice, Erc4626Voice, TwapVoice
from keeper.devnet.calls import encode_call
from keeper.errors import ConfigInvalid
from keeper.model import Limits

Priced: TypeAlias = AssetEntry | RewardEntry
"""What the oracle has a price of."""
DAY = 86_400
REWARD_IN = 255
"""A route's assetIn where it sells the reward of its claim."""
POOL_INIT_CODE_HASH = bytes.fromhex("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54")
"""keccak256 of the creation code of every Uniswap V3 pool; the script recomputes each venue's address with it."""
PAIR_INIT_CODE_HASH = bytes.fromhex("96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f")
"""The same of every Uniswap V2 pair."""
CONTRACTS = {"aggregator": "AggregatorSource", "twap": "TwapSource", "erc4626": "Erc4626Source"}
"""In the order of deployment."""
ADAPTERS = {
    "swap_router_02": "SwapRouter02Adapter",
    "v3_pool": "V3PoolAdapter",
    "uniswap_v2": "UniswapV2Adapter",
    "erc4626": "Erc4626Adapter",
    "routed_share": "RoutedShareAdapter",
}


def source_key(priced: Priced, place: int) -> str:
    """A source's name in the manifest. Sorting the names of a token's sources gives the oracle's order (at most 4)."""
    return f"{priced.symbol.lower()}_{place}"


def source_keys(deployment: DeploymentFile, symbol: str, kind: str | None = None) -> list[str]:
    """The names of a token's sources in the oracle's order, all or of one kind."""
    priced = deployment.priced_as(symbol)
    return [source_key(priced, place) for place, voice in enumerate(priced.sources) if kind in (None, voice.kind)]


def aggregator_arguments(priced: Priced, voice: AggregatorVoice) -> tuple[Any, ...]:
    """AggregatorSource(token, feed, maxAge, sequencerFeed, grace)."""
    return (priced.token, voice.feed, voice.max_age, voice.sequencer or ZERO_ADDRESS, voice.grace)


def twap_arguments(priced: Priced, voice: TwapVoice, quotes: Sequence[str]) -> tuple[Any, ...]:
    """TwapSource(token, pool, terms, quotes): the quote token's first two push feeds turn the mean into USD."""
    return (priced.token, voice.pool, (voice.window, voice.min_liquidity, voice.min_cardinality), list(quotes[:2]))


def rate_arguments(share: Priced, voice: Erc4626Voice) -> tuple[Any, ...]:
    """Erc4626Source(share, maxGrowthBpsPerYear)."""
    return (share.token, voice.max_growth_bps_per_year)


def listings(deployment: DeploymentFile, sources: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """MedianOracle(listings): shares after all others, for a share's underlying must be there before it."""
    in_order = sorted(deployment.priced, key=lambda priced: isinstance(priced.sources[0], Erc4626Voice))
    return [(priced.token, [sources[key] for key in source_keys(deployment, priced.symbol)]) for priced in in_order]


def route_data(deployment: DeploymentFile, route: RouteEntry, where: str) -> str:
    """A route's fixed argument, 0x-hex: the pool's fee, the router's packed path, or nothing."""
    kind = deployment.adapters[route.adapter].kind
    if kind in ("uniswap_v2", "erc4626"):
        return "0x"
    if kind == "v3_pool":
        return "0x" + encode(["uint24"], [route.fees[0]]).hex()
    tokens = {priced.symbol: priced.token for priced in deployment.priced}
    if kind == "routed_share":  # the router's path has the share's asset where the route has the share
        tokens |= {symbol: tokens[below] for symbol, below in deployment.shares().items()}
    unlisted = [symbol for symbol in route.symbols if symbol not in tokens]
    if unlisted:
        raise ConfigInvalid(where, f"no asset {unlisted[0]}", remedy=f"go through one of {', '.join(tokens)}")
    packed = bytes.fromhex(tokens[route.symbols[0]][2:])
    for fee, symbol in zip(route.fees, route.symbols[1:], strict=True):
        packed += fee.to_bytes(3, "big") + bytes.fromhex(tokens[symbol][2:])
    return "0x" + packed.hex()


def assets_of(deployment: DeploymentFile) -> list[tuple[Any, ...]]:
    """Asset[] of the rulebook."""
    return [
        (
            *(asset.token, asset.decimals, asset.safe_rank, False, asset.min_bps, asset.max_bps, asset.depeg_bps),
            *(asset.dust, price(asset.price_low), price(asset.price_high)),
        )
        for asset in deployment.assets
    ]


def routes_of(deployment: DeploymentFile, adapters: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Route[] of the rulebook.

    The fixed argument goes as bytes: brownie makes one zero byte of the text 0x.
    """
    data = [route_data(deployment, route, f"routes[{index}]") for index, route in enumerate(deployment.routes)]
    return [
        (
            *(asset_in(deployment, route), deployment.index_of(route.symbols[-1]), route.claim or 0, route.slip_bps),
            *(route.enabled, adapters[route.adapter], route.venue, bytes.fromhex(argument[2:])),
        )
        for route, argument in zip(deployment.routes, data, strict=True)
    ]


def asset_in(deployment: DeploymentFile, route: RouteEntry) -> int:
    """The index of what a route sells; 255 where that is its claim's reward."""
    return REWARD_IN if route.claim is not None else deployment.index_of(route.symbols[0])


def claim_call(deployment: DeploymentFile, claim: ClaimEntry) -> tuple[str, str]:
    """Whom a claim calls, and with what: an address and 0x-hex."""
    if not isinstance(claim, StataRewards):
        return claim.target, claim.data
    target = deployment.priced_as(claim.share).token
    return target, encode_call("claimRewardsToSelf(address[])", [deployment.priced_as(claim.reward).token])


def claims_of(deployment: DeploymentFile) -> list[tuple[Any, ...]]:
    """Claim[] of the rulebook."""
    calls = [claim_call(deployment, claim) for claim in deployment.claims]
    return [
        (
            *(target, deployment.priced_as(claim.reward).token, price(claim.daily_cap), claim.enabled),
            bytes.fromhex(data[2:]),
        )
        for claim, (target, data) in zip(deployment.claims, calls, strict=True)
    ]


def setup_of(
    deployment: DeploymentFile, *, vault: str, owner: str, oracle: str, adapters: Mapping[str, str], now: int
) -> tuple[Any, ...]:
    """Rulebook(setup). Mandates run from `now`, the latest block's time in Unix seconds."""
    roles = deployment.roles
    limits: Limits = deployment.limits.to_limits(deployment.chain_profile())
    return (
        *(vault, owner, roles.payout, oracle),
        tuple(getattr(limits, field.name) for field in dataclasses.fields(limits)),
        assets_of(deployment),
        routes_of(deployment, adapters),
        claims_of(deployment),
        list(roles.guardians),
        [(keeper.address, now + keeper.mandate_days * DAY) for keeper in roles.keepers],
    )


def pool_address(factory: str, one: str, other: str, fee: int) -> str:
    """Where a V3 factory's pool of two tokens stands, by CREATE2."""
    salt = keccak(encode(["address", "address", "uint24"], [*_by_value(one, other), fee]))
    return _create2(factory, salt, POOL_INIT_CODE_HASH)


def pair_address(factory: str, one: str, other: str) -> str:
    """Where a V2 factory's pair of two tokens stands, by CREATE2."""
    salt = keccak(b"".join(bytes.fromhex(token[2:]) for token in _by_value(one, other)))
    return _create2(factory, salt, PAIR_INIT_CODE_HASH)


def _by_value(one: str, other: str) -> list[str]:
    return sorted((one, other), key=lambda token: int(token, 16))


def _create2(factory: str, salt: bytes, code_hash: bytes) -> str:
    return to_checksum_address(keccak(b"\xff" + bytes.fromhex(factory[2:]) + salt + code_hash)[12:])
