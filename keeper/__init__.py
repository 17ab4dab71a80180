"""The keeper: it observes a vault, decides, checks itself, executes within the vault's envelope and writes down why."""

from __future__ import annotations

__version__ = "0.1.0"

ENGINE_VERSION = f"ballast-keeper/{__version__}"
"""The engine's name as it enters every decision id: two engines that decide alike still have ids of their own."""
