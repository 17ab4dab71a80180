"""Secrets planted at a place, a whole working day of it, and then a search through everything it left and said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployed import Deployed
from tests.keeper.execute import desk
from tests.keeper.ops import place as places
from tests.keeper.ops.place import PASSWORD, ROOT
from tests.keeper.wire import Wire, html, lost_reply, refuses, says

TOKENS = ("0123456789abcdef-secret", "hush-hush-hush")
"""In the address of the node: a path and a query, as hosted nodes have them."""
SENDS = "eth_sendRawTransaction"


def typed(config: Path, *words: str) -> tuple[str, bytes]:
    """`keeper WORDS` as a process: what it said, debugging wanted, and how the system lists it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "keeper", *words, "--config", str(config)],
        cwd=ROOT,
        env=dict(os.environ) | {"BALLAST_DEBUG": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    listed = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    said, _ = process.communicate(timeout=90)
    return said, listed


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the list of processes is read from /proc")
def test_no_secret_is_in_anything_a_keeper_says_or_leaves(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.drift(deployed)
    planted = [PASSWORD, *TOKENS, deployed.key("keeper").hex(), deployed.key("guardian").hex()]
    said: list[str] = []
    listed: list[bytes] = []

    def note(*words: str) -> None:
        words_said, process = typed(place.config, *words)
        said.append(words_said)
        listed.append(process)

    with Wire(deployed.url).up() as wire:
        place = places.make(deployed, tmp_path, capsys, url=wire.url)
        note("doctor")
        note("plan", "--json")
        wire.next(SENDS, refuses(SENDS, -32_000, f"intrinsic gas too low for project {TOKENS[0]}"))
        wire.next(SENDS, lost_reply)
        wire.next("eth_call", html)
        wire.next("eth_call", refuses("eth_call", -32_005, f"{TOKENS[1]} is over its quota"))
        wire.next("eth_call", says("eth_call", f"0x{TOKENS[1]}"))
        note("run", "--mode", "live", "--ticks", "4")
        assert wire.armed == 0
        note("kill", "--yes")
        (tmp_path / "guardian.password").write_text("swordfish-swordfish\n")
        note("kill", "--yes", "--json")
        (tmp_path / "node.url").write_text(f"ftp://{TOKENS[0]}")
        note("once")
    note("status", "--json")
    note("journal", "show", "--last", "500", "--json")
    assert "event=settled" in said[2]
    assert "event=held" in said[2]
    assert place.sent("guardian") == 2
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert "journal.sqlite" in left
    for name in ("node.url", "keeper.password", "guardian.password"):
        del left[name]
    for secret in [*planted, "swordfish-swordfish"]:
        assert not [words for words in said if secret in words]
        assert not [words for words in listed if secret.encode() in words]
        assert not [name for name, body in left.items() if secret.encode() in body]
