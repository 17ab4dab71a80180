"""Trouble on the wire: a real HTTP server before a real node (or before nothing) that does what networks and nodes do.

`Wire.next(method, fault)` arms a fault for the next request that names `method`; each is used once, in order. What is
not armed is forwarded as it came, or answered from `canned`.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[["Exchange"], None]


class Exchange:
    """One request being answered."""

    def __init__(self, handler: BaseHTTPRequestHandler, wire: Wire, body: bytes) -> None:
        self._handler = handler
        self._wire = wire
        self.body = body
        self.request: Any = json.loads(body)

    def forward(self) -> bytes:
        """What the node behind says, or the canned results."""
        if self._wire.upstream is None:
            many = self.request if isinstance(self.request, list) else [self.request]
            answers = [self._canned(one) for one in many]
            return json.dumps(answers if isinstance(self.request, list) else answers[0]).encode()
        call = urllib.request.Request(  # noqa: S310 - a loopback node of the test's own
            self._wire.upstream, data=self.body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(call, timeout=30) as answer:  # noqa: S310
            return bytes(answer.read())

    def _canned(self, one: dict[str, Any]) -> dict[str, Any]:
        found = self._wire.canned[one["method"]]
        kind = "error" if isinstance(found, dict) and "code" in found else "result"
        return {"jsonrpc": "2.0", "id": one["id"], kind: found}

    def reply(
        self, body: bytes, status: int = 200, *, claim: int | None = None, kind: str = "application/json"
    ) -> None:
        """Send `body`; `claim` is the length announced where it is to differ from the true one."""
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", kind)
        self._handler.send_header("Content-Length", str(len(body) if claim is None else claim))
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def instead(self, method: str, answer: dict[str, Any]) -> None:
        """Answer every call of `method` ("*": all) so; the node hears of the others only."""
        asked = self.request if isinstance(self.request, list) else [self.request]
        ours = [one for one in asked if method in ("*", one["method"])]
        others = [one for one in asked if one not in ours]
        answers = [{"jsonrpc": "2.0", "id": one["id"], **answer} for one in ours]
        if others:
            self.body = json.dumps(others).encode()
            answers += json.loads(self.forward())
        self.reply(json.dumps(answers if isinstance(self.request, list) else answers[0]).encode())

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self._handler.close_connection = True
        self._handler.connection.close()

    def silence(self, seconds: float) -> None:
        """Say nothing for so long, or until the wire is taken down."""
        self._wire.down.wait(seconds)


class Wire:
    """The server. `seen` lists the methods of every request that came, batches as tuples."""

    def __init__(self, upstream: str | None, canned: dict[str, Any] | None = None) -> None:
        self.upstream = upstream
        self.canned = canned or {}
        self.seen: list[str | tuple[str, ...]] = []
        self.down = threading.Event()
        self._armed: deque[tuple[str, Fault]] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Its address, with a key in it as hosted nodes have."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v3/0123456789abcdef-secret?token=hush-hush-hush"

    def next(self, method: str, fault: Fault) -> None:
        """Arm a fault for the next request that names `method`; "*" is any."""
        self._armed.append((method, fault))

    @property
    def armed(self) -> int:
        """Faults that nothing has met yet."""
        return len(self._armed)

    def take(self, methods: tuple[str, ...]) -> Fault | None:
        """The next armed fault, if it is for one of these methods."""
        if self._armed and (self._armed[0][0] == "*" or self._armed[0][0] in methods):
            return self._armed.popleft()[1]
        return None

    @contextmanager
    def up(self) -> Iterator[Wire]:
        """Serve while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self.down.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            exchange = Exchange(self, wire, self.rfile.read(int(self.headers["Content-Length"])))
            batch = isinstance(exchange.request, list)
            methods = tuple(one["method"] for one in (exchange.request if batch else [exchange.request]))
            wire.seen.append(methods if batch else methods[0])
            fault = wire.take(methods)
            if fault is None:
                exchange.reply(exchange.forward())
            else:
                fault(exchange)

        def log_message(self, *_: Any) -> None:
            """Nothing: pytest shows what matters."""

    return Handler


def html(exchange: Exchange) -> None:
    """A proxy's own page, with status 200."""
    exchange.reply(b"<html><body>502 Bad Gateway</body></html>", kind="text/html")


def overloaded(exchange: Exchange) -> None:
    """HTTP 503."""
    exchange.reply(b"busy", 503, kind="text/plain")


def truncated(exchange: Exchange) -> None:
    """Half of the true answer, announced whole."""
    body = exchange.forward()
    exchange.reply(body[: len(body) // 2], claim=len(body))
    exchange.hang_up()


def cut_json(exchange: Exchange) -> None:
    """Half of the true answer, announced as such."""
    body = exchange.forward()
    exchange.reply(body[: len(body) // 2])


def lost_reply(exchange: Exchange) -> None:
    """The node acts; its answer never arrives."""
    exchange.forward()
    exchange.hang_up()


def lost_request(exchange: Exchange) -> None:
    """The node never hears of it."""
    exchange.hang_up()


def late(seconds: float) -> Fault:
    """The node acts, and its answer comes too late."""

    def fault(exchange: Exchange) -> None:
        exchange.forward()
        exchange.silence(seconds)
        exchange.hang_up()

    return fault


def says(method: str, value: Any) -> Fault:
    """This result instead of the node's, for every call of `method` in the request."""
    return lambda exchange: exchange.instead(method, {"result": value})


def refuses(method: str, code: int, message: str) -> Fault:
    """This refusal instead of the node's answer, for every call of `method` in the request."""
    return lambda exchange: exchange.instead(method, {"error": {"code": code, "message": message}})


def rewrites(method: str, change: Callable[[Any], Any]) -> Fault:
    """The node's answer with `change` made to every result of `method`, in a batch or alone."""

    def fault(exchange: Exchange) -> None:
        answers = json.loads(exchange.forward())
        asked = exchange.request if isinstance(exchange.request, list) else [exchange.request]
        for request in asked:
            for answer in answers if isinstance(answers, list) else [answers]:
                if request["method"] == method and answer["id"] == request["id"]:
                    answer["result"] = change(answer["result"])
        exchange.reply(json.dumps(answers).encode())

    return fault
