"""The same hand on the other client: Ganache 7.9.2, which stops at Shanghai and has other words for the same cheats."""

from __future__ import annotations

from typing import Any

from keeper.devnet.kit import CREATE2, Chain

_DEPLOYER = "0x" + "".join(
    (
        "60203603",  # size of what follows the salt
        "80602060003760003590",  # copy it to memory and put the salt below its size
        "60006000f5",  # create2(no value, from 0, size, salt)
        "80601b57600080fd",  # nothing created: revert
        "5b6000526014600cf3",  # return the twenty bytes of the address
    )
)
"""What stands at Anvil's deterministic deployer says the same: thirty-two bytes of salt, then creation code."""


class Ganache(Chain):
    """A node of Ganache; base fee and the distance of blocks are what it was started with."""

    def begin(self) -> None:
        """Put a deterministic deployer where Anvil has one: what it creates depends on its address alone."""
        self.set_code(CREATE2, _DEPLOYER)

    def set_code(self, address: str, code: str) -> None:
        """Make `code` (0x-hex) what runs at `address`."""
        self.rpc("evm_setAccountCode", address, code)

    def set_nonce(self, account: str, nonce: int) -> None:
        """Make `nonce` the one that the next creation by `account` uses."""
        self.rpc("evm_setAccountNonce", account, hex(nonce))

    def impersonate(self, account: str, wei: int) -> None:
        """Let the node send as `account`, holding `wei`."""
        self.rpc("evm_addAccount", account, "")
        self.rpc("personal_unlockAccount", account, "", 0)
        self.rpc("evm_setAccountBalance", account, hex(wei))

    def release(self, account: str) -> None:
        """End what `impersonate` began."""
        self.rpc("personal_lockAccount", account)

    def next_at(self, timestamp: int) -> None:
        """Have the next transaction's block carry `timestamp`: an empty block before it takes the clock there."""
        self.mine_at(timestamp - 1)

    def mine_at(self, timestamp: int) -> None:
        """Mine one block that carries `timestamp` (Unix seconds, after the latest)."""
        self.rpc("evm_mine", {"timestamp": timestamp})

    def hold(self) -> None:
        """Mine nothing by itself until `let_go`."""
        self.rpc("miner_stop")

    def let_go(self) -> None:
        """Mine a block for each transaction again; what waits is mined now."""
        self.rpc("miner_start")

    def mine_next(self, base_fee: int, at: int | None) -> None:  # noqa: ARG002 - there is no word for it here
        """Mine one block, at timestamp `at` if given; `base_fee` cannot be told, it falls by itself."""
        if at is None:
            self.rpc("evm_mine")
        else:
            self.mine_at(at)

    def settle(self, base_fee: int) -> None:
        """Mine empty blocks until the base fee is at most `base_fee` wei again: this client cannot be told one."""
        self.rpc("evm_mine")
        while int(self.block()["baseFeePerGas"], 16) > base_fee:
            self.rpc("evm_mine")

    def _mined(self, fields: dict[str, str]) -> dict[str, Any]:
        receipt: dict[str, Any] = self.rpc("eth_getTransactionReceipt", self.rpc("eth_sendTransaction", fields))
        return receipt
