"""A verifier's desk: a real HTTP server that answers as Sourcify's and Etherscan's do, in the order it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return _flat(self.body.decode())


@dataclass
class Desk:
    """Where it is, what it was asked, and what it will answer: (status, body), a dictionary as JSON, text as HTML."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, Any] | str]] = field(default_factory=deque)

    def will(self, *answers: tuple[int, dict[str, Any] | str]) -> None:
        """Answer so, one after the other, the last one for ever."""
        self.answers.extend(answers)

    def next(self) -> tuple[int, dict[str, Any] | str]:
        """The answer to give now."""
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]


@contextmanager
def opened() -> Iterator[Desk]:
    """A desk on a free port of the loopback, closed afterwards."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            where = urlsplit(self.path)
            desk.asked.append(Asked(self.command, where.path, _flat(where.query), self.rfile.read(length)))
            status, body = desk.next()
            kind = "text/html" if isinstance(body, str) else "application/json"
            raw = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _answer  # noqa: N815 - http.server's own names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            """Nothing: pytest shows what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    desk = Desk(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
