"""What a checkout can do beside the keeper: set up the tools, deploy, compare, deposit, tell the demo's story."""

from __future__ import annotations
