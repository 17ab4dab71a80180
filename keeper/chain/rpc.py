"""One node over HTTP: typed JSON-RPC, reads retried, sends made once, round trips counted, the address never shown.

An RPC's URL may hold a key, so errors carry `label`, the setting it came from; the libraries below write whole URLs in
their debug lines and are kept from it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_random_exponential
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from keeper.chain.abi import printable
from keeper.config import ChainProfile, Secret
from keeper.errors import RpcRefused, RpcUnreachable

T = TypeVar("T")
Call: TypeAlias = tuple[str, Sequence[Any]]
"""A method and its parameters."""

READ_TRIES = 3
TIMEOUT = 10.0
"""Seconds a connection, and each wait for bytes of an answer, may take."""
_SHOWN = 200
"""How much of a node's own words an error repeats."""
_SECRET_PART = 8
"""A part of the address this long may be a key."""
_TALKATIVE = ("web3", "urllib3")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A JSON-RPC error: the node's number and words, and the revert data where it gives any."""

    method: str
    code: int | None
    message: str
    data: str | None


class Rpc:
    """The node at `url`. `label` names it as the configuration does; `round_trips` counts waits, `requests` methods."""

    def __init__(
        self, url: Secret | str, profile: ChainProfile, *, label: str = "rpc", timeout: float = TIMEOUT
    ) -> None:
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        address = url.reveal() if isinstance(url, Secret) else url
        self.profile = profile
        self.label = label
        self.timeout = timeout
        self.round_trips = 0
        self.requests = 0
        self._batches = True
        self._secret_parts = _secret_parts(address)
        self._provider = HTTPProvider(address, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)

    def __repr__(self) -> str:
        return f"Rpc({self.label})"

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        """A read's result, retried while unreachable. Raises RpcUnreachable, RpcRefused."""
        return self.accepted(self.ask(method, params))

    def ask(self, method: str, params: Sequence[Any] = ()) -> Any | Refusal:
        """A read's result or the node's refusal, retried while unreachable. Raises RpcUnreachable."""
        return self._retried(lambda: self._one(method, params))

    def many(self, calls: Sequence[Call]) -> list[Any | Refusal]:
        """Results or refusals in order: one round trip where the node takes batches, one each where it does not.

        Retried whole while unreachable; raises RpcUnreachable.
        """
        if len(calls) < 2 or not self._batches:
            return [self.ask(method, params) for method, params in calls]
        found = self._retried(lambda: self._batch(calls))
        if found is None:
            self._batches = False
            return [self.ask(method, params) for method, params in calls]
        return found

    def send(self, method: str, params: Sequence[Any]) -> Any | Refusal:
        """One attempt, never repeated here: after RpcUnreachable the node may or may not have acted."""
        return self._one(method, params)

    def accepted(self, found: Any | Refusal) -> Any:
        """The result, or RpcRefused for a refusal."""
        if isinstance(found, Refusal):
            raise RpcRefused(self.label, found.method, found.message, found.code)
        return found

    def understood(self, read: Callable[[Any], T], found: Any) -> T:
        """`read(found)`, or RpcUnreachable where the answer has not the shape that was asked for."""
        try:
            return read(found)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise RpcUnreachable(self.label, "its answer is not what was asked for") from None

    def _retried(self, attempt: Callable[[], T]) -> T:
        retrying = Retrying(
            stop=stop_after_attempt(READ_TRIES) | stop_after_delay(self.timeout),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            retry=retry_if_exception_type(RpcUnreachable),
            reraise=True,
        )
        return retrying(attempt)

    def _one(self, method: str, params: Sequence[Any]) -> Any | Refusal:
        self.requests += 1
        asked = self._next_id()
        answer = self._exchange(lambda: self._provider.make_request(RPCEndpoint(method), list(params)))
        read = self._read(method, answer)
        self._hold_ids([answer], asked)
        return read

    def _batch(self, calls: Sequence[Call]) -> list[Any | Refusal] | None:
        """None where the node answers a batch with one error or fewer answers: it takes none."""
        self.requests += len(calls)
        batch = [(RPCEndpoint(method), list(params)) for method, params in calls]
        asked = self._next_id()
        answers = self._exchange(lambda: self._provider.make_batch_request(batch))
        if not isinstance(answers, list) or len(answers) != len(calls):
            return None
        read = [self._read(method, answer) for (method, _), answer in zip(calls, answers, strict=True)]
        self._hold_ids(answers, asked)
        return read

    def _next_id(self) -> int:
        """The id that the provider gives its next request: it counts, and so this one is used up for the look."""
        return next(self._provider.request_counter) + 1

    def _hold_ids(self, answers: Sequence[dict[str, Any]], first: int) -> None:
        """RpcUnreachable where an answer is to another question; a refusal may name none."""
        for place, answer in enumerate(answers):
            found = answer.get("id")
            if found != first + place and not (found is None and answer.get("error") is not None):
                raise RpcUnreachable(self.label, f"it answers request {found}, asked was {first + place}")

    def _exchange(self, exchange: Callable[[], Any]) -> Any:
        self.round_trips += 1
        try:
            return exchange()
        except OSError as error:
            # `from None`: the library's exception holds the whole address
            raise RpcUnreachable(self.label, _reason(error)) from None
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise RpcUnreachable(self.label, "its answer is not JSON") from None
        except (KeyError, TypeError, AttributeError):
            raise RpcUnreachable(self.label, "its answer is JSON, but no JSON-RPC") from None

    def _read(self, method: str, answer: Any) -> Any | Refusal:
        if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
            raise RpcUnreachable(self.label, f"its answer to {method} is no JSON-RPC")
        if answer.get("error") is None:
            return answer.get("result")
        error = answer["error"] if isinstance(answer["error"], dict) else {"message": str(answer["error"])}
        code = error.get("code")
        return Refusal(
            method=method,
            code=code if isinstance(code, int) else None,
            message=self._redacted(str(error.get("message", "no reason given")))[:_SHOWN],
            data=_revert_data(error.get("data")),
        )

    def _redacted(self, text: str) -> str:
        for part in self._secret_parts:
            text = text.replace(part, "…")
        return printable(text)


def _reason(error: OSError) -> str:
    """The kind of failure in plain words, without the address that the library's own text repeats."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"HTTP {status}"
    names = {kind.__name__ for kind in type(error).__mro__}
    if "ConnectTimeout" in names:
        return "connecting timed out"
    if "Timeout" in names or isinstance(error, TimeoutError):
        return "its answer timed out"
    if names & {"MissingSchema", "InvalidSchema", "InvalidURL"}:
        return "its address is no http address"
    return "no connection" if "ConnectionError" in names else type(error).__name__


def _revert_data(data: Any) -> str | None:
    """Revert data as 0x text, wherever the node puts it: bare, or inside an object."""
    if isinstance(data, dict):
        data = data.get("result") or data.get("data")
    return data.lower() if isinstance(data, str) and data.startswith("0x") else None


def _secret_parts(address: str) -> tuple[str, ...]:
    url = urlsplit(address)
    parts = [*url.path.split("/"), *url.query.replace("=", "&").split("&"), url.username or "", url.password or ""]
    return tuple(sorted((part for part in parts if len(part) >= _SECRET_PART), key=len, reverse=True))
