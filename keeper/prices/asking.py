"""Asking every exchange at once, beside whatever the caller does meanwhile, and never longer than was allowed.

A thread of its own runs one client for all requests of one look and ends with it: no connection, loop or thread
outlives a tick, and what hangs is cancelled at the deadline. A second try begins in the first half of the time or not
at all.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_fixed

from keeper.prices import coinbase, kraken
from keeper.prices.answers import Unusable
from keeper.prices.products import Heard, Product, Said

LARGEST = 65_536
"""Bytes of an answer; a ticker has some three hundred."""
_TRIES = 2
_PAUSE = 0.05
"""Seconds before the second try."""
_HANDOVER = 0.1
"""Seconds that the answers may take from one thread to the other, past the deadline."""
_OK = 200


@dataclass(frozen=True, slots=True)
class Adapter:
    """One exchange's dialect: where a product's ticker is, and what an answer (body, Date header, product) says."""

    path: Callable[[str], str]
    said: Callable[[bytes, str | None, str], Said]


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {"coinbase": Adapter(coinbase.path, coinbase.said), "kraken": Adapter(kraken.path, kraken.said)}
)
"""By the name of the exchange's table in the configuration."""


class Asked:
    """Questions that are on their way."""

    def __init__(self, products: tuple[Product, ...], seconds: float) -> None:
        self._products = products
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._answers: Future[tuple[Heard, ...]] = Future()

    def heard(self) -> tuple[Heard, ...]:
        """What came of every product, in the order asked; waits until the deadline at most."""
        left = max(self._deadline - time.monotonic(), 0) + _HANDOVER
        try:
            return self._answers.result(left)
        except TimeoutError:
            return tuple(self._silent(product) for product in self._products)

    def start(self) -> None:
        """Ask, in a thread that does not keep the process alive."""
        threading.Thread(target=self._run, name="tickers", daemon=True).start()

    def _run(self) -> None:
        asyncio.run(self._gather())

    async def _gather(self) -> None:
        async with _client(self._seconds) as client:
            tasks = [asyncio.create_task(self._one(client, product)) for product in self._products]
            left = max(self._deadline - time.monotonic(), 0)
            _, late = await asyncio.wait(tasks, timeout=left)
            for task in late:
                task.cancel()
            self._answers.set_result(
                tuple(
                    self._silent(product) if task in late else _outcome(product, task)
                    for product, task in zip(self._products, tasks, strict=True)
                )
            )
            await asyncio.gather(*late, return_exceptions=True)

    async def _one(self, client: httpx.AsyncClient, product: Product) -> Heard:
        adapter = ADAPTERS[product.exchange]
        try:
            body, date = await self._fetched(client, product.base_url + adapter.path(product.name))
            return Heard(product, adapter.said(body, date, product.name))
        except Unusable as unusable:
            return Heard(product, None, str(unusable))
        except httpx.HTTPError as error:
            # its kind alone: the library's own text may repeat an address
            return Heard(product, None, f"no answer: {type(error).__name__}")

    async def _fetched(self, client: httpx.AsyncClient, url: str) -> tuple[bytes, str | None]:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(_TRIES) | stop_after_delay(self._seconds / 2),
            wait=wait_fixed(_PAUSE),
            retry=retry_if_exception_type(httpx.TransportError),
            reraise=True,
        )
        return await retrying(_get, client, url)

    def _silent(self, product: Product) -> Heard:
        return Heard(product, None, f"no answer within {round(self._seconds * 1_000)} ms")


def ask(products: tuple[Product, ...], timeout_ms: int) -> Asked:
    """Begin to ask for every product; `heard` of what this returns waits for the answers."""
    asked = Asked(products, timeout_ms / 1_000)
    asked.start()
    return asked


def _outcome(product: Product, task: asyncio.Task[Heard]) -> Heard:
    """A task's own answer; what broke it instead where it is our defect: a veto's failure must not end a tick."""
    defect = task.exception()
    return task.result() if defect is None else Heard(product, None, f"reading it failed: {type(defect).__name__}")


async def _get(client: httpx.AsyncClient, url: str) -> tuple[bytes, str | None]:
    """One answer's body and Date. Unusable for any but a plain, small 200."""
    async with client.stream("GET", url) as response:
        if response.status_code != _OK:
            raise Unusable(f"HTTP {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Unusable("its answer is compressed, which was not asked for")
        body = b""
        async for part in response.aiter_raw():
            body += part
            if len(body) > LARGEST:
                raise Unusable(f"its answer is longer than {LARGEST} bytes")
        return body, response.headers.get("date")


def _client(seconds: float) -> httpx.AsyncClient:
    """Follows no redirect and takes neither proxies nor passwords from the environment."""
    return httpx.AsyncClient(
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "ballast-keeper"},
        timeout=seconds,
        follow_redirects=False,
        trust_env=False,
        verify=_trust(),
    )


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The certificates that are believed: read once, which takes longer than asking."""
    return httpx.create_ssl_context(trust_env=False)
