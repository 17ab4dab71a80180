"""The feeds' process: every voice of every kind answers on deviation and heartbeat, some late, some silent for a while.

It opens each step of the market: all answers of a step share one block, which carries the step's time. Push feeds are
sent by their oracles' accounts, signed reports and API3's values by the courier's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keeper.devnet import api3, chainlink, habits, hands, signed
from keeper.devnet.book import Beacon, Book, SignedFeed, Voice
from keeper.devnet.course import Course
from keeper.devnet.habits import Episode
from keeper.devnet.kit import Call
from keeper.devnet.node import BASE_FEE
from keeper.devnet.path import Dice
from keeper.errors import UsageError

Feed = Voice | SignedFeed | Beacon
VIEW_BPS = 3
"""How far a voice's own view lies from the reference, at most."""
ORACLE_BPS = 1
"""How far an oracle's observation lies from its voice's view, at most."""
_SIGNED_BEFORE = 45
"""Seconds before the step's time at which a report or a value may have been signed."""
_LIE_BPS = (300, 1000)
_LIE_WITHIN = (20, 60)
_LIE_SECONDS = (3_600, 7_200)
_BPS = 10_000
_NEW_ROUND = 2**64
"""A proxy's round id carries the phase above these bits, the aggregator's own round below."""


@dataclass(frozen=True, slots=True)
class FeedsStep:
    """What a step did: its block's time, the head after it, true prices (USD, 18 decimals), who spoke, who did not."""

    step: int
    time: int
    block: int
    prices: Mapping[str, int]
    answered: tuple[str, ...]
    silent: tuple[str, ...]
    lying: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """As the process prints it: prices as text, because they exceed what JSON readers hold exactly."""
        return {
            "step": self.step,
            "time": self.time,
            "block": self.block,
            "prices": {asset: str(price) for asset, price in self.prices.items()},
            "answered": list(self.answered),
            "silent": list(self.silent),
            "lying": list(self.lying),
        }


@dataclass(frozen=True, slots=True)
class _Answer:
    """A feed's name, the value it gives now (its decimals), and the aggregator round that was answered last."""

    name: str
    feed: Feed
    value: int
    round_id: int


class Feeds:
    """The voices on the chain of `book`, following `course`.

    `steady` ones are never late or silent; `liar` names the one that is 3 to 10 % off for an hour or two.
    """

    def __init__(self, book: Book, course: Course, *, steady: bool = False, liar: str = "") -> None:
        self._book = book
        self._course = course
        self._steady = steady
        self._feeds = named(book)
        if liar and liar not in self._feeds:
            raise UsageError(f"no voice {liar}", remedy=f"choose one of {', '.join(self._feeds)}")
        self._liar = liar
        self._lie = lie(course, liar)
        self._chain = hands.of(book, "courier")
        self._chain.let_go()  # one that was killed within a step may have left the chain held
        self._due = self._chain.now()
        self.taken = 0

    @property
    def is_over(self) -> bool:
        """Whether the course is told to its end."""
        return self.taken >= self._course.steps

    def step(self) -> FeedsStep:
        """Take the next step: one block at the step's time with every answer that is due. IndexError past the last."""
        prices = self._course.prices[self.taken + 1]
        self.taken += 1
        then = self._due = max(self._due + self._course.step_seconds, self._chain.now() + 1)
        answers, silent, lying = self._answers(then)
        self._chain.together(self._calls(answers, then), BASE_FEE, then)
        names = tuple(answer.name for answer in answers)
        number = int(self._chain.block()["number"], 16)
        return FeedsStep(self.taken, then, number, prices, names, silent, lying)

    def _answers(self, then: int) -> tuple[list[_Answer], tuple[str, ...], tuple[str, ...]]:
        """What deviation or heartbeat asks for at time `then`, the names that are silent, and the one that lies."""
        told = self._chain.read_all([chainlink.answer_read(feed) for feed in self._feeds.values()])
        due: list[_Answer] = []
        silent: list[str] = []
        lying: list[str] = []
        for (name, feed), said in zip(self._feeds.items(), told, strict=True):
            if not self._steady and habits.is_silent(self._course, name, self.taken):
                silent.append(name)
                continue
            view = self._view(name, feed)
            if name == self._liar and self._lie.holds(self.taken):
                lying.append(name)
                view = shifted(view, lie_bps(self._course, name))
            moved = abs(view - said[1]) * _BPS >= said[1] * feed.deviation_bps
            if moved or then - said[3] >= feed.heartbeat:
                due.append(_Answer(name, feed, view, int(said[0]) % _NEW_ROUND))
        return due, tuple(silent), tuple(lying)

    def _view(self, name: str, feed: Feed) -> int:
        """What a voice holds true now (its decimals): a price of this step or shortly before, seen its own way."""
        seen = self.taken if self._steady else habits.step_seen(self._course, name, self.taken)
        price = self._course.prices[seen][feed.asset] // 10 ** (18 - feed.decimals)
        return shifted(price, Dice(self._course.seed, "view", name, self.taken).between(-VIEW_BPS, VIEW_BPS))

    def _calls(self, answers: Sequence[_Answer], then: int) -> list[Call]:
        courier, contracts = self._book.address("courier"), self._book.contracts
        calls: list[Call] = []
        reported: dict[str, int] = {}
        for answer in answers:
            feed = answer.feed
            signed_at = then - Dice(self._course.seed, "signed at", answer.name, self.taken).below(_SIGNED_BEFORE + 1)
            match feed:
                case Voice():
                    calls += self._submissions(answer, feed)
                case SignedFeed():
                    reported[feed.asset] = answer.value
                case Beacon():
                    calls.append(api3.prepare(contracts, feed, answer.value, carrier=courier, signed_at=signed_at))
        if reported:
            at = then - Dice(self._course.seed, "signed at", self.taken).below(_SIGNED_BEFORE + 1)
            feeds = self._book.signed
            calls.append(signed.prepare(contracts, feeds, reported, carrier=courier, observed_at=at, mark=then))
        return calls

    def _submissions(self, answer: _Answer, voice: Voice) -> list[Call]:
        """All oracles of a voice answer the round after the last; one that has answered it already is turned away."""
        dice = Dice(self._course.seed, "oracles", answer.name, self.taken)
        return [
            Call(
                oracle,
                voice.aggregator,
                "submit(uint256,int256)",
                (answer.round_id + 1, shifted(answer.value, dice.between(-ORACLE_BPS, ORACLE_BPS))),
            )
            for oracle in voice.oracles
        ]


def named(book: Book) -> dict[str, Feed]:
    """Every feed of a book by its name: `ETH/0` and `ETH/1` push, `ETH/signed`, `ETH/api3`."""
    found: dict[str, Feed] = {
        f"{asset}/{place}": voice for asset, voices in book.feeds.items() for place, voice in enumerate(voices)
    }
    found |= {f"{asset}/signed": feed for asset, feed in book.signed.items()}
    return found | {f"{asset}/api3": beacon for asset, beacon in book.beacons.items()}


def lie(course: Course, name: str) -> Episode:
    """When a voice that is told to lie does."""
    return habits.episode(course, f"lie/{name}", _LIE_WITHIN, _LIE_SECONDS)


def lie_bps(course: Course, name: str) -> int:
    """How far off its lie is, up or down, in bps."""
    dice = Dice(course.seed, "lie", name)
    return dice.between(*_LIE_BPS) * (1 if dice.below(2) else -1)


def shifted(value: int, bps: int) -> int:
    """A value moved by so many bps, rounded down."""
    return value * (_BPS + bps) // _BPS
