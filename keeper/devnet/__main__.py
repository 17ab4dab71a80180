"""`python -m keeper.devnet fetch`: what set-up runs before there is a command line."""

from __future__ import annotations

import sys

from keeper.devnet import parts
from keeper.errors import KeeperError


def main(arguments: list[str]) -> int:
    """Returns the exit code of keeper/exit_codes.py; the result goes to stdout, the talk to stderr."""
    if arguments != ["fetch"]:
        print("usage: python -m keeper.devnet fetch", file=sys.stderr)
        return 2
    try:
        parts.fetch(say=lambda line: print(line, flush=True))
    except KeeperError as error:
        print(f"error[{error.code}]: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
