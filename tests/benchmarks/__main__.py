"""`make bench ARGS="--only NAME --json --write"`: measure and print. NAME is a group (tick, gas) or one figure."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from tests.benchmarks import gas, scene, snapshot, ticks
from tests.benchmarks.figures import Figure, as_json, as_text


def _ticks() -> dict[str, Figure]:
    with scene.built() as stage:
        return ticks.measure(stage)


GROUPS: dict[str, Callable[[], dict[str, Figure]]] = {"gas": gas.measure, "tick": _ticks}


def main() -> int:
    """Exit code 0, or 2 where NAME is no figure."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", help="a group (tick, gas) or one figure (tick_idle_ms)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")
    parser.add_argument("--write", action="store_true", help="keep the gas as the committed snapshot")
    options = parser.parse_args()
    wanted = {name: run for name, run in GROUPS.items() if (options.only or name).split("_")[0] == name}
    if not wanted:
        print(f"no figure {options.only}; groups: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    print("furnished chains and vaults of the benchmark's own are made first", file=sys.stderr)
    measured = {name: run() for name, run in wanted.items()}
    if options.write and "gas" in measured:
        snapshot.write(measured["gas"])
    figures = {name: figure for group in measured.values() for name, figure in group.items()}
    shown = {name: figure for name, figure in figures.items() if options.only in (None, *GROUPS, name)}
    if not shown:
        print(f"no figure {options.only}; there are {', '.join(figures)}", file=sys.stderr)
        return 2
    print(as_json(shown) if options.json else as_text(shown))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
