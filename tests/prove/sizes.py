"""No deployed contract comes near the limit of 24,576 bytes (EIP-170)."""

from __future__ import annotations

import json
import time

from tests.prove.section import Section
from tests.prove.workshop import Workshop

MOST = 23_500
"""Bytes of runtime code that a contract of ours may have."""
NOT_DEPLOYED = ("mocks", "interfaces", "libraries")
"""Folders: what tests deploy, what has no code, and what is compiled into its users (internal functions only)."""


def prove(shop: Workshop) -> Section:
    """Every contract of contracts/ but the tests' mocks, by size."""
    begun = time.monotonic()
    sizes: dict[str, int] = {}
    with shop.lane() as lane:
        for source in sorted((lane.folder / "contracts").rglob("*.sol")):
            if source.parent.name in NOT_DEPLOYED:
                continue
            for artifact in sorted((lane.folder / ".tools/forge/out" / source.name).glob("*.json")):
                told = json.loads(artifact.read_text(encoding="utf-8"))
                if artifact.stem.endswith(".tests"):
                    continue  # compiled once more, plainly, for a test that calls it
                size = len(told["deployedBytecode"]["object"].removeprefix("0x")) // 2
                if size:
                    sizes[artifact.stem] = max(size, sizes.get(artifact.stem, 0))
    ordered = sorted(sizes.items(), key=lambda pair: -pair[1])
    rows = tuple((name, f"{size:,}", f"{MOST - size:,}") for name, size in ordered)
    passed = bool(sizes) and max(sizes.values()) <= MOST
    largest, size = ordered[0] if ordered else ("none", 0)
    headline = f"{len(sizes)} contracts, the largest {largest} with {size:,} of {MOST:,} bytes"
    figures = {"most": MOST, **sizes}
    return Section("sizes", passed, time.monotonic() - begun, headline, ("contract", "bytes", "left"), rows, figures)
