"""What must not stand in a tracked file: a path of somebody's machine, a registry's host, a note to self."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from scripts.toolchain import ROOT

FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.$}~/-])/(?:root|home|Users|work|tmp|opt|mnt)/[\w.]"),
    "a registry host": re.compile(
        r"registry\.npmjs|registry\.yarnpkg|files\.pythonhosted|pypi\.org|pypi\.python|--index-url|--find-links|artifactory",
        re.IGNORECASE,
    ),
    "a note to self": re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|NotImplementedError"),
}
MAY = {"tests/house/test_names.py"}  # this file says the words


def tracked() -> list[str]:
    """Files git tracks, and files it would track if they were added."""
    words = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    out = subprocess.run(words, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [name for name in out.split("\0") if name and (ROOT / name).is_file()]


def lines() -> Iterator[tuple[str, int, str]]:
    for name in tracked():
        try:
            text = (ROOT / name).read_text()
        except UnicodeDecodeError:
            continue  # a binary file says nothing
        for number, line in enumerate(text.splitlines(), 1):
            yield name, number, line


@pytest.mark.parametrize("what", FORBIDDEN, ids=list(FORBIDDEN))
def test_no_tracked_file_has(what: str) -> None:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, or no git: nothing is tracked")
    found = [f"{name}:{number}" for name, number, line in lines() if name not in MAY and FORBIDDEN[what].search(line)]
    assert not found, f"{what}: {found}"


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a path of somebody's machine", "see /home/ann/ballast"),
        ("a path of somebody's machine", 'open("/tmp/x.json")'),
        ("a registry host", "https://registry.npmjs.org/solc"),
        ("a note to self", "# TODO later"),
    ],
)
def test_the_search_sees(what: str, line: str) -> None:
    assert FORBIDDEN[what].search(line)
