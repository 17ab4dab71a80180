"""A deployment as flat facts, name → text: once as its manifest says, once as the chain does, to be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from eth_utils.address import to_checksum_address

from keeper.config.kinds import ZERO_ADDRESS
from keeper.manifest import AssetRecord, Manifest, Part, RewardRecord, SourcePart
from scripts import foreign
from scripts.reading import Reader, Unanswered

Facts: TypeAlias = dict[str, str]
ABSENT = "nothing"
IMMUTABLES: Mapping[str, tuple[str, ...]] = {
    "KeeperVault": ("rulebook",),
    "Clerk": (),
    "Rulebook": ("vault", "clerk"),
    "MedianOracle": (),
    "AggregatorSource": ("token", "feed", "feedDecimals", "feedPhase", "maxAge", "sequencerFeed", "grace"),
    "TwapSource": ("token", "pool", "window", "minLiquidity", "quoteOne", "quoteTwo"),
    "Erc4626Source": ("token", "underlying", "maxGrowthBpsPerYear", "rateAtListing", "listedAt"),
    "SwapRouter02Adapter": (),
    "Erc4626Adapter": (),
    "RoutedShareAdapter": (),
    "UniswapV2Adapter": ("factory", "pairInitCodeHash"),
    "V3PoolAdapter": ("factory", "poolInitCodeHash"),
}
"""The public ones, by the name of their view; private ones are held by the code's hash."""
FEEDS = ("feed", "sequencerFeed")
"""Immutables that may be proxies of an aggregator."""
_ASSET_FIELDS = ("token", "decimals", "safeRank", "minBps", "maxBps", "depegBps", "dust", "priceLow", "priceHigh")
_CLAIM_FIELDS = ("target", "reward", "dailyCap", "enabled", "data")
_ROUTE_FIELDS = ("assetIn", "assetOut", "claim", "slipBps", "enabled", "adapter", "venue", "data")


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact on which manifest and chain disagree."""

    fact: str
    manifest: str
    chain: str

    def __str__(self) -> str:
        return f"{self.fact}: manifest {self.manifest}, chain {self.chain}"


def differences(recorded: Facts, found: Facts) -> tuple[Difference, ...]:
    """Every fact that only one side has or that the two state differently, in the manifest's order."""
    names = [*recorded, *(name for name in found if name not in recorded)]
    pairs = ((name, recorded.get(name, ABSENT), found.get(name, ABSENT)) for name in names)
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def parts_of(manifest: Manifest) -> dict[str, Part]:
    """Every contract of the deployment by a name of its own."""
    parts = manifest.parts
    return {
        **{f"sources.{name}": part for name, part in sorted(parts.sources.items())},
        "oracle": parts.oracle,
        **{f"adapters.{name}": part for name, part in sorted(parts.adapters.items())},
        **({"clerk": parts.clerk} if parts.clerk else {}),
        "rulebook": parts.rulebook,
        "vault": parts.vault,
    }


def recorded(manifest: Manifest) -> Facts:
    """What the manifest says."""
    facts: Facts = {}
    for name, part in parts_of(manifest).items():
        facts[f"{name}.code"] = part.runtime_hash
        facts |= {f"{name}.{key}": value for key, value in part.immutables.items()}
        if isinstance(part, SourcePart):
            facts |= {f"{name}.behind.{key}": value for key, value in part.behind.items()}
    facts |= {f"surroundings.{address}": digest for address, digest in manifest.surroundings.items()}
    facts |= {f"limits.{name}": _text(value) for name, value in manifest.limits.items()}
    roles = manifest.roles
    facts |= {
        "roles.owner": roles.owner,
        "roles.pending_owner": roles.pending_owner or ZERO_ADDRESS,
        "roles.payout": roles.payout,
        "oracle": manifest.parts.oracle.address,
        "config_version": str(manifest.config_version),
        "claims": str(len(manifest.claims)),
        "oracle.listed": str(len(manifest.assets) + len(manifest.rewards)),
    }
    facts |= {f"roles.guardians[{place}]": guardian for place, guardian in enumerate(roles.guardians)}
    facts |= {f"roles.keepers[{place}]": _mandate(k.address, k.expires) for place, k in enumerate(roles.keepers)}
    for asset in manifest.assets:
        where = f"assets[{asset.index}]"
        facts |= {f"{where}.{field}": str(getattr(asset, snake(field))) for field in _ASSET_FIELDS}
        facts |= {f"{where}.frozen": "false", f"{where}.target_bps": str(asset.target_bps)}
    for where, priced in _priced(manifest).items():
        facts[f"{where}.code"] = priced.code_hash
        facts[f"{where}.implementation"] = priced.implementation or ZERO_ADDRESS
        mine = (part.address for _, part in sorted(manifest.parts.sources.items()) if part.asset == priced.symbol)
        facts[f"{where}.sources"] = " ".join(mine)
    for claim in manifest.claims:
        where = f"claims[{claim.index}]"
        facts |= {f"{where}.{field}": _text(getattr(claim, snake(field))) for field in _CLAIM_FIELDS}
    for route in manifest.routes:
        where = f"routes[{route.index}]"
        facts |= {f"{where}.{field}": _text(getattr(route, snake(field))) for field in _ROUTE_FIELDS}
    return facts


