"""`keeper once`: one tick, written down; with --mode live also sent and followed."""

from __future__ import annotations

from pathlib import Path

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, VaultOption, run_command
from keeper.cli.options import Mode, ModeOption


def register(app: typer.Typer) -> None:
    """Add `once` to the command line."""
    app.command("once")(once)


def once(
    config: ConfigOption = None, vault: VaultOption = None, mode: ModeOption = Mode.DRY, json: JsonFlag = False
) -> None:
    """Make one tick: observe, decide, check, write it down; with --mode live act on it."""
    run_command("once", json, lambda: _once(config, vault, mode))


def _once(config: Path | None, vault: str | None, mode: Mode) -> Answer:
    from keeper.cli.shown import checks_data, outcome_data, outcome_line, vault_data
    from keeper.cli.verdicts import of_tick
    from keeper.config import config_path, load_settings
    from keeper.ids import plain
    from keeper.ops.log import open_log
    from keeper.ops.post import take
    from keeper.ops.shift import begin, turn

    post = take(load_settings(config_path(config)), vault, live=mode is Mode.LIVE)
    with begin(post, open_log(vault=post.vault.name, mode=mode.value)) as shift:
        done = turn(shift)
    error = of_tick(done)
    if done is None:
        return Answer({"mode": mode.value}, "", error=error)
    cycle = done.cycle
    data = {
        "mode": mode.value,
        "decision_id": done.considered.terms.decision_id if done.written else None,
        "action": cycle.action.value,
        "verdict": cycle.verdict,
        "acted": cycle.acts,
        "reason_code": str(cycle.reason_code),
        "reason": cycle.reason,
        "cost": plain(cycle.deliberation.decision.cost),
        "benefit": plain(cycle.deliberation.decision.benefit),
        "checks": checks_data(cycle.guard.checks if cycle.guard else ()),
        "outcome": outcome_data(done.outcome),
        "vault": vault_data(done.considered.seen.snapshot),
    }
    lines = [f"{cycle.action}: {cycle.reason}"]
    if done.outcome is not None:
        lines.append(outcome_line(done.outcome))
    elif done.considered.passed:
        lines.append("guard let it pass; nothing was sent: --mode live would send it")
    return Answer(data, "\n".join(lines), error=error)
