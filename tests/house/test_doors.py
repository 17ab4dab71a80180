"""Two doors that import-linter cannot see: who reads the environment, and who imports inside a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.toolchain import ROOT

KEEPER = ROOT / "keeper"
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}


def environment_reads(tree: ast.AST) -> Iterator[int]:
    """Lines that touch the process environment, by attribute or by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and isinstance(node.value, ast.Name):
            if node.value.id == "os":
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and ENVIRONMENT & {a.name for a in node.names}:
            yield node.lineno


def late_imports(tree: ast.AST) -> Iterator[int]:
    """Lines that import inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield inner.lineno


RULES = {
    "the environment is read in config/ only": (environment_reads, ("config",)),
    "imports stand at the top; cli/ alone may wait, for start-up time": (late_imports, ("cli",)),
}


@pytest.mark.parametrize("rule", RULES, ids=list(RULES))
def test_the_door_is_the_only_one(rule: str) -> None:
    search, allowed = RULES[rule]
    found = []
    for path in sorted(KEEPER.rglob("*.py")):
        place = path.relative_to(KEEPER)
        if place.parts[0] not in allowed:
            found += [f"keeper/{place}:{line}" for line in search(ast.parse(path.read_text()))]
    assert not found, f"{rule}: {found}"


@pytest.mark.parametrize(
    ("search", "code"),
    [
        (environment_reads, "import os\nx = os.environ['A']"),
        (environment_reads, "import os\nx = os.getenv('A')"),
        (environment_reads, "from os import environ"),
        (late_imports, "def f():\n    import web3"),
        (late_imports, "async def f():\n    if True:\n        from web3 import Web3"),
    ],
)
def test_the_search_sees(search: object, code: str) -> None:
    assert callable(search)
    assert list(search(ast.parse(code)))


def test_the_rules_looked_at_something() -> None:
    assert len(list(KEEPER.rglob("*.py"))) > 10
    assert Path(KEEPER / "config").is_dir()
