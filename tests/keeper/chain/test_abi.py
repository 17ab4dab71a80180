"""Calls, errors and events as the contracts have them."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from keeper.chain import abi, vault
from keeper.model import Order, Terms
from keeper.units import Timestamp, TokenUnits

VAULT = "0x00000000000000000000000000000000000000A1"
NOTHING: dict[str, object] = {"address": "0x" + "00" * 20, "bytes": b"", "bytes4": bytes(4), "bytes32": bytes(32)}
"""Of each kind that an error carries and 0 is none of."""


def _error(signature: str, *values: object) -> bytes:
    types = [kind for kind in signature[signature.index("(") + 1 : -1].split(",") if kind]
    return keccak(text=signature)[:4] + encode(types, values)


@pytest.mark.parametrize(
    ("data", "name", "args"),
    [
        (_error("EpochMoved(uint64,uint64)", 3, 4), "EpochMoved", ("3", "4")),
        (_error("NotActive()"), "NotActive", ()),
        (_error("BelowMin(uint256,uint256)", 1, 2), "BelowMin", ("1", "2")),
        (_error("Error(string)", "STF"), "Error", ("STF",)),
        (_error("Panic(uint256)", 17), "Panic", ("17",)),
        (_error("NotKeeper(address)", VAULT), "NotKeeper", (VAULT,)),
        (b"", "Unknown", ("0x",)),
        (b"\xde\xad\xbe\xef", "Unknown", ("0xdeadbeef",)),
        (keccak(text="EpochMoved(uint64,uint64)")[:4] + b"\1", "Unknown", None),
        (keccak(text="Error(string)")[:4] + b"\xff" * 64, "Unknown", None),
    ],
)
def test_a_revert_is_told_by_name(data: bytes, name: str, args: tuple[str, ...] | None) -> None:
    found = abi.decode_revert("0x" + data.hex())
    assert (found.name, found.args) == (name, args if args is not None else ("0x" + data.hex(),))


def test_every_exported_error_is_known() -> None:
    listed = json.loads((files("keeper") / "abi" / "errors.json").read_text())["errors"]
    assert len(listed) > 60
    for selector, signature in listed.items():
        name, _, types = signature.removesuffix(")").partition("(")
        kinds = types.split(",") if types else []
        nothing = encode(kinds, [NOTHING.get(kind, 0) for kind in kinds])
        assert abi.decode_revert(selector + nothing.hex()).name == name


def test_a_call_is_what_the_contract_reads() -> None:
    terms = Terms(epoch=7, config_version=2, deadline=Timestamp(99), decision_id="0x" + "d1" * 32)
    data = vault.rebalance([Order(5, TokenUnits(10**18), TokenUnits(3))], terms)
    signature = "rebalance((uint16,uint128,uint128)[],(uint64,uint32,uint40,bytes32))"
    expected = keccak(text=signature)[:4] + encode(
        ["(uint16,uint128,uint128)[]", "(uint64,uint32,uint40,bytes32)"],
        [[(5, 10**18, 3)], (7, 2, 99, b"\xd1" * 32)],
    )
    assert data == "0x" + expected.hex()


def test_an_overloaded_function_is_named_by_its_signature() -> None:
    functions = abi.load("KeeperVault").functions
    assert "flatten" not in functions
    assert vault.flatten() == "0x" + keccak(text="flatten()")[:4].hex()


def test_a_result_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="2 bytes are not what state"):
        abi.load("KeeperVault").functions["state"].result("0x1234")


def _halted(address: str, *, topics: int = 3) -> dict[str, object]:
    known = [keccak(text="Halted(address,bytes32,uint40)"), encode(["address"], [VAULT]), b"\xd1" * 32]
    return {
        "address": address,
        "topics": ["0x" + t.hex() for t in known[:topics]],
        "data": "0x" + encode(["uint40"], [5]).hex(),
    }


def test_a_strangers_words_are_one_printable_line_of_bounded_length() -> None:
    """Whoever makes a pool or a claim revert chooses the words: they reach terminals, logs and the journal."""
    words = "no\nerror[halt]: forged \x1b[31m \u202e" + "x" * 10_000
    said = keccak(text="Error(string)")[:4] + encode(["string"], [words])
    (told,) = abi.decode_revert(said).args
    assert told.startswith("no error[halt]: forged ?[31m ?xxx")
    assert told.isprintable()
    assert len(told) == len(abi.decode_revert(b"\xde" * 500_000).args[0]) == abi.MOST_SHOWN


def test_a_reason_as_long_as_the_vault_lets_it_be_is_told_whole() -> None:
    said = keccak(text="ClaimFailed(bytes)")[:4] + encode(["bytes"], [b"\xab" * 1_024])
    assert abi.decode_revert(said).args == ("0x" + "ab" * 1_024,)


def test_an_event_counts_only_from_the_vault_itself() -> None:
    (event,) = vault.events([_halted(VAULT.lower()), _halted("0x" + "ee" * 20)], VAULT)
    assert (event.name, event.address) == ("Halted", VAULT)
    assert event.values == {"actor": VAULT, "reason": "0x" + "d1" * 32, "since": 5}


@pytest.mark.parametrize(
    "log", [_halted(VAULT, topics=2), {**_halted(VAULT), "data": "0x"}, {"address": VAULT, "topics": []}]
)
def test_a_log_of_another_shape_is_nobodys_event(log: dict[str, object]) -> None:
    assert vault.events([log], VAULT) == ()
