"""Building what is published as source only: each project with the compiler and the settings that its code asks for.

What is built lies in `.tools/compiled/<project>/`, one artifact a contract, under a key of everything that went in: the
pins of compiler and sources, the settings, the wish list. It is built again when one of them changes, else never.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keeper.devnet import checkout, parts
from keeper.devnet.catalogue import ADDED
from keeper.devnet.faults import SourceRefused

_KEY = ".key"
_SECONDS = 300
_AT_ONCE = 2
"""Compilers that run side by side; Aave's takes about 300 MB."""
_SCRIPT = """
const fs = require("fs"), path = require("path");
const [wrapper, soljson, roots] = process.argv.slice(1);
const solc = require(wrapper)(require(soljson));
// soljson's own handlers turn any later error into a wall of minified source
process.removeAllListeners("uncaughtException");
process.removeAllListeners("unhandledRejection");
const read = (name) => {
  for (const [prefix, folder] of JSON.parse(roots)) {
    const file = path.join(folder, name.slice(prefix.length));
    const fits = name.startsWith(prefix) && file.startsWith(folder + path.sep) && fs.existsSync(file);
    if (fits) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `no folder has ${name}` };
};
process.stdout.write(solc.compile(fs.readFileSync(0, "utf8"), { import: read }));
"""
"""Compiles the standard-JSON request on stdin with one build of solc under the wrapper of npm's; an import is read from
the first folder whose prefix fits and that has it, and from nowhere else."""


@dataclass(frozen=True, slots=True)
class Project:
    """Sources that are compiled together: `roots` says which import prefix is which folder of vendor/."""

    name: str
    compiler: str
    sources: tuple[str, ...]
    roots: tuple[tuple[str, str], ...]
    evm: str
    runs: int
    remappings: tuple[str, ...] = ()

    def settings(self) -> dict[str, Any]:
        """The compiler's settings in its standard JSON; no metadata hash, so that bytecode follows from code alone."""
        wanted = ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences"]
        return {
            "evmVersion": self.evm,
            "optimizer": {"enabled": True, "runs": self.runs},
            "remappings": list(self.remappings),
            "metadata": {"bytecodeHash": "none"},
            "outputSelection": {"*": {"*": wanted}},
        }


_LOGIC = ("Supply", "Borrow", "Liquidation", "FlashLoan", "Pool", "Configurator")
_AAVE = (
    *("instances/PoolInstance", "instances/PoolConfiguratorInstance"),
    *("instances/ATokenInstance", "instances/VariableDebtTokenInstance"),
    *("misc/DefaultReserveInterestRateStrategyV2", "misc/AaveOracle", "helpers/AaveProtocolDataProvider"),
    *("protocol/configuration/PoolAddressesProvider", "protocol/configuration/ACLManager"),
    *("rewards/RewardsController", "rewards/EmissionManager"),
    "rewards/transfer-strategies/PullRewardsTransferStrategy",
    *("extensions/stata-token/StataTokenV2", "extensions/stata-token/StataTokenFactory"),
    *(f"protocol/libraries/logic/{name}Logic" for name in _LOGIC),
)
PROJECTS = (
    Project(
        name="aave",
        compiler="solc-0.8.27",
        sources=(
            *(f"src/contracts/{name}.sol" for name in _AAVE),
            "solidity-utils/contracts/transparent-proxy/TransparentProxyFactory.sol",
        ),
        roots=(
            ("src/", "aave/src"),
            ("@openzeppelin/contracts/", "openzeppelin-5.1.0"),
            ("@openzeppelin/contracts-upgradeable/", "openzeppelin-upgradeable-5.1.0"),
            ("solidity-utils/", "bgd/src"),
        ),
        evm="shanghai",
        runs=200,
        remappings=(
            "openzeppelin-contracts/contracts/=@openzeppelin/contracts/",
            "openzeppelin-contracts-upgradeable/contracts/=@openzeppelin/contracts-upgradeable/",
        ),
    ),
    Project(
        name="chainlink",
        compiler="solc-0.8.26",
        sources=(
            "src/v0.8/data-feeds/DataFeedsCache.sol",
            "src/v0.8/keystone/KeystoneForwarder.sol",
            "src/v0.8/l2ep/zksync/ZKSyncSequencerUptimeFeed.sol",
        ),
        roots=(
            ("src/", "chainlink-sources/src"),
            ("@openzeppelin/contracts@5.0.2/", "openzeppelin-5.0.2"),
            ("@openzeppelin/contracts@4.8.3/", "openzeppelin-4.8.3"),
        ),
        evm="paris",
        runs=1_000_000,
    ),
    Project(
        name="api3",
        compiler="solc-0.8.17",
        sources=(
            "access/AccessControlRegistry.sol",
            "api3-server-v1/Api3ServerV1.sol",
            "api3-server-v1/Api3ServerV1OevExtension.sol",
        ),
        roots=(("", "api3"),),
        evm="london",
        runs=1_000,
    ),
    Project(
        name="api3-proxies",
        compiler="solc-0.8.27",
        sources=("api3-server-v1/proxies/Api3ReaderProxyV1Factory.sol",),
        roots=(("", "api3"),),
        evm="paris",
        runs=1_000,
    ),
)
"""The slowest first, so that two at once end together."""


