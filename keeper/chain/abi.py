"""Our contracts as Python knows them: calls encoded once, answers, events and errors decoded by their ABI.

The ABIs are package data in keeper/abi/, written from the compiler's output.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.model import Address, HexBytes, Revert

_STANDARD_ERRORS = (
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)
_UNFIT = (DecodingError, ValueError, OverflowError)
"""What eth_abi raises where data does not fit a type."""
UNKNOWN = "Unknown"
"""The name of a revert that is none of ours; its one argument is the raw data."""
MOST_SHOWN = 2_100
"""Characters of a stranger's words that are repeated: the kilobyte of a reason that the vault passes on, as hex."""


@dataclass(frozen=True, slots=True)
class Event:
    """One decoded log of one of our contracts: what was emitted, where, with every argument by name."""

    name: str
    address: Address
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its selector, and the shapes of what it takes and returns."""

    signature: str
    selector: bytes
    inputs: tuple[Mapping[str, Any], ...]
    outputs: tuple[Mapping[str, Any], ...]

    def call(self, *arguments: Any) -> HexBytes:
        """Calldata for these arguments; structs are tuples in the contract's order."""
        return "0x" + (self.selector + encode([type_of(item) for item in self.inputs], arguments)).hex()

    def result(self, data: HexBytes | bytes) -> Any:
        """What it returned: the one value, or a tuple of several; structs are dictionaries by field.

        ValueError where the data is not of that shape.
        """
        try:
            values = decode_as(self.outputs, as_bytes(data))
        except _UNFIT as error:
            raise ValueError(f"{len(as_bytes(data))} bytes are not what {self.signature} returns") from error
        return values[0] if len(values) == 1 else values


@dataclass(frozen=True, slots=True)
class Interface:
    """One contract's ABI."""

    functions: Mapping[str, Function]
    """By name where it is the only one of its name, and by signature."""
    events: Mapping[bytes, Mapping[str, Any]]
    """By topic."""
    errors: Mapping[bytes, Mapping[str, Any]]
    """By selector."""

    def event(self, log: Mapping[str, Any]) -> Event | None:
        """A log of a receipt or a simulation as one of this contract's events; None for anybody else's."""
        topics = [as_bytes(topic) for topic in log.get("topics", ())]
        shape = self.events.get(topics[0]) if topics else None
        if shape is None:
            return None
        marked = [item for item in shape["inputs"] if item["indexed"]]
        plain = [item for item in shape["inputs"] if not item["indexed"]]
        if len(marked) != len(topics) - 1:
            return None
        try:
            body = decode_as(plain, as_bytes(log["data"]))
            heads = [decode_as([item], topic)[0] for item, topic in zip(marked, topics[1:], strict=True)]
        except _UNFIT:
            return None
        found = dict(zip((item["name"] for item in marked), heads, strict=True))
        found |= dict(zip((item["name"] for item in plain), body, strict=True))
        return Event(name=shape["name"], address=to_checksum_address(log["address"]), values=found)


def interface(abi: Sequence[Mapping[str, Any]]) -> Interface:
    """The interface that a compiler's ABI describes."""
    functions: dict[str, Function] = {}
    names: dict[str, int] = {}
    for item in abi:
        if item["type"] == "function":
            signature = signature_of(item)
            names[item["name"]] = names.get(item["name"], 0) + 1
            made = Function(
                signature, keccak(text=signature)[:4], tuple(item["inputs"]), tuple(item.get("outputs", ()))
            )
            functions[signature] = functions[item["name"]] = made
    return Interface(
        functions={key: made for key, made in functions.items() if "(" in key or names[key] == 1},
        events={keccak(text=signature_of(item)): item for item in abi if item["type"] == "event"},
        errors={keccak(text=signature_of(item))[:4]: item for item in abi if item["type"] == "error"},
    )


@lru_cache(maxsize=16)
def load(name: str) -> Interface:
    """The interface in keeper/abi/NAME.json."""
    return interface(document(name)["abi"])


@lru_cache(maxsize=16)
def document(name: str) -> Mapping[str, Any]:
    """The whole of keeper/abi/NAME.json."""
    found: Mapping[str, Any] = json.loads((files("keeper") / "abi" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def decode_revert(data: HexBytes | bytes | None) -> Revert:
    """Revert data as one of our contracts' errors, Solidity's own, or `Unknown` with the raw data."""
    raw = as_bytes(data or b"")
    shape = _errors().get(raw[:4])
    if shape is not None:
        try:
            values = decode_as(shape["inputs"], raw[4:])
        except _UNFIT:
            pass
        else:
            return Revert(name=shape["name"], args=tuple(shown(value) for value in values))
    return Revert(name=UNKNOWN, args=(printable("0x" + raw[:MOST_SHOWN].hex()),))


def in_words(data: HexBytes | bytes | None) -> str:
    """Revert data as `Name(arguments)`."""
    revert = decode_revert(data)
    return f"{revert.name}({', '.join(revert.args)})"


@lru_cache(maxsize=1)
def _errors() -> Mapping[bytes, Mapping[str, Any]]:
    """Every error that any of our contracts can raise, by selector."""
    found = dict(interface(_STANDARD_ERRORS).errors)
    for item in sorted((files("keeper") / "abi").iterdir(), key=lambda item: item.name):
        if item.name.endswith(".json"):
            found |= interface(document(item.name.removesuffix(".json")).get("abi", [])).errors
    return found


def signature_of(item: Mapping[str, Any]) -> str:
    """`name(type,…)`, as selectors and topics are hashed from."""
    return f"{item['name']}({','.join(type_of(part) for part in item['inputs'])})"


def type_of(item: Mapping[str, Any]) -> str:
    """A parameter's canonical type; a struct is the tuple of its fields' types."""
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(type_of(part) for part in item['components'])}){kind.removeprefix('tuple')}"


def decode_as(items: Sequence[Mapping[str, Any]], data: bytes) -> tuple[Any, ...]:
    """Encoded values of these parameters: structs as dictionaries, bytes as 0x text, addresses in EIP-55 form.

    Raises eth_abi's DecodingError where the data does not fit.
    """
    values = decode([type_of(item) for item in items], data)
    return tuple(_named(item, str(item["type"]), value) for item, value in zip(items, values, strict=True))


def _named(item: Mapping[str, Any], kind: str, value: Any) -> Any:
    if kind.endswith("]"):
        return tuple(_named(item, kind[: kind.rindex("[")], part) for part in value)
    if kind == "tuple":
        parts = zip(item["components"], value, strict=True)
        return {part["name"]: _named(part, str(part["type"]), field) for part, field in parts}
    if kind == "address":
        return to_checksum_address(value)
    return "0x" + value.hex() if isinstance(value, bytes) else value


def shown(value: Any) -> str:
    """A decoded value as the text of an error's argument: printable, one line."""
    if isinstance(value, tuple):
        return f"[{', '.join(shown(part) for part in value)}]"
    if isinstance(value, dict):
        return f"({', '.join(shown(part) for part in value.values())})"
    return printable(str(value))


def printable(text: str) -> str:
    """A stranger's words as one line: what a terminal would act upon is a question mark, what is too long is cut."""
    line = " ".join(text[: 2 * MOST_SHOWN].split())
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    return line if len(line) <= MOST_SHOWN else f"{line[: MOST_SHOWN - 1]}…"


def as_bytes(data: HexBytes | bytes) -> bytes:
    """0x text as bytes."""
    return data if isinstance(data, bytes) else bytes.fromhex(data.removeprefix("0x"))
