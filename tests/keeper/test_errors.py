"""The error tree: what the docstring draws is what the classes are, and every leaf is one line with a remedy."""

from __future__ import annotations

import re

import pytest

from keeper import errors
from keeper.exit_codes import ExitCode

LEAVES = [
    errors.ConfigInvalid("keeper.mode", "wrong\nword"),
    errors.UnknownKey("[keeper] in keeper.toml", "nmae", "keeper.name"),
    errors.UnknownKey("[keeper] in keeper.toml", "zzz", None),
    errors.WeightsNotWhole("assets", 9_999),
    errors.NotInThisRelease("[[rule]]", "rules", "no rule"),
    errors.SecretMissing("chain.a.rpc[0]", "env:A", "set A"),
    errors.SecretExposed("signer.keeper.secret", "p", 0o644),
    errors.ManifestInvalid("m.json", "not JSON"),
    errors.ManifestExists("m.json"),
    errors.NotACheckout("keeper devnet"),
    errors.VaultRevert("rebalance", "TooSoon", (5,)),
    errors.RpcUnreachable("chain.a.rpc[0]", "refused"),
    errors.RpcRefused("chain.a.rpc[0]", "eth_call", "no", -32000),
    errors.WrongChainId("chain.a.rpc[0]", 1, 2),
    errors.ForeignGenesis("m.json", "0x1", "0x2"),
    errors.KeyFileMissing("keeper", "k.json"),
    errors.KeyFileExposed("keeper", "k.json", 0o644),
    errors.WrongPassword("keeper", "k.json", "env:P"),
    errors.SignerNotEntitled("keeper", "0xA", "mandate ended"),
    errors.JournalLocked("j.sqlite", "pid 1 on host"),
    errors.JournalUnusable("j.sqlite", "disk full"),
    errors.JournalBroken("j.sqlite", "changed", 3),
    errors.NoLease("j.sqlite"),
    errors.IntentUnfinished("0xA", "0x1"),
    errors.EpochTaken("0xV", 7, "0x1"),
    errors.NonceTaken("0xA", 4, "0x1"),
]


def drawn() -> dict[str, str]:
    """Class to parent, as the docstring draws it."""
    parents, stack = {"KeeperError": "Exception"}, ["KeeperError"]
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^(?P<bars>[ │]*)[├└]── (?P<name>\w+)(?: +\d.*| ── (?P<below>.+))?$", line)
        if found is None:
            continue
        depth = len(found["bars"].removeprefix("    ")) // 4 + 1
        stack = [*stack[:depth], found["name"]]
        parents[found["name"]] = stack[depth - 1]
        for name in (found["below"] or "").split(", "):
            if name:
                parents[name] = found["name"]
    return parents


def test_the_drawn_tree_is_the_class_tree() -> None:
    real = {name: getattr(errors, name).__mro__[1].__name__ for name in errors.__all__}
    assert drawn() == real


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: type(error).__name__)
def test_an_error_is_one_line_with_its_remedy(error: errors.KeeperError) -> None:
    assert "\n" not in str(error)
    assert error.remedy
    assert not error.message.endswith(".")
    assert error.remedy in str(error)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)


def test_every_leaf_has_a_code_of_its_own() -> None:
    codes = {type(error): error.code for error in LEAVES}
    assert len(set(codes.values())) == len(codes)
    kinds = {name for name, parent in drawn().items() if parent in ("KeeperError", "Exception")}
    leaves = set(drawn()) - kinds
    assert leaves == {kind.__name__ for kind in codes}


def test_weights_say_which_way_to_correct_them() -> None:
    assert "give the assets 1 bps more in all" in str(errors.WeightsNotWhole("assets", 9_999))
    assert "give the assets 2 bps less in all" in str(errors.WeightsNotWhole("assets", 10_002))


def test_every_exit_code_has_its_meaning() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130]
    assert all(code.meaning for code in ExitCode)
