"""`make publish`: the deployed contracts' sources, verified where people look them up: Sourcify, and an Etherscan.

Everything is compiled again first, from the very standard JSON input that is handed over, and held against the chain's
code (metadata included, immutables aside) and each creation transaction: what differs is not published. Where the
sources are then stands in the manifest.

Exit codes: 0 published, now or before · 2 the command or a key's reference is wrong · 5 a verifier refuses · 6 chain or
verifier do not answer · 9 the chain's code is not what these sources make.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from keeper.config.profile import load_profile
from keeper.config.secrets import resolve
from keeper.errors import RefusedError, UsageError
from keeper.exit_codes import ExitCode
from keeper.manifest import LOCAL_CHAINS, Manifest, Part, Published, check_chain, load_manifest
from scripts import facts, networks, recompiling
from scripts.front import answer, say
from scripts.reading import Reader
from scripts.recompiling import Compiled
from scripts.verifiers import Etherscan, Request, Sourcify, Verifier

SCHEMA = "ballast.publish/1"
KEY = "env:ETHERSCAN_API_KEY"
_SOURCIFYS_PAGES = "https://repo.sourcify.dev"
_HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verifier made of one part."""

    part: str
    address: str
    verifier: str
    words: str
    refused: bool = False


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="publish", description="verify deployed contracts' sources")
    parser.add_argument("--network", required=True, help="devnet, devnet:NAME, or one of brownie-networks.yaml")
    parser.add_argument("--manifest", type=Path, required=True, help="deployments/<chainid>/<name>.json")
    parser.add_argument("--to", choices=("sourcify", "etherscan", "both"), default="both")
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="vault, adapters.pool …; repeat it")
    parser.add_argument("--etherscan-key", default=KEY, metavar="REFERENCE", help=f"env:NAME or file:PATH, else {KEY}")
    parser.add_argument("--sourcify", metavar="URL", help=f"another than {Sourcify.URL}")
    parser.add_argument("--etherscan", metavar="URL", help=f"another than {Etherscan.URL}")
    parser.add_argument("--pause", type=float, default=3.0, help="seconds between two questions")
    parser.add_argument("--out", type=Path, help="with --dry-run: the folder for the JSON, else beside the manifest")
    parser.add_argument("--dry-run", action="store_true", help="compile, compare, write the JSON; publish nothing")
    parser.add_argument("--json", action="store_true", help="one object instead of lines")
    return parser.parse_args(words)


def run(options: argparse.Namespace) -> ExitCode:
    """The whole command. Raises KeeperErrors as the module's docstring lists them."""
    manifest = load_manifest(options.manifest)
    network = networks.find(options.network)
    reader = Reader(network)
    label = f"network {network.label}"
    check_chain(manifest, options.manifest, label, chain_id=reader.chain_id, genesis=reader.genesis)
    parts = _parts(manifest, options.only)
    asked = [] if options.dry_run else verifiers(options, manifest)
    standard = recompiling.standard_input(manifest)
    say(f"compiling {len(standard['sources'])} sources again; this takes some minutes")
    made = recompiling.recompile(standard, sorted({part.contract for part in parts.values()}))
    recompiling.hold(manifest, parts, made, reader)
    say(f"the code of {len(parts)} contracts on chain {manifest.chain.id} is what these sources make")
    if options.dry_run:
        for path in write(options, manifest, parts, made, standard):
            print(path)
        return ExitCode.DONE
    outcomes = [_verified(verifier, one) for verifier in asked for one in _requests(manifest, parts, made, standard)]
    whole = not options.only
    found = _recorded(options, manifest, asked, outcomes) if whole else manifest.published
    _tell(options, outcomes, found)
    return ExitCode.REFUSED if any(outcome.refused for outcome in outcomes) else ExitCode.DONE


def verifiers(options: argparse.Namespace, manifest: Manifest) -> list[Verifier]:
    """Whom to ask. Raises UsageError for a local chain's contracts on public servers, SecretMissing without a key."""
    chosen: list[Verifier] = []
    urls = {Sourcify.name: options.sourcify, Etherscan.name: options.etherscan}
    for name, url in urls.items():
        if options.to not in (name, "both"):
            continue
        if url is None and manifest.chain.id in LOCAL_CHAINS:
            raise UsageError(
                f"chain {manifest.chain.id} is local, {name} cannot see it",
                remedy=f"say --dry-run for the JSON alone, or --{name} URL for a server of your own",
            )
        if url is not None and not (url.startswith("https://") or urlsplit(url).hostname in _HERE):
            raise UsageError(f"--{name} is no https address", remedy="write https://: what is sent must not be read")
        if name == Sourcify.name:
            chosen.append(Sourcify(url or Sourcify.URL, options.pause))
        else:
            key = resolve(options.etherscan_key, "--etherscan-key", base=Path.cwd())
            chosen.append(Etherscan(url or Etherscan.URL, options.pause, key))
    return chosen


