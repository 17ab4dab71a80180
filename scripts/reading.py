"""A script's eyes on a chain: code, and our contracts' views, all at one block. No brownie here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_utils.crypto import keccak
from requests import RequestException
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.exceptions import Web3Exception
from web3.types import BlockData, RPCEndpoint

from keeper.errors import RpcUnreachable
from scripts import artifacts
from scripts.networks import Network

_SECONDS = 120
"""For an answer; a large call may take Ganache half a minute on a busy machine."""
IMPLEMENTATION_SLOTS = (
    int.from_bytes(keccak(text="eip1967.proxy.implementation"), "big") - 1,
    int.from_bytes(keccak(text="org.zeppelinos.proxy.implementation"), "big"),
)
"""Where a proxy keeps the address it leads to: EIP-1967, and OpenZeppelin's before it, which Circle's USDC uses."""


class Unanswered(Exception):
    """A view that reverts, or answers what its ABI does not allow."""


class Reader:
    """Reads `network` at block `at`, the latest one when it was made unless moved by `refresh`."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.web3 = Web3(HTTPProvider(network.url, request_kwargs={"timeout": _SECONDS}))
        self._contracts: dict[tuple[str, str], Contract] = {}
        try:
            self.chain_id = int(self.web3.eth.chain_id)
            self.estimates = "ganache" not in self.web3.client_version.lower()
            """Whether the node says what a creation needs: Ganache takes minutes for a large one, or never answers."""
            self.genesis = "0x" + bytes(self.web3.eth.get_block(0)["hash"]).hex()
            self.refresh()
        except (RequestException, Web3Exception, ValueError) as error:
            raise RpcUnreachable(f"network {network.label}", type(error).__name__) from None

    def refresh(self) -> None:
        """Move to the latest block."""
        block: BlockData = self.web3.eth.get_block("latest")
        self.block = int(block["number"])
        self.block_hash = "0x" + bytes(block["hash"]).hex()
        self.time = int(block["timestamp"])

    def code(self, address: str) -> bytes:
        """The runtime code at an address; empty where there is none."""
        return bytes(self.web3.eth.get_code(Web3.to_checksum_address(address), self.block))

    def code_hash(self, address: str) -> str:
        """keccak256 of the code at an address."""
        return "0x" + keccak(self.code(address)).hex()

    def implementation(self, address: str) -> str:
        """Where a proxy of a known kind leads; the zero address for what is none."""
        there = Web3.to_checksum_address(address)
        words = (self.web3.eth.get_storage_at(there, slot, self.block) for slot in IMPLEMENTATION_SLOTS)
        found = next((word for word in words if any(word)), bytes(32))
        return str(Web3.to_checksum_address(bytes(found)[-20:]))

    def balance(self, address: str) -> int:
        """Wei of the chain's own coin."""
        return int(self.web3.eth.get_balance(Web3.to_checksum_address(address), self.block))

    def nonce(self, address: str) -> int:
        """How many transactions an account has sent, at the latest block."""
        return int(self.web3.eth.get_transaction_count(Web3.to_checksum_address(address)))

    def gas_price(self) -> int:
        """Wei a unit of gas, as the node suggests now."""
        return int(self.web3.eth.gas_price)

    def ask(self, contract: str, address: str, function: str, *arguments: Any) -> Any:
        """A view of one of our contracts; structs come as named tuples. Raises Unanswered."""
        return self.ask_abi(contract, artifacts.load(contract).abi, address, function, *arguments)

    def ask_abi(self, kind: str, abi: Any, address: str, function: str, *arguments: Any) -> Any:
        """The same for a contract that is not ours, by a few lines of ABI; `kind` names that ABI."""
        key = (kind, address)
        if key not in self._contracts:
            there = Web3.to_checksum_address(address)
            self._contracts[key] = self.web3.eth.contract(address=there, abi=abi, decode_tuples=True)
        try:
            return self._contracts[key].functions[function](*arguments).call(block_identifier=self.block)
        except (Web3Exception, OverflowError) as error:
            raise Unanswered(f"{function}() of {address}: {type(error).__name__}") from None

    def would_succeed(self, sender: str, to: str, data: str) -> bool:
        """Whether a call would pass at the latest block."""
        request = {"from": sender, "to": to, "data": data}
        return "error" not in self.web3.provider.make_request(RPCEndpoint("eth_call"), [request, "latest"])

    def try_creation(self, sender: str, data: str) -> bytes | None:
        """What a creation would revert with at the latest block; None if it would succeed, or the node cannot say.

        Ganache cannot: it estimates for minutes, and its eth_call creates at the address of the nonce after the
        sender's next. There the rehearsal, on an Anvil, has tried it.
        """
        if not self.estimates:
            return None
        reply = self.web3.provider.make_request(RPCEndpoint("eth_estimateGas"), [{"from": sender, "data": data}])
        return revert_data(reply)

    def try_call(self, sender: str, to: str, data: str) -> bytes | None:
        """What a call would revert with at the latest block; None if it would succeed."""
        request = {"from": sender, "to": to, "data": data}
        return revert_data(self.web3.provider.make_request(RPCEndpoint("eth_call"), [request, "latest"]))


def revert_data(reply: Mapping[str, Any]) -> bytes | None:
    """The bytes a refused request reverted with, empty where the node names none; None where it was not refused."""
    error = reply.get("error")
    if error is None:
        return None
    found = error.get("data")
    if isinstance(found, dict):  # Ganache, asked for an estimate
        found = found.get("result")
    return bytes.fromhex(found.removeprefix("0x")) if isinstance(found, str) else b""
