"""Where the project's own folders are. An installed wheel has none of them, and says so."""

from __future__ import annotations

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
