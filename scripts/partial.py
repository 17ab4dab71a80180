"""What a deployment has deployed so far: written after every contract, gone when the manifest stands.

A deployment that broke off is therefore visible, and is taken up by running the same command again. Nothing can be lost
by starting over instead (remove the file): before a deposit no contract holds anything.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

SCHEMA = "ballast.partial/1"


@dataclass(frozen=True, slots=True)
class Standing:
    """A contract that stands: digest of its creation code with arguments, address, creation transaction."""

    digest: str
    address: str
    tx: str


class Partial:
    """The record of one deployment on one chain (by genesis); without a path it remembers nothing."""

    def __init__(self, path: Path | None, genesis: str) -> None:
        self._path = path
        self._genesis = genesis
        self._standing: dict[str, Standing] = {}
        if path is not None and path.is_file():
            found = json.loads(path.read_text(encoding="utf-8"))
            if found.get("schema") == SCHEMA and found.get("genesis") == genesis:
                self._standing = {key: Standing(**value) for key, value in found["standing"].items()}

    @property
    def begun(self) -> bool:
        """Whether an earlier run left something standing."""
        return bool(self._standing)

    def find(self, key: str, digest: str) -> Standing | None:
        """What stands under `key`, if its creation code was this very one."""
        known = self._standing.get(key)
        return known if known is not None and known.digest == digest else None

    def add(self, key: str, digest: str, address: str, tx: str) -> None:
        """Remember a contract, on disk before anything else is sent."""
        self._standing[key] = Standing(digest, address, tx)
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        standing = {name: asdict(value) for name, value in self._standing.items()}
        text = json.dumps({"schema": SCHEMA, "genesis": self._genesis, "standing": standing}, indent=2)
        staged = self._path.with_name(f".{self._path.name}.new")
        staged.write_text(text + "\n", encoding="utf-8")
        staged.replace(self._path)