def write(
    options: argparse.Namespace,
    manifest: Manifest,
    parts: Mapping[str, Part],
    made: Mapping[str, Compiled],
    standard: Mapping[str, Any],
) -> list[Path]:
    """What would be handed over: the compiler's input, and a line of facts for each contract."""
    folder: Path = options.out or options.manifest.with_suffix(".sources")
    contracts = [
        {
            "part": name,
            "address": one.address,
            "contract": one.identifier,
            "compiler": one.compiler,
            "constructor_arguments": one.arguments,
            "tx": one.tx,
        }
        for name, one in _requests(manifest, parts, made, standard)
    ]
    texts = {"standard-input.json": json.dumps(standard), "contracts.json": json.dumps(contracts, indent=2) + "\n"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}", remedy="name another with --out") from None
    return [folder / name for name in texts]


def _parts(manifest: Manifest, only: Sequence[str]) -> dict[str, Part]:
    """The parts asked for, by name. Raises UsageError for one that is none."""
    every = facts.parts_of(manifest)
    for name in only:
        if name not in every:
            raise UsageError(f"no part {name}", remedy=f"use one of {', '.join(every)}")
    return {name: part for name, part in every.items() if not only or name in only}


def _requests(
    manifest: Manifest, parts: Mapping[str, Part], made: Mapping[str, Compiled], standard: Mapping[str, Any]
) -> list[tuple[str, Request]]:
    return [
        (
            name,
            Request(
                chain_id=manifest.chain.id,
                address=part.address,
                identifier=made[part.contract].identifier,
                compiler=recompiling.compiler_version(),
                arguments=part.constructor.removeprefix("0x"),
                tx=part.tx,
                standard=standard,
            ),
        )
        for name, part in parts.items()
    ]


def _verified(verifier: Verifier, one: tuple[str, Request]) -> Outcome:
    """One that is refused does not keep the others from being published."""
    name, request = one
    try:
        words, refused = verifier.verify(request), False
    except RefusedError as error:
        words, refused = error.message, True
    say(f"  {name:<18} {request.address}  {verifier.name}: {words}")
    return Outcome(name, request.address, verifier.name, words, refused)


def _recorded(
    options: argparse.Namespace, manifest: Manifest, asked: Sequence[Verifier], outcomes: Sequence[Outcome]
) -> Published:
    """The manifest's word on where the sources are: a verifier that has all of them, by the vault's page."""
    explorer, vault = load_profile(manifest.chain.profile).explorer, manifest.parts.vault.address
    pages = {
        Sourcify.name: f"{_SOURCIFYS_PAGES}/{manifest.chain.id}/{vault}",
        Etherscan.name: f"{explorer}/address/{vault}#code" if explorer else None,
    }
    have = {verifier.name for verifier in asked} - {outcome.verifier for outcome in outcomes if outcome.refused}
    pages = {name: page for name, page in pages.items() if name in have}
    found = manifest.published.model_copy(update=pages)
    path: Path = options.manifest
    document = json.loads(path.read_text(encoding="utf-8")) | {"published": found.model_dump()}
    staged = path.with_name(f".{path.name}.new")
    staged.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    staged.replace(path)
    return found


def _tell(options: argparse.Namespace, outcomes: Sequence[Outcome], found: Published) -> None:
    if options.json:
        rows = [
            {
                "part": one.part,
                "address": one.address,
                "verifier": one.verifier,
                "said": one.words,
                "ok": not one.refused,
            }
            for one in outcomes
        ]
        print(json.dumps({"schema": SCHEMA, "contracts": rows, "published": found.model_dump()}))
        return
    for one in outcomes:
        print(f"{one.part} {one.address} {one.verifier}: {one.words}")


if __name__ == "__main__":
    raise SystemExit(answer(lambda: run(arguments())))
