"""Contract tests through brownie: each on Anvil and on Ganache, from the state its module left.

brownie's own pytest plugin stays off (pyproject.toml): it would compile and start a node for every run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from web3.middleware import Web3Middleware
from web3.types import MakeRequestFn, RPCEndpoint, RPCResponse

from scripts import toolchain
from tests.furnished import furnished_once, stage

__all__ = ["furnished_once", "stage"]
NETWORKS = os.environ.get("CONTRACT_NETWORKS", "anvil,ganache").split(",")


def pytest_report_header() -> str:
    """What runs where, and why."""
    why = "the furnished chain is Anvil alone: it impersonates the Safe and sets code and storage of third parties"
    return f"contracts: vault and roles on {', '.join(NETWORKS)}; {why}"


@pytest.fixture(scope="session")
def project() -> Iterator[Any]:
    """The compiled project."""
    with toolchain.brownie_project() as loaded:
        import brownie
        from brownie.test.managers.runner import RevertContextManager

        brownie.reverts = RevertContextManager  # what the plugin would do
        yield loaded


class PatientReceipts(Web3Middleware):
    """Asks again for a receipt that is not there yet, for at most a second.

    Anvil raises the sender's nonce a moment before the receipt can be read; brownie 1.22.2 takes a transaction whose
    nonce is used and whose receipt is missing for dropped, and raises.
    """

    def wrap_make_request(self, make_request: MakeRequestFn) -> MakeRequestFn:
        """One request; only receipts wait."""

        def ask(method: RPCEndpoint, params: Any) -> RPCResponse:
            answer = make_request(method, params)
            for _ in range(100):
                if method != "eth_getTransactionReceipt" or answer.get("result") is not None:
                    break
                time.sleep(0.01)
                answer = make_request(method, params)
            return answer

        return ask


@pytest.fixture(scope="session", params=NETWORKS)
def net(request: pytest.FixtureRequest, project: Any) -> Iterator[str]:
    """A node of the kind named, joined by brownie, gone at the end."""
    from brownie import web3

    with toolchain.local_node(request.param) as port, toolchain.brownie_connection(request.param, port):
        web3.middleware_onion.add(PatientReceipts, "patient receipts")
        yield request.param
        web3.middleware_onion.remove("patient receipts")


@pytest.fixture
def isolated(net: str) -> Iterator[None]:
    """Whatever the test does to the chain is undone."""
    from brownie import chain

    chain.snapshot()
    yield
    chain.revert()
