"""Calls written as their signature: `encode_call("transfer(address,uint256)", to, amount)`. No ABI files are needed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.grammar import TupleType, parse
from eth_utils.crypto import keccak


@lru_cache(maxsize=512)
def _split(signature: str) -> tuple[bytes, tuple[str, ...]]:
    selector = keccak(text=signature)[:4]
    if signature.endswith("()"):
        return selector, ()
    inputs = parse(signature[signature.index("(") :])
    if not isinstance(inputs, TupleType):
        raise ValueError(f"{signature} is not a function's signature")
    return selector, tuple(component.to_type_str() for component in inputs.components)


def encode_call(signature: str, *arguments: Any) -> str:
    """0x-hex calldata: four bytes of selector and the encoded arguments."""
    selector, types = _split(signature)
    return "0x" + (selector + encode(types, arguments)).hex()


def decode_result(types: str, data: bytes | str) -> tuple[Any, ...]:
    """The values of `types`, comma-separated as in "uint160,int24", in returned bytes or 0x-hex."""
    raw = bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else data
    return decode(_split(f"({types})")[1], raw)
