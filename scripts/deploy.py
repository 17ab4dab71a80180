"""`make deploy`: one TOML becomes a vault with everything around it, owned by a Safe, and a manifest of it.

Always rehearsed on a fork first; scripts/papers.py says what is written. stdout is the path of the manifest.

Exit codes: 0 deployed · 2 the TOML or the command is wrong · 3 deployed, the Safe has still to accept · 5 a transaction
reverted · 6 chain · 7 key · 9 what was read back is not what was meant.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from eth_account.signers.local import LocalAccount
from eth_utils.address import is_address, to_checksum_address

from keeper.config.deployment import DeploymentFile, load_deployment
from keeper.errors import ConfigInvalid, ManifestInvalid, RefusedError, UsageError, WrongChainId
from keeper.exit_codes import ExitCode
from keeper.manifest import Manifest, check_chain, load_manifest
from keeper.units import format_units
from scripts import bounds, building, handover, keys, networks, recording, safe, stage
from scripts.front import answer, say
from scripts.networks import Network
from scripts.papers import Papers
from scripts.reading import Reader
from scripts.sending import KeyHand
from scripts.toolchain import ROOT
from scripts.yard import Yard


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="deploy", description="deploy a vault from one TOML")
    parser.add_argument("--network", required=True, help="devnet, devnet:NAME, or one of brownie-networks.yaml")
    parser.add_argument("--config", type=Path, required=True, help="the deployment's TOML (docs/deploying.md)")
    parser.add_argument("--from", dest="key", help="key: NAME of make account, PATH, or role:NAME")
    parser.add_argument("--password", help="where its password is: file:PATH, env:NAME; asked for where absent")
    parser.add_argument("--safe-owner", action="append", default=[], help="a key of the Safe, as --from; repeat it")
    parser.add_argument("--delta-bps", type=int, default=bounds.FEED_ERROR, help="a feed's assumed error")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that holds deployments/")
    parser.add_argument("--dry-run", action="store_true", help="stop after the rehearsal; --from may be an address")
    parser.add_argument("--accept", action="store_true", help="finish a deployment whose Safe had still to accept")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    return parser.parse_args(words)


def run(options: argparse.Namespace) -> ExitCode:
    """The whole command. Raises KeeperErrors as the module's docstring lists them."""
    began = time.monotonic()
    delta = bounds.delta_of(options.delta_bps)
    deployment = load_deployment(options.config)
    network = networks.find(options.network)
    reader = Reader(network)
    profile = deployment.chain_profile()
    if reader.chain_id != profile.chain_id:
        raise WrongChainId(f"network {network.label}", profile.chain_id, reader.chain_id)
    papers = Papers(options.root, reader.chain_id, deployment.name)
    if options.accept:
        return accept(options, network, reader, papers)
    papers.refuse_a_second()
    safe.read(reader, deployment.roles.owner)
    key = None if options.dry_run and is_address(options.key or "") else _key(options, network)
    deployer = to_checksum_address(options.key) if key is None else key.address
    _check_deployer(deployment, deployer)
    with stage.compiled() as project:
        gas = rehearse(project, deployment, network, deployer)
        for line in bounds.bounds_of(deployment, delta).lines():
            say(line)
        _check_money(reader, deployer, gas)
        if options.dry_run or key is None:
            say("a rehearsal only: nothing was sent")
            return ExitCode.DONE
        _confirm(options, deployment, network)
        yard = stage.opened(project, network, key, papers)
        path = perform(deployment, yard, papers, safe_keys(options, network))
    say(f"deployed in {time.monotonic() - began:.1f} s, {yard.gas:,} gas")
    print(path)
    return ExitCode.DONE


def rehearse(project: object, deployment: DeploymentFile, network: Network, deployer: str) -> int:
    """Everything on a fork, the Safe's acceptance and the reading back included; returns the gas used."""
    say(f"rehearsal on a fork of {network.label}")
    with stage.rehearsal(project, network, deployer) as yard:
        manifest = _build(deployment, yard)
        handover.offer(manifest, yard)
        rulebook = manifest.parts.rulebook.address
        if not stage.act_as(yard.reader, deployment.roles.owner, rulebook, safe.ACCEPT):
            raise RefusedError(
                "the Safe could not accept the ownership", remedy="see acceptOwnership in contracts/SPEC.md"
            )
        yard.reader.refresh()
        recording.hold_against_chain(recording.accepted(manifest, yard.reader), yard.reader)
        say(f"rehearsal done: {yard.gas:,} gas, everything read back as meant")
        return yard.gas


