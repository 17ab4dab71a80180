"""`keeper kill`: halt the vault and sell everything into the safe asset, from the guardian's key. Dry unless --yes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, VaultOption, run_command

if TYPE_CHECKING:
    from keeper.config import Settings
    from keeper.ops.kill import Killed

YesOption = Annotated[bool, typer.Option("--yes", help="Do it. Without this word it is only rehearsed.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the journal.")]


def register(app: typer.Typer) -> None:
    """Add `kill` to the command line."""
    app.command("kill")(kill)


def kill(
    config: ConfigOption = None,
    vault: VaultOption = None,
    yes: YesOption = False,
    reason: ReasonOption = "ordered by a person",
    json: JsonFlag = False,
) -> None:
    """Halt the vault, then flatten it: all into the safe asset. Needs [signer.guardian]; waits for no keeper."""
    run_command("kill", json, lambda: _kill(config, vault, yes, reason))


def _kill(config: Path | None, vault: str | None, yes: bool, reason: str) -> Answer:
    from keeper.config import config_path, load_settings
    from keeper.ops.kill import kill
    from keeper.ops.post import take

    settings = load_settings(config_path(config))
    settings.signer("guardian")
    if not yes:
        return _rehearsed(settings, vault, reason)
    return _done(kill(take(settings, vault, role="guardian", live=True), reason))


def _rehearsed(settings: Settings, vault: str | None, reason: str) -> Answer:
    from keeper.cli import shown
    from keeper.errors import RefusedError
    from keeper.model import ZERO_HASH, ActionKind, VaultMode
    from keeper.ops.exits import consider
    from keeper.ops.post import entitled, take

    post = take(settings, vault, role="guardian")
    seen = post.observe()
    entitled(post, seen, "guardian")
    action = ActionKind.HALT if seen.snapshot.vault.mode is VaultMode.ACTIVE else ActionKind.FLATTEN
    found = consider(post, seen, action, reason, ZERO_HASH)
    guard = found.guard
    checks = guard.checks if guard else ()
    data = {
        "done": False,
        "action": action.value,
        "verdict": guard.verdict.value if guard else None,
        "checks": shown.checks_data(checks),
        "vault": shown.vault_data(seen.snapshot),
    }
    then = "halt, then flatten" if action is ActionKind.HALT else "flatten (the vault is halted already)"
    text = (
        f"{shown.drawn(shown.portfolio(seen.snapshot), shown.checks(checks))}\n\nnothing was sent; --yes would {then}"
    )
    error = (
        None if found.passed else RefusedError(f"{action} would not pass", remedy="keeper doctor says what is missing")
    )
    return Answer(data, text, found.warnings, error=error)


def _done(done: Killed) -> Answer:
    from keeper.cli import shown
    from keeper.errors import RefusedError
    from keeper.units import format_share, format_usd

    data = {
        "done": True,
        "halt": shown.outcome_data(done.halt),
        "flatten": shown.outcome_data(done.flatten),
        "sold": list(done.sold),
        "failed": [
            {
                "symbol": leg.symbol,
                "route": leg.route,
                "reason": leg.reason,
                "left": str(leg.left),
                "value": str(leg.value),
            }
            for leg in done.failed
        ],
        "opening": shown.opening_data(done.opening, done.after.block.timestamp),
        "stable_share": str(done.stable_share),
        "vault": shown.vault_data(done.after),
    }
    lines = [] if done.halt is None else [f"halted: {shown.outcome_line(done.halt)}"]
    lines.append(f"flattened: {shown.outcome_line(done.flatten)}")
    lines.append(f"sold {', '.join(done.sold) or 'nothing'}; {format_share(done.stable_share)} of it is in safe assets")
    for leg in done.failed:
        lines.append(f"{leg.symbol} stays, {format_usd(leg.value)} of it, {_tried(leg.route)}: {leg.reason}")
    said = "" if done.opening is None else done.opening.said(done.after.block.timestamp)
    if done.failed and said:
        lines.append(said)
    error = None
    if done.failed:
        names = ", ".join(leg.symbol for leg in done.failed)
        remedy = f"run keeper kill --yes again{_when(done)}, or have the owner withdraw them"
        error = RefusedError(f"{len(done.failed)} legs failed: {names}", remedy=remedy)
    return Answer(data, "\n".join(lines), done.warnings, error=error)


def _tried(route: int | None) -> str:
    return "no route to try" if route is None else f"route {route}"


def _when(done: Killed) -> str:
    """When another try is worth most: the floors go on opening for an hour."""
    if done.opening is None or done.opening.widest_at is None:
        return ""
    left = done.opening.widest_at - done.after.block.timestamp
    return f", best in {left} s when the floors are widest" if left > 0 else ""
