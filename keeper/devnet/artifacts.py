"""Published artifacts of several build systems in one shape: creation code, library links, constructor types."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple

_HEX = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One contract as published: `code` is creation code in hex without 0x, `links` maps a library to byte offsets."""

    name: str
    code: str
    links: Mapping[str, tuple[int, ...]]
    constructor: tuple[str, ...]

    def init_code(self, arguments: Sequence[Any] = (), libraries: Mapping[str, str] | None = None) -> str:
        """0x-hex of the linked creation code followed by its encoded arguments.

        Raises ValueError where a library is not given, so that half-linked code is never sent.
        """
        code = self.code
        for library, offsets in self.links.items():
            address = (libraries or {}).get(library)
            if address is None:
                raise ValueError(f"{self.name} wants the library {library}")
            for offset in offsets:
                code = code[: offset * 2] + address[2:].lower() + code[offset * 2 + 40 :]
        if not _HEX.fullmatch(code):
            raise ValueError(f"{self.name} has {len(code)} characters of creation code that are not all hex")
        return "0x" + code + encode(self.constructor, list(arguments)).hex()


def load(path: Path) -> Artifact:
    """Read an artifact of Truffle, Waffle, Hardhat or the compiler itself; the file's stem is the contract's name."""
    document: dict[str, Any] = json.loads(path.read_text())
    output: dict[str, Any] = document.get("compilerOutput") or document
    holder: dict[str, Any] = output.get("evm") or output
    code, links = holder["bytecode"], holder.get("linkReferences") or {}
    if isinstance(code, dict):
        code, links = code["object"], code.get("linkReferences") or {}
    inputs: list[dict[str, Any]] = next(
        (entry["inputs"] for entry in output["abi"] if entry["type"] == "constructor"), []
    )
    return Artifact(
        name=path.stem,
        code=code.removeprefix("0x"),
        links={
            library: tuple(int(place["start"]) for place in places)
            for libraries in links.values()
            for library, places in libraries.items()
        },
        constructor=tuple(collapse_if_tuple(entry) for entry in inputs),
    )


def constant(path: Path, name: str) -> str:
    """The 0x-hex string that a JavaScript source assigns to `name`. Raises ValueError where it assigns none."""
    found = re.search(rf"\b{re.escape(name)}\s*=\s*'(0x[0-9a-fA-F]+)'", path.read_text())
    if found is None:
        raise ValueError(f"{path.name} assigns no {name}")
    return found.group(1)