def _priced(manifest: Manifest) -> dict[str, AssetRecord | RewardRecord]:
    """All that the oracle prices, by its place in the manifest."""
    return {
        **{f"assets[{asset.index}]": asset for asset in manifest.assets},
        **{f"rewards[{place}]": reward for place, reward in enumerate(manifest.rewards)},
    }


def found(reader: Reader, manifest: Manifest) -> Facts:
    """What the chain says, asked at the addresses of the manifest. What does not answer says so."""
    facts: Facts = {}
    parts = parts_of(manifest)
    for name, part in parts.items():
        facts[f"{name}.code"] = reader.code_hash(part.address)
        facts |= {f"{name}.{key}": value for key, value in immutables(reader, part.contract, part.address).items()}
        if isinstance(part, SourcePart):
            facts |= {f"{name}.behind.{key}": value for key, value in behind(reader, part.immutables).items()}
    facts |= {f"surroundings.{address}": reader.code_hash(address) for address in manifest.surroundings}
    return facts | rules(reader, manifest) | _portfolio(reader, manifest)


def immutables(reader: Reader, contract: str, address: str) -> dict[str, str]:
    """The public immutables of one contract of ours."""
    return {name: _answer(reader, contract, address, name) for name in IMMUTABLES[contract]}


def behind(reader: Reader, fixed: Mapping[str, str]) -> dict[str, str]:
    """The aggregator behind each feed that is a proxy; {} where a source has none."""
    heads: dict[str, str] = {}
    for name in FEEDS:
        feed = fixed.get(name, ZERO_ADDRESS)
        if feed == ZERO_ADDRESS:
            continue
        try:
            heads[name] = str(reader.ask_abi("proxy", foreign.PROXY_FEED, feed, "aggregator"))
        except Unanswered:
            continue
    return heads


def rules(reader: Reader, manifest: Manifest) -> Facts:
    """What the rulebook says: roles, limits, assets, routes, claims."""
    book = manifest.parts.rulebook.address

    def ask(function: str) -> Any:
        return reader.ask("Rulebook", book, function)

    facts = {
        "roles.owner": _answer(reader, "Rulebook", book, "owner"),
        "roles.pending_owner": _answer(reader, "Rulebook", book, "pendingOwner"),
        "roles.payout": _answer(reader, "Rulebook", book, "payout"),
        "oracle": _answer(reader, "Rulebook", book, "oracle"),
        "config_version": _answer(reader, "Rulebook", book, "configVersion"),
    }
    return facts | _tell(
        {
            "limits": lambda: {
                f"limits.{snake(name)}": _text(value) for name, value in ask("limits")._asdict().items()
            },
            "claims": lambda: {"claims": str(len(ask("claims")))} | _fields("claims", ask("claims"), _CLAIM_FIELDS),
            "roles.guardians": lambda: _numbered("roles.guardians", ask("guardians")),
            "roles.keepers": lambda: _numbered(
                "roles.keepers", [_mandate(one.keeper, one.expires) for one in ask("keepers")]
            ),
            "routes": lambda: _fields("routes", ask("routes"), _ROUTE_FIELDS),
            "assets": lambda: _fields("assets", ask("assets"), (*_ASSET_FIELDS, "frozen")),
        }
    )


def _portfolio(reader: Reader, manifest: Manifest) -> Facts:
    """Targets from the vault, tokens' code, and the voices the rulebook's own oracle has on each of them."""
    facts = _tell({"state": lambda: _targets(reader.ask("KeeperVault", manifest.parts.vault.address, "state"))})
    oracle = manifest.parts.oracle.address
    listed = 0
    for where, priced in _priced(manifest).items():
        facts[f"{where}.code"] = reader.code_hash(priced.token)
        facts[f"{where}.implementation"] = reader.implementation(priced.token)
        sources = _answer(reader, "MedianOracle", oracle, "sources", priced.token)
        facts[f"{where}.sources"] = sources
        listed += bool(sources)
    return facts | {"oracle.listed": str(listed)}


def _tell(questions: Mapping[str, Callable[[], Facts]]) -> Facts:
    facts: Facts = {}
    for name, question in questions.items():
        try:
            facts |= question()
        except Unanswered as silence:
            facts[name] = f"no answer ({silence})"
    return facts


def _answer(reader: Reader, contract: str, address: str, function: str, *arguments: Any) -> str:
    try:
        return _text(reader.ask(contract, address, function, *arguments))
    except Unanswered as silence:
        return f"no answer ({silence})"


def _targets(state: Any) -> Facts:
    return {f"assets[{index}].target_bps": str(target) for index, target in enumerate(state.targetsBps)}


def _numbered(where: str, values: Sequence[object]) -> Facts:
    return {f"{where}[{place}]": _text(value) for place, value in enumerate(values)}


def _fields(where: str, rows: Sequence[Any], names: Sequence[str]) -> Facts:
    return {f"{where}[{place}].{name}": _text(getattr(row, name)) for place, row in enumerate(rows) for name in names}


def _mandate(keeper: str, expires: int) -> str:
    return f"{keeper} until {expires}"


def snake(name: str) -> str:
    """A name of the contracts' as Python writes it."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return " ".join(_text(item) for item in value)
    if isinstance(value, str) and value.startswith("0x") and len(value) == 42:
        return to_checksum_address(value)
    return str(value)
