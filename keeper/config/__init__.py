"""Settings as one value; secrets apart. The only part of the keeper that looks at the environment."""

from __future__ import annotations

from keeper.config.environment import config_path, debug_wanted, environment
from keeper.config.exchanges import PricesSection, quote_of
from keeper.config.profile import ChainProfile, load_profile, profile_names
from keeper.config.secrets import Secret
from keeper.config.settings import Settings, VaultSettings, load_settings

__all__ = [
    "ChainProfile",
    "PricesSection",
    "Secret",
    "Settings",
    "VaultSettings",
    "config_path",
    "debug_wanted",
    "environment",
    "load_profile",
    "load_settings",
    "profile_names",
    "quote_of",
]
