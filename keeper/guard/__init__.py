"""The last word before a signature: pure checks with what they found and allow, and the one maker of intents."""

from __future__ import annotations

from keeper.guard.admit import Sendable, admit
from keeper.guard.checks import CHECKS, REFUSING, check
from keeper.guard.facts import Clock, Facts, Gas, Veto, kill_gas

__all__ = ["CHECKS", "REFUSING", "Clock", "Facts", "Gas", "Sendable", "Veto", "admit", "check", "kill_gas"]
