"""`keeper doctor`: is everything there that the keeper stands on, and what to do where it is not?"""

from __future__ import annotations

from pathlib import Path

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, VaultOption, run_command


def register(app: typer.Typer) -> None:
    """Add `doctor` to the command line."""
    app.command("doctor")(doctor)


def doctor(config: ConfigOption = None, vault: VaultOption = None, json: JsonFlag = False) -> None:
    """Look at configuration, keys, journal, node, contracts, roles, gas and prices; name a remedy for what is wrong."""
    run_command("doctor", json, lambda: _doctor(config, vault))


def _doctor(config: Path | None, vault: str | None) -> Answer:
    from keeper.config import config_path
    from keeper.ops.doctor import examine

    found = list(examine(config_path(config), vault))
    data = {
        "checks": [
            {
                "name": one.name,
                "level": one.level.value,
                "found": one.found,
                "remedy": one.remedy,
                "code": one.error.code if one.error else None,
            }
            for one in found
        ]
    }
    lines = []
    for one in found:
        lines.append(f"{one.level.value:<4}  {one.name:<16}  {one.found}")
        if one.remedy:
            lines.append(f"{'':<24}→ {one.remedy}")
    first = next((one.error for one in found if one.error), None)
    return Answer(data, "\n".join(lines), error=first)
