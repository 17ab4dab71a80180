"""The journal: without a durable row nothing is sent."""

from __future__ import annotations

from keeper.errors.kinds import DiffersError, JournalError


class JournalLocked(JournalError):
    """Another keeper holds this journal; `holder` says which process and host."""

    code = "journal-locked"

    def __init__(self, path: str, holder: str) -> None:
        super().__init__(
            f"{path} is held by {holder}", remedy="stop the other keeper, or give this one a journal of its own"
        )
        self.path = path
        self.holder = holder


class JournalUnusable(JournalError):
    """The database refused; `reason` is its own short word for it."""

    code = "journal-unusable"

    def __init__(self, path: str, reason: str) -> None:
        held = "end whatever else has it open, a backup or a shell, and start again"
        remedy = held if "locked" in reason else "free the disk, or correct keeper.journal and its permissions"
        super().__init__(f"{path}: {reason}", remedy=remedy)
        self.path = path
        self.reason = reason


class IntentUnfinished(JournalError):
    """One unfinished intent a signer: the one named must end first."""

    code = "intent-unfinished"

    def __init__(self, signer: str, intent_id: str) -> None:
        super().__init__(
            f"{signer} has the unfinished intent {intent_id}",
            remedy="let the keeper finish it: keeper run recovers first",
        )
        self.signer = signer
        self.intent_id = intent_id


class EpochTaken(JournalError):
    """One live or successful epoch-bearing intent per (vault, epoch): this epoch has one."""

    code = "epoch-taken"

    def __init__(self, vault_id: str, epoch: int, intent_id: str) -> None:
        super().__init__(
            f"epoch {epoch} of {vault_id} already has the intent {intent_id}",
            remedy="observe again: the next epoch decides anew",
        )
        self.vault_id = vault_id
        self.epoch = epoch
        self.intent_id = intent_id


class NonceTaken(JournalError):
    """Never a second signature for another intent at the same nonce."""

    code = "nonce-taken"

    def __init__(self, signer: str, nonce: int, intent_id: str) -> None:
        super().__init__(
            f"nonce {nonce} of {signer} belongs to the intent {intent_id}",
            remedy="let the keeper finish it: keeper run recovers first",
        )
        self.signer = signer
        self.nonce = nonce
        self.intent_id = intent_id


class NoLease(JournalError):
    """Somebody wrote without holding the lease: a defect, stopped before it could fork the stream."""

    code = "journal-no-lease"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path}: written without its lease", remedy="report this defect: a writer takes the lease first"
        )
        self.path = path


class JournalBroken(DiffersError):
    """What was found contradicts what was written; `seq` is the first row that does, or None where a tail is gone."""

    code = "journal-broken"

    def __init__(self, path: str, reason: str, seq: int | None = None) -> None:
        where = path if seq is None else f"{path}, row {seq}"
        super().__init__(f"{where}: {reason}", remedy="keep this file for inspection and restore the last good copy")
        self.path = path
        self.reason = reason
        self.seq = seq
