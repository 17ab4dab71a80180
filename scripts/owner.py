"""`make owner`: the owner's hand: unhalt, set-targets, revoke-keeper, revoke-guardian, allocate, withdraw.

Whoever owns the rulebook on the chain acts: a Safe, or a plain key (`--from`). The call is tried first, then rehearsed
on a fork, and what it would leave is shown. Where enough of a Safe's keys are at hand (`--safe-owner`; on a local chain
by themselves) it is executed; elsewhere a batch for its Transaction Builder is written and nothing is sent.

Exit codes: 0 done · 2 the command is wrong · 5 the chain would refuse it, or it reverted · 6 not that chain, or none ·
7 key · 9 the contracts are not those of the manifest.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eth_account.signers.local import LocalAccount

from keeper.errors import DiffersError, UsageError
from keeper.exit_codes import ExitCode
from keeper.manifest import Manifest, check_chain, load_manifest
from scripts import keys, networks, outlook, safe, stage
from scripts.acts import ACTS, Act, Ground, hold_to_chain
from scripts.front import answer, say
from scripts.networks import Network
from scripts.outlook import Outlook
from scripts.reading import Reader
from scripts.sending import ForkHand, Hand, KeyHand

SCHEMA = "ballast.owner/1"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act: its transaction, or the batch that waits for signatures, or neither in a rehearsal."""

    before: Outlook
    after: Outlook
    tx: str | None = None
    gas: int | None = None
    batch: Path | None = None


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="owner", description="act as a vault's owner")
    parser.add_argument("--network", required=True, help="devnet, devnet:NAME, or one of brownie-networks.yaml")
    parser.add_argument("--manifest", type=Path, required=True, help="deployments/<chainid>/<name>.json")
    parser.add_argument("--from", dest="key", help="key: NAME of make account, PATH, or role:NAME; it pays the gas")
    parser.add_argument("--safe-owner", action="append", default=[], help="a key of the Safe, as --from; repeat it")
    parser.add_argument("--password", help="where its password is: file:PATH, env:NAME; asked for where absent")
    parser.add_argument("--out", type=Path, help="where the Safe's batch goes; beside the manifest where absent")
    parser.add_argument("--dry-run", action="store_true", help="rehearse; send and write nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--json", action="store_true", help="one object instead of lines")
    acts = parser.add_subparsers(dest="act", required=True)
    for name, act in ACTS.items():
        command = acts.add_parser(name, help=str(act.__doc__).splitlines()[0])
        if name == "set-targets":
            command.add_argument("targets", nargs="+", metavar="SYMBOL=BPS")
        elif name.startswith("revoke"):
            command.add_argument("who", metavar="ADDRESS", help="or role:NAME on a local chain")
        elif name == "withdraw":
            command.add_argument("token", help="a listed symbol, or any token's address")
            command.add_argument("amount", help="whole tokens (base units of one not listed), or all")
    return parser.parse_args(words)


def run(options: argparse.Namespace) -> ExitCode:
    """The whole command."""
    manifest = load_manifest(options.manifest)
    network = networks.find(options.network)
    reader = Reader(network)
    check_chain(
        manifest, options.manifest, f"network {network.label}", chain_id=reader.chain_id, genesis=reader.genesis
    )
    _hold_code(manifest, reader)
    address = str(reader.ask("Rulebook", manifest.parts.rulebook.address, "owner"))
    owner = safe.read(reader, address, "the owner") if reader.code(address) else None
    signers = [] if owner is None else safe_keys(options, network)
    ground = Ground(reader, manifest, address, at_once=owner is None or owner.enough(signers))
    act = ACTS[options.act](ground, options)
    hold_to_chain(act, ground)
    done = perform(options, ground, act, owner, signers)
    _tell(options, ground, act, done)
    return ExitCode.DONE


def perform(
    options: argparse.Namespace, ground: Ground, act: Act, owner: safe.Safe | None, signers: Sequence[LocalAccount]
) -> Done:
    """Rehearse, then execute where the keys are here, or write the Safe's batch where they are not."""
    reader = ground.reader
    before = outlook.look(reader, ground.manifest)
    expected = _rehearse(ground, act, owner)
    if options.dry_run:
        return Done(before, expected)
    if owner is not None and not ground.at_once:
        return Done(before, expected, batch=_write(options, ground, act, owner))
    _confirm(options, act)
    receipt = _hand(options, ground, owner, signers).send(act.what, act.to, act.data)
    reader.refresh()
    tx = "0x" + bytes(receipt["transactionHash"]).hex()
    return Done(before, outlook.look(reader, ground.manifest), tx=tx, gas=int(receipt["gasUsed"]))


