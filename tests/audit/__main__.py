"""python -m tests.audit [--json-file FILE] [--rpc URL]: see docs/audit.md.

Exit codes: 0 every figure agrees and every statement holds · 2 what was given is no demo's JSON, or files are gone ·
6 the node does not answer · 9 a figure differs, to the last unit, or a statement does not hold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.audit import figures, statements, table
from tests.audit.case import Case, envelope, opened
from tests.audit.faults import AGREED, AuditFault, Unusable
from tests.audit.node import Node
from tests.audit.record import read


def audited(told: Mapping[str, Any], case: Case) -> list[table.Row]:
    """Every figure of the envelope beside what the chain makes of it. Raises what a recomputation runs into."""
    promised = {"ok": told.get("ok"), "error": told.get("error")}
    return table.rows(told["data"], figures.recomputed(case)) + table.rows(promised, {"ok": True, "error": None})


def main(words: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="tests.audit", description="recompute every figure of a demo's JSON")
    parser.add_argument("--json-file", type=Path, help="what make demo ARGS=--json printed; - or nothing is stdin")
    parser.add_argument("--rpc", help="the kept chain's node, where it is another than the JSON's")
    asked = parser.parse_args(words)
    try:
        _audit(_text(asked.json_file), asked.rpc)
    except AuditFault as fault:
        print(f"\naudit: {fault}", file=sys.stderr)
        return fault.code
    return AGREED


def _text(path: Path | None) -> str:
    if path is None or str(path) == "-":
        return sys.stdin.read()
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error}") from None


def _audit(text: str, rpc: str | None) -> None:
    told = envelope(text)
    with Node(rpc or str(told["data"].get("rpc", ""))) as node:
        case = opened(told["data"], node, read(node))
        found = audited(told, case)
        for row in found:
            print(table.line(row))
            if not row.agrees:
                break
        wrong = table.first_difference(found)
        if wrong is not None:
            raise wrong
        print(f"\n{len(found)} figures agree to the last unit. Besides, nobody claimed and yet it holds:")
        for statement in statements.all_of(case, figures.recomputed(case)):
            print(f"  {statement()}")


if __name__ == "__main__":
    sys.exit(main())
