"""A node that is far away: a TCP relay that holds every byte for half the round-trip time, both ways.

Bytes are held, not slowed: what is sent together arrives together, and a connection once open stays open, as with any
hosted node. Opening a connection costs nothing here, for both sides of a comparison.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK = 1 << 20


@dataclass(slots=True)
class Relay:
    """Where it listens, and what passed: for each piece of bytes towards the node when it left us and what it began
    with; for each piece back when it arrived."""

    url: str
    sent: list[tuple[float, bytes]] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)

    def answered_after(self, word: bytes) -> float:
        """When the first answer arrived after the last piece that held `word` had left; time.monotonic's seconds.

        ValueError where nothing held it.
        """
        left = [moment for moment, piece in self.sent if word in piece]
        if not left:
            raise ValueError(f"nothing with {word!r} was sent")
        return min(moment for moment in self.arrived if moment > left[-1])


@contextmanager
def far(url: str, rtt_ms: int) -> Iterator[Relay]:
    """A relay before the node at `url`, `rtt_ms` milliseconds away."""
    target = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    relay = Relay(f"http://127.0.0.1:{listener.getsockname()[1]}")
    open_sockets: list[socket.socket] = []
    half = rtt_ms / 2_000

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            distant = socket.create_connection((str(target.hostname), int(target.port or 80)))
            for end in (near, distant):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            open_sockets.extend((near, distant))
            _hold(near, distant, half, lambda piece: relay.sent.append((time.monotonic(), piece)), early=True)
            _hold(distant, near, half, lambda _: relay.arrived.append(time.monotonic()), early=False)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        for end in (listener, *open_sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        thread.join(1)


def _hold(
    source: socket.socket, sink: socket.socket, seconds: float, note: Callable[[bytes], None], *, early: bool
) -> None:
    """Pass bytes on, each piece `seconds` after it came; `note` hears of it as it comes (early) or as it goes."""
    waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def read() -> None:
        piece = b"."
        while piece:
            try:
                piece = source.recv(_CHUNK)
            except OSError:
                piece = b""
            if piece and early:
                note(piece)
            waiting.put((time.monotonic() + seconds, piece))

    def write() -> None:
        while True:
            due, piece = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            with suppress(OSError):
                if not piece:
                    sink.shutdown(socket.SHUT_WR)
                    return
                if not early:
                    note(piece)
                sink.sendall(piece)

    for work in (read, write):
        threading.Thread(target=work, daemon=True).start()
