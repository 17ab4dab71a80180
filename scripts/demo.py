"""`make demo`: a vault on a local chain drifts off target, is kept by the keeper, and is flattened by the kill switch.

Every actor is a process of its own: the chain, the deploying and depositing scripts, the market, the keeper, the
guardian's kill. What it came to is read from the chain. stdout is the result: with --json its last line is one object
`ballast.cli/1` (docs/demo.md), and the talk goes to stderr.

Exit codes: 0 told, and every promise kept · 1 a stage failed · 2 usage, or a demo runs already · 9 a promise broken ·
130 interrupted. In every case nothing is left running, unless --keep was said and the story came to its end.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from keeper.cli.envelope import Answer, show
from keeper.devnet import local
from keeper.devnet.book import Book
from keeper.errors import KeeperError
from keeper.manifest import Manifest
from scripts.story import place, reckoning, scene, telling
from scripts.story.cast import Cast
from scripts.story.facts import Rebalance, Sight
from scripts.story.faults import Interrupted, PromiseBroken
from scripts.story.notes import Notes
from scripts.story.place import Place
from scripts.story.reckoning import Story
from scripts.story.screen import Screen
from scripts.story.stages import Stages
from scripts.story.telling import Telling
from scripts.story.witness import Witness

LEFT_OUT = ("harvest", "attack")
"""Parts of the story that this release cannot tell yet."""
SEED = 7
_ENDINGS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Played:
    """What the telling leaves to be reckoned with."""

    first: Sight
    before_kill: Sight
    rebalances: tuple[Rebalance, ...]
    steps: int


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="demo", description="tell the demo's story on a local chain")
    parser.add_argument("--quick", action="store_true", help="the short story, within a minute")
    parser.add_argument("--json", action="store_true", help="the last line of stdout is one JSON object")
    parser.add_argument("--keep", action="store_true", help="leave chain, vault and journal as the story left them")
    parser.add_argument("--seed", type=int, default=SEED, help=f"another seed, another story (default {SEED})")
    parser.add_argument("--name", default=place.DEFAULT, help="the chain's and the folder's name (default demo)")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Tell the story and print what it came to; returns the exit code."""
    options = arguments(words)
    for number in _ENDINGS:
        signal.signal(number, _interrupt)
    try:
        where = place.place(options.name)
        with place.occupied(where), Screen(as_json=options.json) as screen:
            answer = perform(options, where, screen)
    except KeyboardInterrupt:
        answer = Answer({}, "", error=Interrupted())
    except KeeperError as error:
        answer = Answer({}, "", error=error)
    return int(show("demo", options.json, answer))


def perform(options: argparse.Namespace, where: Place, screen: Screen) -> Answer:
    """The whole story. Raises StageFailed; whatever was started is ended before this returns, but for --keep."""
    how = telling.script(options.seed, quick=options.quick)
    stages = Stages(screen.say)
    screen.say(f"The story of seed {how.seed}: {how.taken} steps of 15 minutes; every log is in {_short(where.folder)}")
    with ExitStack() as afterwards:
        keeping = afterwards.enter_context(_chain_ended(where))
        with Cast() as cast:
            book, manifest = set_scene(where, cast, stages, screen)
            witness = Witness(book, manifest)
            played = tell(where, how, cast, witness, stages, screen)
        story = reckon(where, how, witness, played)
        if options.keep:
            keeping.pop_all()
    screen.rest()
    text = reckoning.as_text(story, stages.took) + "\n" + "\n".join(_next(where, kept=options.keep))
    broken = [one.saying for one in reckoning.promises(story) if not one.kept]
    error = PromiseBroken(broken, where.journal) if broken else None
    if options.json:
        screen.say(text)
    return Answer(reckoning.as_data(story), text, error=error)


def set_scene(where: Place, cast: Cast, stages: Stages, screen: Screen) -> tuple[Book, Manifest]:
    """A chain, a vault, its deposits, and what the keeper needs."""
    with stages.stage("chain", local.folder_of(where.name) / "node.log"):
        book = scene.raise_chain(where, screen.say)
    with stages.stage("deploy", where.log("deploy")):
        manifest = scene.deploy(where, book, cast)
    with stages.stage("deposit", where.log("deposit")):
        scene.deposit(where, book, manifest, cast)
        scene.equip(where, book)
    return book, manifest


def tell(where: Place, how: telling.Script, cast: Cast, witness: Witness, stages: Stages, screen: Screen) -> Played:
    """Keeper and market at work, and the kill; then both have ended."""
    told = Telling(where, cast, witness, screen.show, screen.say)
    with stages.stage("keeper starts", where.log("keeper")):
        first = told.start(how)
    with stages.stage("market moves, keeper keeps", where.log("keeper")):
        rebalances = told.drift(how)
    screen.rest()
    with stages.stage("guardian kills", where.log("kill-1")):
        before = told.kill()
    with stages.stage("all end", where.log("keeper")):
        told.end()
    return Played(first, before, rebalances, told.steps)


def reckon(where: Place, how: telling.Script, witness: Witness, played: Played) -> Story:
    """What it came to, by the chain; the journal is held against what the chain carries of it."""
    last = witness.sight()
    start = played.first.block + 1
    rebalances, exits = witness.rebalances(start, last.block), witness.exits(start, last.block)
    anchored = [one.decision_id for one in rebalances]
    anchored += [one.decision_id for one in exits if one.decision_id is not None]
    notes = Notes(where)
    try:
        written = notes.written(anchored)
    finally:
        notes.close()
    return Story(
        client=witness.client(),
        seed=how.seed,
        steps=played.steps,
        first=played.first,
        before_kill=played.before_kill,
        last=last,
        rebalances=rebalances,
        exits=exits,
        transfers=witness.transfers(start, last.block),
        written=written,
        left_out=LEFT_OUT,
    )


@contextmanager
def _chain_ended(where: Place) -> Iterator[ExitStack]:
    """The chain of that name is ended when the block is, unless the stack that is given has lost its duty by then."""
    with ExitStack() as duty:
        duty.callback(local.down, where.name)
        yield duty


def _next(where: Place, *, kept: bool) -> list[str]:
    """Three commands worth typing now."""
    config = _short(where.config)
    keeper = f"{_short(Path(sys.executable).with_name('keeper'))}"
    if kept:
        return [
            "Kept. Go on with",
            f"  {keeper} status --config {config}            the halted vault, as the chain has it",
            f"  {keeper} journal show --config {config}      the reason of every act and every skip",
            f"  {keeper} devnet down --name {where.name}     end it",
        ]
    return [
        "Everything has ended; the journal and the logs stay. Go on with",
        f"  {keeper} journal show --config {config}   the reason of every act and every skip",
        '  make demo ARGS="--keep --seed 8"          another story, and a chain that stays',
        "  make bench                                what a checked trade and a tick cost",
    ]


def _short(path: Path) -> Path:
    """A path as it is typed in the checkout's root."""
    root = Path(__file__).resolve().parent.parent
    return path.relative_to(root) if path.is_relative_to(root) else path


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """The first Ctrl-C or SIGTERM ends the story; more of them cannot keep it from ending what it started."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
