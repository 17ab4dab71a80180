"""An act tried before anybody signs: on the chain as it is, then on a fork, with what it would leave, and lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from keeper.chain.abi import decode_revert
from keeper.errors import RefusedError
from scripts import facts, outlook, safe, stage
from scripts.acts import Act, Ground
from scripts.facts import Facts
from scripts.outlook import Outlook
from scripts.reading import Reader
from scripts.sending import ForkHand, Hand
from scripts.waiting import clock, understood

_REMEDIES: Mapping[str, Callable[[Sequence[str]], str]] = {
    "AlreadyQueued": lambda said: f"it waits already: execute {said[0]} when it is ripe, or cancel it",
    "NotTighter": lambda said: f"{said[0]} would be wider: propose widen, which waits out the delay",
    "AboveCeiling": lambda said: f"{said[0]} may be {said[2]} at most",
    "BelowFloorOf": lambda said: f"{said[0]} must be {said[2]} at least",
    "TooSoon": lambda said: f"run it again at {clock(int(said[0]))} or later",
    "LastExit": lambda said: f"asset {said[0]} would have no way out left: leave this one, or add another first",
    "NoExit": lambda said: f"asset {said[0]} has no way into the refuge: execute its routes first",
    "DeadLossBudget": lambda said: f"a loss budget of {said[0]} bps can never bind: set it below {said[1]}",
    "RoleTaken": lambda said: f"{said[0]} holds a role already, or may hold none: name another account",
    "NoRole": lambda said: f"{said[0]} may not do this: act as the owner, or as a guardian where a guardian may",
    "PriceMoved": lambda said: f"the new oracle differs on {said[0]}: freeze that asset first if the old one is wrong",
    "VaultBusy": lambda _: "run it again: the vault was in the middle of an action",
}
"""By the error's name, from its values; for all others the specification has the word."""

_WORD = 2 + 64
"""Characters of 32 bytes in hex."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What an act would leave; `effect`: the rulebook once what it queues is executed, None where it queues nothing."""

    after: Outlook
    rules: Facts
    effect: Facts | None


def hold_to_chain(act: Act, ground: Ground) -> None:
    """Raises RefusedError, in the contracts' own words, where the chain would refuse the act's first call now."""
    _hold(ground.reader, ground.owner, act.what, act.calls[0].to, act.calls[0].data)


def rehearse(ground: Ground, act: Act, owner: safe.Safe | None) -> Rehearsed:
    """The act on a fork, where the Safe itself executes it; then what it queues, as if the delay were over.

    Raises RefusedError where any of it would be refused.
    """
    with stage.fork(ground.reader.network) as copy:
        hand: Hand = ForkHand(copy, ground.owner) if owner is None else safe.SafeHand(copy, owner)
        for call in act.calls:
            _hold(copy, hand.address, act.what, call.to, call.data)
            hand.send(act.what, call.to, call.data, call.value)
        copy.refresh()
        after, rules = outlook.look(copy, ground.manifest), facts.rules(copy, ground.manifest)
        return Rehearsed(after, rules, _effect(copy, ground, act.later) if act.later else None)


def _effect(copy: Reader, ground: Ground, later: Sequence[str]) -> Facts:
    """The rulebook after it has made these calls to itself, as its `execute` will.

    Today's prices decide, for none would be fresh after the delay; only mandates, which end, are made on the day.
    """
    itself = ForkHand(copy, ground.rulebook)
    for data in later:
        function, _ = understood(data)
        if function == "appointKeeper":
            delay = int(copy.ask("Rulebook", ground.rulebook, "limits").delay)
            stage.move_clock(copy, int(copy.web3.eth.get_block("latest")["timestamp"]) + delay)
        what = f"once it is executed, {function}"
        _hold(copy, ground.rulebook, what, ground.rulebook, data)
        itself.send(what, ground.rulebook, data)
    copy.refresh()
    return facts.rules(copy, ground.manifest)


def _hold(reader: Reader, sender: str, what: str, to: str, data: str) -> None:
    refused = reader.try_call(sender, to, data)
    if refused is None:
        return
    said = decode_revert(refused)
    values = [_word(value) for value in said.args]
    known = _REMEDIES.get(said.name)
    remedy = f"see {said.name} in contracts/SPEC.md" if known is None else known(values)
    raise RefusedError(
        f"{what} would be refused with {said.name}({', '.join(values)})", remedy=f"{remedy}; nothing was sent"
    )


def _word(value: str) -> str:
    """A short word kept in 32 bytes reads as the word; everything else as it is."""
    if len(value) != _WORD or not value.startswith("0x"):
        return value
    text = bytes.fromhex(value[2:]).rstrip(b"\0")
    return text.decode() if text and text.isalpha() else value
