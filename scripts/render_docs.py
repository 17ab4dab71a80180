"""The parts of docs/ that repeat what the code or a table knows, written from it: `python -m scripts.render_docs`.

A rendered part stands between two marks, `<!-- rendered: NAME -->` and `<!-- end -->`; a test compares.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from keeper.config import profile_names
from keeper.config.profile import load_profile
from keeper.decide import ReasonCode
from keeper.exit_codes import ExitCode
from keeper.guard import CHECKS
from keeper.journal.schema import AUDIT, LATER

DOCS = Path(__file__).resolve().parent.parent / "docs"
_PART = re.compile(r"(<!-- rendered: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def exit_codes() -> str:
    """The table of exit codes."""
    return "| code | meaning |\n|---|---|\n" + "".join(f"| {code.value} | {code.meaning} |\n" for code in ExitCode)


def failures() -> str:
    """The table of failures, from docs/failures.toml."""
    rows = tomllib.loads((DOCS / "failures.toml").read_text(encoding="utf-8"))["failure"]
    head = "| what happened | seen by | exit code | error | what to do |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| {row['what']} | `{row['command']}` | {row['exit_code']} | `{row['code']}` | {_words(row['remedy'])} |\n"
        for row in rows
    )


def _words(pattern: str) -> str:
    """A remedy's pattern as a person reads it: variable parts as a dash, escapes gone."""
    text = pattern.replace(r"chain\.\w+\.rpc", "chain.NAME.rpc")
    text = text.replace(r"(env|file|credential):.+", "the place it refers to")
    text = text.replace("(more|less)", "more or less").replace(r"[\w.*]+", "the key it names")
    for variable in (r"\d+", r"\w+", ".+"):
        text = text.replace(variable, "…")
    return text.replace("\\", "")


def profiles() -> str:
    """The chain profiles."""
    heads = ("profile", "chain", "block", "tick", "finality", "gas ceiling", "L1 data fee", "sequencer feed")
    text = f"| {' | '.join((*heads, 'reads at a hash', 'block.number'))} |\n" + "|---" * (len(heads) + 2) + "|\n"
    for name in profile_names():
        one = load_profile(name)
        final = f"{one.finality.tag or 'no tag'}, depth {one.finality.depth}"
        text += (
            f"| {name} | {one.chain_id} | {one.block_ms} ms | {one.tick_seconds} s | {final}"
            f" | {one.gas_ceiling_gwei} gwei | {one.l1_fee} | {'yes' if one.sequencer_feed else 'none'}"
            f" | {'yes' if one.reads_at_hash else 'no'} | {one.block_number} |\n"
        )
    return text


def journal_tables() -> str:
    """The audit tables and their own columns."""
    common = {"journal_id", "seq", "prev_hash", "row_hash", "chain_id", "vault_id", "at"}
    text = "| table | columns of its own |\n|---|---|\n"
    for table in AUDIT:
        text += (
            f"| {table.name} | {', '.join(column.name for column in table.columns if column.name not in common)} |\n"
        )
    return text + f"\nDeclared, written by later releases: {', '.join(sorted(table.name for table in LATER))}.\n"


def reasons() -> str:
    """Every reason a decision can give."""
    head = "| reason | amounts to | meaning |\n|---|---|---|\n"
    return head + "".join(f"| `{code}` | {code.standing} | {code.meaning} |\n" for code in ReasonCode)


def guard_checks() -> str:
    """Every check of guard's, and which action it is made for."""
    made: dict[str, list[str]] = {}
    for action, (standing, simulated) in CHECKS.items():
        for check in (*standing, *simulated):
            made.setdefault(f"{(check.__doc__ or '').splitlines()[0]}", []).append(action.value)
    head = "| asked of | what must hold |\n|---|---|\n"
    return head + "".join(f"| {', '.join(actions)} | {line} |\n" for line, actions in made.items())


PARTS: Mapping[str, Callable[[], str]] = {
    "exit-codes": exit_codes,
    "failures": failures,
    "profiles": profiles,
    "journal-tables": journal_tables,
    "reasons": reasons,
    "guard-checks": guard_checks,
}


def rendered(page: str) -> str:
    """A page with its rendered parts as they should be. KeyError for a part nobody knows."""
    return _PART.sub(lambda found: f"{found[1]}{PARTS[found['name']]()}{found[3]}", page)


def main() -> int:
    """Write every page that differs; names each."""
    for path in sorted(DOCS.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        fresh = rendered(page)
        if fresh != page:
            path.write_text(fresh, encoding="utf-8")
            print(f"wrote docs/{path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
