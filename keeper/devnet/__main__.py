"""`python -m keeper.devnet fetch | market`: what set-up and the demo run as processes of their own."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from pathlib import Path

from keeper.devnet import book, local
from keeper.devnet.market import STEP_SECONDS, Market
from keeper.errors import KeeperError

_ENDINGS = {signal.SIGTERM, signal.SIGINT}
_LOOK_SECONDS = 0.02


def main(words: list[str]) -> int:
    """Returns the exit code of keeper/exit_codes.py; the result goes to stdout, one line an error to stderr."""
    asked = _parser().parse_args(words)
    try:
        if asked.command == "fetch":
            local.bring(full=True, say=lambda line: print(line, flush=True))
        else:
            _run_market(asked)
    except KeeperError as error:
        print(f"error[{error.code}]: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m keeper.devnet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="bring the pinned packages that are missing, and compile what has no artifacts")
    market = commands.add_parser("market", help="move the prices of a furnished chain, one JSON line a step")
    market.add_argument("--book", type=Path, required=True, help="the chain's book.json")
    market.add_argument("--seed", type=int, default=7)
    market.add_argument("--steps", type=int, default=40, help="how many steps tell the whole story")
    market.add_argument("--step-seconds", type=int, default=STEP_SECONDS, help="chain seconds a step")
    market.add_argument("--pace", type=float, default=1.0, help="wall seconds from one step's start to the next")
    market.add_argument("--on-demand", action="store_true", help="one step for each line on stdin, instead of a pace")
    return parser


def _run_market(asked: argparse.Namespace) -> None:
    """Step until the story is over, stdin ends (on demand), SIGTERM or SIGINT comes, or nobody reads."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    market = Market(book.load(asked.book), seed=asked.seed, steps=asked.steps, step_seconds=asked.step_seconds)
    due = time.monotonic()
    while not market.is_over:
        if not (_is_demanded() if asked.on_demand else _is_time(due)):
            return
        due = max(due + asked.pace, time.monotonic())
        try:
            print(json.dumps(market.step().as_json()), flush=True)
        except BrokenPipeError:
            os.dup2(
                os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
            )  # the interpreter flushes once more at its end
            return


def _is_told_to_end() -> bool:
    return bool(signal.sigpending() & _ENDINGS)


def _is_time(due: float) -> bool:
    """Wait until `due`; False as soon as the process is told to end."""
    while not _is_told_to_end():
        left = due - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, _LOOK_SECONDS))
    return False


def _is_demanded() -> bool:
    """Wait for a line on stdin; False at its end, or as soon as the process is told to end."""
    stdin = sys.stdin.fileno()
    while not _is_told_to_end():
        if select.select([stdin], [], [], _LOOK_SECONDS)[0]:
            read = os.read(stdin, 1)  # byte by byte: a buffer would hide the lines behind this one from select
            if read in (b"\n", b""):
                return read == b"\n"
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
