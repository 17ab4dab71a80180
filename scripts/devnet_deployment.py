"""The local chain's deployment: its book rendered as the TOML that scripts/deploy.py reads.

python -m scripts.devnet_deployment [NAME] > deployment.toml
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from keeper.devnet import uniswap
from keeper.devnet.book import Book
from keeper.exit_codes import ExitCode
from scripts import networks
from scripts.front import answer

MARGIN_BPS = 10
"""What a route's slip allows beyond the pools' fees and the feeds' deviations."""
TWAP_SECONDS = 1_800
_WEIGHTS = {"WETH": (4_000, 2_000, 6_000), "WBTC": (2_500, 1_000, 4_000), "USDC": (3_500, 1_000, 10_000)}
"""Target, least and most, bps of NAV."""
_BANDS = {"WETH": ("100", "100000"), "WBTC": ("1000", "5000000"), "USDC": ("0.5", "1.5")}
"""Dollars between which a price is believed."""
_DUST = {"WETH": 10**12, "WBTC": 10, "USDC": 1_000}
_TWAPS = {"WETH": ("USDC", 500, 10**16), "WBTC": ("WETH", 3_000, 4 * 10**14)}
"""Quote, the pool's fee, least liquidity (the pool's L, a twentieth of what it opens with or less)."""
_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("WETH", 500, "USDC"),
    ("USDC", 500, "WETH"),
    ("WBTC", 3_000, "WETH"),
    ("WETH", 3_000, "WBTC"),
)
_LONG_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("WBTC", 3_000, "WETH", 500, "USDC"),
    ("USDC", 500, "WETH", 3_000, "WBTC"),
)


def render(book: Book, name: str = "treasury") -> str:
    """The TOML: three assets, two push feeds each, a TWAP where a pool can say more; every way both ways."""
    lines = ["schema = 1", f'name = "{name}"', 'profile = "anvil"', "", *_roles(book), ""]
    for symbol in _WEIGHTS:
        lines += [*_asset(book, symbol), ""]
    lines += ["[adapters.router]", 'kind = "swap_router_02"', "", "[adapters.pool]", 'kind = "v3_pool"', ""]
    for path in _PATHS:
        sold, fee, bought = str(path[0]), int(path[1]), str(path[2])
        lines += [*route_lines(path, "pool", book.pool(sold, bought, fee).address, slip_bps(book, path)), ""]
    for path in (*_PATHS, *_LONG_PATHS):
        lines += [*route_lines(path, "router", book.contracts["swap_router_02"], slip_bps(book, path)), ""]
    return "\n".join(lines)


def slip_bps(book: Book, path: tuple[str | int, ...]) -> int:
    """Pool fees, the two ends' feed deviations, and a margin; rounded up."""
    fees = sum(-(-int(fee) * 10_000 // uniswap.FEE_UNIT) for fee in path[1::2])
    ends = (book.feeds[book.tokens[str(symbol)].asset] for symbol in (path[0], path[-1]))
    return fees + sum(max(voice.deviation_bps for voice in voices) for voices in ends) + MARGIN_BPS


def _roles(book: Book) -> list[str]:
    return [
        "[roles]",
        f'owner = "{book.owner_safe.address}"',
        f'payout = "{book.owner_safe.address}"',
        f'guardians = ["{book.address("guardian")}"]',
        f'keepers = [{{ address = "{book.address("keeper")}", mandate_days = 30 }}]',
    ]


def _asset(book: Book, symbol: str) -> list[str]:
    token, (target, least, most), (low, high) = book.tokens[symbol], _WEIGHTS[symbol], _BANDS[symbol]
    lines = [
        "[[assets]]",
        f'symbol = "{symbol}"',
        f'token = "{token.address}"',
        f"decimals = {token.decimals}",
        f"target_bps = {target}",
        f"min_bps = {least}",
        f"max_bps = {most}",
        f"dust = {_DUST[symbol]}",
        f'price_low = "{low}"',
        f'price_high = "{high}"',
    ]
    if symbol == "USDC":
        lines.append("safe_rank = 1")
    for voice in book.feeds[token.asset]:
        late = voice.heartbeat * 3 // 2
        lines += ["[[assets.sources]]", 'kind = "aggregator"', f'feed = "{voice.proxy}"', f"max_age = {late}"]
    if symbol in _TWAPS:
        quote, fee, liquidity = _TWAPS[symbol]
        lines += ["[[assets.sources]]", 'kind = "twap"', f'pool = "{book.pool(symbol, quote, fee).address}"']
        lines += [f'quote = "{quote}"', f"window = {TWAP_SECONDS}", f"min_liquidity = {liquidity}"]
        lines.append(f"min_cardinality = {uniswap.CARDINALITY}")
    return lines


def route_lines(path: Sequence[str | int], adapter: str, venue: str, slip: int) -> list[str]:
    """A [[routes]] entry; `slip` in bps."""
    steps = ", ".join(str(step) if isinstance(step, int) else f'"{step}"' for step in path)
    return ["[[routes]]", f"path = [{steps}]", f'adapter = "{adapter}"', f'venue = "{venue}"', f"slip_bps = {slip}"]


def print_running(words: Sequence[str], rendered: Callable[[Book], str]) -> ExitCode:
    """Print what is `rendered` from the running chain's book; the chain is the default one, or named by a word."""
    network = networks.find(f"{networks.LOCAL}:{words[0]}" if words else networks.LOCAL)
    if network.book is not None:
        sys.stdout.write(rendered(network.book))
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(answer(lambda: print_running(sys.argv[1:], render)))
