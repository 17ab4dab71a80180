"""`keeper config check`: does the configuration hold together?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, run_command

DeploymentOption = Annotated[
    Path | None, typer.Option("--deployment", help="Check this deployment's TOML instead: what deploy.py would build.")
]


def register(app: typer.Typer) -> None:
    """Add `config` to the command line."""
    group = typer.Typer(help="The configuration.", rich_markup_mode=None)
    group.command("check")(check)
    app.add_typer(group, name="config")


def check(config: ConfigOption = None, deployment: DeploymentOption = None, json: JsonFlag = False) -> None:
    """Check the configuration without touching a chain, a key or a secret."""
    run_command("config check", json, lambda: _check_deployment(deployment) if deployment else _check(config))


def _check(config: Path | None) -> Answer:
    from keeper.config import config_path, load_settings
    from keeper.units import format_gwei

    path = config_path(config)
    settings = load_settings(path)
    vaults = [
        {
            "name": vault.name,
            "chain": vault.chain_name,
            "profile": vault.profile.name,
            "chain_id": vault.profile.chain_id,
            "manifest": str(vault.manifest),
            "policy": vault.section.policy,
            "absolute_bps": vault.policy.absolute_bps,
            "gas_ceiling_wei": str(vault.gas_ceiling),
        }
        for vault in settings.vaults
    ]
    warnings = [f"{vault.manifest}: no such manifest yet" for vault in settings.vaults if not vault.manifest.exists()]
    lines = [f"{path} is sound: mode {settings.mode}, journal {settings.journal}"]
    lines += [
        f"  {vault.name}: {vault.profile.name} ({vault.profile.chain_id}), policy {vault.section.policy} at"
        f" {vault.policy.absolute_bps} bps, at most {format_gwei(vault.gas_ceiling)}"
        for vault in settings.vaults
    ]
    exchanges = list(settings.file.prices.exchanges)
    if exchanges:
        lines.append(f"  {', '.join(exchanges)} may hold a trade back")
    data = {
        "path": str(path),
        "exchanges": exchanges,
        "mode": settings.mode,
        "journal": settings.journal,
        "digest": settings.config_digest(),
        "vaults": vaults,
    }
    return Answer(data, "\n".join(lines), tuple(warnings))


def _check_deployment(path: Path) -> Answer:
    from keeper.config.deployment import load_deployment

    deployment = load_deployment(path)
    weights = {asset.symbol: asset.target_bps for asset in deployment.assets}
    shown = ", ".join(f"{symbol} {bps} bps" for symbol, bps in weights.items())
    data = {
        "path": str(path),
        "name": deployment.name,
        "profile": deployment.profile,
        "target_bps": weights,
        "routes": len(deployment.routes),
    }
    text = f"{path} is sound: {deployment.name} on {deployment.profile}: {shown}; {len(deployment.routes)} routes"
    return Answer(data, text)
