"""What every test has: a clean environment, the tools on PATH, and, where brownie lives, patience with its warnings."""

from __future__ import annotations

import importlib.util
import os

import pytest

from scripts import toolchain

OUTER = dict(os.environ)
# Words in a variable's name that could lead a test to somebody's node, proxy or key
LEADING_ASTRAY = ("PROXY", "PRIVATE_KEY", "MNEMONIC", "PASSWORD", "SECRET", "TOKEN", "RPC_URL", "WEB3_", "ETH_")
KEPT = ("BALLAST_DATA",)

for _name in list(os.environ):
    ours = _name.startswith("BALLAST_") and _name not in KEPT
    if ours or any(word in _name.upper() for word in LEADING_ASTRAY):
        del os.environ[_name]
os.environ["PATH"] = toolchain.environ()["PATH"]

# What brownie 1.22.2 warns of at run time; what it warns of while imported stays inside scripts/toolchain.py
BROWNIE_NOISE = (
    r"ignore:rpc\..* should not be called directly:FutureWarning",  # its compiled code hides the caller it looks for
)


def pytest_configure(config: pytest.Config) -> None:
    if importlib.util.find_spec("brownie"):
        for line in BROWNIE_NOISE:
            config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="session")
def outer_environ() -> dict[str, str]:
    """The environment as it was before it was cleaned: for installing packages only."""
    return dict(OUTER)
