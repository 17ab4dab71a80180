"""How every command answers: text or, with --json, one object `ballast.cli/1`; an exit code; one line for an error.

    {"schema": "ballast.cli/1", "command": "config check", "ok": true, "data": {}, "warnings": [], "error": null}

In `data`, amounts in base units are decimal strings: they may pass what other languages read from a JSON number.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import typer

from keeper.errors import KeeperError
from keeper.exit_codes import ExitCode

SCHEMA = "ballast.cli/1"

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object (ballast.cli/1) instead of text.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="The configuration; BALLAST_CONFIG or keeper.toml where absent.")
]
VaultOption = Annotated[str | None, typer.Option("--vault", help="The vault's name, where several are configured.")]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: `data` for programs, `text` for a person, and what it means as an exit code."""

    data: Mapping[str, Any]
    text: str
    warnings: tuple[str, ...] = ()
    exit_code: ExitCode = ExitCode.DONE
    error: KeeperError | None = field(default=None)
    """Where the command did its work and the outcome still is a failure to report, such as HOLD."""


def run_command(name: str, as_json: bool, work: Callable[[], Answer]) -> None:
    """Do a command's work and end it: prints the answer or the error, raises typer.Exit with the exit code."""
    try:
        answer = work()
    except KeeperError as error:
        answer = Answer({}, "", error=error)
    except KeyboardInterrupt:
        answer = Answer(
            {}, "", exit_code=ExitCode.INTERRUPTED, error=_Interrupted("interrupted", remedy="run it again")
        )
    raise typer.Exit(show(name, as_json, answer))


class _Interrupted(KeeperError):
    """The operator pressed Ctrl-C."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED


def show(name: str, as_json: bool, answer: Answer) -> ExitCode:
    """Print an answer; returns its exit code."""
    error = answer.error
    if as_json:
        print(json.dumps(envelope(name, answer), ensure_ascii=False, allow_nan=False), flush=True)
    elif answer.text:
        print(answer.text, flush=True)
    if not as_json:
        for warning in answer.warnings:
            print(f"warning: {warning}", file=sys.stderr)
    if error is None:
        return answer.exit_code
    print(error_line(error), file=sys.stderr)
    return error.exit_code


def envelope(name: str, answer: Answer) -> dict[str, Any]:
    """The object of an answer."""
    error = answer.error
    return {
        "schema": SCHEMA,
        "command": name,
        "ok": error is None and answer.exit_code is ExitCode.DONE,
        "data": dict(answer.data),
        "warnings": list(answer.warnings),
        "error": None if error is None else {"code": error.code, "message": error.message, "remedy": error.remedy},
    }


def error_line(error: KeeperError) -> str:
    """One line: what happened, and what to do."""
    return f"error[{error.code}]: {error.message}. Remedy: {error.remedy}."


def report_misuse(error: KeeperError, arguments: Sequence[str]) -> int:
    """End a command line that could not be understood, in the form it asked for."""
    words = [word for word in arguments if not word.startswith("-")]
    return show(" ".join(words[:1]) or "keeper", "--json" in arguments, Answer({}, "", error=error))


def report_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The last word on a defect of ours, exit code 1: one line, and the traceback where BALLAST_DEBUG is set."""
    from keeper.config.environment import debug_wanted

    if debug_wanted():
        traceback.print_exception(kind, error, trace)
    fault = KeeperError(
        f"{kind.__name__}: {error}" if str(error) else kind.__name__,
        remedy="this is a defect: run it again with BALLAST_DEBUG=1 and report what it prints",
    )
    arguments = sys.argv[1:]
    words = [word for word in arguments if not word.startswith("-")]
    show(" ".join(words[:1]) or "keeper", "--json" in arguments, Answer({}, "", error=fault))
