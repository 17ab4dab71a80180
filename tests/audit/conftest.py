"""One short story, told once and kept until the tests have looked at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.audit.case import Case, envelope, opened
from tests.audit.node import Node
from tests.audit.record import Record, read

ROOT = Path(__file__).resolve().parents[2]
STORY_SECONDS = 480


@dataclass(frozen=True, slots=True)
class Kept:
    """A story whose chain still runs: what it printed, and the chain's record."""

    said: str
    told: Mapping[str, Any]
    node: Node
    record: Record

    def case(self, data: Mapping[str, Any] | None = None, record: Record | None = None) -> Case:
        """It, or another object or record in its place."""
        return opened(self.told["data"] if data is None else data, self.node, record or self.record)


@pytest.fixture(scope="session")
def kept() -> Iterator[Kept]:
    """The short story on a chain of its own; chain, folders and lock are gone afterwards."""
    if not (ROOT / ".tools" / "bin" / "anvil").exists():
        pytest.skip("no local chain here: make setup brings it")
    name = f"demo-audit-{os.getpid()}"
    words = [sys.executable, "scripts/demo.py", "--quick", "--json", "--keep", "--name", name]
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=STORY_SECONDS, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        told = envelope(done.stdout)
        with Node(told["data"]["rpc"]) as node:
            yield Kept(done.stdout, told, node, read(node))
    finally:
        down = [sys.executable, "-m", "keeper", "devnet", "down", "--name", name]
        subprocess.run(down, cwd=ROOT, capture_output=True, timeout=60, check=False)
        for folder in (ROOT / ".tools" / name, ROOT / ".tools" / "devnet" / name):
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(FileNotFoundError):
            (ROOT / ".tools" / f"{name}.lock").unlink()
