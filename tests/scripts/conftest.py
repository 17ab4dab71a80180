"""A vault to compare with its manifest, deposit into and hand over: see tests/deployed.py."""

from __future__ import annotations

from tests.deployed import deployed, deployed_once

__all__ = ["deployed", "deployed_once"]
