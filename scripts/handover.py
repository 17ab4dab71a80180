"""From the deployer to the Safe, in two steps, and the manifest at each of them."""

from __future__ import annotations

from collections.abc import Sequence

from eth_account.signers.local import LocalAccount

from keeper.devnet.calls import encode_call
from keeper.errors import HoldError
from keeper.manifest import Manifest
from scripts import recording, safe
from scripts.front import say
from scripts.papers import Papers
from scripts.reading import Reader
from scripts.sending import Hand
from scripts.yard import Yard


def offer(manifest: Manifest, yard: Yard) -> None:
    """First step: the deployer names the Safe. Raises DiffersError where the chain then is not what was meant."""
    rulebook, owner = manifest.parts.rulebook.address, str(manifest.roles.pending_owner)
    yard.send("transferOwnership", rulebook, encode_call("transferOwnership(address)", owner))
    recording.hold_against_chain(manifest, yard.reader)


def sign(manifest: Manifest, hand: Hand, reader: Reader, signers: Sequence[LocalAccount]) -> None:
    """Second step, where the keys are here: the Safe accepts, by a transaction that `hand` sends."""
    reader.refresh()
    owner = safe.read(reader, str(manifest.roles.pending_owner))
    accepts = safe.Call(manifest.parts.rulebook.address, 0, safe.ACCEPT)
    hand.send("the Safe's acceptance", owner.address, safe.execution(reader, owner, accepts, signers))
    say(f"  the Safe {owner.address} has accepted")


def is_accepted(manifest: Manifest, reader: Reader) -> bool:
    """Whether the Safe owns the rulebook now."""
    reader.refresh()
    owner = reader.ask("Rulebook", manifest.parts.rulebook.address, "owner")
    return bool(owner == manifest.roles.pending_owner)


def finish(manifest: Manifest, reader: Reader, papers: Papers) -> str:
    """After the second step: read everything back, write the manifest; returns its path."""
    reader.refresh()
    final = recording.accepted(manifest, reader)
    recording.hold_against_chain(final, reader)
    return str(papers.write_final(final))


def wait_for_the_safe(manifest: Manifest, papers: Papers) -> HoldError:
    """What to say where the Safe's keys are not here."""
    owner = manifest.roles.pending_owner
    return HoldError(
        f"deployed; the Safe {owner} has still to accept: {papers.pending} is the record until then",
        remedy=f"execute {papers.batch} in the Safe, then run the same command with --accept",
    )


def report(manifest: Manifest) -> None:
    """The lines a person keeps."""
    parts = manifest.parts
    say(f"vault    {parts.vault.address}\nrulebook {parts.rulebook.address}\noracle   {parts.oracle.address}")
