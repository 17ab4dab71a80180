"""Puts the pinned compilers and local chains where brownie, forge and the tests look for them.

`python scripts/toolchain.py [command …]` makes, under the ignored `.tools/`, then runs the command in that environment:

    bin/anvil bin/forge          links to the native binaries inside node_modules.  Never node_modules/.bin/forge:
                                 npm's shim exits 0 when tests fail, and leaves anvil running when it is killed.
    bin/ganache bin/ganache-cli  links to node_modules/.bin/ganache
    solcx/solc-v0.8.30           the one compiler of brownie (py-solc-x) and forge
    home/                        HOME of brownie, so ~/.brownie, ~/.solcx and ~/.vvm are neither read nor written
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
SOLC_VERSION = "0.8.30"
CHAIN_ID = 31337
PROJECT = "BallastProject"
"""What brownie calls this project."""
MNEMONIC = "test test test test test test test test test test test junk"
_OS = {"Linux": "linux", "Darwin": "darwin"}
_ARCH = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def environ() -> dict[str, str]:
    """What a child process needs in its environment to use the tools."""
    first = str(TOOLS / "bin")
    path = os.environ.get("PATH", "")
    return {
        "PATH": path if path.split(os.pathsep)[0] == first else os.pathsep.join([first, path]),
        "HOME": str(TOOLS / "home"),
        "SOLCX_BINARY_PATH": str(TOOLS / "solcx"),
    }


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time, by an advisory lock on `.tools/<name>.lock`."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _foundry_binary(tool: str) -> Path:
    try:
        key = f"{_OS[platform.system()]}-{_ARCH[platform.machine()]}"
    except KeyError:
        raise SystemExit(f"no {tool} for {platform.system()} {platform.machine()}: use Linux or macOS") from None
    path = ROOT / "node_modules" / "@foundry-rs" / f"{tool}-{key}" / "bin" / tool
    if not path.exists():
        raise SystemExit(f"{path} is missing: run `make setup`")
    return path


def _link(source: Path, target: Path) -> None:
    if target.is_symlink() and target.readlink() == source:
        return
    target.unlink(missing_ok=True)
    target.symlink_to(source)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    if path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode():
        return
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    fresh.chmod(mode)
    fresh.replace(path)


def ensure_solc() -> Path:
    """solc-js from npm (its hash is in package-lock.json) behind a launcher that speaks as the native solc does.

    The launcher carries the long version, because py-solc-x asks for `--version` before every compile.
    """
    package = ROOT / "node_modules" / "solc"
    node = shutil.which("node")
    if node is None or not package.is_dir():
        raise SystemExit("the pinned compiler needs node 20 or newer and `make setup`")
    pinned = json.loads((package / "package.json").read_text())["version"]
    if pinned != SOLC_VERSION:
        raise SystemExit(f"node_modules/solc is {pinned}, expected {SOLC_VERSION}: run `make setup`")
    stamp = TOOLS / "solcx" / "solc-js.version"
    if not (stamp.exists() and stamp.read_text().startswith(SOLC_VERSION)):
        ask = [node, "-p", "require(process.argv[1]).version()", str(package)]
        _write(stamp, subprocess.check_output(ask, text=True))
    shim, long = json.dumps(str(ROOT / "scripts" / "solcjs.cjs")), json.dumps(stamp.read_text().strip())
    target = TOOLS / "solcx" / f"solc-v{SOLC_VERSION}"
    _write(target, f"#!{node}\nrequire({shim}).main({json.dumps(str(package))}, {long});\n", 0o755)
    return target


def ensure() -> None:
    """Makes what the module's docstring lists; idempotent, and safe from several processes at once."""
    for folder in ("bin", "solcx", "home/.brownie"):
        (TOOLS / folder).mkdir(parents=True, exist_ok=True)
    with locked("toolchain"):
        for tool in ("anvil", "forge"):
            _link(_foundry_binary(tool), TOOLS / "bin" / tool)
        for alias in ("ganache", "ganache-cli"):
            _link(ROOT / "node_modules" / ".bin" / "ganache", TOOLS / "bin" / alias)
        _write(TOOLS / "home/.brownie/network-config.yaml", (ROOT / "brownie-networks.yaml").read_text())
        # `networks.default` in the project's own brownie-config.yaml crashes brownie 1.22.2; here it works
        _write(TOOLS / "home/brownie-config.yaml", "networks: {default: anvil}\n")
        ensure_solc()


