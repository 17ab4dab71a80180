"""The actors: each a process of its own with a log of its own, ended when the story ends, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from scripts import toolchain
from scripts.story.faults import StageFailed

END_SECONDS = 15
"""How long an actor may take to end after it was told to."""
_LOOK_SECONDS = 0.004
_LAST_WORDS = 300
"""Characters of an actor's last line that an error repeats."""


@dataclass
class Actor:
    """One running process, the leader of a process group of its own. `prompt` is its stdin, where it has one."""

    name: str
    process: subprocess.Popen[str]
    log: Path
    prompt: IO[str] | None
    ending: signal.Signals
    heard: int = field(default=0)
    """Bytes of the log already given by `line`."""

    @property
    def is_on(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def ask(self, words: str) -> None:
        """A line on its stdin. StageFailed where it has ended."""
        if self.prompt is None:
            raise ValueError(f"{self.name} hears nothing")
        try:
            self.prompt.write(f"{words}\n")
            self.prompt.flush()
        except BrokenPipeError:
            raise StageFailed(self.name, f"it ended: {last_words(self.log)}", self.log) from None

    def line(self, seconds: float) -> str:
        """Its next whole line, waited for. Raises StageFailed where it ends or stays silent for so long."""
        said = self.line_or_end(seconds)
        if said is None:
            raise StageFailed(self.name, f"ended with {self.process.returncode}: {last_words(self.log)}", self.log)
        return said

    def line_or_end(self, seconds: float) -> str | None:
        """Its next whole line, waited for; None where it has ended. StageFailed where it stays silent for so long."""
        give_up = time.monotonic() + seconds
        while True:
            was_on = self.is_on
            with self.log.open("rb") as log:
                log.seek(self.heard)
                said = log.readline()
            if said.endswith(b"\n"):
                self.heard += len(said)
                return said.decode(errors="replace").rstrip("\n")
            if not was_on:
                return None
            if time.monotonic() > give_up:
                raise StageFailed(self.name, f"said nothing for {seconds:g} s", self.log)
            time.sleep(_LOOK_SECONDS)


class Cast:
    """Starts processes and ends every one that still runs when the block ends."""

    def __init__(self) -> None:
        self._actors: list[Actor] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for actor in reversed(self._actors):
            _end(actor)

    def start(
        self,
        name: str,
        words: Sequence[str],
        log: Path,
        *,
        prompted: bool = False,
        ending: signal.Signals = signal.SIGTERM,
    ) -> Actor:
        """Start a process in the checkout's root, stdout and stderr in its log, ended by `ending`.

        It hears no Ctrl-C of ours, so that all end in order, and reads no BALLAST_ variable of the person's.
        """
        environ = {key: value for key, value in os.environ.items() if not key.startswith("BALLAST_")}
        stdin = subprocess.PIPE if prompted else subprocess.DEVNULL
        with log.open("w") as said:
            process = subprocess.Popen(
                list(words),
                cwd=toolchain.ROOT,
                env=environ | toolchain.environ() | {"PYTHONUNBUFFERED": "1"},
                stdin=stdin,
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        actor = Actor(name, process, log, process.stdin, ending)
        self._actors.append(actor)
        return actor

    def perform(self, name: str, words: Sequence[str], log: Path, seconds: float) -> int:
        """Run a process to its end; its exit code. Raises StageFailed where it takes longer than `seconds`."""
        actor = self.start(name, words, log, ending=signal.SIGINT)
        try:
            return actor.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise StageFailed(name, f"not done after {seconds:g} s", log) from None

    def end(self, actor: Actor) -> int:
        """Tell an actor to end, and wait; its exit code."""
        return _end(actor)


def _end(actor: Actor) -> int:
    """End the process, and whatever of its group outlives it."""
    if actor.is_on:
        _tell(actor, actor.ending)
    with suppress(subprocess.TimeoutExpired):
        actor.process.wait(END_SECONDS)
    _tell(actor, signal.SIGKILL)
    if actor.prompt is not None:
        with suppress(BrokenPipeError):
            actor.prompt.close()
    return actor.process.wait()


def _tell(actor: Actor, word: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(actor.process.pid, word)


def last_words(log: Path) -> str:
    """The last line of a log that says anything."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:_LAST_WORDS] if lines else "without a word"