def safe_keys(options: argparse.Namespace, network: Network) -> list[LocalAccount]:
    """Keys of the Safe that are at hand: those named, or all of the local chain's own Safe."""
    names = list(options.safe_owner)
    if not names and network.book is not None:
        names = [f"{keys.ROLE}{role}" for role in network.book.owner_safe.owners]
    return [keys.open_key(name, network, options.password) for name in names]


def _rehearse(ground: Ground, act: Act, owner: safe.Safe | None) -> Outlook:
    """What the act would leave, found on a fork, where the Safe itself executes it."""
    with stage.fork(ground.reader.network) as copy:
        hand: Hand = ForkHand(copy, ground.owner) if owner is None else safe.SafeHand(copy, owner)
        hand.send(act.what, act.to, act.data)
        copy.refresh()
        return outlook.look(copy, ground.manifest)


def _hand(
    options: argparse.Namespace, ground: Ground, owner: safe.Safe | None, signers: Sequence[LocalAccount]
) -> Hand:
    """Who sends: the owner's own key, or whoever pays for what the Safe's owners have signed."""
    reader = ground.reader
    if owner is None:
        if options.key is None:
            raise UsageError(f"the owner {ground.owner} is no Safe", remedy="say --from with the owner's own key")
        key = keys.open_key(options.key, reader.network, options.password)
        if key.address != ground.owner:
            raise UsageError(f"{key.address} is not the owner", remedy=f"use the key of {ground.owner}")
        return KeyHand(reader, key)
    payer = signers[0] if options.key is None else keys.open_key(options.key, reader.network, options.password)
    return safe.SignedHand(reader, owner, signers, KeyHand(reader, payer))


def _write(options: argparse.Namespace, ground: Ground, act: Act, owner: safe.Safe) -> Path:
    path: Path = options.out or options.manifest.with_suffix(".owner.safe.json")
    call = safe.Call(act.to, 0, act.data)
    try:
        path.write_text(safe.batch(ground.manifest.chain.id, act.what, [call], owner.address), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", remedy="name another file with --out") from None
    say(
        f"nothing was executed: load the batch into the Transaction Builder of {owner.address}; "
        f"{owner.threshold} of its {len(owner.owners)} owners must sign"
    )
    return path


def _hold_code(manifest: Manifest, reader: Reader) -> None:
    """Roles and targets may have changed since the manifest was written; the code may not."""
    for name, part in (("vault", manifest.parts.vault), ("rulebook", manifest.parts.rulebook)):
        if reader.code_hash(part.address) != part.runtime_hash:
            raise DiffersError(
                f"the {name} at {part.address} is not the one of the manifest",
                remedy="check --network and --manifest (make compare)",
                differences=[],
            )


def _tell(options: argparse.Namespace, ground: Ground, act: Act, done: Done) -> None:
    if options.json:
        told = {
            "schema": SCHEMA,
            "command": options.act,
            "executed": done.tx is not None,
            "owner": ground.owner,
            "call": {"to": act.to, "data": act.data},
            "tx": done.tx,
            "gas": done.gas,
            "before": done.before.as_json(),
            "after": done.after.as_json(),
            "batch": None if done.batch is None else str(done.batch),
        }
        print(json.dumps(told))
        return
    later = "after" if done.tx is not None else "rehearsed"
    for when, seen in (("before", done.before), (later, done.after)):
        for line in seen.lines():
            print(f"{when}: {line}")
    if done.tx is not None:
        say(f"{act.what}: {done.tx}, {done.gas:,} gas")
    elif done.batch is not None:
        print(done.batch)
    else:
        say("a rehearsal only: nothing was sent")


def _confirm(options: argparse.Namespace, act: Act) -> None:
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", remedy="say --yes, or --dry-run for the rehearsal alone")
    say(f"type {options.act} to {act.what}:")
    if sys.stdin.readline().strip() != options.act:
        raise UsageError("not confirmed, nothing was sent", remedy=f"type {options.act}, or say --yes")


if __name__ == "__main__":
    raise SystemExit(answer(lambda: run(arguments())))
