"""What the compiler made of contracts/: ABIs, runtime code, error names, and the digest of the compiler's input.

Read from forge's output; brownie's is the same byte for byte (tests/house/test_compiler.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from keeper.errors import UsageError
from scripts.toolchain import ROOT, TOOLS

OUT = TOOLS / "forge" / "out"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract: its ABI, its runtime code with zeros where immutables go, and where they go."""

    name: str
    abi: tuple[dict[str, Any], ...]
    runtime: bytes
    gaps: tuple[tuple[int, int], ...]
    sources: tuple[str, ...]
    settings: dict[str, Any]

    def matches(self, code: bytes) -> bool:
        """Whether `code` on a chain is this contract's, whatever its immutables are."""
        if len(code) != len(self.runtime):
            return False
        blank = bytearray(code)
        for start, length in self.gaps:
            blank[start : start + length] = bytes(length)
        return bytes(blank) == self.runtime


@lru_cache(maxsize=64)
def load(name: str) -> Artifact:
    """The artifact of a contract of ours by its name. Raises UsageError where it is not compiled."""
    path = OUT / f"{name}.sol" / f"{name}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        raise UsageError(f"{name} is not compiled", remedy="run make setup in the checkout") from None
    places = found["deployedBytecode"].get("immutableReferences", {}).values()
    return Artifact(
        name=name,
        abi=tuple(found["abi"]),
        runtime=bytes.fromhex(found["deployedBytecode"]["object"].removeprefix("0x")),
        gaps=tuple((spot["start"], spot["length"]) for spots in places for spot in spots),
        sources=tuple(found["metadata"]["sources"]),
        settings=found["metadata"]["settings"],
    )


def compiler_input(names: Sequence[str]) -> dict[str, Any]:
    """The standard JSON input that makes these contracts: feed it to solc and the deployed code comes out."""
    settings = {key: value for key, value in load(names[0]).settings.items() if key != "compilationTarget"}
    paths = sorted({source for name in names for source in load(name).sources})
    return {
        "language": "Solidity",
        "sources": {path: {"content": (ROOT / path).read_text(encoding="utf-8")} for path in paths},
        "settings": {
            **settings,
            "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode"]}},
        },
    }


def input_digest(names: Sequence[str]) -> str:
    """sha256, in hex, of the compiler's input as JSON with sorted keys and no spaces."""
    text = json.dumps(compiler_input(names), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def explain_revert(contract: str, data: bytes) -> tuple[str, tuple[str, ...]]:
    """The name and the values of the error that `data` carries: one of `contract`'s, or ("Unknown", hex)."""
    for item in load(contract).abi:
        if item["type"] != "error":
            continue
        types = [entry["type"] for entry in item["inputs"]]
        if keccak(text=f"{item['name']}({','.join(types)})")[:4] != data[:4]:
            continue
        try:
            return item["name"], tuple(_shown(value) for value in decode(types, data[4:]))
        except DecodingError:
            break
    if data[:4] == keccak(text="Error(string)")[:4]:
        return "Error", (str(decode(["string"], data[4:])[0]),)
    return "Unknown", ("0x" + data.hex(),)


def _shown(value: object) -> str:
    """A short word kept in 32 bytes reads as the word."""
    if isinstance(value, bytes):
        word = value.rstrip(b"\0")
        return word.decode() if word.isascii() and word.decode().isprintable() else "0x" + value.hex()
    return str(value)
