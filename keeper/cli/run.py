"""`keeper run`: tick after tick until SIGTERM, SIGINT, or something that wants a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, VaultOption, run_command
from keeper.cli.options import Mode, ModeOption

TicksOption = Annotated[int | None, typer.Option("--ticks", min=1, help="End after so many ticks.")]
OnDemandFlag = Annotated[bool, typer.Option("--on-demand", help="Tick for each line on stdin; end where stdin ends.")]


def register(app: typer.Typer) -> None:
    """Add `run` to the command line."""
    app.command("run")(run)


def run(
    config: ConfigOption = None,
    vault: VaultOption = None,
    mode: ModeOption = Mode.DRY,
    ticks: TicksOption = None,
    on_demand: OnDemandFlag = False,
    json: JsonFlag = False,
) -> None:
    """Steer the vault until told to stop. Dry unless --mode live; the log goes to stderr."""
    run_command("run", json, lambda: _run(config, vault, mode, ticks, on_demand))


def _run(config: Path | None, vault: str | None, mode: Mode, ticks: int | None, on_demand: bool) -> Answer:
    from keeper.config import config_path, load_settings
    from keeper.ops.log import open_log
    from keeper.ops.loop import Loop, stopped_by_signals
    from keeper.ops.pace import OnDemand
    from keeper.ops.post import take
    from keeper.ops.shift import begin

    settings = load_settings(config_path(config))
    post = take(settings, vault, live=mode is Mode.LIVE)
    log = open_log(vault=post.vault.name, mode=mode.value)
    warnings = ("keeper.mode says live, but only --mode live sends",) if settings.mode == "live" != mode.value else ()
    with begin(post, log) as shift:
        loop = Loop(shift)
        with stopped_by_signals(loop.stop):
            log.info("started", account=post.account or "", journal=settings.journal, tick=post.vault.tick_seconds)
            pace = OnDemand(lambda: log.info("waiting", ticks=loop.ticks)) if on_demand else None
            loop.run(ticks, pace)
        log.info("stopped", ticks=loop.ticks, sent=loop.sent)
    data = {"mode": mode.value, "ticks": loop.ticks, "sent": loop.sent, "journal": settings.journal}
    return Answer(data, f"stopped after {loop.ticks} ticks, {loop.sent} transactions", warnings)
