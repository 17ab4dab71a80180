"""`make setup`: from a bare checkout to every tool in place, once; afterwards it finds nothing to do in a blink.

Standard library only, because it runs before anything is installed.  A step is keyed by the files it depends on; its
key is kept in `.tools/stamps/` when it succeeded.  What the tools say goes to `.tools/setup.log`, and to the screen
when a step fails.  Everything made here lives in `.tools/` and `node_modules/`.  With the word `prove` it also
makes the provers' environment.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
LOG = TOOLS / "setup.log"
UV = TOOLS / "uv" / "bin" / "uv"
RUNTIME = TOOLS / "venv" / "runtime-test"
CONTRACTS = TOOLS / "venv" / "contracts"
PROVE = TOOLS / "venv" / "prove"
OLDEST, NEWEST_FOR_BROWNIE, NEWEST = (3, 11), (3, 13), (3, 14)
_log_lock = threading.Lock()


class StepFailed(Exception):
    """A step's tool exited non-zero.  Carries the step's title and what the tool said."""

    def __init__(self, title: str, said: str) -> None:
        super().__init__(title)
        self.title, self.said = title, said


@dataclass(frozen=True)
class Step:
    """One thing set-up makes: redone when `inputs` changed, or when `product` is gone."""

    name: str
    title: str
    inputs: tuple[Path, ...]
    product: Path
    work: Callable[[Step], None]
    extra: str = ""

    def key(self) -> str:
        digest = hashlib.sha256(f"{self.name}\0{self.extra}\0".encode())
        for path in self.inputs:
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def stamp(self) -> Path:
        return TOOLS / "stamps" / self.name

    def due(self) -> bool:
        stamp = self.stamp()
        return not (self.product.exists() and stamp.exists() and stamp.read_text() == self.key())

    def run(self) -> None:
        if not self.due():
            return
        say(f"  · {self.title} …")
        start, key = time.monotonic(), self.key()
        self.stamp().unlink(missing_ok=True)
        self.work(self)
        self.stamp().write_text(key)
        say(f"  ✓ {self.name}: {time.monotonic() - start:.1f} s")

    def call(self, *words: str | Path) -> None:
        """Runs one tool; raises StepFailed with its output when it fails."""
        env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
        line = [str(word) for word in words]
        quiet, pipe, merged = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
        done = subprocess.run(line, cwd=ROOT, env=env, stdin=quiet, stdout=pipe, stderr=merged, text=True, check=False)
        with _log_lock, LOG.open("a") as log:
            log.write(f"$ {' '.join(line)}\n{done.stdout}\n")
        if done.returncode:
            raise StepFailed(self.title, f"$ {' '.join(line)}\n{done.stdout.strip()}")


def say(line: str) -> None:
    """Set-up talks on stderr: stdout belongs to the command that follows."""
    print(line, file=sys.stderr, flush=True)


def refuse(why: str) -> NoReturn:
    """Ends with exit code 2 and one line."""
    say(f"set-up cannot go on: {why}")
    raise SystemExit(2)


def count(lock: Path) -> int:
    """The number of packages a lock names."""
    return sum("==" in line and not line.startswith(" ") for line in lock.read_text().splitlines())


def find_python(minor: int) -> str | None:
    """A Python 3.`minor` that starts: on PATH, or installed by pyenv (whose shims on PATH often do not start)."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    nearby = [
        shutil.which(f"python3.{minor}"),
        *sorted(map(str, pyenv.glob(f"versions/3.{minor}.*/bin/python3.{minor}"))),
    ]
    for path in filter(None, nearby):
        ask = [path, "-c", "import sys; print(sys.version_info[1])"]
        if subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip() == str(minor):
            return path
    return None


