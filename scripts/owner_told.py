"""What `make owner` says of an act: what changed, or would, in the vault and in the rulebook."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from scripts.acts import Act, Ground
from scripts.facts import Difference
from scripts.front import say
from scripts.outlook import Outlook

SCHEMA = "ballast.owner/1"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act: its transactions, or the batch that waits for signatures, or neither in a rehearsal.

    `changes` is what differs in the rulebook; `effect` what will, once that which the act queues has been executed.
    """

    before: Outlook
    after: Outlook
    changes: tuple[Difference, ...]
    effect: tuple[Difference, ...]
    txs: tuple[str, ...] = ()
    gas: int | None = None
    batch: Path | None = None


def in_words(change: Difference) -> str:
    """One fact, before and after."""
    return f"{change.fact}: {change.manifest} → {change.chain}"


def tell(options: argparse.Namespace, ground: Ground, act: Act, done: Done) -> None:
    """The result on stdout: one object with --json, else a line a fact."""
    calls = [{"to": call.to, "data": call.data} for call in act.calls]
    if options.json:
        told = {
            "schema": SCHEMA,
            "command": options.act,
            "executed": bool(done.txs),
            "owner": ground.owner,
            "call": calls[0],
            "calls": calls,
            "tx": done.txs[-1] if done.txs else None,
            "txs": done.txs,
            "gas": done.gas,
            "before": done.before.as_json(),
            "after": done.after.as_json(),
            "changes": [as_step(one) for one in done.changes],
            "effect": [as_step(one) for one in done.effect],
            "batch": None if done.batch is None else str(done.batch),
        }
        print(json.dumps(told))
        return
    _lines(done, "after" if done.txs else "rehearsed")
    if done.txs:
        say(f"{act.what}: {', '.join(done.txs)}, {done.gas:,} gas")
    elif done.batch is not None:
        for call in act.calls:
            say(f"to {call.to}: {call.data}")
        print(done.batch)
    else:
        say("a rehearsal only: nothing was sent")


def as_step(change: Difference) -> dict[str, str]:
    """The same for JSON."""
    return {"fact": change.fact, "before": change.manifest, "after": change.chain}


def _lines(done: Done, later: str) -> None:
    for when, seen in (("before", done.before), (later, done.after)):
        for line in seen.lines():
            print(f"{when}: {line}")
    for when, changes in (("changes", done.changes), ("once executed", done.effect)):
        for one in changes:
            print(f"{when}: {in_words(one)}")
