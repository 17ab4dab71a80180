"""The wheel in a clean Python, without brownie, Node, compiler or checkout: it starts fast and says what is missing."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keeper.config import profile_names
from scripts.bootstrap import UV, find_python
from scripts.toolchain import ROOT

PYTHONS = (11, 13)  # minor versions of Python 3
DATA = (".py", ".toml", ".json", ".mako", ".typed", ".html", ".css", ".js", ".svg")
MAX_BYTES = 1_500_000


@dataclass(frozen=True, slots=True)
class Installed:
    """A keeper installed from the wheel, and a world with nothing else in it."""

    place: Path
    environ: dict[str, str]

    def keeper(self, *words: str) -> subprocess.CompletedProcess[str]:
        line = [str(self.place / "bin" / "keeper"), *words]
        return subprocess.run(
            line, cwd=self.environ["HOME"], env=self.environ, capture_output=True, text=True, check=False, timeout=60
        )

    def python(self, code: str) -> str:
        line = [str(self.place / "bin" / "python"), "-I", "-c", code]
        home = self.environ["HOME"]
        return subprocess.run(
            line, cwd=home, env=self.environ, capture_output=True, text=True, check=True
        ).stdout.strip()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (built,) = out.glob("ballast-*.whl")
    return built


@pytest.fixture(scope="session", params=PYTHONS)
def installed(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    wheel: Path,
    outer_environ: dict[str, str],
) -> Installed:
    minor = int(request.param)
    python = sys.executable if sys.version_info[1] == minor else find_python(minor)
    if python is None:
        pytest.skip(f"no Python 3.{minor} on this machine")
    base = tmp_path_factory.mktemp(f"clean{minor}")
    place, home, nothing = base / "venv", base / "home", base / "empty"
    home.mkdir()
    nothing.mkdir()
    lock = ROOT / "requirements" / "runtime.lock"
    steps: list[list[str | Path]] = [
        ["venv", "-q", "--no-project", "--python", python, place],
        [
            "pip",
            "install",
            "-q",
            "--python",
            place / "bin/python",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "-r",
            lock,
        ],
        ["pip", "install", "-q", "--python", place / "bin/python", "--no-deps", "--no-index", wheel],
    ]
    for words in steps:
        subprocess.run([UV, *words], env=outer_environ, cwd=base, check=True, capture_output=True)
    environ = {"PATH": f"{place / 'bin'}{os.pathsep}{nothing}", "HOME": str(home), "LANG": "C.UTF-8"}
    return Installed(place, environ)


def envelope(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one object a command prints with --json."""
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    assert answer["schema"] == "ballast.cli/1"
    return answer


def remedies(value: object) -> list[str]:
    """Every non-empty `remedy` in an answer, however deep."""
    if isinstance(value, dict):
        own = [value["remedy"]] if isinstance(value.get("remedy"), str) and value["remedy"] else []
        return own + [found for inner in value.values() for found in remedies(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in remedies(inner)]
    return []


def test_the_wheel_holds_the_keeper_and_nothing_of_others(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        code = {name: archive.read(name) for name in names if name.startswith("keeper/")}
    assert "keeper/py.typed" in names
    assert {f"keeper/config/profiles/{name}.toml" for name in profile_names()} <= set(names)
    assert not [name for name in names if not name.startswith(("keeper/", "ballast-"))]
    assert not [name for name in code if not name.endswith(DATA)]
    assert sum(map(len, code.values())) < MAX_BYTES
    # bytecode would stand in the package data: only our own lens may, beside our own ABIs
    for name, body in code.items():
        if not name.startswith("keeper/abi/"):
            assert b"0x6080604052" not in body, f"{name} holds contract bytecode"


def test_no_brownie_and_no_tool_is_there(installed: Installed) -> None:
    for module in ("brownie", "solcx", "pytest", "scripts"):
        assert installed.python(f"import importlib.util as u; print(u.find_spec({module!r}))") == "None"
    for tool in ("node", "forge", "anvil", "solc", "brownie"):
        assert shutil.which(tool, path=installed.environ["PATH"]) is None


def test_every_module_imports(installed: Installed) -> None:
    code = (
        "import importlib, keeper, pkgutil\n"
        "names = [m.name for m in pkgutil.walk_packages(keeper.__path__, 'keeper.')]\n"
        "ours = [n for n in names if '.migrations' not in n and not n.endswith('__main__')]\n"
        "for name in ours: importlib.import_module(name)\n"
        "print(len(ours))"
    )
    assert int(installed.python(code)) > 10


def test_help_takes_less_than_a_second_of_cpu(installed: Installed) -> None:
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = installed.keeper("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr
        assert "doctor" in done.stdout
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 1.0


def test_doctor_names_the_remedy_for_what_is_missing(installed: Installed) -> None:
    done = installed.keeper("doctor", "--json")
    answer = envelope(done)
    assert answer["command"] == "doctor"
    assert remedies(answer["data"]), done.stdout  # of its checks: a refusal of the command itself is no diagnosis
    assert "Traceback" not in done.stderr


def test_devnet_up_wants_a_checkout(installed: Installed) -> None:
    done = installed.keeper("devnet", "up", "--json")
    assert done.returncode == 2, done.stdout + done.stderr
    answer = envelope(done)
    assert answer["ok"] is False
    assert "run in a checkout" in answer["error"]["remedy"].lower()
