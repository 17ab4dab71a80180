"""An exchange's stall: a real HTTP server that answers tickers in Coinbase's and in Kraken's shape, well or badly."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

Instead = Callable[["Visit"], None]
LONG = {"ETHUSD": "XETHZUSD", "XBTUSD": "XXBTZUSD", "USDCUSD": "USDCUSD", "DAIUSD": "DAIUSD"}


def coinbase_body(price: str, at: int) -> bytes:
    """As Coinbase Exchange answers, with bid and ask at the price itself."""
    time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"
    ticker = {"ask": price, "bid": price, "volume": "4521.5", "trade_id": 5612, "price": price, "size": "0.1"}
    return json.dumps(ticker | {"time": time, "rfq_volume": "12.0"}).encode()


def kraken_body(price: str, pair: str) -> bytes:
    """As Kraken answers: under the pair's long name, counts as numbers."""
    level = [price, "1", "1.000"]
    whole = {"a": level, "b": level, "c": [price, "0.2"], "v": ["1.0", "2.0"], "t": [5, 9], "o": price}
    return json.dumps({"error": [], "result": {LONG.get(pair, pair): whole}}).encode()


class Visit:
    """One request being answered."""

    def __init__(self, handler: BaseHTTPRequestHandler, stall: Stall) -> None:
        self._handler = handler
        self.stall = stall

    def reply(
        self, body: bytes, status: int = 200, *, headers: dict[str, str] | None = None, claim: int | None = None
    ) -> None:
        """Send `body`; `claim` is the length announced where it is to differ from the true one."""
        self._handler.send_response_only(status)
        date = format_datetime(datetime.fromtimestamp(self.stall.at, UTC), usegmt=True)
        sent = {"Date": date, "Content-Type": "application/json", "Content-Length": str(claim or len(body))}
        for name, value in (sent | (headers or {})).items():
            if value:
                self._handler.send_header(name, value)
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def honestly(self) -> bytes:
        """The body that this request deserves, or an empty one where there is no such product."""
        url = urlsplit(self._handler.path)
        if url.path == "/0/public/Ticker":
            pair = parse_qs(url.query)["pair"][0]
            unknown = json.dumps({"error": ["EQuery:Unknown asset pair"]}).encode()
            return kraken_body(self.stall.prices[pair], pair) if pair in self.stall.prices else unknown
        product = url.path.split("/")[2]
        return coinbase_body(self.stall.prices[product], self.stall.at) if product in self.stall.prices else b""

    def drip(self, body: bytes, seconds: float) -> None:
        """One byte at a time."""
        for byte in body:
            self._handler.wfile.write(bytes([byte]))
            self._handler.wfile.flush()
            if self.stall.down.wait(seconds):
                return

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self._handler.close_connection = True
        self._handler.connection.close()


class Stall:
    """`prices` by product or pair, `at` the time in its answers; `instead` answers every request in another way."""

    def __init__(self, at: int = 0, **prices: str) -> None:
        self.prices = {name.replace("_", "-"): price for name, price in prices.items()}
        self.at = at
        self.asked: list[str] = []
        self.instead: Instead | None = None
        self.down = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._scheme = "http"

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def secure(self, certificate: Path, key: Path) -> None:
        """Speak TLS with this certificate; to be said before it is up."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https"

    @contextmanager
    def up(self) -> Iterator[Stall]:
        """Serve while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self.down.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def _handler(stall: Stall) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            stall.asked.append(self.path)
            visit = Visit(self, stall)
            try:
                if stall.instead is not None:
                    stall.instead(visit)
                else:
                    body = visit.honestly()
                    visit.reply(body or b'{"message":"NotFound"}', 200 if body else 404)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the asker had enough

        def log_message(self, *_: object) -> None:
            """Nothing: pytest shows what matters."""

    return Handler


def silent(seconds: float) -> Instead:
    """Takes the question and says nothing for so long, or until the stall is taken down."""

    def instead(visit: Visit) -> None:
        visit.stall.down.wait(seconds)
        visit.hang_up()

    return instead


def says(body: bytes, status: int = 200, **headers: str) -> Instead:
    """This, whatever was asked."""
    return lambda visit: visit.reply(body, status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def zipped(visit: Visit) -> None:
    """The true answer, compressed though nobody asked for that."""
    visit.reply(gzip.compress(visit.honestly()), headers={"Content-Encoding": "gzip"})


def cut(visit: Visit) -> None:
    """Half of the true answer, announced whole."""
    body = visit.honestly()
    visit.reply(body[: len(body) // 2], claim=len(body))
    visit.hang_up()


def dripping_head(visit: Visit) -> None:
    """A header without end, a byte at a time: each byte in time, all of them never."""
    visit.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"s" * 10_000, 0.02)


def dripping_body(visit: Visit) -> None:
    """The true answer, a byte at a time."""
    body = visit.honestly()
    visit.reply(b"", claim=len(body))
    visit.drip(body, 0.02)
