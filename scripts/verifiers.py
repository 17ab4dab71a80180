"""Those who publish verified sources: Sourcify's API v2, and Etherscan's, which other explorers speak too.

Each is asked once a contract and then looked at until it has decided. A verifier that is busy, limits us, breaks off or
answers what is no JSON is asked again, the same thing: to publish twice is to publish once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from keeper.config.secrets import Secret
from keeper.errors import ChainError, RefusedError

_TRIES = 6
_LOOKS = 100
_MOST_SECONDS = 30
"""Between two tries."""
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_MOST_SHOWN = 200
"""Characters of a stranger's words."""
ALREADY = "already verified"
VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Request:
    """One contract to verify. `arguments` are the constructor's, encoded, hex without 0x; `standard` compiles to it."""

    chain_id: int
    address: str
    identifier: str
    compiler: str
    arguments: str
    tx: str
    standard: Mapping[str, Any]


class Verifier(Protocol):
    """Somebody who verifies."""

    name: str

    def verify(self, request: Request) -> str:
        """What became of it, in words. Raises RefusedError where it says no, ChainError where it does not answer."""
        ...


class Busy(Exception):
    """Not now: the same may be asked again."""


class Line:
    """HTTP to one verifier: JSON objects, asked again while it is busy; `pause` seconds between two questions."""

    def __init__(self, name: str, url: str, pause: float) -> None:
        self.name = name
        self.pause = pause
        self._url = url.rstrip("/")
        self._client = httpx.Client(timeout=60, follow_redirects=False)

    def ask(self, method: str, path: str, judge: Callable[[int, dict[str, Any]], Any], **content: Any) -> Any:
        """What `judge` makes of status and body; it raises Busy to ask again. Raises ChainError after the last try."""
        retrying = Retrying(
            retry=retry_if_exception_type((Busy, httpx.TransportError)),
            stop=stop_after_attempt(_TRIES),
            wait=wait_exponential(multiplier=self.pause, max=_MOST_SECONDS),
            reraise=True,
        )
        try:
            return retrying(self._once, method, path, judge, content)
        except Busy as busy:
            said = str(busy)
        except httpx.TransportError as error:
            said = type(error).__name__  # its own words may hold the address, and the key in it
        raise ChainError(f"{self.name} does not answer ({said})", remedy="run the same command again later")

    def until(self, look: Callable[[], str | None]) -> str:
        """What `look` finds when it finds something. Raises ChainError where that takes too long."""
        for _ in range(_LOOKS):
            found = look()
            if found is not None:
                return found
            time.sleep(self.pause)
        raise ChainError(f"{self.name} has not decided after {_LOOKS} looks", remedy="run the same command again later")

    def _once(
        self, method: str, path: str, judge: Callable[[int, dict[str, Any]], Any], content: Mapping[str, Any]
    ) -> Any:
        reply = self._client.request(method, f"{self._url}{path}", **content)
        if reply.status_code in _BUSY:
            raise Busy(f"HTTP {reply.status_code}")
        try:
            body = reply.json()
        except ValueError:
            raise Busy(f"HTTP {reply.status_code} and no JSON") from None
        if not isinstance(body, dict):
            raise Busy(f"HTTP {reply.status_code} and no JSON object")
        return judge(reply.status_code, body)


