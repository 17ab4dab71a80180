"""Options that several commands take."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Mode(StrEnum):
    """Whether anything is sent. Live is a word the operator types: no configuration and no variable can say it."""

    DRY = "dry"
    LIVE = "live"


ModeOption = Annotated[
    Mode, typer.Option("--mode", help="live sends transactions; dry, the default, only says what it would do.")
]