def perform(deployment: DeploymentFile, yard: Yard, papers: Papers, signers: Sequence[LocalAccount]) -> str:
    """The deployment itself; returns the manifest's path. Raises HoldError where the Safe has still to accept."""
    say(f"deploying to {yard.reader.network.label} as {yard.address}")
    manifest = _build(deployment, yard)
    handover.offer(manifest, yard)
    accepts = safe.Call(manifest.parts.rulebook.address, 0, safe.ACCEPT)
    batch = safe.batch(manifest.chain.id, f"accept the ownership of {manifest.name}", [accepts])
    papers.write_pending(manifest, batch)
    handover.report(manifest)
    if not safe.read(yard.reader, deployment.roles.owner).enough(signers):
        papers.partial.unlink(missing_ok=True)
        raise handover.wait_for_the_safe(manifest, papers)
    handover.sign(manifest, yard.hand, yard.reader, signers)
    return handover.finish(manifest, yard.reader, papers)


def accept(options: argparse.Namespace, network: Network, reader: Reader, papers: Papers) -> ExitCode:
    """`--accept`: the manifest, once the Safe owns the vault; with its keys at hand, it is made to."""
    manifest = load_manifest(papers.pending)
    check_chain(manifest, papers.pending, f"network {network.label}", chain_id=reader.chain_id, genesis=reader.genesis)
    if manifest.roles.pending_owner is None:
        raise ManifestInvalid(str(papers.pending), "names no pending owner")
    if not handover.is_accepted(manifest, reader):
        signers = safe_keys(options, network)
        if not safe.read(reader, manifest.roles.pending_owner).enough(signers):
            raise handover.wait_for_the_safe(manifest, papers)
        handover.sign(manifest, KeyHand(reader, _key(options, network)), reader, signers)
    print(handover.finish(manifest, reader, papers))
    return ExitCode.DONE


def safe_keys(options: argparse.Namespace, network: Network) -> list[LocalAccount]:
    """Keys of the Safe that are at hand: those named, or all of the local chain's own Safe."""
    names = list(options.safe_owner)
    if not names and network.book is not None:
        names = [f"{keys.ROLE}{role}" for role in network.book.owner_safe.owners]
    return [keys.open_key(name, network, options.password) for name in names]


def _build(deployment: DeploymentFile, yard: Yard) -> Manifest:
    buildings = building.build(deployment, yard)
    now = yard.reader.time
    yard.reader.refresh()
    return recording.record(deployment, buildings, yard.reader, deployer=yard.address, now=now)


def _key(options: argparse.Namespace, network: Network) -> LocalAccount:
    if options.key is None and network.book is None:
        raise UsageError("no key to deploy with", remedy="make account NAME=who, then say --from who")
    return keys.open_key(options.key or f"{keys.ROLE}deployer", network, options.password)


def _check_deployer(deployment: DeploymentFile, deployer: str) -> None:
    """The deployer owns the rulebook for a moment, and nobody holds two roles."""
    held = (*deployment.roles.guardians, *(keeper.address for keeper in deployment.roles.keepers))
    if deployer in held:
        raise ConfigInvalid("roles", f"{deployer} deploys and holds a role", remedy="deploy with a key of its own")


def _check_money(reader: Reader, deployer: str, gas: int) -> None:
    balance, needed = reader.balance(deployer), gas * reader.gas_price()
    if balance < needed:
        raise UsageError(
            f"{deployer} holds {format_units(balance, 18, 6)} of the chain's coin, deploying takes about "
            f"{format_units(needed, 18, 6)}",
            remedy=f"send it {format_units(needed - balance, 18, 6)} or more",
        )


def _confirm(options: argparse.Namespace, deployment: DeploymentFile, network: Network) -> None:
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", remedy="say --yes, or --dry-run for the rehearsal alone")
    say(f"type {deployment.name} to deploy to {network.label}:")
    if sys.stdin.readline().strip() != deployment.name:
        raise UsageError("not confirmed, nothing was sent", remedy=f"type {deployment.name}, or say --yes")


if __name__ == "__main__":
    raise SystemExit(answer(lambda: run(arguments())))
