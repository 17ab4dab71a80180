"""The rulebook's queue as the chain has it: what waits, from its Queued events, and by when it may be executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from eth_abi.exceptions import DecodingError
from web3.types import RPCEndpoint

from keeper.chain import abi
from keeper.config.profile import load_profile
from keeper.errors import ChainError, HoldError, RefusedError, UsageError
from keeper.manifest import Manifest
from scripts.reading import Reader

_MOST_ALIVE = (7 + 14) * 86_400
"""Seconds from being queued to being dead, at the longest delay; what was queued earlier is of no use to anybody."""
_SHORTEST_PREFIX = 10
"""Characters of an id that a person may leave it at: 0x and eight digits."""
_EXACT = 2**53
"""Above it a JSON reader may lose digits."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that waits. `data` is the calldata to execute, 0x-hex; times are Unix seconds."""

    id: str
    data: str
    function: str
    arguments: Mapping[str, Any]
    ripe_at: int
    dead_at: int

    def state(self, now: int) -> str:
        """waits, ripe or dead."""
        if now < self.ripe_at:
            return "waits"
        return "ripe" if now < self.dead_at else "dead"

    def line(self, now: int) -> str:
        """For a person."""
        state = self.state(now)
        when = {
            "waits": f"ripe at {clock(self.ripe_at)}",
            "ripe": f"ripe, dead at {clock(self.dead_at)}",
            "dead": f"dead since {clock(self.dead_at)}",
        }
        return f"{self.id} {when[state]}: {self.words()}"

    def words(self) -> str:
        """The call with its arguments, by name."""
        return f"{self.function}({', '.join(f'{name} {_shown(value)}' for name, value in self.arguments.items())})"

    def as_json(self, now: int) -> dict[str, object]:
        """Whole numbers that JSON readers would round go as text."""
        return {
            "id": self.id,
            "state": self.state(now),
            "function": self.function,
            "arguments": _plain(self.arguments),
            "data": self.data,
            "ripe_at": self.ripe_at,
            "dead_at": self.dead_at,
        }


def clock(seconds: int) -> str:
    """A Unix time as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def understood(data: str) -> tuple[str, Mapping[str, Any]]:
    """The rulebook's function that this calldata calls, and its arguments by name; ("unknown", {}) for any other."""
    raw = abi.as_bytes(data)
    for function in abi.load("Rulebook").functions.values():
        if function.selector != raw[:4]:
            continue
        try:
            values = abi.decode_as(function.inputs, raw[4:])
        except DecodingError:
            break
        names = (item["name"].rstrip("_") for item in function.inputs)
        return function.signature.partition("(")[0], dict(zip(names, values, strict=True))
    return "unknown", {}


def waiting(reader: Reader, manifest: Manifest) -> tuple[Waiting, ...]:
    """Everything queued and neither executed nor cancelled, the oldest first; of what is dead for long, the id alone.

    Raises ChainError where the node does not give the rulebook's events.
    """
    queued: dict[str, str] = {}
    for event in _events(reader, manifest):
        ident = str(event.values["id"])
        queued.pop(ident, None)
        queued[ident] = str(event.values["data"])
    rulebook = manifest.parts.rulebook.address
    idents = {"0x" + ident.hex() for ident in reader.ask("Rulebook", rulebook, "pendingIds")}
    known = [ident for ident in queued if ident in idents]
    found = []
    for ident in [*known, *sorted(idents.difference(known))]:
        entry = reader.ask("Rulebook", rulebook, "pending", bytes.fromhex(ident[2:]))
        data = queued.get(ident, "")
        found.append(Waiting(ident, data, *understood(data), entry.ripeAt, entry.deadAt))
    return tuple(found)


def find(found: tuple[Waiting, ...], ident: str) -> Waiting:
    """The one that waits under an id or its beginning. Raises UsageError."""
    if len(ident) < _SHORTEST_PREFIX:
        raise UsageError(f"{ident} is too short", remedy=f"write {_SHORTEST_PREFIX} characters of the id, or all")
    fitting = [entry for entry in found if entry.id.startswith(ident.lower())]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(entry.id[:_SHORTEST_PREFIX] for entry in found) or "none"
    said = f"{len(fitting)} changes wait under {ident}" if fitting else f"nothing waits under {ident}"
    raise UsageError(said, remedy=f"see make owner … pending; there are: {known}")


def hold_ripe(entry: Waiting, now: int) -> None:
    """Raises HoldError where it is too early to execute, RefusedError where it is too late."""
    state = entry.state(now)
    if state == "waits":
        left = entry.ripe_at - now
        raise HoldError(
            f"{entry.id[:_SHORTEST_PREFIX]}… ({entry.function}) is ripe at {clock(entry.ripe_at)}, in "
            f"{left // 3_600} h {left % 3_600 // 60} min",
            remedy="run the same command then; nothing was sent",
        )
    if state == "dead":
        raise RefusedError(
            f"{entry.id[:_SHORTEST_PREFIX]}… ({entry.function}) is dead since {clock(entry.dead_at)}",
            remedy="propose it again; nothing was sent",
        )
    if not entry.data:
        raise ChainError(f"this node does not tell what {entry.id} is", remedy="use a node that serves eth_getLogs")


def _events(reader: Reader, manifest: Manifest) -> Iterator[abi.Event]:
    profile = load_profile(manifest.chain.profile)
    rulebook = abi.load("Rulebook")
    (topic,) = (topic for topic, item in rulebook.events.items() if item["name"] == "Queued")
    first = max(manifest.block.number, reader.block - _MOST_ALIVE * 1_000 // profile.block_ms)
    while first <= reader.block:
        last = min(first + profile.log_range - 1, reader.block)
        wanted = {
            "address": manifest.parts.rulebook.address,
            "topics": ["0x" + topic.hex()],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        reply = reader.web3.provider.make_request(RPCEndpoint("eth_getLogs"), [wanted])
        if "error" in reply or not isinstance(reply.get("result"), list):
            raise ChainError(
                f"network {reader.network.label} gives no events of blocks {first} to {last}",
                remedy="use a node that serves eth_getLogs over the last 21 days",
            )
        for log in reply["result"]:
            event = rulebook.event(log)
            if event is not None:
                yield event
        first = last + 1


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and value >= _EXACT:
        return str(value)
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _shown(value: Any) -> str:
    """On one line, every field with its name: whoever signs reads it all."""
    if isinstance(value, Mapping):
        return f"({', '.join(f'{name} {_shown(part)}' for name, part in value.items())})"
    return str(_plain(value))
