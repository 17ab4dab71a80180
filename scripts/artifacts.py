"""What the compiler made of contracts/: ABIs, runtime code, error names, and the digest of the compiler's input.

Read from brownie's build; forge's is the same byte for byte (tests/house/test_compiler.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from keeper.errors import UsageError
from scripts.toolchain import ROOT, TOOLS

BUILD = TOOLS / "brownie" / "contracts"
_GAP = re.compile(rb"\x7f\x00{32}")
"""PUSH32 of zero: where an immutable goes. The compiler pushes no other zero that way."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract: its ABI, its runtime code with zeros where immutables go, and where those begin."""

    name: str
    abi: tuple[dict[str, Any], ...]
    runtime: bytes
    gaps: tuple[int, ...]
    sources: tuple[str, ...]

    def matches(self, code: bytes) -> bool:
        """Whether `code` on a chain is this contract's, whatever its immutables are."""
        blank = bytearray(code)
        for start in self.gaps:
            blank[start : start + 32] = bytes(32)
        return bytes(blank) == self.runtime


@lru_cache(maxsize=64)
def load(name: str) -> Artifact:
    """The artifact of a contract of ours by its name. Raises UsageError where it is not compiled."""
    try:
        found = json.loads((BUILD / f"{name}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        raise UsageError(f"{name} is not compiled", remedy="run make setup in the checkout") from None
    runtime = bytes.fromhex(found["deployedBytecode"].removeprefix("0x"))
    return Artifact(
        name=name,
        abi=tuple(found["abi"]),
        runtime=runtime,
        gaps=tuple(match.start() + 1 for match in _GAP.finditer(runtime)),
        sources=tuple(sorted(found["allSourcePaths"].values())),
    )


def compiler_settings() -> dict[str, Any]:
    """The compiler's settings, as its standard JSON has them."""
    chosen = yaml.safe_load((ROOT / "brownie-config.yaml").read_text(encoding="utf-8"))["compiler"]
    solc = chosen["solc"]
    return {
        "evmVersion": chosen["evm_version"],
        "optimizer": solc["optimizer"],
        "viaIR": solc["viaIR"],
        "remappings": solc["remappings"],
    }


def compiler_input(names: Sequence[str]) -> dict[str, Any]:
    """The standard JSON input that makes these contracts: feed it to solc and the deployed code comes out."""
    paths = sorted({source for name in names for source in load(name).sources})
    return {
        "language": "Solidity",
        "sources": {path: {"content": (ROOT / path).read_text(encoding="utf-8")} for path in paths},
        "settings": {
            **compiler_settings(),
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
