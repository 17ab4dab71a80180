"""`make demo`: a vault on a local chain drifts, is kept, robbed, recovered, and flattened by its kill switch.

Every actor is a process of its own: the chain, the deploying and depositing scripts, feeds, traders and exchanges, the
keeper, the thief, the owner, the guardian's kill. What it came to is read from the chain. stdout is the result: with
--json its last line is one object `ballast.cli/1` (docs/demo.md), and the talk goes to stderr.

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
from keeper.config.deployment import load_deployment
from keeper.devnet import local, node
from keeper.devnet.book import Book
from keeper.errors import KeeperError
from keeper.manifest import Manifest
from scripts.bounds import bounds_of
from scripts.story import place, plot, reckoning, scene, summary
from scripts.story.cast import Cast
from scripts.story.facts import Sight
from scripts.story.faults import Interrupted, PromiseBroken
from scripts.story.market import Market
from scripts.story.notes import Notes
from scripts.story.place import KEEPER, STANDBY, Place
from scripts.story.plot import Plot
from scripts.story.reckoning import Story, Where, Written
from scripts.story.screen import Screen
from scripts.story.stages import Stages
from scripts.story.telling import Telling
from scripts.story.theft import Theft
from scripts.story.witness import Witness

SEED = 7
MOVING = ("Rebalanced", "Harvested", "Allocated", "Flattened", "LegSold")
"""Events of the vault that say tokens moved."""
_ENDINGS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the telling stands on."""

    where: Place
    how: Plot
    cast: Cast
    stages: Stages
    screen: Screen


@dataclass(frozen=True, slots=True)
class Played:
    """What the telling leaves to be reckoned with."""

    told: Telling
    first: Sight
    before_kill: Sight
    theft: Theft | None


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="demo", description="tell the demo's story on a local chain")
    parser.add_argument("--quick", action="store_true", help="the short story, within a minute")
    parser.add_argument("--long", action="store_true", help="ten days instead of five")
    parser.add_argument("--hours", type=_hours, help="so many hours of market instead")
    parser.add_argument("--prices", type=Path, help="real closes (docs/devnet.md) instead of the seeded path")
    parser.add_argument("--no-attack", action="store_true", help="without the stolen key")
    parser.add_argument("--kill-at", default=plot.WORST, metavar="STEP", help="when the switch is pressed, or worst")
    parser.add_argument("--client", choices=sorted(node.CLIENTS), default=node.ANVIL, help="who runs the chain")
    parser.add_argument("--fork", action="store_true", help="on an Anvil that forks a furnished chain")
    parser.add_argument("--json", action="store_true", help="the last line of stdout is one JSON object")
    parser.add_argument("--keep", action="store_true", help="leave chain, vault and journals as the story left them")
    parser.add_argument("--seed", type=int, default=SEED, help=f"another seed, another story (default {SEED})")
    parser.add_argument("--name", default=place.DEFAULT, help="the chain's and the folder's name (default demo)")
    return parser.parse_args(words)


def _hours(text: str) -> int:
    """A whole number of hours above 0."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no whole number of hours above 0")
    return int(text)


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
    how = plot.plot_of(options)
    stages = Stages(screen.say)
    screen.say(f"A story of {how.steps} steps of 15 minutes, {how.source}; every log is in {_short(where.folder)}")
    with ExitStack() as afterwards:
        keeping = afterwards.enter_context(_chain_ended(where))
        with Cast() as cast:
            stage = Stage(where, how, cast, stages, screen)
            book, manifest, market = set_scene(stage)
            witness = Witness(book, manifest)
            played = tell(stage, witness, market)
        story = reckon(stage, witness, played)
        if options.keep:
            keeping.pop_all()
    screen.rest()
    text = summary.as_text(story, stages.took) + "\n" + "\n".join(_next(where, kept=options.keep))
    broken = [one.saying for one in reckoning.promises(story) if not one.kept]
    error = PromiseBroken(broken, where.journal) if broken else None
    if options.json:
        screen.say(text)
    return Answer(reckoning.as_data(story), text, error=error)


def set_scene(stage: Stage) -> tuple[Book, Manifest, Market]:
    """A chain, a vault, its deposits, the market's processes, and what the keepers need."""
    where, how, cast, stages, say = stage.where, stage.how, stage.cast, stage.stages, stage.screen.say
    with stages.stage("chain", local.folder_of(where.name) / "node.log"):
        book = scene.raise_chain(where, how, say)
        for missing in book.left_out:
            say(f"  left out on {book.client}: {missing}")
    with stages.stage("deploy", where.log("deploy")):
        manifest = scene.deploy(where, how, book, cast)
    with stages.stage("deposit", where.log("deposit")):
        scene.deposit(where, how, book, manifest, cast)
        market = Market(where, cast, scene.book_of(where), how.words)
        market.open(exchanges=not how.quick, extra={"traders": () if how.quick else ("--squeeze",)})
        scene.equip(where, how, book, market.exchanges)
    return book, manifest, market


