"""Where a deployment happens: on a fork that is thrown away, or for good. brownie compiles, and knows the contracts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

from keeper.errors import ChainError, RefusedError
from scripts import toolchain
from scripts.networks import Network
from scripts.papers import Papers
from scripts.partial import Partial
from scripts.reading import Reader
from scripts.sending import ForkHand, KeyHand
from scripts.yard import Yard

_HARDFORK = "prague"
"""The rules of the chains that are forked: what their own contracts may use, not what ours are built for."""


@contextlib.contextmanager
def compiled() -> Iterator[Any]:
    """The brownie project; what brownie prints goes to stderr, stdout is kept for the result."""
    with contextlib.redirect_stdout(sys.stderr), toolchain.brownie_project() as project:
        yield project


@contextlib.contextmanager
def fork(network: Network) -> Iterator[Reader]:
    """A reader of a fork of the network, made by this machine's own node and gone afterwards.

    Raises ChainError where the network's node does not serve what a fork reads.
    """
    with toolchain.local_node("anvil", _HARDFORK) as port:
        copy = Network(f"a fork of {network.label}", f"http://127.0.0.1:{port}", None, is_local=True)
        # the fork's address goes over the loopback, never into a command line: it may hold a key
        reply = Web3(HTTPProvider(copy.url)).provider.make_request(
            RPCEndpoint("anvil_reset"), [{"forking": {"jsonRpcUrl": network.url}}]
        )
        if "error" in reply:
            raise ChainError(f"network {network.label} cannot be forked", remedy="use a node that serves full state")
        _follow(copy)
        yield Reader(copy)


def _follow(copy: Network) -> None:
    """Have the fork's clock go on from its origin's head, a second a block: on a local chain that is another time."""
    web3 = Web3(HTTPProvider(copy.url))
    _set_clock(web3, int(web3.eth.get_block("latest")["timestamp"]) + 1)


def move_clock(reader: Reader, then: int) -> None:
    """On a fork: the latest block is of `then` (Unix seconds), and the next of a second later."""
    _set_clock(reader.web3, then)


def _set_clock(web3: Web3, then: int) -> None:
    for method, parameters in (
        ("anvil_removeBlockTimestampInterval", []),
        ("evm_setNextBlockTimestamp", [hex(then)]),
        ("evm_mine", []),
        ("anvil_setBlockTimestampInterval", [1]),
    ):
        web3.provider.make_request(RPCEndpoint(method), parameters)


@contextlib.contextmanager
def rehearsal(project: Any, network: Network, deployer: str) -> Iterator[Yard]:
    """A yard on a fork of the network; no key is needed. Raises ChainError as `fork` does."""
    with fork(network) as reader:
        yield Yard(project, ForkHand(reader, deployer), reader, Partial(None, reader.genesis))


def act_as(reader: Reader, address: str, to: str, data: str) -> bool:
    """In a rehearsal: whether a call from `address`, whose key is not here, succeeds."""
    try:
        ForkHand(reader, address).send("rehearsed call", to, data)
    except RefusedError:
        return False
    return True


def opened(project: Any, network: Network, key: LocalAccount, papers: Papers) -> Yard:
    """A yard on the network itself, with a key."""
    reader = Reader(network)
    return Yard(project, KeyHand(reader, key), reader, Partial(papers.partial, reader.genesis))
