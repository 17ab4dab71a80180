"""The operator's door: `keeper COMMAND`. stdout is the result, stderr the talk; exit codes are `keeper.exit_codes`.

Each command lives in the module of its name, with a function `register(app)`. Those modules import what is heavy (web3,
the journal) inside the command, so that `keeper --help` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from keeper import __version__
from keeper.cli.envelope import report_misuse, report_unexpected
from keeper.errors import UsageError
from keeper.exit_codes import ExitCode

COMMANDS = (
    "run",
    "once",
    "plan",
    "status",
    "kill",
    "resume",
    "doctor",
    "config",
    "journal",
    "devnet",
)
"""The modules of this package that register a command, in the order `keeper --help` shows them."""

_Misuse: type[Exception] = typer.BadParameter.__bases__[0]
"""What the parser raises for a wrong command line: its module moves between typer's versions, this one's does not."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (the process's own where none is given) and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    sys.excepthook = report_unexpected
    try:
        return int(build()(arguments, standalone_mode=False, prog_name="keeper") or 0)
    except _Misuse as error:
        text = str(error.format_message()) if hasattr(error, "format_message") else str(error)
        fault = UsageError(text.rstrip("."), remedy="see keeper --help, and --help after a command")
        return report_misuse(fault, arguments)
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="keeper",
        help="Steer a Ballast vault: observe, decide, check, execute, and write down why.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_top)
    for name in COMMANDS:
        import_module(f"keeper.cli.{name}").register(app)
    return app


def _top(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        print(__version__)
    elif context.invoked_subcommand is None:
        print(context.get_help())
