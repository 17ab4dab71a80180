"""Sending with a key, once: what a node keeps to itself is looked up."""

from __future__ import annotations

from eth_account import Account

from keeper.devnet.calls import encode_call
from keeper.devnet.kit import Chain
from scripts.networks import Network
from scripts.reading import Reader
from scripts.sending import KeyHand
from tests.deployed import Deployed
from tests.keeper.wire import Wire, lost_reply


def test_an_answer_that_is_lost_is_looked_up_and_nothing_is_sent_twice(deployed: Deployed) -> None:
    usdc = deployed.book.tokens["USDC"].address
    node = Chain(deployed.url, deployed.book.address("deployer"))
    before = int(node.read(usdc, "balanceOf(address)", "uint256", deployed.vault))
    with Wire(deployed.url).up() as wire:
        wire.next("eth_sendRawTransaction", lost_reply)
        reader = Reader(Network("a wire", wire.url, None, is_local=True))
        data = encode_call("transfer(address,uint256)", deployed.vault, 5)
        KeyHand(reader, Account.from_key(deployed.key("user"))).send("deposit of USDC", usdc, data)
        assert wire.seen.count("eth_sendRawTransaction") == 1
    assert int(node.read(usdc, "balanceOf(address)", "uint256", deployed.vault)) == before + 5
