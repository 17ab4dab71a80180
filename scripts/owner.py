"""`make owner`: the owner's hand over a vault and its rulebook; with `--guardian` a guardian's, for what guardians may.

At once: unhalt, set-targets, allocate, withdraw, revoke-…, freeze, disable, tighten; an hour later unfreeze, enable.
What widens is proposed, waits out the delay, and is executed by the very same calldata, which the chain itself keeps:
`propose CHANGE …`, `pending`, `execute ID`, `cancel ID`.

Whoever owns the rulebook on the chain acts: a Safe, or a plain key (`--from`). The act is tried first, then rehearsed
on a fork, and what it would leave is shown. Where enough of a Safe's keys are at hand (`--safe-owner`; on a local chain
by themselves) it is executed; elsewhere a batch for its Transaction Builder is written and nothing is sent.

Exit codes: 0 done · 2 the command is wrong · 3 not ripe yet · 5 the chain would refuse it, or it reverted · 6 not that
chain, or none · 7 key · 9 the contracts are not those of the manifest.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from eth_account.signers.local import LocalAccount
from eth_utils.address import is_address, to_checksum_address

from keeper.errors import DiffersError, UsageError
from keeper.exit_codes import ExitCode
from keeper.manifest import Manifest, check_chain, load_manifest
from scripts import facts, keys, networks, outlook, rerecording, safe
from scripts.acts import Act, Ground
from scripts.front import answer, say
from scripts.networks import Network
from scripts.owner_told import SCHEMA, Done, as_step, in_words, tell
from scripts.owner_words import ALL_ACTS, PENDING, RECORD, arguments
from scripts.reading import Reader
from scripts.rehearsing import hold_to_chain, rehearse
from scripts.sending import Hand, KeyHand
from scripts.waiting import waiting

GUARDIANS_ACTS = ("revoke-keeper", "freeze", "disable", "tighten", "cancel", "cancel-all")
"""What --guardian lends the hand for; `keeper kill` is a guardian's way to halt."""


def run(options: argparse.Namespace) -> ExitCode:
    """The whole command."""
    manifest = load_manifest(options.manifest)
    network = networks.find(options.network)
    reader = Reader(network)
    check_chain(
        manifest, options.manifest, f"network {network.label}", chain_id=reader.chain_id, genesis=reader.genesis
    )
    _hold_code(manifest, reader)
    if options.act == PENDING:
        return _list(options, manifest, reader)
    if options.act == RECORD:
        return _record(options, manifest, reader)
    key = _guardian(options, manifest, reader) if options.guardian else None
    address = key or str(reader.ask("Rulebook", manifest.parts.rulebook.address, "owner"))
    owner = safe.read(reader, address, "the owner") if key is None and reader.code(address) else None
    signers = [] if owner is None else safe_keys(options, network)
    ground = Ground(reader, manifest, address, at_once=owner is None or owner.enough(signers))
    act = ALL_ACTS[options.act](ground, options)
    hold_to_chain(act, ground)
    done = perform(options, ground, act, owner, signers)
    tell(options, ground, act, done)
    return ExitCode.DONE


def perform(
    options: argparse.Namespace, ground: Ground, act: Act, owner: safe.Safe | None, signers: Sequence[LocalAccount]
) -> Done:
    """Rehearse, then execute where the keys are here, or write the Safe's batch where they are not."""
    reader, manifest = ground.reader, ground.manifest
    before, rules = outlook.look(reader, manifest), facts.rules(reader, manifest)
    expected = rehearse(ground, act, owner)
    effect = () if expected.effect is None else facts.differences(expected.rules, expected.effect)
    rehearsed = Done(before, expected.after, facts.differences(rules, expected.rules), effect)
    if options.dry_run:
        return rehearsed
    if owner is not None and not ground.at_once:
        path = _write(options, ground, act, owner)
        return Done(before, expected.after, rehearsed.changes, effect, batch=path)
    hand = _hand(options, ground, owner, signers)
    _confirm(options, act, rehearsed)
    receipts = [hand.send(act.what, call.to, call.data, call.value) for call in act.calls]
    reader.refresh()
    changes = facts.differences(rules, facts.rules(reader, manifest))
    txs = tuple("0x" + bytes(receipt["transactionHash"]).hex() for receipt in receipts)
    gas = sum(int(receipt["gasUsed"]) for receipt in receipts)
    return Done(before, outlook.look(reader, manifest), changes, effect, txs=txs, gas=gas)