def key_of(project: Project, pinned: Mapping[str, str]) -> str:
    """What a build follows from, hashed: pins of compiler and sources, settings, wish list, the compiling script."""
    folders = {project.compiler, *(folder.partition("/")[0] for _, folder in project.roots)}
    bytes_of = {part.folder: (pinned[part.spec], part.wanted) for part in ADDED if part.folder in folders}
    went_in = [project.name, bytes_of, project.sources, project.roots, project.settings(), _SCRIPT]
    return hashlib.sha256(json.dumps(went_in, sort_keys=True).encode()).hexdigest()


def missing(compiled: Path, pinned: Mapping[str, str], projects: Sequence[Project] = PROJECTS) -> list[Project]:
    """The projects that are not built as they are pinned and wanted now."""
    found: list[Project] = []
    for project in projects:
        stamp = compiled / project.name / _KEY
        if not stamp.is_file() or stamp.read_text() != key_of(project, pinned):
            found.append(project)
    return found


def build(
    vendor: Path, compiled: Path, projects: Sequence[Project] = PROJECTS, *, say: Callable[[str], None] | None = None
) -> int:
    """Compile what is missing from `vendor` into `compiled`, two at once, and return how many projects that was.

    `say` receives a line before and one a project. Raises NotACheckout without node, SourceRefused where solc objects.
    """
    pinned = parts.pins()
    todo = missing(compiled, pinned, projects)
    if not todo:
        return 0
    if say is not None:
        say(f"compiling {', '.join(project.name for project in todo)}: once, about a minute on two cores")
    compiled.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for project, seconds in zip(
            todo, pool.map(lambda one: _build(one, vendor, compiled, pinned), todo), strict=True
        ):
            if say is not None:
                say(f"{project.name}: {project.compiler}, {seconds:.0f} s")
    return len(todo)


def _build(project: Project, vendor: Path, compiled: Path, pinned: Mapping[str, str]) -> float:
    start = time.monotonic()
    contracts = _compile(project, vendor)
    staged = Path(tempfile.mkdtemp(prefix=f".{project.name}-", dir=compiled))
    try:
        for name, contract in contracts.items():
            (staged / f"{name}.json").write_text(json.dumps(contract))
        (staged / _KEY).write_text(key_of(project, pinned))
        target = compiled / project.name
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return time.monotonic() - start


def _compile(project: Project, vendor: Path) -> dict[str, dict[str, Any]]:
    """Every contract with code, by name, as an artifact that `artifacts.load` reads."""
    roots = [(prefix, str(vendor / folder)) for prefix, folder in project.roots]
    request = {
        "language": "Solidity",
        "sources": {name: {"content": _source(name, roots)} for name in project.sources},
        "settings": project.settings(),
    }
    soljson = vendor / project.compiler / "soljson.js"
    command = [checkout.node(), "-e", _SCRIPT, str(checkout.solc_wrapper()), str(soljson), json.dumps(roots)]
    try:
        done = subprocess.run(
            command, input=json.dumps(request), capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise SourceRefused(project.name, f"{project.compiler} took over {_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        words = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SourceRefused(project.name, f"{project.compiler} ended with {error.returncode}: {words}") from error
    answer: dict[str, Any] = json.loads(done.stdout)
    for entry in answer.get("errors", []):
        if entry["severity"] == "error":
            raise SourceRefused(project.name, str(entry["formattedMessage"]).strip().splitlines()[0])
    return {
        name: {"abi": contract["abi"]} | _code(contract["evm"]["bytecode"])
        for file in answer["contracts"].values()
        for name, contract in file.items()
        if contract["evm"]["bytecode"]["object"]
    }


def _code(bytecode: Mapping[str, Any]) -> dict[str, Any]:
    return {"bytecode": bytecode["object"], "linkReferences": bytecode["linkReferences"]}


def _source(name: str, roots: Sequence[tuple[str, str]]) -> str:
    for prefix, folder in roots:
        path = Path(folder) / name.removeprefix(prefix)
        if name.startswith(prefix) and path.is_file():
            return path.read_text()
    raise SourceRefused(name, "no package has it")