def tell(stage: Stage, witness: Witness, market: Market) -> Played:
    """Keeper and market at work, the thief and the owner, and the kill; then all have ended."""
    where, how, cast, screen = stage.where, stage.how, stage.cast, stage.screen
    told = Telling(where, how, cast, witness, market, screen.show, screen.say)
    stages, theft = stage.stages, None
    with stages.stage("keeper starts", where.log(KEEPER)):
        first = told.start()
    with stages.stage("market moves, keeper keeps", where.log(KEEPER)):
        told.drift(how.theft or how.kill)
    if how.theft:
        with stages.stage("a stolen key", where.log("thief")):
            theft = told.theft(how.noticed, bounds_of(load_deployment(where.deployment)))
        with stages.stage("the owner's hand", where.log("owner-allocate")):
            told.recover()
        with stages.stage("the standby keeps", where.log(STANDBY)):
            told.drift(how.kill)
    screen.rest()
    with stages.stage("guardian kills", where.log("kill-1")):
        before = told.kill()
    with stages.stage("all end", where.log(KEEPER)):
        told.drift(how.steps)
        told.end()
    return Played(told, first, before, theft)


def reckon(stage: Stage, witness: Witness, played: Played) -> Story:
    """What it came to, by the chain; the journals are held against what the chain carries of them."""
    last, told = witness.sight(), played.told
    killed = tuple(one for one in told.happened if one.block > played.before_kill.block)
    exits = witness.exits(killed)
    return Story(
        how=stage.how,
        client=witness.client(),
        where=Where(
            vault=witness.vault,
            manifest=scene.manifest_of(stage.where, witness.book),
            book=scene.book_of(stage.where),
            rpc=witness.book.url,
        ),
        steps=tuple(told.blocks),
        first=played.first,
        before_kill=played.before_kill,
        last=last,
        rebalances=tuple(told.rebalances),
        harvests=tuple(told.harvests),
        exits=exits,
        legs=witness.legs(killed),
        theft=played.theft,
        moving=frozenset(one.tx for one in told.happened if one.name in MOVING),
        transfers=witness.transfers(played.first.block + 1, last.block),
        written=written(stage, played, [one.decision_id for one in exits if one.decision_id is not None]),
        left_out=(*stage.how.left_out, *witness.book.left_out),
    )


def written(stage: Stage, played: Played, exits: list[str]) -> tuple[Written, ...]:
    """Each keeper's journal, verified against the decision ids of its own that the chain carries."""
    border = played.theft.to_block if played.theft else 0
    acts = [(one.block, one.decision_id) for one in played.told.rebalances]
    acts += [(one.block, one.decision_id) for one in played.told.harvests]
    anchored = {
        KEEPER: [decision for block, decision in sorted(acts) if block <= border or not border],
        STANDBY: [decision for block, decision in sorted(acts) if block > border],
    }
    found = []
    for name in (KEEPER, STANDBY) if played.theft else (KEEPER,):
        notes = Notes(stage.where.journal_of(name))
        try:
            found.append(notes.written(anchored[name] + (exits if name == STANDBY or not border else [])))
        finally:
            notes.close()
    return tuple(found)


@contextmanager
def _chain_ended(where: Place) -> Iterator[ExitStack]:
    """The chain of that name is ended when the block is, unless the stack that is given has lost its duty by then."""
    with ExitStack() as duty:
        duty.callback(scene.lower_chain, where)
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
