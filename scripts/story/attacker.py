"""The thief's process: it has copied the keeper's configuration, key file and password, and has money of its own.

python -m scripts.story.attacker --config FILE --book FILE: each line on stdin is a turn, the line `leave` the last one;
each is answered by one JSON line {"deeds": […]}. It ends with its stdin.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from keeper.config import load_settings
from keeper.devnet import book as books
from keeper.devnet import hands
from keeper.errors import KeeperError
from keeper.exit_codes import ExitCode
from keeper.ops.post import take
from scripts.story.capital import Capital
from scripts.story.raid import Raid

LEAVE = "leave"


def main(words: Sequence[str] | None = None) -> int:
    """Returns the exit code of keeper/exit_codes.py; one line an error on stderr."""
    parser = argparse.ArgumentParser(prog="attacker", description="a thief with the keeper's key, on a local chain")
    parser.add_argument("--config", type=Path, required=True, help="the keeper's own configuration")
    parser.add_argument("--book", type=Path, required=True, help="the local chain's book.json")
    asked = parser.parse_args(words)
    try:
        _raid(asked.config, asked.book)
    except KeeperError as error:
        print(f"error[{error.code}]: {error}", file=sys.stderr)
        return int(error.exit_code)
    return int(ExitCode.DONE)


def _raid(config: Path, where: Path) -> None:
    book, post = books.load(where), take(load_settings(config), None, live=True)
    vault, key = post.manifest.parts.vault.address, str(post.account)
    raid = Raid(post, book, Capital(hands.of(book, "thief"), book, book.address("thief"), vault, key))
    for line in sys.stdin:
        deeds = raid.leave() if line.strip() == LEAVE else raid.turn()
        print(json.dumps({"deeds": [deed.as_json() for deed in deeds]}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
