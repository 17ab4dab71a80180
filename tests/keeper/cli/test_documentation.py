"""The documentation says what the code does: rendered parts are fresh, and each failure is an error that exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from keeper import errors
from keeper.cli import COMMANDS
from keeper.exit_codes import ExitCode
from scripts import render_docs
from tests.keeper.cli import failures

DEMANDED = {
    "wrong-chain-id", "foreign-genesis", "missing-key-file", "world-readable-key-file", "wrong-password",
    "unknown-config-key", "weights-not-whole", "rpc-down-at-start", "second-keeper",
}  # fmt: skip


@pytest.mark.parametrize("path", sorted(render_docs.DOCS.glob("*.md")), ids=lambda path: path.name)
def test_rendered_parts_are_fresh(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert render_docs.rendered(page) == page, "run python -m scripts.render_docs"


def test_every_rendered_part_stands_somewhere() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in render_docs.DOCS.glob("*.md"))
    for name in render_docs.PARTS:
        assert f"<!-- rendered: {name} -->" in pages


def test_every_demanded_failure_has_its_row() -> None:
    assert set(failures.table()) >= DEMANDED


@pytest.mark.parametrize("row", failures.table().values(), ids=lambda row: row.id)
def test_a_failure_is_an_error_of_ours_with_its_exit_code(row: failures.Failure) -> None:
    codes = {kind.code: kind.exit_code for kind in vars(errors).values() if isinstance(kind, type)}
    assert codes[row.code] == ExitCode(row.exit_code)


def test_every_command_is_documented() -> None:
    page = (render_docs.DOCS / "commands.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"| `keeper {name}" in page
