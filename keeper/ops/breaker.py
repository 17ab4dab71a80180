"""When to stop trying: so many failures in a row of one kind, and a success forgets them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """Counts failures in a row; `open` once there are `limit`."""

    limit: int
    failures: int = 0
    last: str = ""

    def failed(self, reason: str) -> None:
        """One more."""
        self.failures += 1
        self.last = reason

    def succeeded(self) -> None:
        """None in a row any more."""
        self.failures = 0
        self.last = ""

    @property
    def open(self) -> bool:
        """Whether to stop."""
        return self.failures >= self.limit
