"""What can go wrong, by who has to act.

    KeeperError
    ├── UsageError       2  the operator changes the command or the configuration
    │   ├── ConfigInvalid ── UnknownKey, WeightsNotWhole, NotInThisRelease
    │   ├── SecretMissing
    │   ├── SecretExposed
    │   ├── ManifestInvalid ── ManifestExists
    │   └── NotACheckout
    ├── HoldError        3  nobody: it clears itself
    ├── HaltError        4  a person looks, then resumes
    ├── RefusedError     5  nobody: guard or simulation said no
    │   └── VaultRevert
    ├── ChainError       6  the operator mends the connection, or points at the right chain
    │   ├── RpcUnreachable
    │   ├── RpcRefused
    │   ├── WrongChainId
    │   └── ForeignGenesis
    ├── SignerError      7  the operator mends the key's file or its secret
    │   ├── KeyFileMissing
    │   ├── KeyFileExposed
    │   ├── WrongPassword
    │   └── SignerNotEntitled
    ├── JournalError     8  the operator mends the journal: nothing is sent without it
    │   ├── JournalLocked
    │   ├── JournalUnusable
    │   ├── NoLease
    │   ├── IntentUnfinished
    │   ├── EpochTaken
    │   └── NonceTaken
    └── DiffersError     9  a person finds out why two things that should agree do not
        └── JournalBroken

Every error is one line that carries its numbers, names its remedy and holds its values as attributes. None ever holds a
secret: the text of a message reaches logs.
"""

from __future__ import annotations

from keeper.errors.chain import ForeignGenesis, RpcRefused, RpcUnreachable, VaultRevert, WrongChainId
from keeper.errors.journal import (
    EpochTaken,
    IntentUnfinished,
    JournalBroken,
    JournalLocked,
    JournalUnusable,
    NoLease,
    NonceTaken,
)
from keeper.errors.kinds import (
    ChainError,
    DiffersError,
    HaltError,
    HoldError,
    JournalError,
    KeeperError,
    RefusedError,
    SignerError,
    UsageError,
)
from keeper.errors.signer import KeyFileExposed, KeyFileMissing, SignerNotEntitled, WrongPassword
from keeper.errors.usage import (
    ConfigInvalid,
    ManifestExists,
    ManifestInvalid,
    NotACheckout,
    NotInThisRelease,
    SecretExposed,
    SecretMissing,
    UnknownKey,
    WeightsNotWhole,
)

__all__ = [
    "ChainError",
    "ConfigInvalid",
    "DiffersError",
    "EpochTaken",
    "ForeignGenesis",
    "HaltError",
    "HoldError",
    "IntentUnfinished",
    "JournalBroken",
    "JournalError",
    "JournalLocked",
    "JournalUnusable",
    "KeeperError",
    "KeyFileExposed",
    "KeyFileMissing",
    "ManifestExists",
    "ManifestInvalid",
    "NoLease",
    "NonceTaken",
    "NotACheckout",
    "NotInThisRelease",
    "RefusedError",
    "RpcRefused",
    "RpcUnreachable",
    "SecretExposed",
    "SecretMissing",
    "SignerError",
    "SignerNotEntitled",
    "UnknownKey",
    "UsageError",
    "VaultRevert",
    "WeightsNotWhole",
    "WrongChainId",
    "WrongPassword",
]
