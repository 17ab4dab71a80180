"""The exchanges' process: two HTTP servers on loopback ports that answer tickers in Coinbase's and in Kraken's shape.

Their clocks are the chain's: Coinbase's `time` and every answer's Date say chain time, less what the exchange lags.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from keeper.devnet import hands, quotes
from keeper.devnet.book import Book
from keeper.devnet.course import Course
from keeper.devnet.quotes import Board, Quote
from keeper.errors import ChainError

_SLOW_SECONDS = 5.0
"""How long a slow exchange takes to answer: longer than anybody waits."""
_LOOK_SECONDS = 0.05
"""How often a server looks whether it is told to end."""
_FRESH_SECONDS = 0.05
"""Wall time for which the chain's clock is not asked again."""
_KRAKEN_LONG = {"ETHUSD": "XETHZUSD", "XBTUSD": "XXBTZUSD"}
"""The names under which Kraken answers; other pairs keep their own."""
_PAGE = b"<!doctype html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
_JSON, _HTML = "application/json; charset=utf-8", "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class ExchangesStep:
    """What holds from a step on: chain time, and by exchange its state and quotes."""

    step: int
    time: int
    boards: Mapping[str, Board]

    def as_json(self) -> dict[str, object]:
        """As the process prints it: the last price of each product as text."""
        return {
            "step": self.step,
            "time": self.time,
            "quotes": {
                name: {product: quote.last for product, quote in board.quotes.items()}
                for name, board in self.boards.items()
            },
            "states": {name: board.state for name, board in self.boards.items()},
        }


class Clock:
    """The chain's time, asked at most once in a blink; safe for many threads."""

    def __init__(self, book: Book) -> None:
        self._chain = hands.of(book, "stranger")
        self._lock = threading.Lock()
        self._asked = 0.0
        self._said = 0

    def now(self, *, afresh: bool = False) -> int:
        """The latest block's time, Unix seconds; `afresh`: as of this call. Raises ChainError where nobody answers."""
        with self._lock:
            if afresh or time.monotonic() - self._asked > _FRESH_SECONDS:
                self._said = self._chain.now()
                self._asked = time.monotonic()
            return self._said


class Exchanges:
    """Both servers, open from the first moment at the opening prices, following `course`; `close` ends them."""

    def __init__(self, book: Book, course: Course) -> None:
        self._course = course
        self._clock = Clock(book)
        self._servers = {name: _Server(name, self._clock, quotes.board(course, name, 0)) for name in quotes.PRODUCTS}
        self.taken = 0

    @property
    def is_over(self) -> bool:
        """Whether the course is told to its end."""
        return self.taken >= self._course.steps

    @property
    def urls(self) -> dict[str, str]:
        """Where each exchange answers."""
        return {name: f"http://127.0.0.1:{server.server_port}" for name, server in self._servers.items()}

    def step(self) -> ExchangesStep:
        """Take the next step: every answer from now on is of that step. IndexError past the last."""
        boards = {name: quotes.board(self._course, name, self.taken + 1) for name in self._servers}
        self.taken += 1
        for name, server in self._servers.items():
            server.board = boards[name]
        return ExchangesStep(self.taken, self._clock.now(afresh=True), boards)

    def close(self) -> None:
        """Stop answering."""
        for server in self._servers.values():
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    """One exchange's door; `board` is what it says now, replaced as a whole."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, name: str, clock: Clock, board: Board) -> None:
        super().__init__(("127.0.0.1", 0), _Ticker)
        self.name = name
        self.clock = clock
        self.board = board
        threading.Thread(target=self.serve_forever, args=(_LOOK_SECONDS,), name=name, daemon=True).start()


class _Ticker(BaseHTTPRequestHandler):
    """One request for one ticker."""

    server: _Server

    def do_GET(self) -> None:
        """Answer in the exchange's own shape, or as one does that is in trouble."""
        board = self.server.board
        try:
            self._said_at = self.server.clock.now() - board.lag
        except ChainError:
            self._said_at = 0
            board = Board(quotes.DOWN, 0, {})
        if board.state == quotes.SLOW:
            time.sleep(_SLOW_SECONDS)
        if board.state == quotes.DOWN:
            self._answer(503, _PAGE, _HTML)
        elif board.state == quotes.HTML:
            self._answer(200, _PAGE, _HTML)
        elif self.server.name == quotes.COINBASE:
            self._coinbase(board)
        else:
            self._kraken(board)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header: the chain's time, not this machine's."""
        return formatdate(self._said_at if timestamp is None else timestamp, usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Nothing: the process prints one line a step, and nothing else."""

    def _coinbase(self, board: Board) -> None:
        parts = self.path.strip("/").split("/")
        quote = board.quotes.get(parts[1]) if len(parts) == 3 and parts[::2] == ["products", "ticker"] else None
        if quote is None:
            self._say(404, {"message": "NotFound"})
            return
        said_at = datetime.fromtimestamp(self._said_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._say(
            200,
            {
                "ask": quote.ask,
                "bid": quote.bid,
                "volume": "18342.51200000",
                "trade_id": self._said_at,
                "price": quote.last,
                "size": "0.25000000",
                "time": said_at,
            },
        )

    def _kraken(self, board: Board) -> None:
        asked = urlsplit(self.path)
        pair = parse_qs(asked.query).get("pair", [""])[0]
        quote = board.quotes.get(pair) if asked.path == "/0/public/Ticker" else None
        if quote is None:
            self._say(200, {"error": ["EQuery:Unknown asset pair"]})
            return
        self._say(200, {"error": [], "result": {_KRAKEN_LONG.get(pair, pair): _kraken_ticker(quote)}})

    def _say(self, status: int, document: object) -> None:
        self._answer(status, json.dumps(document).encode(), _JSON)

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # who asked has not waited


def _kraken_ticker(quote: Quote) -> dict[str, object]:
    """Ask, bid, last trade, volumes, average prices, trades, low, high: today's and of 24 hours; and the opening."""
    both = [quote.last, quote.last]
    return {
        "a": [quote.ask, "1", "1.000"],
        "b": [quote.bid, "1", "1.000"],
        "c": [quote.last, "0.10000000"],
        "v": ["1204.10000000", "9034.20000000"],
        "p": both,
        "t": [5120, 40211],
        "l": both,
        "h": both,
        "o": quote.last,
    }
