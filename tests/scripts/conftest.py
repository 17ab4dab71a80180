"""A vault to compare with its manifest, deposit into and hand over (tests/deployed.py); bare ground to deploy on."""

from __future__ import annotations

from tests.deployed import deployed, deployed_once
from tests.furnished import furnished_once, stage
from tests.scripts.governor import governor
from tests.scripts.ground import furnished, ground

__all__ = ["deployed", "deployed_once", "furnished", "furnished_once", "governor", "ground", "stage"]
