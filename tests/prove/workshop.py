"""Scratch copies of the tree, where a contract may be broken on purpose, built and tested, and nothing else notices.

A workshop has as many lanes as may work at once (two: one a core). A lane is a copy of contracts/, tests/forge/,
tests/symbolic/ and foundry.toml under the ignored .tools/prove/, seeded with a finished build, so that a changed
contract costs only its own compiling. Whatever is heavy is done on a borrowed lane: sections side by side share them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("contracts", "tests/forge", "tests/symbolic", "foundry.toml", "package-lock.json")
LINKED = ("node_modules", ".tools/solcx", ".tools/home")
BUILT = (".tools/forge/out", ".tools/forge/cache")
BUILD_SECONDS = 600
"""A build from nothing takes two to three minutes where all cores are busy."""
PATIENCE = 20
"""Times the processor's seconds that a command may take by the clock."""

Item = TypeVar("Item")
Made = TypeVar("Made")


class WorkshopFault(Exception):
    """The proof could not be made: neither red nor green. The message names the remedy."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command. `timed_out`: it was ended, and `code` means nothing."""

    code: int
    out: str
    err: str
    seconds: float
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which forge tests, and how long they may search: regular expressions, but the paths are globs.

    0 = as foundry.toml has it. `seed` fixes fuzzing; `seconds` of processor time end the run, then no proof.
    """

    contract: str = ""
    test: str = ""
    path: str = ""
    no_path: str = ""
    fuzz: int = 0
    runs: int = 0
    depth: int = 0
    seed: int = 1
    seconds: int = 180
    fail_fast: bool = True
    env: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> list[str]:
        """forge's own options."""
        named = {
            "--match-contract": self.contract,
            "--match-test": self.test,
            "--match-path": self.path,
            "--no-match-path": self.no_path,
        }
        found = [word for option, value in named.items() if value for word in (option, value)]
        return [*found, "--fuzz-seed", str(self.seed), *(["--fail-fast"] if self.fail_fast else [])]

    def environ(self) -> dict[str, str]:
        """What foundry.toml would say."""
        said = {
            "FOUNDRY_FUZZ_RUNS": self.fuzz,
            "FOUNDRY_INVARIANT_RUNS": self.runs,
            "FOUNDRY_INVARIANT_DEPTH": self.depth,
        }
        return {name: str(value) for name, value in said.items() if value} | dict(self.env)


@dataclass(frozen=True, slots=True)
class Test:
    """One test as forge reports it. `detail` is forge's own object: kind, logs, counterexample, metrics."""

    file: str
    contract: str
    name: str
    status: str
    reason: str
    detail: Mapping[str, Any]

    @property
    def red(self) -> bool:
        """Failed, by an assertion, a revert or in setUp; neither green nor skipped."""
        return self.status == "Failure"


@dataclass(frozen=True, slots=True)
class Tested:
    """A run of forge's tests. `timed_out`: it says nothing."""

    tests: tuple[Test, ...]
    seconds: float
    timed_out: bool

    @property
    def red(self) -> tuple[Test, ...]:
        """Those that failed."""
        return tuple(test for test in self.tests if test.red)