def safe_keys(options: argparse.Namespace, network: Network) -> list[LocalAccount]:
    """Keys of the Safe that are at hand: those named, or all of the local chain's own Safe."""
    names = list(options.safe_owner)
    if not names and network.book is not None:
        names = [f"{keys.ROLE}{role}" for role in network.book.owner_safe.owners]
    return [keys.open_key(name, network, options.password) for name in names]


def _list(options: argparse.Namespace, manifest: Manifest, reader: Reader) -> ExitCode:
    found = waiting(reader, manifest)
    if options.json:
        entries = [entry.as_json(reader.time) for entry in found]
        print(json.dumps({"schema": SCHEMA, "command": PENDING, "time": reader.time, "pending": entries}))
        return ExitCode.DONE
    for entry in found:
        print(entry.line(reader.time))
    if not found:
        say("nothing waits")
    return ExitCode.DONE


def _record(options: argparse.Namespace, manifest: Manifest, reader: Reader) -> ExitCode:
    anew = rerecording.recorded_anew(manifest, reader)
    changes = facts.differences(facts.recorded(manifest), facts.recorded(anew))
    kept = None if options.dry_run or not changes else rerecording.write(options.manifest, manifest, anew)
    if options.json:
        kept_at = None if kept is None else str(kept)
        steps = [as_step(one) for one in changes]
        print(json.dumps({"schema": SCHEMA, "command": RECORD, "changes": steps, "kept": kept_at}))
        return ExitCode.DONE
    for one in changes:
        print(in_words(one))
    if not changes:
        say("the manifest is as the chain has it")
    elif kept is not None:
        say(f"{options.manifest} is written anew; {kept} is the one of before")
    return ExitCode.DONE


def _guardian(options: argparse.Namespace, manifest: Manifest, reader: Reader) -> str:
    """The guardian's address. Raises UsageError for an act that is not a guardian's, or a key that is none."""
    if options.act not in GUARDIANS_ACTS:
        raise UsageError(f"{options.act} is not for guardians", remedy=f"theirs are {', '.join(GUARDIANS_ACTS)}")
    if options.key is None:
        raise UsageError("no guardian is named", remedy="say --from with the guardian's key")
    if options.dry_run and is_address(options.key):
        address = str(to_checksum_address(options.key))
    else:
        address = str(keys.open_key(options.key, reader.network, options.password).address)
    known = reader.ask("Rulebook", manifest.parts.rulebook.address, "guardians")
    if address not in known:
        raise UsageError(f"{address} is no guardian", remedy=f"use the key of {' or '.join(known)}")
    return address


def _hand(
    options: argparse.Namespace, ground: Ground, owner: safe.Safe | None, signers: Sequence[LocalAccount]
) -> Hand:
    """Who sends: the owner's or the guardian's own key, or whoever pays for what the Safe's owners have signed."""
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
    try:
        path.write_text(safe.batch(ground.manifest.chain.id, act.what, act.calls, owner.address), encoding="utf-8")
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


def _confirm(options: argparse.Namespace, act: Act, rehearsed: Done) -> None:
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", remedy="say --yes, or --dry-run for the rehearsal alone")
    for one in (*rehearsed.changes, *rehearsed.effect):
        say(in_words(one))
    say(f"type {options.act} to {act.what}:")
    if sys.stdin.readline().strip() != options.act:
        raise UsageError("not confirmed, nothing was sent", remedy=f"type {options.act}, or say --yes")


if __name__ == "__main__":
    raise SystemExit(answer(lambda: run(arguments())))
