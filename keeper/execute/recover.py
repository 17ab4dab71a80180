"""After a restart, before the loop: every intent the journal left unfinished is brought to its end.

Stored bytes may or may not have been sent: they are looked up by hash, sent again as they are while they can still
succeed, and otherwise closed. Nothing is ever signed anew here, so nothing can be done twice.
"""

from __future__ import annotations

from collections.abc import Callable

from keeper.chain.rpc import Rpc
from keeper.execute.send import dropped
from keeper.execute.watch import never, settle
from keeper.journal import Journal, Writer, unfinished_intents
from keeper.manifest import Manifest
from keeper.model import Outcome


def recover(
    rpc: Rpc,
    journal: Journal,
    writer: Writer,
    manifest: Manifest,
    *,
    timeout: float,
    stopping: Callable[[], bool] = never,
) -> tuple[Outcome, ...]:
    """The ends of all unfinished intents of the writer's stream, oldest first; at most `timeout` seconds for each,
    or until `stopping` says so.

    An outcome whose state is not `finished` is still under way: no other intent of its signer can begin before it ends.
    Raises RpcUnreachable, RpcRefused, JournalError.
    """
    ends: list[Outcome] = []
    for left in unfinished_intents(journal, writer.key):
        if not left.attempts:
            end = dropped(left.intent, None, "the keeper ended before it was signed: nothing was sent")
            writer.record_outcome(end)
        else:
            end = settle(
                rpc, writer, manifest, left.intent, left.attempts, timeout=timeout, state=left.state, stopping=stopping
            )
        ends.append(end)
    return tuple(ends)
