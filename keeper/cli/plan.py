"""`keeper plan`: what a tick would do now and why, with every candidate simulated; nothing is written, nothing sent."""

from __future__ import annotations

from pathlib import Path

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, VaultOption, run_command


def register(app: typer.Typer) -> None:
    """Add `plan` to the command line."""
    app.command("plan")(plan)


def plan(config: ConfigOption = None, vault: VaultOption = None, json: JsonFlag = False) -> None:
    """Show what a tick would do now: decision, simulations, guard. Writes nothing and opens no key."""
    run_command("plan", json, lambda: _plan(config, vault))


def _plan(config: Path | None, vault: str | None) -> Answer:
    from keeper.cli import shown
    from keeper.cli.verdicts import of_considered
    from keeper.config import config_path, load_settings
    from keeper.ids import plain
    from keeper.ops.cycle import consider
    from keeper.ops.post import take
    from keeper.ops.record import remembered
    from keeper.units import format_usd

    post = take(load_settings(config_path(config)), vault)
    memory = remembered(post)
    found = consider(post, post.survey(), memory.state, memory.previous)
    decision, guard = found.deliberation.decision, found.guard
    chosen = guard.simulation if guard else None
    data = {
        "decision": plain(decision),
        "account": post.account,
        "fees": plain(found.fees),
        "simulations": [plain(one) for one in found.simulations],
        "chosen": found.simulations.index(chosen) if chosen in found.simulations else None,
        "verdict": guard.verdict.value if guard else None,
        "checks": shown.checks_data(guard.checks if guard else ()),
        "vault": shown.vault_data(found.seen.snapshot),
    }
    tables = [shown.portfolio(found.seen.snapshot)]
    if found.seen.snapshot.tickers:
        tables.append(shown.tickers(found.seen.snapshot))
    if found.simulations:
        tables.append(shown.simulations(found.simulations, chosen))
    if guard is not None:
        tables.append(shown.checks(guard.checks))
    worth = f"benefit {format_usd(decision.benefit)}, cost {format_usd(decision.cost)}"
    standing = "\n".join(shown.standing(found.seen.snapshot))
    text = f"{shown.drawn(*tables)}\n\n{standing}\n{decision.action}: {decision.reason}\n{worth}"
    warnings = () if post.account else ("nobody to simulate as: configure [signer.keeper]",)
    return Answer(data, text, warnings, error=of_considered(found))
