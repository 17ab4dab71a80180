"""Publishing: what a verifier may say and what we make of it; and that only the chain's own sources are handed over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from keeper.config.secrets import Secret
from keeper.devnet.kit import Chain
from keeper.errors import ChainError, DiffersError, RefusedError
from scripts import facts, recompiling
from scripts.front import answer
from scripts.networks import Network
from scripts.publish import arguments, run
from scripts.reading import Reader
from scripts.recompiling import Compiled
from scripts.verifiers import ALREADY, Etherscan, Request, Sourcify
from tests.deployed import Deployed
from tests.scripts import desk as desks
from tests.scripts.desk import Desk

KEY = "SECRETKEY0123456789"
JOB = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
PENDING: dict[str, Any] = {"isJobCompleted": False, "verificationId": JOB}
DONE: dict[str, Any] = {**PENDING, "isJobCompleted": True, "contract": {"match": "exact_match"}}
REQUEST = Request(
    1, "0x" + "11" * 20, "contracts/A.sol:A", "0.8.30+commit.73712a01", "00ff", "0x" + "22" * 32, {"a": 1}
)
PARTS = ("oracle", "sources.weth_0", "adapters.pool")
QUICK = 0.001
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desks.opened() as found:
        yield found


def etherscan(desk: Desk) -> Etherscan:
    return Etherscan(desk.url, QUICK, Secret("env:KEY", KEY))


def said(result: str, status: str = "1") -> tuple[int, dict[str, Any] | str]:
    """What Etherscan answers, always with HTTP 200."""
    return 200, {"status": status, "message": "OK" if status == "1" else "NOTOK", "result": result}


# ------------------------------------------------------------------------------------------------ Sourcify


def test_sourcify_is_asked_once_and_looked_at_until_it_has_decided(desk: Desk) -> None:
    desk.will((202, {"verificationId": JOB}), (200, PENDING), (200, PENDING), (200, DONE))
    assert Sourcify(desk.url, QUICK).verify(REQUEST) == "verified (exact match)"
    assert [one.method for one in desk.asked] == ["POST", "GET", "GET", "GET"]
    assert desk.asked[0].path == f"/v2/verify/1/{REQUEST.address}"
    assert json.loads(desk.asked[0].body) == {
        "stdJsonInput": {"a": 1},
        "compilerVersion": "0.8.30+commit.73712a01",
        "contractIdentifier": "contracts/A.sol:A",
        "creationTransactionHash": REQUEST.tx,
    }
    assert desk.asked[-1].path == f"/v2/verify/{JOB}"


@pytest.mark.parametrize(
    "trouble",
    [(429, {"customCode": "too_many"}), (502, "<html>Bad Gateway</html>"), (200, "<html>hello</html>"), (503, {})],
)
def test_a_busy_sourcify_is_asked_the_same_again(desk: Desk, trouble: tuple[int, dict[str, Any] | str]) -> None:
    desk.will(trouble, trouble, (202, {"verificationId": JOB}), trouble, (200, DONE))
    assert Sourcify(desk.url, QUICK).verify(REQUEST) == "verified (exact match)"
    assert desk.asked[0].body == desk.asked[2].body


def test_what_is_verified_already_is_no_failure(desk: Desk) -> None:
    desk.will((409, {"customCode": "already_verified", "message": "is already verified"}))
    assert Sourcify(desk.url, QUICK).verify(REQUEST) == ALREADY


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ([(400, {"customCode": "unsupported_chain", "message": "no such chain"})], "unsupported_chain: no such chain"),
        (
            [
                (202, {"verificationId": JOB}),
                (200, {**DONE, "contract": None, "error": {"customCode": "no_match", "message": "differ"}}),
            ],
            "no_match: differ",
        ),
        ([(202, {"verificationId": JOB}), (200, {**DONE, "contract": {"match": None}})], "no match"),
        ([(202, {"verificationId": JOB}), (404, {"customCode": "not_found", "message": "\x1b[2J"})], "not_found: ?[2J"),
        ([(202, {"verificationId": "../../x"})], "202"),
    ],
)
def test_what_sourcify_refuses_is_said(
    desk: Desk, answers: list[tuple[int, dict[str, Any] | str]], complaint: str
) -> None:
    desk.will(*answers)
    with pytest.raises(RefusedError) as refused:
        Sourcify(desk.url, QUICK).verify(REQUEST)
    assert f"sourcify refuses: {complaint}" in str(refused.value)


@pytest.mark.parametrize("answers", [[(200, "<html>")], [(202, {"verificationId": JOB}), (200, PENDING)]])
def test_a_sourcify_that_never_answers_is_left(desk: Desk, answers: list[tuple[int, dict[str, Any] | str]]) -> None:
    desk.will(*answers)
    with pytest.raises(ChainError, match="run the same command again later"):
        Sourcify(desk.url, QUICK).verify(REQUEST)


def test_a_sourcify_that_is_not_there_is_said_in_one_line() -> None:
    with desks.opened() as gone:
        pass
    with pytest.raises(ChainError, match=r"sourcify does not answer \(ConnectError\)"):
        Sourcify(gone.url, QUICK).verify(REQUEST)


# ------------------------------------------------------------------------------------------------ Etherscan


def test_etherscan_is_asked_by_form_and_looked_at_until_it_passes(desk: Desk) -> None:
    desk.will(
        said("Max calls per sec rate limit reached (5/sec)", "0"),
        said("Unable to locate ContractCode at 0x11", "0"),
        said("guid123"),
        said("Pending in queue", "0"),
        said("Pass - Verified"),
    )
    assert etherscan(desk).verify(REQUEST) == "verified"
    sent = desk.asked[2]
    assert sent.query == {"chainid": "1", "module": "contract", "action": "verifysourcecode"}
    form = sent.form()
    assert (form["codeformat"], form["compilerversion"]) == ("solidity-standard-json-input", "v0.8.30+commit.73712a01")
    assert (form["contractname"], form["constructorArguements"], form["apikey"]) == ("contracts/A.sol:A", "00ff", KEY)
    assert json.loads(form["sourceCode"]) == {"a": 1}
    assert desk.asked[-1].query["guid"] == "guid123"


@pytest.mark.parametrize("answers", [[said("Contract source code already verified", "0")]])
def test_etherscan_too_may_know_it_already(desk: Desk, answers: list[tuple[int, dict[str, Any] | str]]) -> None:
    desk.will(*answers)
    assert etherscan(desk).verify(REQUEST) == ALREADY


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ([said(f"Invalid API Key {KEY}", "0")], "Invalid API Key …"),
        ([said("guid123"), said("Fail - Unable to verify", "0")], "Fail - Unable to verify"),
    ],
)
def test_what_etherscan_refuses_is_said_without_the_key(
    desk: Desk, answers: list[tuple[int, dict[str, Any] | str]], complaint: str
) -> None:
    desk.will(*answers)
    with pytest.raises(RefusedError) as refused:
        etherscan(desk).verify(REQUEST)
    assert complaint in str(refused.value)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    "trouble", [(200, "<html>"), (500, "oops"), (200, {"result": None}), (200, {"result": "rate limit"})]
)
def test_an_etherscan_that_never_answers_keeps_the_key_secret(
    desk: Desk, trouble: tuple[int, dict[str, Any] | str]
) -> None:
    desk.will(trouble)
    with pytest.raises(ChainError) as silent:
        etherscan(desk).verify(REQUEST)
    assert KEY not in str(silent.value)
    assert silent.value.__cause__ is None


# ------------------------------------------------------------------------------------------------ the chain's own


@pytest.fixture(scope="module")
def made(deployed_once: Deployed) -> dict[str, Compiled]:
    """Three of its contracts, compiled again from the input of all of them."""
    manifest = deployed_once.manifest
    every = facts.parts_of(manifest)
    return recompiling.recompile(recompiling.standard_input(manifest), [every[name].contract for name in PARTS])


def reader_of(deployed: Deployed) -> Reader:
    return Reader(Network("devnet", deployed.url, deployed.book, is_local=True))


def test_what_is_compiled_again_is_the_chains_code(deployed: Deployed, made: dict[str, Compiled]) -> None:
    every = facts.parts_of(deployed.manifest)
    parts = {name: every[name] for name in PARTS}
    recompiling.hold(deployed.manifest, parts, made, reader_of(deployed))
    assert made["AggregatorSource"].gaps
    assert made["AggregatorSource"].identifier == "contracts/sources/AggregatorSource.sol:AggregatorSource"
    assert recompiling.compiler_version().startswith("0.8.30+commit.")
    assert recompiling.compiler_version().count(".") == 3


@pytest.mark.parametrize("place", [40, -3])
def test_a_byte_of_code_or_metadata_that_differs_is_not_published(
    deployed: Deployed, made: dict[str, Compiled], place: int
) -> None:
    part = facts.parts_of(deployed.manifest)["oracle"]
    reader = reader_of(deployed)
    code = bytearray(reader.code(part.address))
    code[place] ^= 1
    Chain(deployed.url, deployed.book.address("deployer")).set_code(part.address, "0x" + bytes(code).hex())
    with pytest.raises(DiffersError) as differs:
        recompiling.hold(deployed.manifest, {"oracle": part}, made, reader_of(deployed))
    assert list(differs.value.differences) == [f"oracle: the code at {part.address} is not MedianOracle's"]


def test_constructor_arguments_that_are_not_the_creations_are_not_published(
    deployed: Deployed, made: dict[str, Compiled]
) -> None:
    part = facts.parts_of(deployed.manifest)["adapters.pool"]
    swapped = part.model_copy(update={"constructor": part.constructor[:-2] + "00"})
    with pytest.raises(DiffersError) as differs:
        recompiling.hold(deployed.manifest, {"adapters.pool": swapped}, made, reader_of(deployed))
    assert "from other code or arguments than the manifest's" in differs.value.differences[0]
    lost = part.model_copy(update={"tx": "0x" + "00" * 32})
    with pytest.raises(DiffersError):
        recompiling.hold(deployed.manifest, {"adapters.pool": lost}, made, reader_of(deployed))


def test_the_command_hands_over_the_chains_own_to_both(
    deployed: Deployed, desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ETHERSCAN_API_KEY", KEY)
    desk.will((202, {"verificationId": JOB}), (200, DONE), said("guid123"), said("Pass - Verified"))
    words = (
        "--sourcify",
        desk.url,
        "--etherscan",
        desk.url,
        "--pause",
        str(QUICK),
        "--only",
        "adapters.pool",
        "--json",
    )
    assert publish(deployed, *words) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert [(one["verifier"], one["said"]) for one in told["contracts"]] == [
        ("sourcify", "verified (exact match)"),
        ("etherscan", "verified"),
    ]
    assert KEY not in out + err
    handed = json.loads(desk.asked[0].body)["stdJsonInput"]
    assert handed == recompiling.standard_input(deployed.manifest)
    part = facts.parts_of(deployed.manifest)["adapters.pool"]
    assert desk.asked[2].form()["constructorArguements"] == part.constructor[2:]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "chain 31337 is local, sourcify cannot see it"),
        (["--only", "the vault"], "no part the vault"),
        (["--to", "etherscan", "--etherscan", "http://example.org"], "--etherscan is no https address"),
        (
            ["--to", "etherscan", "--etherscan", "https://127.0.0.1:1", "--etherscan-key", "env:NOT_SET_ANYWHERE"],
            "NOT_SET",
        ),
        (["--to", "etherscan", "--etherscan", "https://127.0.0.1:1", "--etherscan-key", KEY], "never a value"),
    ],
)
def test_a_wrong_command_is_refused_before_anything_is_compiled(
    deployed: Deployed, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    assert publish(deployed, *words) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert "compiling" not in said
    assert KEY not in said


def publish(deployed: Deployed, *words: str) -> int:
    """The command, in this process."""
    network = f"devnet:{deployed.book.name}"
    options = arguments(["--network", network, "--manifest", str(deployed.manifest_path), *words])
    return answer(lambda: run(options))