class Lane:
    """One scratch copy. Not for two threads at once: borrow it from its Workshop."""

    def __init__(self, root: Path, folder: Path, seed: Path, live: set[subprocess.Popen[str]]) -> None:
        self.root = root
        self.folder = folder
        self._seed = seed
        self._live = live
        self._touched: set[str] = set()

    def run(self, words: Sequence[str], *, seconds: float, env: Mapping[str, str] | None = None) -> Ran:
        """A command in the lane's folder, the tools on PATH. Never raises for its exit code.

        Ended after `seconds` of processor time, in which a busy machine makes no difference; by the clock, if it waits
        for something that does not come, after `PATIENCE` times as much.
        """
        tools = self.root / ".tools"
        path = os.pathsep.join([str(tools / "bin"), str(tools / "venv/prove/bin"), os.environ.get("PATH", "")])
        around = {**os.environ, "PATH": path, "HOME": str(tools / "home"), **(env or {})}
        begun = time.monotonic()
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            ["sh", "-c", 'ulimit -t "$0"; exec "$@"', str(math.ceil(seconds)), *words],
            cwd=self.folder,
            env=around,
            stdout=pipe,
            stderr=pipe,
            text=True,
            process_group=0,
        )
        self._live.add(child)
        try:
            out, err = child.communicate(timeout=PATIENCE * seconds)
            spent = child.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
            return Ran(child.returncode, out, err, time.monotonic() - begun, timed_out=spent)
        except subprocess.TimeoutExpired:
            end(child)
            out, err = child.communicate()
            return Ran(child.returncode, out, err, time.monotonic() - begun, timed_out=True)
        finally:
            self._live.discard(child)

    def forge(self, *words: str, seconds: float, env: Mapping[str, str] | None = None) -> Ran:
        """The native forge: unlike npm's shim, its exit code is right."""
        return self.run([str(self.root / ".tools/bin/forge"), *words], seconds=seconds, env=env)

    def build(self) -> str:
        """Builds. Returns the compiler's complaint, or nothing. Raises WorkshopFault if it was not the compiler's."""
        ran = self.forge("build", "--color", "never", seconds=BUILD_SECONDS)
        if ran.code == 0 and not ran.timed_out:
            return ""
        said = f"{ran.out}\n{ran.err}"
        if "Compiler run failed" in said and not ran.timed_out:
            return next((line for line in said.splitlines() if line.startswith("Error (")), "it does not compile")
        raise WorkshopFault(f"forge build broke off after {ran.seconds:.0f} s with {ran.code}: {_tail(said)}")

    def test(self, wanted: Filter, *, threads: int = 1) -> Tested:
        """Runs tests. Raises WorkshopFault if nothing matched, or forge's answer is not its JSON."""
        words = ["test", "--json", "-j", str(threads), *wanted.words()]
        ran = self.forge(*words, seconds=wanted.seconds, env=wanted.environ())
        if ran.timed_out:
            return Tested((), ran.seconds, timed_out=True)
        tests = () if "No tests" in ran.out + ran.err else parsed(ran)
        if not tests:
            raise WorkshopFault(f"no test matches {' '.join(wanted.words())}: name one that exists")
        if (ran.code != 0) != any(test.red for test in tests):
            raise WorkshopFault(
                f"forge test ended with {ran.code} and {sum(t.red for t in tests)} red: {_tail(ran.err)}"
            )
        return Tested(tests, ran.seconds, timed_out=False)

    def read(self, file: str) -> str:
        """A file of the lane, by its path in the tree."""
        return (self.folder / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        """Changes a file until the lane is made whole."""
        self._touched.add(file)
        (self.folder / file).write_text(text, encoding="utf-8")

    def made_whole(self) -> None:
        """Files and build as they were before the first `write`."""
        if not self._touched:
            return
        for file in self._touched:
            if (self._seed / file).exists():
                shutil.copyfile(self._seed / file, self.folder / file)
            else:
                (self.folder / file).unlink()
        for name in BUILT:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            shutil.copytree(self._seed / name, self.folder / name)
        self._touched.clear()


def parsed(ran: Ran) -> tuple[Test, ...]:
    """forge's JSON, test by test. Raises WorkshopFault if it is none."""
    try:
        suites = json.loads(ran.out.strip().splitlines()[-1]) if ran.out.strip() else None
    except json.JSONDecodeError:
        suites = None
    if not isinstance(suites, dict):
        raise WorkshopFault(f"forge test ended with {ran.code} and no JSON: {_tail(ran.out + ran.err)}")
    found = []
    for suite, told in suites.items():
        file, _, contract = suite.rpartition(":")
        for name, one in told["test_results"].items():
            found.append(Test(file, contract, name.partition("(")[0], one["status"], str(one["reason"] or ""), one))
    return tuple(found)


def end(child: subprocess.Popen[str]) -> None:
    """Ends a command and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


class Workshop:
    """The lanes. Use as `with opened() as shop`."""

    def __init__(self, root: Path, tree: Path, lanes: Sequence[Lane], fresh: bool) -> None:
        self.root = root
        self.tree = tree
        """The sources as they were when the workshop opened: what the lanes are copies of."""
        self.fresh = fresh
        """Run everything again, whatever was found before."""
        self.width = len(lanes)
        self._free: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        self._saying = threading.Lock()
        for lane in lanes:
            self._free.put(lane)

    @contextlib.contextmanager
    def lane(self) -> Iterator[Lane]:
        """A lane of one's own, made whole afterwards; waits until one is free."""
        lane = self._free.get()
        try:
            yield lane
        finally:
            try:
                lane.made_whole()
            finally:
                self._free.put(lane)

    def spread(self, work: Callable[[Lane, Item], Made], items: Sequence[Item]) -> list[Made]:
        """`work` on each item, as many at once as there are lanes; answers in the order of the items."""

        def one(item: Item) -> Made:
            with self.lane() as lane:
                return work(lane, item)

        with ThreadPoolExecutor(self.width) as pool:
            futures = [pool.submit(one, item) for item in items]
            try:
                return [future.result() for future in futures]
            finally:
                for future in futures:
                    future.cancel()  # where one failed, those that have not begun

    def say(self, text: str) -> None:
        """A line of progress, on stderr."""
        with self._saying:
            print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def opened(root: Path = ROOT, *, width: int = 2, fresh: bool = False) -> Iterator[Workshop]:
    """A workshop over the tree as it is now; whatever still runs in it is ended with it.

    Raises WorkshopFault if the tree as it is does not build, or another proof is at work in it.
    """
    place = root / ".tools" / "prove"
    place.mkdir(parents=True, exist_ok=True)
    live: set[subprocess.Popen[str]] = set()
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkshopFault("another proof is at work in this tree: wait for it, or end it") from None
        seed = Lane(root, place / "seed", place / "seed", live)
        _copy(root, seed.folder)
        complaint = seed.build()
        if complaint:
            raise WorkshopFault(f"the tree itself does not build: {complaint}")
        lanes = [Lane(root, place / f"lane{number}", seed.folder, live) for number in range(1, width + 1)]
        for lane in lanes:
            _copy(seed.folder, lane.folder)

        def leave(number: int, _: object) -> None:
            for child in list(live):
                end(child)
            os._exit(128 + number)  # threads still wait for what was ended; what they found before is on disk

        before = signal.signal(signal.SIGTERM, leave)
        try:
            yield Workshop(root, seed.folder, lanes, fresh)
        finally:
            signal.signal(signal.SIGTERM, before)
            for child in list(live):
                end(child)


def _copy(source: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    for name in (*COPIED, *BUILT):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (source / name).exists():
            shutil.copyfile(source / name, target / name)
    for name in LINKED:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).symlink_to((source / name).resolve())


def _tail(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return " / ".join(lines[-3:])[-300:] or "it said nothing"
