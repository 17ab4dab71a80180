"""The full local chain's deployment, as the story tells it: five assets, one of them a share that pays a reward.

python -m scripts.furnished [NAME] > deploy.furnished.toml

WETH, WBTC, waUSDC (Aave's wrapper of USDC), USDC, and DAI at no weight: the refuge where USDC has left its peg. The
wrapper's LINK incentives are claimed and sold. Every price has three push feeds of three kinds (Chainlink's aggregator,
Chainlink's signed reports, API3), ETH and BTC a TWAP besides.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from keeper.devnet import uniswap
from keeper.devnet.book import Beacon, Book, SignedFeed, Voice
from keeper.errors import UsageError
from keeper.units import BPS, Usd18, amount_for, format_units
from scripts.devnet_deployment import MARGIN_BPS, TWAP_SECONDS, print_running, route_lines
from scripts.front import answer

Path = tuple[str | int, ...]
SHARE, UNDERLYING, REWARD = "waUSDC", "USDC", "LINK"
DEPOSIT_USD = 3_200_000
"""Whole dollars at the opening prices, parted by the targets."""
DAILY_CAP = "5000"
"""Dollars of the reward that may be sold in any 24 h; a tenth of a per cent of NAV binds before."""
GROWTH_BPS_PER_YEAR = 2_000
"""What the share's rate may grow: three times what Aave pays on USDC where nine tenths of it are lent out."""
KEEPERS, GUARDIANS = ("keeper", "standby"), ("guardian", "guardian_2")


@dataclass(frozen=True, slots=True)
class Holding:
    """One asset: target, least and most in bps of NAV, dollars between which it is believed, dust, rank as a refuge."""

    symbol: str
    weights: tuple[int, int, int]
    band: tuple[str, str]
    dust: int
    safe_rank: int = 0


HOLDINGS = (
    Holding("WETH", (4_000, 2_000, 6_000), ("100", "100000"), 10**12),
    Holding("WBTC", (2_500, 1_000, 4_000), ("1000", "5000000"), 10),
    Holding(SHARE, (2_000, 0, 4_000), ("0.5", "3"), 1_000),
    Holding("USDC", (1_500, 500, 10_000), ("0.5", "1.5"), 1_000, safe_rank=1),
    Holding("DAI", (0, 0, 10_000), ("0.5", "1.5"), 10**15, safe_rank=2),
)
_TWAPS = {"WETH": ("USDC", 500, 10**16), "WBTC": ("WETH", 3_000, 4 * 10**14)}
"""Quote, the pool's fee, least liquidity (the pool's L, a twentieth of what it opens with or less)."""
POOL_PATHS: tuple[Path, ...] = (
    ("WETH", 500, "USDC"),
    ("USDC", 500, "WETH"),
    ("WBTC", 3_000, "WETH"),
    ("WETH", 3_000, "WBTC"),
    ("USDC", 100, "DAI"),
    ("DAI", 100, "USDC"),
    ("WETH", 3_000, "USDC"),
)
"""By a pool's own door, which may fill in part. The dearer pool comes last: it is taken where the cheaper fails."""
ROUTER_PATHS: tuple[Path, ...] = (
    ("WBTC", 3_000, "WETH", 500, "USDC"),
    ("USDC", 500, "WETH", 3_000, "WBTC"),
    ("WETH", 500, "USDC", 100, "DAI"),
    ("WBTC", 3_000, "WETH", 500, "USDC", 100, "DAI"),
)
SHARE_PATHS: tuple[Path, ...] = ((UNDERLYING, SHARE), (SHARE, UNDERLYING))
ROUTED_PATHS: tuple[Path, ...] = (
    ("WETH", 500, SHARE),
    (SHARE, 500, "WETH"),
    ("WBTC", 3_000, "WETH", 500, SHARE),
    (SHARE, 500, "WETH", 3_000, "WBTC"),
    (SHARE, 100, "DAI"),
)
"""Router and share in one trade, written as if the share were USDC, whose own target a stop there would cross."""
REWARD_PATH: Path = (REWARD, 3_000, "WETH", 500, "USDC")


def render(book: Book, name: str = "treasury") -> str:
    """The TOML for a full chain. Raises UsageError for a quick one, where there is neither share nor reward."""
    if not book.full:
        raise UsageError(f"the local chain {book.name} is not the full one", remedy="keeper devnet up --fresh --full")
    lines = ["schema = 1", f'name = "{name}"', 'profile = "anvil"', "", *_roles(book), ""]
    for holding in HOLDINGS:
        lines += [*_asset(book, holding), ""]
    lines += [*_reward(book), "", *_claim(), ""]
    for adapter, kind in (
        ("pool", "v3_pool"),
        ("router", "swap_router_02"),
        ("shares", "erc4626"),
        ("routed", "routed_share"),
    ):
        lines += [f"[adapters.{adapter}]", f'kind = "{kind}"', ""]
    router = book.contracts["swap_router_02"]
    for path in POOL_PATHS:
        pool = book.pool(str(path[0]), str(path[2]), int(path[1]))
        lines += [*_route(book, path, "pool", pool.address), ""]
    for path in ROUTER_PATHS:
        lines += [*_route(book, path, "router", router), ""]
    for path in SHARE_PATHS:
        lines += [*_route(book, path, "shares", book.wrapped[SHARE].address), ""]
    for path in ROUTED_PATHS:
        lines += [*_route(book, path, "routed", router), ""]
    lines += [*_route(book, REWARD_PATH, "router", router), "claim = 0", ""]
    return "\n".join(lines)


