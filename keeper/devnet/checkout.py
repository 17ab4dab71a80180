"""Where the project's own folders are. An installed wheel has none of them, and says so."""

from __future__ import annotations

import shutil
from pathlib import Path

from keeper.errors import NotACheckout

_SOURCES = Path(__file__).resolve().parents[2]


def root(sources: Path = _SOURCES) -> Path:
    """The checkout that holds this package. Raises NotACheckout where the package was installed from a wheel."""
    if not (sources / "package.json").is_file() or not (sources / "pyproject.toml").is_file():
        raise NotACheckout("the local chain")
    return sources


def vendor(sources: Path = _SOURCES) -> Path:
    """The ignored folder of third-party artifacts, filled by `python -m keeper.devnet fetch`."""
    return root(sources) / ".tools" / "vendor"


def runs(sources: Path = _SOURCES) -> Path:
    """The ignored folder that holds one folder a local chain: its book, its process, its log."""
    return root(sources) / ".tools" / "devnet"


def anvil(sources: Path = _SOURCES) -> Path:
    """The native node, never npm's shim, which orphans it. Raises NotACheckout where set-up has not run."""
    binary = root(sources) / ".tools" / "bin" / "anvil"
    if not binary.exists():
        raise NotACheckout("the local node, which make setup installs,")
    return binary


def ganache(sources: Path = _SOURCES) -> Path:
    """Ganache's program, which Node runs. Raises NotACheckout where set-up has not run."""
    program = root(sources) / "node_modules" / "ganache" / "dist" / "node" / "cli.js"
    if not program.is_file():
        raise NotACheckout("Ganache, which make setup installs,")
    return program


def compiled(sources: Path = _SOURCES) -> Path:
    """The ignored folder of what is built from third-party sources, one folder a project."""
    return root(sources) / ".tools" / "compiled"


def node() -> str:
    """Node itself, which runs the compilers. Raises NotACheckout where it is not on PATH."""
    found = shutil.which("node")
    if found is None:
        raise NotACheckout("Node, which runs the compilers,")
    return found


def solc_wrapper(sources: Path = _SOURCES) -> Path:
    """npm's own door to any build of solc. Raises NotACheckout where set-up has not run."""
    wrapper = root(sources) / "node_modules" / "solc" / "wrapper.js"
    if not wrapper.is_file():
        raise NotACheckout("the compilers' wrapper, which make setup installs,")
    return wrapper