def this_python() -> str:
    """The interpreter under whichever virtual environment this runs in: set-up is the same from inside any of them."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}"
    return str((base if base.exists() else Path(sys.executable)).resolve())


def brownie_python() -> str:
    """An interpreter brownie has wheels for: this one, else the newest python3.N on PATH."""
    if sys.version_info[:2] <= NEWEST_FOR_BROWNIE:
        return this_python()
    for minor in range(NEWEST_FOR_BROWNIE[1], OLDEST[1] - 1, -1):
        found = find_python(minor)
        if found:
            return found
    here = ".".join(map(str, sys.version_info[:2]))
    refuse(f"brownie needs Python 3.11 to 3.13 and this is {here}: install python3.13 beside it")


def make_uv(step: Step) -> None:
    """uv in an environment of its own; where Python lacks venv, the uv on PATH."""
    home, elsewhere = TOOLS / "uv", shutil.which("uv")
    shutil.rmtree(home, ignore_errors=True)
    try:
        step.call(this_python(), "-m", "venv", home)
        step.call(home / "bin/python", "-m", "pip", "install", "-q", "--require-hashes", "-r", step.inputs[0])
    except StepFailed as failure:
        if elsewhere is None:
            hint = "install python3-venv (Debian: apt-get install python3-venv) or put a `uv` on PATH"
            raise StepFailed(step.title, f"{failure.said}\nremedy: {hint}") from None
        shutil.rmtree(home, ignore_errors=True)
        UV.parent.mkdir(parents=True)
        UV.symlink_to(elsewhere)


def made_with(place: Path, python: str) -> bool:
    """Whether the environment at `place` is alive and stands on this interpreter."""
    settings = place / "pyvenv.cfg"
    home = f"home = {Path(python).resolve().parent}"
    return (place / "bin" / "python").exists() and settings.exists() and home in settings.read_text().splitlines()


def make_environment(step: Step) -> None:
    """A Python environment exactly as its lock says, with this checkout on its path."""
    place, python = step.product.parent.parent, step.extra.split("\0")[0]
    if not made_with(place, python):
        shutil.rmtree(place, ignore_errors=True)
        step.call(UV, "venv", "-q", "--python", python, place)
    step.call(UV, "pip", "sync", "-q", "--python", step.product, "--require-hashes", step.inputs[0])
    if place == RUNTIME:
        step.call(UV, "pip", "install", "-q", "--python", step.product, "--no-deps", "--no-build-isolation", "-e", ROOT)
    else:
        site = next((place / "lib").glob("python3*")) / "site-packages"
        (site / "ballast.pth").write_text(f"{ROOT}\n")


def make_node_modules(step: Step) -> None:
    """npm's packages as locked, no install scripts; a half-made folder is never left looking whole."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise StepFailed(step.title, "remedy: install Node 20 or newer with npm (nodejs.org, or your package manager)")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < 20:
        raise StepFailed(step.title, f"node is {version}\nremedy: install Node 20 or newer")
    step.call(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def environment(name: str, python: str, what: str) -> Step:
    lock = ROOT / "requirements" / f"{name}.lock"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    title = f"Python environment {name}: {count(lock)} packages ({what})"
    key = f"{python}\0{ROOT}\0{project['version']}\0{project['scripts']}"
    return Step(name, title, (lock,), TOOLS / "venv" / name / "bin" / "python", make_environment, key)


def proving() -> Step:
    """What `make prove` and `make mutate` need besides: not part of a plain set-up."""
    return environment(PROVE.name, brownie_python(), "halmos with its solvers, and slither: for proofs only")


def installing() -> list[Step]:
    """Three installations that need nothing of each other."""
    return [
        environment(RUNTIME.name, this_python(), "the keeper and what tests it"),
        environment(CONTRACTS.name, brownie_python(), "brownie"),
        Step(
            "node-modules",
            "anvil, forge, ganache, solc and OpenZeppelin from npm",
            (ROOT / "package.json", ROOT / "package-lock.json"),
            ROOT / "node_modules" / "solc" / "package.json",
            make_node_modules,
        ),
    ]


def arranging() -> list[Step]:
    """Links, the local chain's parts, and a first build of the contracts, in this order."""
    scripts, parts = ROOT / "scripts", ROOT / "keeper" / "devnet" / "parts.lock.json"
    links = Step(
        "toolchain",
        "the native forge and anvil, and the pinned solc",
        (scripts / "toolchain.py", scripts / "solcjs.cjs", ROOT / "brownie-networks.yaml", ROOT / "package-lock.json"),
        TOOLS / "solcx" / "solc-v0.8.30",
        lambda step: step.call(RUNTIME / "bin/python", scripts / "toolchain.py"),
        f"{ROOT}\0{shutil.which('node')}",
    )
    steps = [links]
    if parts.exists():
        what = "the local chain's parts, Uniswap, Chainlink, Aave, Safe …: as published, each held to its hash"
        fetch = (RUNTIME / "bin/python", "-m", "keeper.devnet", "fetch")
        steps.append(Step("devnet", what, (parts,), TOOLS / "vendor", lambda step: step.call(*fetch)))
    sources = sorted((ROOT / "contracts").rglob("*.sol"))
    if sources:
        build = (CONTRACTS / "bin/python", scripts / "toolchain.py", "compile")
        what = f"compiling {len(sources)} Solidity files for deployment; the tests' own build comes with the tests"
        made = TOOLS / "brownie" / "contracts"
        inputs = (ROOT / "brownie-config.yaml", *sources)
        steps.append(Step("contracts-build", what, inputs, made, lambda step: step.call(*build)))
    return steps


def run_group(group: list[Step], *, together: bool) -> bool:
    """Runs what is due; true when anything was."""
    due = [step for step in group if step.due()]
    if together:
        with ThreadPoolExecutor(len(group)) as pool:
            list(pool.map(Step.run, due))
    else:
        for step in due:
            step.run()
    return bool(due)


def set_up(*, prove: bool) -> bool:
    """Every step in order; true when anything had to be made."""
    uv = Step("uv", "uv, which installs the rest", (ROOT / "requirements" / "uv.lock",), UV, make_uv, this_python())
    first = run_group([uv], together=False)
    second = run_group([*installing(), *([proving()] if prove else [])], together=True)
    return run_group(arranging(), together=False) or first or second


def main(words: list[str]) -> int:
    if words not in ([], [PROVE.name]):
        refuse(f"the one word it knows is `{PROVE.name}`, not `{' '.join(words)}`")
    here = sys.version_info[:2]
    if not OLDEST <= here <= NEWEST:
        refuse(f"Python 3.11 to 3.14 is needed, this is {here[0]}.{here[1]}: name one, `make PYTHON=python3.13`")
    (TOOLS / "stamps").mkdir(parents=True, exist_ok=True)
    with (TOOLS / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        start = time.monotonic()
        try:
            if set_up(prove=bool(words)):
                say(f"set-up done in {time.monotonic() - start:.0f} s")
        except StepFailed as failure:
            say(f"{failure.said}\nset-up failed at: {failure.title}; all output is in .tools/setup.log")
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