def patch_brownie() -> None:
    """Leaves out brownie 1.22.2's deployment store, which raises TypeError on live networks (deploy, Container.at).

    It also replays its own record of a chain id at connect, and fails when a local chain was restarted since:
    deployments/ is this project's record.
    """
    from brownie.network import contract

    contract._add_deployment = contract._remove_deployment = lambda *_a, **_k: None
    shutil.rmtree(TOOLS / "brownie" / "deployments", ignore_errors=True)


@contextlib.contextmanager
def brownie_project() -> Iterator[Any]:
    """The compiled brownie project, loaded without brownie's command line or pytest plugin.

    HOME is brownie's only while brownie is imported; PATH keeps the tools.
    """
    ensure()
    home = os.environ.get("HOME")
    os.environ.update(environ())  # brownie fixes ~/.brownie when it is first imported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what brownie 1.22.2 imports was written for older Pythons
        import brownie

    if home is None:
        del os.environ["HOME"]
    else:
        os.environ["HOME"] = home
    already = next((one for one in brownie.project.get_loaded_projects() if one._name == PROJECT), None)
    if already is not None:  # whoever loaded it closes it: brownie knows a name once in a process
        yield already
        return
    patch_brownie()
    with locked("toolchain"), contextlib.chdir(ROOT):  # relative remappings need the root as working directory
        project = brownie.project.load(ROOT, PROJECT)
        project.load_config()
    try:
        yield project
    finally:
        if brownie.network.is_connected():
            brownie.network.disconnect()
        project.close()


def node_command(kind: str, port: int, hardfork: str = "shanghai") -> list[str]:
    """The command line of a local node: `kind` is anvil or ganache, `port` on the loopback."""
    tool = str(TOOLS / "bin" / kind)
    if kind == "anvil":
        words = ["--port", str(port), "--quiet", "--hardfork", hardfork, "--steps-tracing"]
        return [tool, *words, "--chain-id", str(CHAIN_ID), "--mnemonic", MNEMONIC]
    words = ["--server.port", str(port), "--logging.quiet", "--chain.hardfork", hardfork]
    words += ["--chain.chainId", str(CHAIN_ID), "--chain.vmErrorsOnRPCResponse", "true"]
    return [tool, *words, "--wallet.mnemonic", MNEMONIC, "--wallet.defaultBalance", "10000"]


@contextlib.contextmanager
def local_node(kind: str, hardfork: str = "shanghai") -> Iterator[int]:
    """An Anvil or Ganache on a free loopback port, gone when the block ends; yields the port."""
    ensure()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    quiet = subprocess.DEVNULL
    node = subprocess.Popen(node_command(kind, port, hardfork), stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        _wait_for(port, node, kind)
        yield port
    finally:
        node.terminate()
        try:
            node.wait(5)
        except subprocess.TimeoutExpired:
            node.kill()
            node.wait()


def _wait_for(port: int, node: subprocess.Popen[bytes], kind: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if node.poll() is not None:
            raise RuntimeError(f"{kind} exited with {node.returncode} before it listened on port {port}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise RuntimeError(f"{kind} did not listen on port {port} within {seconds:g} s")


@contextlib.contextmanager
def brownie_connection(kind: str, port: int) -> Iterator[None]:
    """brownie as a *development* client of a node that this project started (and therefore ends)."""
    import brownie
    from brownie.network.rpc import anvil, ganache

    brownie._config.CONFIG.networks[kind]["cmd_settings"]["port"] = port
    brownie.network.connect(kind, launch_rpc=False)
    brownie.network.rpc.backend = anvil if kind == "anvil" else ganache
    brownie.chain._network_connected()  # takes the snapshot that chain.reset() returns to
    try:
        yield
    finally:
        brownie.network.disconnect(kill_rpc=False)


def main(words: list[str]) -> None:
    """`compile`: brownie's build, which deploying needs; nothing: only make the links; else: run that command.

    The build is made whole: brownie's own way of building what changed misses a changed interface, whose importers then
    carry another metadata hash than forge gives them.
    """
    ensure()
    if words == ["compile"]:
        for built in (TOOLS / "brownie" / "contracts").glob("*.json"):
            built.unlink()
        with brownie_project() as project:
            print(f"brownie: {len(project)} contracts")
    elif words:
        os.environ.update(environ())
        os.execvp(words[0], words)  # noqa: S606 - the operator's own command, in its place


if __name__ == "__main__":
    main(sys.argv[1:])
