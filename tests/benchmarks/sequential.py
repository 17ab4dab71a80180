"""The same work as web3.py's own documentation does it: one contract call after another, one request each.

Reads are those the lens answers in one call, no more and no fewer; acting is gas estimate and simulation of both
routes, the nonce, the fee, the signature and the send. web3.py asks for the chain id before each call: its requests
are counted as it makes them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.types import RPCEndpoint, RPCResponse

from keeper.chain import vault as calls
from keeper.chain.abi import as_bytes
from keeper.model import Order, Terms
from tests.deployed import Deployed

_ERC20 = [
    {
        "type": "function",
        "name": "balanceOf",
        "stateMutability": "view",
        "inputs": [{"name": "who", "type": "address"}],
        "outputs": [{"name": "", "type": "uint256"}],
    }
]
_SOURCE = [
    {
        "type": "function",
        "name": "latest",
        "stateMutability": "view",
        "inputs": [],
        "outputs": [{"type": "uint128"}, {"type": "uint40"}, {"type": "uint8"}],
    }
]


class Counted(HTTPProvider):
    """web3.py's provider; `requests` is how often it asked."""

    requests = 0

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        self.requests += 1
        return super().make_request(method, params)


class Sequential:
    """A script that keeps the vault with web3.py alone."""

    def __init__(self, deployed: Deployed, url: str) -> None:
        self.provider = Counted(url)
        self._web3 = Web3(self.provider)
        self._deployed = deployed
        self._keeper = deployed.book.address("keeper")
        self._vault = self._contract("KeeperVault", deployed.vault)
        self._rulebook = self._contract("Rulebook", deployed.rulebook)
        self._oracle = self._contract("MedianOracle", deployed.manifest.parts.oracle.address)
        self._web3.eth.get_block("latest")

    def _contract(self, name: str, address: str) -> Contract:
        abi = json.loads((files("keeper") / "abi" / f"{name}.json").read_text())["abi"]
        return self._web3.eth.contract(self._web3.to_checksum_address(address), abi=abi)

    def observe(self) -> int:
        """Read what a tick needs; returns the vault's epoch."""
        book, eth = self._rulebook.functions, self._web3.eth
        tokens = [asset.token for asset in self._deployed.manifest.assets]
        eth.get_block("latest")
        state = self._vault.functions.state().call()
        self._vault.functions.headroom().call()
        self._vault.functions.version().call()
        for read in (book.owner, book.pendingOwner, book.payout, book.rules, book.routes, book.claims):
            read().call()
        book.keepers().call()
        book.guardians().call()
        book.roleOf(self._keeper).call()
        for token in tokens:
            eth.contract(self._web3.to_checksum_address(token), abi=_ERC20).functions.balanceOf(
                self._deployed.vault
            ).call()
            for source in self._oracle.functions.sources(token).call():
                eth.contract(source, abi=_SOURCE).functions.latest().call()
        self._oracle.functions.clusters(tokens, self._deployed.manifest.limits["spread_bps"]).call()
        eth.get_balance(self._keeper)
        eth.get_transaction_count(self._keeper)
        return int(state[2])

    def act(self, candidates: Sequence[Order], terms: Terms) -> str:
        """Observe, try every candidate, sign and send the first; returns the transaction's hash."""
        self.observe()
        bound = (terms.epoch, terms.config_version, terms.deadline, as_bytes(terms.decision_id))
        gas = 0
        for order in candidates:
            call = self._vault.functions.rebalance([(order.route, order.max_in, order.min_out)], bound)
            call.call({"from": self._keeper})
            gas = gas or call.estimate_gas({"from": self._keeper})
        sent = {
            "from": self._keeper,
            "to": self._deployed.vault,
            "data": calls.rebalance([candidates[0]], terms),
            "gas": gas * 5 // 4,
            "nonce": self._web3.eth.get_transaction_count(self._keeper),
            "chainId": self._web3.eth.chain_id,
            "maxPriorityFeePerGas": self._web3.eth.max_priority_fee,
            "maxFeePerGas": 4 * 10**9,
            "value": 0,
        }
        sent.pop("from")
        signed = self._web3.eth.account.sign_transaction(sent, self._deployed.key("keeper"))
        return self._web3.eth.send_raw_transaction(signed.raw_transaction).to_0x_hex()
