"""The door to a node, with everything networks do to it happening on a real wire."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest

from keeper.chain.rpc import READ_TRIES, Refusal, Rpc
from keeper.config import Secret, load_profile
from keeper.errors import RpcRefused, RpcUnreachable
from tests.keeper import wire as trouble
from tests.keeper.wire import Wire, refuses

LABEL = "chain.local.rpc[0]"
CANNED = {"eth_blockNumber": "0x2a", "eth_chainId": "0x7a69", "eth_nope": {"code": -32601, "message": "no such method"}}
SECRETS = ("0123456789abcdef-secret", "hush-hush-hush")


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(None, dict(CANNED)).up() as server:
        yield server


@pytest.fixture
def rpc(wire: Wire) -> Rpc:
    return Rpc(Secret("env:BALLAST_RPC", wire.url), load_profile("anvil"), label=LABEL, timeout=0.5)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (trouble.html, "not JSON"),
        (trouble.cut_json, "not JSON"),
        (trouble.truncated, ""),
        (trouble.overloaded, "HTTP 503"),
        (trouble.lost_request, "no connection"),
        (trouble.late(2), "timed out"),
        (lambda exchange: exchange.reply(b"[]"), "no JSON-RPC"),
        (lambda exchange: exchange.reply(b'{"id":1}'), "no JSON-RPC"),
        (lambda exchange: exchange.reply(b"null"), "no JSON-RPC"),
    ],
    ids=["html", "cut", "truncated", "503", "dropped", "late", "list", "empty", "null"],
)
def test_a_node_that_never_answers_properly_is_unreachable_and_its_address_stays_secret(
    wire: Wire, rpc: Rpc, fault: trouble.Fault, reason: str
) -> None:
    for _ in range(READ_TRIES):
        wire.next("eth_blockNumber", fault)
    with pytest.raises(RpcUnreachable) as caught:
        rpc.call("eth_blockNumber")
    assert reason in caught.value.reason
    assert str(caught.value).startswith(LABEL)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_a_dead_port_is_unreachable_in_one_line() -> None:
    with Wire(None).up() as gone:
        url = gone.url
    rpc = Rpc(url, load_profile("anvil"), label=LABEL, timeout=0.5)
    with pytest.raises(RpcUnreachable, match=r"chain\.local\.rpc\[0\] does not answer: no connection") as caught:
        rpc.call("eth_chainId")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("address", ["ws://host/0123456789abcdef", "/v3/0123456789abcdef", "http://"])
def test_an_address_that_is_none_says_so_and_is_not_shown(address: str) -> None:
    rpc = Rpc(Secret("env:BALLAST_RPC", address), load_profile("anvil"), label=LABEL, timeout=0.5)
    with pytest.raises(RpcUnreachable) as caught:
        rpc.call("eth_chainId")
    assert caught.value.reason == "its address is no http address"


@pytest.mark.parametrize("fault", [trouble.html, trouble.truncated, trouble.overloaded, trouble.lost_request])
def test_a_read_is_tried_again(wire: Wire, rpc: Rpc, fault: trouble.Fault) -> None:
    wire.next("eth_blockNumber", fault)
    assert rpc.call("eth_blockNumber") == "0x2a"
    assert wire.seen == ["eth_blockNumber"] * 2
    assert wire.armed == 0


def test_a_send_is_tried_once(wire: Wire, rpc: Rpc) -> None:
    wire.next("eth_sendRawTransaction", trouble.lost_request)
    with pytest.raises(RpcUnreachable):
        rpc.send("eth_sendRawTransaction", ["0x02"])
    assert wire.seen == ["eth_sendRawTransaction"]


def test_a_refusal_is_told_from_silence_and_is_not_tried_again(wire: Wire, rpc: Rpc) -> None:
    with pytest.raises(RpcRefused, match=r"refuses eth_nope: no such method") as caught:
        rpc.call("eth_nope")
    assert caught.value.rpc_code == -32601
    assert wire.seen == ["eth_nope"]


def test_a_refusal_that_repeats_the_address_is_redacted(wire: Wire, rpc: Rpc) -> None:
    wire.canned["eth_nope"] = {"code": -32000, "message": f"project {SECRETS[0]}\nis {SECRETS[1]} over quota"}
    with pytest.raises(RpcRefused) as caught:
        rpc.call("eth_nope")
    assert caught.value.reason == "project … is … over quota"


def test_a_refusal_reaches_no_terminal_as_more_than_words(wire: Wire, rpc: Rpc) -> None:
    wire.next("eth_nope", refuses("eth_nope", -32000, "busy\n\x1b[2Jerror[halt]: forged"))
    found = rpc.ask("eth_nope")
    assert isinstance(found, Refusal)
    assert found.message == "busy ?[2Jerror[halt]: forged"


def test_many_reads_are_one_round_trip_and_keep_their_order(wire: Wire, rpc: Rpc) -> None:
    found = rpc.many([("eth_chainId", []), ("eth_nope", []), ("eth_blockNumber", [])])
    assert (found[0], found[2]) == ("0x7a69", "0x2a")
    assert isinstance(found[1], Refusal)
    assert (rpc.round_trips, rpc.requests) == (1, 3)
    assert wire.seen == [("eth_chainId", "eth_nope", "eth_blockNumber")]


def numbered(change: Callable[[int], object]) -> trouble.Fault:
    def fault(exchange: trouble.Exchange) -> None:
        answers = json.loads(exchange.forward())
        listed = answers if isinstance(answers, list) else [answers]
        for answer in listed:
            answer["id"] = change(answer["id"])
        exchange.reply(json.dumps(answers).encode())

    return fault


@pytest.mark.parametrize(
    "change", [lambda _: 7_000, lambda i: i + 1, lambda _: None, str], ids=["one", "next", "none", "text"]
)
@pytest.mark.parametrize("many", [True, False], ids=["batch", "single"])
@pytest.mark.filterwarnings("ignore:Received batch response with missing:RuntimeWarning")
def test_an_answer_to_another_question_is_no_answer(
    wire: Wire, rpc: Rpc, change: Callable[[int], object], many: bool
) -> None:
    for _ in range(READ_TRIES):
        wire.next("eth_chainId", numbered(change))
    with pytest.raises(RpcUnreachable, match=r"it answers request .+, asked was \d+"):
        rpc.many([("eth_chainId", []), ("eth_blockNumber", [])]) if many else rpc.call("eth_chainId")


def test_answers_in_another_order_find_their_questions(wire: Wire, rpc: Rpc) -> None:
    wire.next("*", lambda exchange: exchange.reply(json.dumps(json.loads(exchange.forward())[::-1]).encode()))
    assert rpc.many([("eth_chainId", []), ("eth_blockNumber", [])]) == ["0x7a69", "0x2a"]


def test_a_node_that_takes_no_batches_is_asked_one_by_one_from_then_on(wire: Wire, rpc: Rpc) -> None:
    wire.next(
        "*", lambda exchange: exchange.reply(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}')
    )
    calls = [("eth_chainId", []), ("eth_blockNumber", [])]
    assert rpc.many(calls) == ["0x7a69", "0x2a"]
    assert rpc.many(calls) == ["0x7a69", "0x2a"]
    assert wire.seen[1:] == ["eth_chainId", "eth_blockNumber"] * 2


def test_the_libraries_below_do_not_log_the_address(rpc: Rpc, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        rpc.call("eth_chainId")
        rpc.many([("eth_chainId", []), ("eth_blockNumber", [])])
    assert not any(secret in caplog.text for secret in SECRETS)
    assert not any(secret in repr(rpc) for secret in SECRETS)
