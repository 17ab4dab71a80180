"""A keeper of the story: the process you would run, which looks when it is asked to."""

from __future__ import annotations

import re
import shlex
import sys
import time
from pathlib import Path

from keeper.exit_codes import ExitCode
from scripts.story.cast import Actor, Cast, last_words
from scripts.story.faults import StageFailed

LOOK_SECONDS = 60.0
"""How long the keeper may take to start, or to look at a new block and act on it, on a busy machine."""
_HALTED = re.compile(r"error\[halt\]: (?P<code>[a-z-]+):")
_EVENT = re.compile(r"\bevent=(?P<name>[a-z-]+)\b")


class Keeper:
    """`keeper run --mode live --on-demand` with the configuration at `config`; `reason`: its last, in its own words."""

    def __init__(self, name: str, cast: Cast, config: Path, log: Path) -> None:
        words = (sys.executable, "-m", "keeper", "run", "--mode", "live", "--on-demand", "--config", str(config))
        self.name = name
        self.reason = ""
        self._cast = cast
        self._actor: Actor = cast.start(name, words, log, prompted=True)
        self.code: int | None = None
        """What it ended with, once it has."""
        self._await()

    def look(self) -> bool:
        """One tick, its transaction settled; whether it goes on. One that has ended is left alone."""
        if self.code is None:
            self._actor.ask("")
            self._await()
        return self.code is None

    def end(self) -> None:
        """Tell it to end. StageFailed where it ends otherwise than well, or than by a HALT of its own before."""
        code = self._cast.end(self._actor) if self.code is None else self.code
        if code not in (ExitCode.DONE, ExitCode.HALT):
            said = f"told to end, it ended with {code}: {last_words(self._actor.log)}"
            raise StageFailed(self.name, said, self._actor.log)

    def _await(self) -> None:
        """Hear it until it waits again, or has latched a HALT and ended."""
        give_up = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < give_up:
            line = self._actor.line_or_end(LOOK_SECONDS)
            if line is None:
                self.code, said = self._actor.process.wait(), last_words(self._actor.log)
                if self.code != ExitCode.HALT:
                    raise StageFailed(self.name, f"ended with {self.code}: {said}", self._actor.log)
                found = _HALTED.match(said)
                self.reason = f"it has halted itself: {found['code'] if found else said}"
                return
            found = _EVENT.search(line)
            if found is not None and found["name"] == "waiting":
                return
            if found is not None and found["name"] in ("tick", "held"):
                self.reason = _reason(line)
        raise StageFailed(self.name, f"it did not look within {LOOK_SECONDS:g} s", self._actor.log)


def _reason(line: str) -> str:
    """The log repeats the sentence only when the reason is another than the tick's before."""
    words = dict(word.partition("=")[::2] for word in shlex.split(line))
    return words.get("reason", f"{words.get('reason_code', '')}, as before")
