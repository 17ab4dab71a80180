"""`make compare`: hold a chain against its manifest, fact by fact; needs no key and no compiler.

Exit codes: 0 the same · 2 the command or the manifest is wrong · 6 not that chain, or none · 9 they differ. stdout is a
line a difference, with both values.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from keeper.exit_codes import ExitCode
from keeper.manifest import Manifest, check_chain, load_manifest
from scripts import facts, networks
from scripts.facts import Difference
from scripts.front import answer, say
from scripts.reading import Reader


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="compare", description="hold a chain against its manifest")
    parser.add_argument("--network", required=True, help="devnet, devnet:NAME, or one of brownie-networks.yaml")
    parser.add_argument("--manifest", type=Path, required=True, help="deployments/<chainid>/<name>.json")
    return parser.parse_args(words)


def compare(manifest: Manifest, reader: Reader) -> tuple[Difference, ...]:
    """Every fact on which the two disagree, at the reader's block."""
    return facts.differences(facts.recorded(manifest), facts.found(reader, manifest))


def run(options: argparse.Namespace) -> ExitCode:
    """The whole command."""
    manifest = load_manifest(options.manifest)
    reader = Reader(networks.find(options.network))
    label = f"network {reader.network.label}"
    check_chain(manifest, options.manifest, label, chain_id=reader.chain_id, genesis=reader.genesis)
    differences = compare(manifest, reader)
    for difference in differences:
        print(difference)
    checked = len(facts.recorded(manifest))
    if differences:
        say(
            f"{len(differences)} of {checked} facts differ at block {reader.block}. "
            "Remedy: find out who changed them, and halt the vault if nobody should have"
        )
        return ExitCode.DIFFERS
    say(f"{checked} facts are the same at block {reader.block}")
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(answer(lambda: run(arguments())))
