"""A typed hand on a local node: send, read, deploy, and put a contract where mainnet has it.

Transactions come from the node's own unlocked accounts, so nothing is signed here; `eth_sendTransactionSync` answers
with the receipt, so nothing is waited for. Only for chains of ours: it uses the node's cheat methods freely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from keeper.devnet.artifacts import Artifact
from keeper.devnet.calls import decode_result, encode_call
from keeper.devnet.faults import CallReverted
from keeper.errors import RpcUnreachable

ZERO = "0x" + "00" * 20
MAX = 2**256 - 1
DEADLINE = 2**40
"""A time in the year 36812: for calls whose deadline means nothing here."""
CREATE2 = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
"""The deterministic deployer that Anvil has from its genesis on."""
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
_GAS = 15_000_000
_GAS_TOGETHER = 2_000_000
"""What a transaction that shares its block may use at most."""
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined, successful transaction: hash, block number, gas used, and the address it created if any."""

    hash: str
    block: int
    gas: int
    created: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """One view call: target, signature, the types it returns (comma-separated), arguments."""

    to: str
    signature: str
    returns: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction to be sent: from whom, to whom, which function with what."""

    sender: str
    to: str
    signature: str
    arguments: tuple[Any, ...] = ()


class Chain:
    """The node at `url`, with `sender` as the account that pays where none is named."""

    def __init__(self, url: str, sender: str) -> None:
        self.url = url
        self.sender = sender
        self._provider = HTTPProvider(url, request_kwargs={"timeout": _SECONDS})

    def rpc(self, method: str, *parameters: Any) -> Any:
        """One JSON-RPC call's result. Raises CallReverted with the node's words, RpcUnreachable where none answers."""
        try:
            answer = self._provider.make_request(RPCEndpoint(method), list(parameters))
        except OSError as error:
            raise RpcUnreachable(f"the local chain at {self.url}", type(error).__name__) from error
        if "error" in answer:
            raise CallReverted(method, str(answer["error"]))
        return answer["result"]

    def block(self, tag: str = "latest") -> dict[str, Any]:
        """The header of a block as the node gives it: quantities are 0x-hex."""
        found: dict[str, Any] = self.rpc("eth_getBlockByNumber", tag, False)
        return found

    def now(self) -> int:
        """The latest block's time, in Unix seconds."""
        return int(self.block()["timestamp"], 16)

    def transact(self, to: str | None, data: str, *, sender: str | None = None, value: int = 0) -> Receipt:
        """Send and wait until mined; `value` in wei. Raises CallReverted with the reason where it reverts."""
        fields = {"from": sender or self.sender, "data": data, "value": hex(value), "gas": hex(_GAS)}
        if to is not None:
            fields["to"] = to
        receipt = self._mined(fields)
        if int(receipt["status"], 16) != 1:
            self.rpc("eth_call", fields, "latest")
            raise CallReverted("eth_sendTransaction", f"{receipt['transactionHash']} reverted, though it would not now")
        created = receipt.get("contractAddress")
        return Receipt(
            hash=receipt["transactionHash"],
            block=int(receipt["blockNumber"], 16),
            gas=int(receipt["gasUsed"], 16),
            created=to_checksum_address(created) if created else None,
        )

    def send(self, to: str, signature: str, *arguments: Any, sender: str | None = None, value: int = 0) -> Receipt:
        """Call a function as a transaction; `value` in wei."""
        return self.transact(to, encode_call(signature, *arguments), sender=sender, value=value)

    def call(self, call: Call) -> Receipt:
        """Send one prepared transaction and wait until mined. Raises CallReverted with the reason where it reverts."""
        return self.send(call.to, call.signature, *call.arguments, sender=call.sender)

    def together(self, calls: Sequence[Call], base_fee: int, at: int | None = None) -> list[bool]:
        """Mine all calls in one block, in their order for one sender; which of them succeeded.

        The block carries timestamp `at` if given, and `base_fee` wei where the client can be told one. What others send
        meanwhile lands in the same block, and mining is automatic again afterwards whatever happens.
        """
        self.hold()
        try:
            hashes = [self.post(call) for call in calls]
            self.mine_next(base_fee, at)
        finally:
            self.let_go()
        return [self._succeeded(sent) for sent in hashes]

    def post(self, call: Call) -> str:
        """Hand a transaction to the node without waiting for its block; returns its hash."""
        data = encode_call(call.signature, *call.arguments)
        fields = {"from": call.sender, "to": call.to, "data": data, "gas": hex(_GAS_TOGETHER)}
        return str(self.rpc("eth_sendTransaction", fields))

    def _succeeded(self, sent: str) -> bool:
        receipt = self.rpc("eth_getTransactionReceipt", sent)
        return receipt is not None and int(receipt["status"], 16) == 1

    def read(self, to: str, signature: str, returns: str, *arguments: Any) -> Any:
        """A view call at the latest block: the one value of `returns`, or the tuple of several."""
        result = self.rpc("eth_call", {"to": to, "data": encode_call(signature, *arguments)}, "latest")
        values = decode_result(returns, result)
        return values[0] if len(values) == 1 else values

    def read_all(self, reads: Sequence[Read]) -> list[tuple[Any, ...]]:
        """Many view calls at one block in one round trip, through Multicall3. Raises CallReverted where one fails."""
        batch = [(read.to, bytes.fromhex(encode_call(read.signature, *read.arguments)[2:])) for read in reads]
        _, answers = self.read(MULTICALL3, "aggregate((address,bytes)[])", "uint256,bytes[]", batch)
        return [decode_result(read.returns, data) for read, data in zip(reads, answers, strict=True)]

    def new(self, artifact: Artifact, *arguments: Any, libraries: Mapping[str, str] | None = None) -> str:
        """Deploy by an ordinary creation; returns the checksummed address."""
        created = self.transact(None, artifact.init_code(arguments, libraries)).created
        if created is None:
            raise CallReverted("eth_sendTransaction", f"{artifact.name} left no contract")
        return created

    def put(self, address: str, artifact: Artifact, *arguments: Any, libraries: Mapping[str, str] | None = None) -> str:
        """Run the real constructor at a chosen address, so that immutables, storage and msg.sender all come out right.

        The address first holds the creation code; calling it says what the runtime will be, sending the same call
        leaves the constructor's storage, and then the runtime takes the creation code's place.
        """
        self.set_code(address, artifact.init_code(arguments, libraries))
        self.set_nonce(address, 1)
        runtime = self.rpc("eth_call", {"to": address, "from": self.sender, "gas": hex(_GAS)}, "latest")
        self.transact(address, "0x")
        self.set_code(address, runtime)
        return to_checksum_address(address)

    def begin(self) -> None:
        """Have blocks follow one second after another, whatever the wall clock says."""
        self.rpc("anvil_setBlockTimestampInterval", 1)

    def set_code(self, address: str, code: str) -> None:
        """Make `code` (0x-hex) what runs at `address`."""
        self.rpc("anvil_setCode", address, code)

    def set_nonce(self, account: str, nonce: int) -> None:
        """Make `nonce` the one that the next creation by `account` uses."""
        self.rpc("anvil_setNonce", account, hex(nonce))

    def impersonate(self, account: str, wei: int) -> None:
        """Let the node send as `account`, holding `wei`."""
        self.rpc("anvil_impersonateAccount", account)
        self.rpc("anvil_setBalance", account, hex(wei))

    def release(self, account: str) -> None:
        """End what `impersonate` began."""
        self.rpc("anvil_stopImpersonatingAccount", account)

    def next_at(self, timestamp: int) -> None:
        """Have the next transaction's block carry `timestamp` (Unix seconds, after the latest)."""
        self.rpc("evm_setNextBlockTimestamp", hex(timestamp))

    def mine_at(self, timestamp: int) -> None:
        """Mine one block that carries `timestamp` (Unix seconds, after the latest), so that eth_call sees it too."""
        self.next_at(timestamp)
        self.rpc("evm_mine")

    def hold(self) -> None:
        """Mine nothing by itself until `let_go`."""
        self.rpc("evm_setAutomine", False)

    def let_go(self) -> None:
        """Mine a block for each transaction again; what waits is mined now."""
        self.rpc("evm_setAutomine", True)

    def mine_next(self, base_fee: int, at: int | None) -> None:
        """Mine one block at `base_fee` wei, at timestamp `at` if given."""
        if at is not None:
            self.next_at(at)
        self.rpc("anvil_setNextBlockBaseFeePerGas", hex(base_fee))
        self.rpc("evm_mine")

    def settle(self, base_fee: int) -> None:
        """Mine a block at `base_fee` wei, which an untended chain of small blocks loses within minutes."""
        self.rpc("anvil_setNextBlockBaseFeePerGas", hex(base_fee))
        self.rpc("evm_mine")

    def _mined(self, fields: dict[str, str]) -> dict[str, Any]:
        """The receipt of a transaction from an unlocked account."""
        receipt: dict[str, Any] = self.rpc("eth_sendTransactionSync", fields)
        return receipt