def slip_bps(book: Book, path: Path) -> int:
    """Pool fees, the deviations of the feeds at the two ends, and a margin; rounded up. A share's ends share theirs."""
    fees = sum(-(-int(fee) * BPS // uniswap.FEE_UNIT) for fee in path[1::2]) if len(path) > 2 else 0
    ends = () if path in SHARE_PATHS else (UNDERLYING if end == SHARE else end for end in (path[0], path[-1]))
    return fees + sum(max(voice.deviation_bps for voice in voices(book, str(end))) for end in ends) + MARGIN_BPS


def voices(book: Book, symbol: str) -> tuple[Voice | SignedFeed | Beacon, ...]:
    """The push feeds of a token's price in the oracle's order, one of each kind."""
    asset = book.tokens[symbol].asset
    return (book.feeds[asset][0], book.signed[asset], book.beacons[asset])


def deposit_words(book: Book, usd: int = DEPOSIT_USD) -> list[str]:
    """What to say to scripts/deposit.py: `usd` whole dollars at the opening prices, parted by the targets."""
    words: list[str] = []
    for holding in HOLDINGS:
        worth = Usd18(usd * 10**18 * holding.weights[0] // BPS)
        token = book.tokens[UNDERLYING if holding.symbol == SHARE else holding.symbol]
        amount = amount_for(worth, Usd18(book.opening[token.asset]), token.decimals)
        if not amount:
            continue
        whole = format_units(amount, token.decimals, token.decimals).replace(",", "")
        words += (
            ["--enter", SHARE, whole] if holding.symbol == SHARE else ["--token", holding.symbol, "--amount", whole]
        )
    return words


def _roles(book: Book) -> list[str]:
    keepers = ", ".join(f'{{ address = "{book.address(role)}", mandate_days = 30 }}' for role in KEEPERS)
    return [
        "[roles]",
        f'owner = "{book.owner_safe.address}"',
        f'payout = "{book.owner_safe.address}"',
        "guardians = [" + ", ".join(f'"{book.address(role)}"' for role in GUARDIANS) + "]",
        f"keepers = [{keepers}]",
    ]


def _asset(book: Book, holding: Holding) -> list[str]:
    token = book.wrapped[SHARE] if holding.symbol == SHARE else book.tokens[holding.symbol]
    (target, least, most), (low, high) = holding.weights, holding.band
    lines = [
        "[[assets]]",
        f'symbol = "{holding.symbol}"',
        f'token = "{token.address}"',
        f"decimals = {token.decimals}",
        f"target_bps = {target}",
        f"min_bps = {least}",
        f"max_bps = {most}",
        f"dust = {holding.dust}",
        f'price_low = "{low}"',
        f'price_high = "{high}"',
    ]
    lines += [f"safe_rank = {holding.safe_rank}"] if holding.safe_rank else []
    if holding.symbol == SHARE:
        rate = ['kind = "erc4626"', f'underlying = "{UNDERLYING}"', f"max_growth_bps_per_year = {GROWTH_BPS_PER_YEAR}"]
        return [*lines, "[[assets.sources]]", *rate]
    return lines + _sources(book, holding.symbol, "assets")


def _sources(book: Book, symbol: str, section: str) -> list[str]:
    lines: list[str] = []
    for voice in voices(book, symbol):
        late = voice.heartbeat * 3 // 2
        lines += [f"[[{section}.sources]]", 'kind = "aggregator"', f'feed = "{voice.proxy}"', f"max_age = {late}"]
    if symbol in _TWAPS:
        quote, fee, liquidity = _TWAPS[symbol]
        pool = book.pool(symbol, quote, fee).address
        lines += [f"[[{section}.sources]]", 'kind = "twap"', f'pool = "{pool}"', f'quote = "{quote}"']
        lines += [f"window = {TWAP_SECONDS}", f"min_liquidity = {liquidity}"]
        lines.append(f"min_cardinality = {uniswap.CARDINALITY}")
    return lines


def _reward(book: Book) -> list[str]:
    token = book.tokens[REWARD]
    head = [
        "[[rewards]]",
        f'symbol = "{REWARD}"',
        f'token = "{token.address}"',
        f"decimals = {token.decimals}",
    ]
    return head + _sources(book, REWARD, "rewards")


def _claim() -> list[str]:
    return [
        "[[claims]]",
        'kind = "stata_rewards"',
        f'share = "{SHARE}"',
        f'reward = "{REWARD}"',
        f'daily_cap = "{DAILY_CAP}"',
    ]


def _route(book: Book, path: Path, adapter: str, venue: str) -> list[str]:
    return route_lines(path, adapter, venue, slip_bps(book, path))


if __name__ == "__main__":
    raise SystemExit(answer(lambda: print_running(sys.argv[1:], render)))
