"""`keeper status`: how the vault stands, what each voice says, what is left; wants no key and no journal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, VaultOption, run_command

LastOption = Annotated[int, typer.Option("--last", min=0, max=1_000, help="How many of the journal's last cycles.")]


def register(app: typer.Typer) -> None:
    """Add `status` to the command line."""
    app.command("status")(status)


def status(
    config: ConfigOption = None, vault: VaultOption = None, last: LastOption = 5, json: JsonFlag = False
) -> None:
    """Show the vault: weights against targets, prices voice by voice, budgets and mandate left, the last cycles."""
    run_command("status", json, lambda: _status(config, vault, last))


def _status(config: Path | None, vault: str | None, last: int) -> Answer:
    from keeper.cli import shown
    from keeper.config import config_path, load_settings
    from keeper.ids import plain
    from keeper.ops.opening import opening
    from keeper.ops.post import take
    from keeper.ops.record import last_cycles
    from keeper.units import format_share, format_units

    settings = load_settings(config_path(config))
    post = take(settings, vault)
    seen = post.survey()
    snapshot = seen.snapshot
    room = snapshot.vault.headroom
    clock = opening(post, snapshot)
    left = snapshot.vault.mandate_expires - snapshot.block.timestamp
    cycles = last_cycles(settings.journal, last) if last else []
    data: dict[str, Any] = {
        "vault": shown.vault_data(snapshot),
        "account": post.account,
        "role": seen.role,
        "balance": str(seen.balance),
        "mandate_left": str(left),
        "gate": plain(seen.gate),
        "opening": shown.opening_data(clock, snapshot.block.timestamp),
        "cycles": [plain(row) for row in cycles],
    }
    lines = [
        f"loss budget left: {format_share(room.loss_day)} a day, {format_share(room.loss_month)} a month",
        f"turnover left: {format_share(room.turnover_day)} a day, {format_share(room.turnover_month)} a month",
        f"keeper {post.account or 'unknown'}: {seen.role}, mandate left {shown.span(left)}",
        f"its coin for gas: {format_units(seen.balance, 18, 4)}",
        f"a rebalance now: {'would be looked at' if seen.gate is None else seen.gate.name}",
    ]
    lines += shown.standing(snapshot)
    lines += [] if clock is None else [clock.said(snapshot.block.timestamp)]
    lines += [f"{row['at']} {row['action']} ({row['reason_code']}, {row['count']}×): {row['reason']}" for row in cycles]
    tickers = (shown.tickers(snapshot),) if snapshot.tickers else ()
    tables = shown.drawn(shown.portfolio(snapshot), shown.voices(snapshot), *tickers)
    return Answer(data, f"{tables}\n\n" + "\n".join(lines))
