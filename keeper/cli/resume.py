"""`keeper resume`: lift one HALT that the journal has latched, by its id and with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keeper.cli.envelope import Answer, ConfigOption, JsonFlag, VaultOption, run_command

AckOption = Annotated[str, typer.Option("--ack", help="The incident's id, as the HALT names it.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="What was found, for the journal.")]


def register(app: typer.Typer) -> None:
    """Add `resume` to the command line."""
    app.command("resume")(resume)


def resume(
    ack: AckOption,
    reason: ReasonOption = "acknowledged by a person",
    config: ConfigOption = None,
    vault: VaultOption = None,
    json: JsonFlag = False,
) -> None:
    """Lift a latched HALT of the keeper. The vault's own halt is another thing: only its owner ends that."""
    run_command("resume", json, lambda: _resume(config, vault, ack, reason))


def _resume(config: Path | None, vault: str | None, ack: str, reason: str) -> Answer:
    from keeper.config import config_path, load_settings
    from keeper.errors import UsageError
    from keeper.journal import Journal, Writer, open_incidents
    from keeper.ops import keys
    from keeper.ops.post import take

    settings = load_settings(config_path(config))
    post = take(settings, vault)
    post.clock.saw(post.head())
    key = post.stream()
    with Journal.open(settings.journal, create=False) as journal, Writer(journal, key, post.clock.now) as writer:
        known = {incident.incident_id: incident for incident in open_incidents(journal, key)}
        if ack not in known:
            names = ", ".join(known) or "there is none"
            raise UsageError(f"no open incident {ack}", remedy=f"name an open one: {names}")
        writer.acknowledge_incident(ack, known[ack].code, reason)
        if known[ack].code == keys.USED_ELSEWHERE and post.account is not None:
            keys.answer_for(writer, post.account, post.observe().nonce, "resume", reason)
        left = len(known) - 1
    return Answer({"acknowledged": ack, "open": left}, f"{known[ack].code} is acknowledged, {left} HALTs stay open")
