"""What is published is compiled once more, from the very input that is handed over, and held against the chain."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from web3.exceptions import TransactionNotFound

from keeper.errors import DiffersError, UsageError
from keeper.manifest import Manifest, Part
from scripts import artifacts, toolchain
from scripts.reading import Reader

_SECONDS = 1_800
"""For the compiler: all contracts take two minutes on two free cores, a busy machine needs more."""
_OUTPUTS = ["evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """One contract as this input makes it: where it is written, its creation code, its runtime code with zeros where
    immutables go, and where they go: (start, length) in bytes."""

    name: str
    path: str
    creation: bytes
    runtime: bytes
    gaps: tuple[tuple[int, int], ...]

    @property
    def identifier(self) -> str:
        """`path:name`, as verifiers want it."""
        return f"{self.path}:{self.name}"

    def is_at(self, code: bytes) -> bool:
        """Whether `code` on a chain is this contract's, metadata included, whatever its immutables are."""
        blank = bytearray(code)
        for start, length in self.gaps:
            blank[start : start + length] = bytes(length)
        return bytes(blank) == self.runtime


def compiler_version() -> str:
    """The pinned compiler's long version, `0.8.30+commit.…`, as verifiers name it."""
    said = (toolchain.TOOLS / "solcx" / "solc-js.version").read_text(encoding="utf-8").strip()
    return ".".join(said.split(".")[:4])


def recompile(standard: Mapping[str, Any], names: Sequence[str]) -> dict[str, Compiled]:
    """These contracts out of a standard JSON input. Raises UsageError where the compiler refuses it."""
    wanted = {"*": dict.fromkeys(names, _OUTPUTS)}
    narrowed = {**standard, "settings": {**standard["settings"], "outputSelection": wanted}}
    done = subprocess.run(
        [str(toolchain.ensure_solc()), "--standard-json"],
        input=json.dumps(narrowed),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    try:
        made = json.loads(done.stdout)
    except ValueError:
        raise UsageError("the compiler gave no answer", remedy="run make setup in the checkout") from None
    faults = [error["message"] for error in made.get("errors", ()) if error["severity"] == "error"]
    if faults:
        raise UsageError(f"the sources do not compile: {faults[0]}", remedy="check out what was deployed")
    found = {
        name: _compiled(name, path, contract)
        for path, contracts in made["contracts"].items()
        for name, contract in contracts.items()
        if name in names and path.startswith("contracts/")
    }
    missing = [name for name in names if name not in found]
    if missing:
        raise UsageError(f"the sources have no {missing[0]}", remedy="check out what was deployed")
    return found


def hold(manifest: Manifest, parts: Mapping[str, Part], made: Mapping[str, Compiled], reader: Reader) -> None:
    """Raises DiffersError where the chain's code, or what created it, is not what these sources make."""
    found = [fault for name, part in parts.items() for fault in _faults(name, part, made[part.contract], reader)]
    if found:
        raise DiffersError(
            f"{len(found)} contracts on chain {manifest.chain.id} are not made by these sources",
            remedy="check out the commit that was deployed, make setup, and publish from there",
            differences=found,
        )


def standard_input(manifest: Manifest) -> dict[str, Any]:
    """The standard JSON input of all that was deployed, the same for each contract."""
    parts = manifest.parts
    every = [parts.rulebook, parts.vault, parts.oracle, *parts.adapters.values(), *parts.sources.values()]
    every += [] if parts.clerk is None else [parts.clerk]
    return artifacts.compiler_input(sorted({part.contract for part in every}))


def _compiled(name: str, path: str, contract: Mapping[str, Any]) -> Compiled:
    made = contract["evm"]
    references = made["deployedBytecode"].get("immutableReferences", {})
    return Compiled(
        name=name,
        path=path,
        creation=bytes.fromhex(made["bytecode"]["object"]),
        runtime=bytes.fromhex(made["deployedBytecode"]["object"]),
        gaps=tuple((place["start"], place["length"]) for places in references.values() for place in places),
    )


def _faults(name: str, part: Part, made: Compiled, reader: Reader) -> list[str]:
    if not made.is_at(reader.code(part.address)):
        return [f"{name}: the code at {part.address} is not {part.contract}'s"]
    try:
        sent = reader.web3.eth.get_transaction(part.tx)  # type: ignore[arg-type]  # 0x text is a hash
    except TransactionNotFound:
        return [f"{name}: no transaction {part.tx}, which the manifest says created it"]
    if bytes(sent["input"]) != made.creation + bytes.fromhex(part.constructor.removeprefix("0x")):
        return [f"{name}: {part.tx} created it from other code or arguments than the manifest's"]
    return []
