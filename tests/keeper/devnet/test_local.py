"""Chains by name: up twice is one chain, down leaves nothing, and a stale record is no chain."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from keeper.devnet import book as books
from keeper.devnet import chainlink, checkout, course, local, node, tokens, uniswap
from keeper.devnet.faults import NodeSilent, OtherChain, PortTaken
from keeper.devnet.feeds import Feeds
from keeper.devnet.kit import Chain
from keeper.devnet.traders import Traders
from keeper.errors import NotACheckout, UsageError


@pytest.fixture
def name() -> Iterator[str]:
    """A chain's name of this test's own; whatever it starts is ended."""
    own = f"test-{os.getpid()}-local"
    yield own
    local.down(own)
    shutil.rmtree(local.folder_of(own), ignore_errors=True)


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def test_an_installed_wheel_is_told_to_run_in_a_checkout(tmp_path: Path) -> None:
    with pytest.raises(NotACheckout) as caught:
        checkout.root(tmp_path)
    assert (caught.value.exit_code, caught.value.remedy) == (2, "run in a checkout")


def test_a_name_that_is_a_path_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot name a local chain"):
        local.up("../elsewhere")


def test_up_twice_is_one_chain_and_down_leaves_only_the_log(name: str) -> None:
    first = local.up(name)
    known = local.status(name)
    assert known.running
    assert local.up(name) == first == books.load(Path(known.book))
    assert local.status(name).pid == known.pid
    assert local.down(name) is True
    assert not listens(first.url)
    assert node._start_mark(known.pid) is None
    assert [left.name for left in local.folder_of(name).iterdir()] == ["node.log"]
    assert not local.status(name).running
    assert local.down(name) is False


def test_up_fresh_forgets_what_was_done(name: str) -> None:
    before = local.up(name)
    Chain(before.url, before.address("deployer")).rpc("evm_mine")
    after = local.up(name, fresh=True)
    assert after.furnished_hash == before.furnished_hash
    assert local.status(name).block == after.furnished_block
    assert after.url == before.url or not listens(before.url)


def test_another_port_than_the_running_one_is_refused(name: str) -> None:
    running = local.up(name)
    with pytest.raises(OtherChain) as caught:
        local.up(name, node.free_port())
    assert caught.value.running == f"on port {running.url.rpartition(':')[2]}"


def test_a_killed_node_is_noticed_and_replaced(name: str) -> None:
    before = local.up(name)
    os.kill(local.status(name).pid, signal.SIGKILL)
    while listens(before.url):
        pass
    assert not local.status(name).running
    after = local.up(name)
    assert after.furnished_hash == before.furnished_hash
    assert local.status(name).running


def test_a_reused_process_id_is_neither_taken_for_the_node_nor_ended(name: str) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            folder = local.folder_of(name)
            folder.mkdir(parents=True)
            node.remember(node.Node(stranger.pid, "another time", 1, str(folder / "node.log")), folder / "node.json")
            assert not local.status(name).running
            assert local.down(name) is False
            assert stranger.poll() is None
            assert not (folder / "node.json").exists()
        finally:
            stranger.kill()


def test_a_taken_port_is_refused_and_its_listener_left_alone(name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as caught:
            local.up(name, port)
        assert (caught.value.port, caught.value.exit_code) == (port, 2)
        assert listens(f"http://127.0.0.1:{port}")
    assert list(local.folder_of(name).iterdir()) == []
    assert local.up(name, port).url.endswith(f":{port}")


def test_a_chain_that_cannot_be_made_leaves_no_node(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[int] = []

    def interrupted(*_given: object, **_named: object) -> None:
        known = node.recall(local.folder_of(name) / "node.json")
        assert known is not None
        met.append(known.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(local, "furnish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        local.up(name)
    [pid] = met
    assert not local.status(name).running
    assert not (local.folder_of(name) / "node.json").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_node_that_ends_at_once_is_one_error_that_names_its_log(tmp_path: Path) -> None:
    with pytest.raises(NodeSilent, match="it ended at once") as caught:
        node.start(tmp_path, genesis_time=-1)
    assert caught.value.log == str(tmp_path / "node.log")
    assert caught.value.exit_code == 6


def test_a_book_of_another_schema_is_refused(tmp_path: Path, furnished: books.Book) -> None:
    path = tmp_path / "book.json"
    path.write_text(json.dumps(furnished.as_json() | {"schema": "ballast.devnet/0"}))
    with pytest.raises(UsageError, match=r"not of schema ballast\.devnet/1"):
        books.load(path)
    path.write_text(json.dumps(furnished.as_json() | {"extra": 1}))
    with pytest.raises(UsageError, match="does not fit"):
        books.load(path)


def test_a_book_comes_back_as_it_was_written_and_holds_no_key(tmp_path: Path, furnished: books.Book) -> None:
    path = tmp_path / "book.json"
    books.save(furnished, path)
    assert books.load(path) == furnished
    assert "mnemonic" not in path.read_text().lower()
    assert [left.name for left in tmp_path.iterdir()] == ["book.json"]


def test_a_chain_opens_at_the_prices_it_is_given_and_is_not_taken_for_another(name: str) -> None:
    opening = {"ETH": 194_610_000_000_000_000_000, "BTC": 7_936 * 10**18, "USDC": 93 * 10**16}
    opened = local.up(name, opening=opening)
    hand = Chain(opened.url, opened.address("user"))
    assert opened.opening == opening
    for asset, voices in opened.feeds.items():
        assert [chainlink.latest(hand, voice).answer for voice in voices] == [opening[asset] // 10**10] * 2
    for pool in opened.pools:
        low, high = uniswap.fee_band(pool, opened.tokens, opening)
        assert low < uniswap.slot0(hand, pool.address)[0] < high
    worth = tokens.balance(hand, opened.tokens["WETH"], opened.address("thief")) * opening["ETH"] // 10**36
    assert 9_999_999 <= worth <= 10_000_000
    assert local.up(name, opening=opening) == opened
    with pytest.raises(OtherChain, match=r"from ETH at 194\.6100 USD, not from 195\.0000 USD"):
        local.up(name, opening={**opening, "ETH": 195 * 10**18})
    assert local.up(name) == opened


def test_a_fork_is_the_origin_as_it_was_and_goes_its_own_way(name: str, furnished: books.Book) -> None:
    origin = Chain(furnished.url, furnished.address("user"))
    before = origin.rpc("evm_snapshot")
    token, stranger = furnished.tokens["USDC"], furnished.address("stranger")
    origin.send(token.address, "transfer(address,uint256)", stranger, 5)
    forked = local.fork(name, furnished.name)
    assert (forked.fork_of, forked.url == furnished.url, forked.pools) == (furnished.name, False, furnished.pools)
    assert local.status(name).running
    fork = Chain(forked.url, forked.address("user"))
    assert fork.now() == origin.now()
    assert tokens.balance(fork, token, stranger) == 5
    fork.send(token.address, "transfer(address,uint256)", stranger, 7)
    assert (tokens.balance(fork, token, stranger), tokens.balance(origin, token, stranger)) == (12, 5)
    assert fork.now() == origin.now() + 1
    told = course.told(7, 20, forked.opening)
    assert Feeds(forked, told).step().block > int(origin.block()["number"], 16)
    assert Traders(forked, told).step().noise == 2
    assert origin.rpc("evm_revert", before)


def test_a_fork_of_nothing_of_itself_or_over_a_running_chain_is_refused(name: str, furnished: books.Book) -> None:
    for origin in ("nobody-there", name):
        with pytest.raises(UsageError, match="no running chain"):
            local.fork(name, origin)
    local.fork(name, furnished.name)
    with pytest.raises(UsageError, match="already runs"):
        local.fork(name, furnished.name)


def test_what_is_left_of_ganache_is_a_log_without_a_key(name: str) -> None:
    ran = local.up(name, client="ganache")
    assert local.status(name).running
    local.down(name)
    assert not listens(ran.url)
    left = local.folder_of(name)
    assert [path.name for path in left.iterdir()] == ["node.log"]
    assert "rivate" not in (left / "node.log").read_text()


def test_a_client_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no client geth"):
        local.up(name, client="geth")
