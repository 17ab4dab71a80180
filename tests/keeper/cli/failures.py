"""The table of failures as values: docs/failures.toml, read once, for every test that drives one of its rows."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parents[3] / "docs" / "failures.toml"


@dataclass(frozen=True, slots=True)
class Failure:
    """One row."""

    id: str
    what: str
    command: str
    code: str
    exit_code: int
    message: str
    remedy: str

    def check(self, exit_code: int, out: str, err: str) -> None:
        """Hold what a command with --json answered against this row; err is one line that names the remedy."""
        error = json.loads(out)["error"]
        assert (exit_code, error["code"]) == (self.exit_code, self.code)
        assert re.fullmatch(self.message, error["message"]), error["message"]
        assert re.fullmatch(self.remedy, error["remedy"]), error["remedy"]
        assert err == f"error[{self.code}]: {error['message']}. Remedy: {error['remedy']}.\n"


def table() -> dict[str, Failure]:
    """Every row by its id."""
    return {row["id"]: Failure(**row) for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["failure"]}
