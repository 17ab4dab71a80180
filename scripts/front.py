"""The scripts' way with errors: one line on stderr that names the remedy, and an exit code of keeper/exit_codes.py."""

from __future__ import annotations

import sys
from collections.abc import Callable

from requests import RequestException

from keeper.errors import DiffersError, KeeperError, RpcUnreachable
from keeper.exit_codes import ExitCode


def say(line: str) -> None:
    """Talk, for the person who waits; stdout is kept for the result."""
    print(line, file=sys.stderr, flush=True)


def answer(run: Callable[[], ExitCode]) -> int:
    """What the process exits with. Every error of ours becomes one line; anything else is a defect and shows as one."""
    try:
        return int(run())
    except KeeperError as error:
        say(f"error[{error.code}]: {error}")
        for line in error.differences if isinstance(error, DiffersError) else ():
            say(f"  {line}")
        return int(error.exit_code)
    except RequestException as error:
        unreachable = RpcUnreachable("the network", type(error).__name__)  # its own words would hold the address
        say(f"error[{unreachable.code}]: {unreachable}")
        return int(unreachable.exit_code)
    except KeyboardInterrupt:
        say("interrupted")
        return int(ExitCode.INTERRUPTED)
