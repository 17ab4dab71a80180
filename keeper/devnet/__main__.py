"""`python -m keeper.devnet fetch | feeds | traders | exchanges`: what set-up and the demo run as own processes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from keeper.devnet import book, course, local, pacing
from keeper.devnet.course import Course
from keeper.devnet.exchanges import Exchanges
from keeper.devnet.feeds import Feeds
from keeper.devnet.path import PLOTS
from keeper.devnet.traders import Traders
from keeper.errors import KeeperError


def main(words: list[str]) -> int:
    """Returns the exit code of keeper/exit_codes.py; the result goes to stdout, one line an error to stderr."""
    asked = _parser().parse_args(words)
    try:
        if asked.command == "fetch":
            local.bring(full=True, say=lambda line: print(line, flush=True))
        else:
            _run(asked)
    except KeeperError as error:
        print(f"error[{error.code}]: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m keeper.devnet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="bring the pinned packages that are missing, and compile what has no artifacts")
    feeds = commands.add_parser("feeds", help="the voices: the first of a step, which sets the chain's clock")
    traders = commands.add_parser("traders", help="noise, arbitrage and Aave's borrowers: the second")
    exchanges = commands.add_parser("exchanges", help="two HTTP servers with tickers; their addresses come first")
    for part in (feeds, traders, exchanges):
        part.add_argument("--book", type=Path, required=True, help="the chain's book.json")
        part.add_argument("--seed", type=int, default=7)
        part.add_argument("--steps", type=int, default=480, help="how many steps tell the whole story")
        part.add_argument("--plot", choices=sorted(PLOTS), default="days", help="which story")
        part.add_argument("--prices", type=Path, help="a file of closes to replay instead of a story")
        part.add_argument("--step", type=int, default=course.STEP_SECONDS, help="chain seconds a step")
        part.add_argument("--pace", type=float, default=1.0, help="wall seconds from one step's start to the next")
        part.add_argument("--on-demand", action="store_true", help="one step for each line on stdin, not a pace")
    feeds.add_argument("--steady", action="store_true", help="no voice is ever late or silent")
    feeds.add_argument("--liar", default="", help="the voice that lies for an hour or two, such as ETH/0")
    traders.add_argument("--squeeze", action="store_true", help="a borrower makes Aave's USDC scarce for some hours")
    return parser


def _run(asked: argparse.Namespace) -> None:
    pacing.hear_endings()
    where = book.load(asked.book)
    told = _course(asked, where)
    match asked.command:
        case "feeds":
            part: pacing.Stepping = Feeds(where, told, steady=asked.steady, liar=asked.liar)
        case "traders":
            part = Traders(where, told, squeeze=asked.squeeze)
        case _:
            part = Exchanges(where, told)
            pacing.say(part.urls)
    pacing.take_steps(part, on_demand=asked.on_demand, pace=asked.pace)


def _course(asked: argparse.Namespace, where: book.Book) -> Course:
    """The prices that were asked for. Raises UsageError where they do not begin as the chain did."""
    if asked.prices is not None:
        told = course.replayed(asked.prices, asked.seed, asked.step)
        course.hold_against_opening(told, where.opening)
        return told
    return course.told(asked.seed, asked.steps, where.opening, asked.plot, asked.step)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