class Sourcify:
    """https://docs.sourcify.dev/docs/api/: jobs, no key."""

    name = "sourcify"
    URL = "https://sourcify.dev/server"

    def __init__(self, url: str, pause: float) -> None:
        self._line = Line(self.name, url, pause)

    def verify(self, request: Request) -> str:
        """As Verifier says; "exact_match" is Sourcify's word where the metadata agrees too."""
        body = {
            "stdJsonInput": request.standard,
            "compilerVersion": request.compiler,
            "contractIdentifier": request.identifier,
            "creationTransactionHash": request.tx,
        }
        job = self._line.ask("POST", f"/v2/verify/{request.chain_id}/{request.address}", self._begun, json=body)
        if job == ALREADY:
            return ALREADY
        return self._line.until(lambda: self._line.ask("GET", f"/v2/verify/{job}", self._ended))

    def _begun(self, status: int, body: dict[str, Any]) -> str:
        job = body.get("verificationId")
        if status == httpx.codes.ACCEPTED and isinstance(job, str) and job.replace("-", "").isalnum():
            return job
        code = str(body.get("customCode", status))
        if code == "already_verified":
            return ALREADY
        if code == "duplicate_verification_request":
            raise Busy(code)
        raise _refused(self.name, code, body.get("message", ""))

    def _ended(self, status: int, body: dict[str, Any]) -> str | None:
        if status != httpx.codes.OK or not isinstance(body.get("isJobCompleted"), bool):
            raise _refused(self.name, str(body.get("customCode", status)), body.get("message", ""))
        if not body["isJobCompleted"]:
            return None
        error, contract = body.get("error"), body.get("contract")
        if isinstance(error, dict):
            if error.get("customCode") == "already_verified":
                return ALREADY
            raise _refused(self.name, str(error.get("customCode")), error.get("message", ""))
        match = contract.get("match") if isinstance(contract, dict) else None
        if match not in ("exact_match", "match"):
            raise _refused(self.name, "no match", "")
        return f"{VERIFIED} ({match.replace('_', ' ')})"


class Etherscan:
    """https://docs.etherscan.io/contract-verification/verify-with-api: one key for all chains, sent and never shown."""

    name = "etherscan"
    URL = "https://api.etherscan.io/v2/api"

    def __init__(self, url: str, pause: float, key: Secret) -> None:
        self._line = Line(self.name, url, pause)
        self._key = key

    def verify(self, request: Request) -> str:
        """As Verifier says."""
        form = {
            "contractaddress": request.address,
            "sourceCode": json.dumps(request.standard),
            "codeformat": "solidity-standard-json-input",
            "contractname": request.identifier,
            "compilerversion": f"v{request.compiler}",
            # the misspelt one is what Etherscan reads, the other what those read who copied it later
            "constructorArguements": request.arguments,
            "constructorArguments": request.arguments,
        }
        where = {"chainid": str(request.chain_id), "module": "contract"}
        begins = {**where, "action": "verifysourcecode"}
        ticket = self._line.ask("POST", "", self._begun, params=begins, data={**form, "apikey": self._key.reveal()})
        if ticket == ALREADY:
            return ALREADY
        looks = {**where, "action": "checkverifystatus", "guid": ticket, "apikey": self._key.reveal()}
        return self._line.until(lambda: self._line.ask("GET", "", self._ended, params=looks))

    def _begun(self, status: int, body: dict[str, Any]) -> str:
        said = self._said(status, body)
        if str(body.get("status")) == "1" and said.isalnum():
            return said
        if "already verified" in said.lower():
            return ALREADY
        if "unable to locate contractcode" in said.lower():  # it has not seen the block yet
            raise Busy(said)
        raise _refused(self.name, "no", said)

    def _ended(self, status: int, body: dict[str, Any]) -> str | None:
        said = self._said(status, body)
        if "pending" in said.lower() or "in progress" in said.lower():
            return None
        if "already verified" in said.lower():
            return ALREADY
        if str(body.get("status")) == "1" and said.lower().startswith("pass"):
            return VERIFIED
        raise _refused(self.name, "no", said)

    def _said(self, status: int, body: dict[str, Any]) -> str:
        said = body.get("result")
        if not isinstance(said, str):
            raise Busy(f"HTTP {status} and no result")
        if "rate limit" in said.lower():
            raise Busy("its rate limit")
        return said.replace(self._key.reveal(), "…")


def _refused(name: str, code: str, message: object) -> RefusedError:
    words = " ".join(f"{code}: {message}".split())[:_MOST_SHOWN].rstrip(": ")
    shown = "".join(letter if letter.isprintable() else "?" for letter in words)
    return RefusedError(
        f"{name} refuses: {shown}", remedy=f"correct what it says, or ask {name}; the chain is as before"
    )
