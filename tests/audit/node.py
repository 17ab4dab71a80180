"""The node, asked over JSON-RPC. One audit looks at one chain that stands still: each question is asked once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from tests.audit.faults import NodeSilent

_BATCH = 100
_SECONDS = 60.0


def split_types(signature: str) -> list[str]:
    """The argument types of `name(type,(type,type),…)`."""
    inner = signature[signature.index("(") + 1 : -1]
    found, depth, word = [], 0, ""
    for letter in inner:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(word)
            word = ""
        else:
            word += letter
    return [*found, word] if word else found


def selector(signature: str) -> str:
    """The first four bytes of a call, as hex."""
    return "0x" + keccak(text=signature)[:4].hex()


def call_data(signature: str, *arguments: Any) -> str:
    """The bytes of a call, as hex."""
    return selector(signature) + encode(split_types(signature), arguments).hex()


class Node:
    """A JSON-RPC client. Every answer is kept, for the chain is taken to stand still."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(timeout=_SECONDS, trust_env=False)
        self._url = url
        self._known: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, method: str, *params: Any) -> Any:
        """One question. Raises NodeSilent where there is no answer, or an error for one."""
        return self.ask_all([(method, params)])[0]

    def ask_all(self, questions: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Many questions, answers in order."""
        keys = [json.dumps([method, list(params)]) for method, params in questions]
        fresh = [key for key in dict.fromkeys(keys) if key not in self._known]
        for start in range(0, len(fresh), _BATCH):
            self._fetch(fresh[start : start + _BATCH])
        return [self._known[key] for key in keys]

    def call(self, to: str, signature: str, returns: str, *arguments: Any, block: int) -> tuple[Any, ...]:
        """What a view of a contract answers at a block; `returns` are its types, comma by comma."""
        request = {"to": to, "data": call_data(signature, *arguments)}
        answer = self.ask("eth_call", request, hex(block))
        try:
            return tuple(decode(split_types(f"({returns})"), bytes.fromhex(answer[2:])))
        except ValueError as error:
            raise NodeSilent(f"{to} answers {signature} at block {block} with {answer[:80]}: {error}") from None

    def _fetch(self, keys: Sequence[str]) -> None:
        asked = []
        for number, key in enumerate(keys):
            method, params = json.loads(key)
            asked.append({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        try:
            found = self._http.post(self._url, json=asked).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise NodeSilent(f"{self._url} does not answer ({error}): is the chain kept, and up?") from None
        if not isinstance(found, list):
            raise NodeSilent(f"{self._url} answers a batch with no list: {str(found)[:120]}")
        answers = {answer.get("id"): answer for answer in found}
        for number, key in enumerate(keys):
            answer = answers.get(number, {})
            if "result" not in answer:
                what = answer.get("error", {}).get("message", "no answer")
                raise NodeSilent(f"{self._url} refuses {key[:160]}: {what}")
            self._known[key] = answer["result"]
