"""Who may call what: every function of vault and rulebook that changes something x every caller x three states.

The rows are the expectation. `test_roles.py` beside holds the contracts against them on both clients, and docs/roles.md
too, which `python -m tests.contracts.callers` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

OWNER, HEIR, GUARDIAN, KEEPER, LAPSED = "owner", "pending owner", "guardian", "keeper", "keeper, mandate over"
ADAPTER, STRANGER, VAULT, RULEBOOK = "an adapter", "anyone else", "the vault", "the rulebook"
CALLERS = (OWNER, HEIR, GUARDIAN, KEEPER, LAPSED, ADAPTER, STRANGER, VAULT, RULEBOOK)
ACTIVE, HALTED, LOCKED = "active", "halted", "locked"
MODES = (ACTIVE, HALTED, LOCKED)
DONE = "yes"
NOT_OWNABLE = "OwnableUnauthorizedAccount"
PAGE = Path(__file__).parents[2] / "docs" / "roles.md"


@dataclass(frozen=True, slots=True)
class Row:
    """One function, and what each caller hears of it in each mode.

    `may` are the callers whom the role check lets through; `refusal` is the error of the others, but for those in
    `hears` (by caller and mode). `then` is what a caller let through still hears in a mode; `first` what everybody
    hears in a mode, before any role is looked at.
    """

    signature: str
    may: tuple[str, ...]
    refusal: str
    hears: Mapping[tuple[str, str], str] = field(default_factory=dict)
    then: Mapping[str, str] = field(default_factory=dict)
    first: Mapping[str, str] = field(default_factory=dict)

    def expected(self, caller: str, mode: str) -> str:
        """DONE, or the name of the error."""
        if mode in self.first:
            return self.first[mode]
        if caller in self.may:
            return self.then.get(mode, DONE)
        return self.hears.get((caller, mode), self.refusal)


LOCK = {LOCKED: "Locked"}
BUSY = {LOCKED: "VaultBusy"}
PAUSED = {HALTED: "NotActive"}
ENDED = {(LAPSED, mode): "MandateExpired" for mode in MODES}
NOT_YOURS = {(GUARDIAN, ACTIVE): NOT_OWNABLE, (GUARDIAN, HALTED): NOT_OWNABLE, (GUARDIAN, LOCKED): "VaultBusy"}
NOT_THIS_VETO = {(GUARDIAN, mode): "VetoRefused" for mode in MODES}
BOTH = (OWNER, GUARDIAN)
ALL_ROLES = (OWNER, GUARDIAN, KEEPER)
NO_PROOF = {ACTIVE: "NothingTripped", HALTED: "NotActive", **LOCK}

OF_VAULT = (
    Row("rebalance", (KEEPER,), "NotKeeper", ENDED, PAUSED, LOCK),
    Row("retarget", (KEEPER,), "NotKeeper", ENDED, PAUSED, LOCK),
    Row("harvest", (KEEPER,), "NotKeeper", ENDED, PAUSED, LOCK),
    Row("allocate", (OWNER,), "NotOwner", then=PAUSED, first=LOCK),
    Row("setTargets", (OWNER,), "NotOwner", first=LOCK),
    Row("withdraw", (OWNER,), "NotOwner", first=LOCK),
    Row("rescueNative", (OWNER,), "NotOwner", first=LOCK),
    Row("unhalt", (OWNER,), "NotOwner", then={ACTIVE: "NotHalted"}, first=LOCK),
    Row("halt", ALL_ROLES, "NoRole", first=LOCK),
    Row("kill", BOTH, "NoRole", first=LOCK),
    Row("flatten()", ALL_ROLES, "NoRole", first={ACTIVE: "NotHalted", **LOCK}),
    Row("flatten(uint8[])", ALL_ROLES, "NoRole", first={ACTIVE: "NotHalted", **LOCK}),
    Row("trip", (), "", first=NO_PROOF),
    Row("pay", (), "NothingPending"),
    Row("leg", (VAULT,), "OnlySelf"),
    Row("sweep", (VAULT,), "OnlySelf"),
)

QUEUED = (
    *("setLimits", "setOracle", "setPayout", "appointKeeper", "appointGuardian", "listAsset", "setAssetRange"),
    *("setPriceBand", "setAssetSafety", "setDust", "addRoute", "addClaim"),
)

OF_RULEBOOK = (
    Row("transferOwnership", (OWNER,), NOT_OWNABLE, then=BUSY),
    Row("acceptOwnership", (HEIR,), NOT_OWNABLE, first=BUSY),
    Row("renounceOwnership", (), "OwnerCannotRenounce"),
    Row("revokeKeeper", BOTH, "NoRole", then=BUSY),
    Row("revokeGuardian", (OWNER,), NOT_OWNABLE, then=BUSY),
    Row("queue", (OWNER,), NOT_OWNABLE),
    Row("execute", (OWNER,), NOT_OWNABLE, then=BUSY),
    Row("cancel", BOTH, "NoRole"),
    Row("cancel, a guardian's appointment", (OWNER,), "NoRole", NOT_THIS_VETO),
    Row("cancelAll", BOTH, "NoRole"),
    Row("tighten", BOTH, "NoRole", then=BUSY),
    Row("freeze", BOTH, "NoRole", then=BUSY),
    Row("unfreeze", (OWNER,), "NoRole", NOT_YOURS, BUSY),
    Row("setRouteEnabled, off", BOTH, "NoRole", then=BUSY),
    Row("setRouteEnabled, on", (OWNER,), "NoRole", NOT_YOURS, BUSY),
    Row("setClaimEnabled, off", BOTH, "NoRole", then=BUSY),
    Row("setClaimEnabled, on", (OWNER,), "NoRole", NOT_YOURS, BUSY),
    *(Row(name, (RULEBOOK,), "OnlyQueue") for name in QUEUED),
)

HEAD = """# Who may call what

Every function of vault and rulebook that changes something, by every caller, in each state of the vault: ✓ where it is
done, else the error. Generated from `tests/contracts/callers.py` (`python -m tests.contracts.callers`);
`tests/contracts/test_roles.py` tries each cell on Anvil and on Ganache, and fails where a function has no row. Each
call is one that would do something; *active* and *halted* are the vault's modes (halted for an hour and more),
*locked* is an active vault in the middle of an action.

What is not in a table only reads, and anybody may call it. There is no other way in: no function is payable, none
receives native coin, nothing is a fallback. `trip` is anybody's, on proof; here there is none. `pay` is for the adapter
of the swap in flight; here there is none.
"""


def rendered() -> str:
    """docs/roles.md, whole."""
    parts = [HEAD]
    for contract, rows in (("vault", OF_VAULT), ("rulebook", OF_RULEBOOK)):
        for mode in MODES:
            parts += [f"## The {contract}, {mode}", ""]
            parts.append("| function | " + " | ".join(CALLERS) + " |")
            parts.append("|" + "---|" * (len(CALLERS) + 1))
            for row in rows:
                cells = ("✓" if row.expected(c, mode) == DONE else row.expected(c, mode) for c in CALLERS)
                parts.append(f"| `{row.signature}` | " + " | ".join(cells) + " |")
            parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(rendered(), encoding="utf-8")
