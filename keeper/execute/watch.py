"""Following an intent to its end: any attempt's receipt, held against the chain, at the depth where it counts.

The simple part of the transaction machine: the same bytes are sent again until seen; a bid is never raised and nothing
is cancelled (a later release does both). What can no longer succeed and was never seen is closed, not sent again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keeper.chain import abi, vault
from keeper.chain.lens import block_ref
from keeper.chain.rpc import Call, Refusal, Rpc
from keeper.errors import RpcUnreachable
from keeper.execute import receipt as receipts
from keeper.execute.receipt import Receipt
from keeper.execute.send import Reply, deliver, dropped, step, unmined
from keeper.journal import Writer
from keeper.manifest import Manifest
from keeper.model import BlockRef, Intent, Outcome, Report, Revert, TxAttempt, TxEvent, TxState

RESEND_SECONDS = 12.0
"""How long a transaction that the node took may stay unseen before the same bytes are sent again."""
LEAST_PAUSE = 1.0
"""Seconds between two looks, however fast the chain: hosted nodes limit how often they are asked."""
LEAST_PAUSE_LOCAL = 0.05
SPENT_LOOKS = 3
"""Looks at a spent nonce without a receipt of ours before it is somebody else's: a node may lag behind itself."""


@dataclass(frozen=True, slots=True)
class _Look:
    """The chain at one moment: its head, what is final by the node's word, the account's count, the vault's epoch."""

    head: BlockRef
    final_number: int
    count: int
    epoch: int
    receipt: Receipt | None


class _Watch:
    """One intent being followed; `state` is the last one recorded."""

    def __init__(
        self,
        rpc: Rpc,
        writer: Writer,
        manifest: Manifest,
        intent: Intent,
        attempts: Sequence[TxAttempt],
        state: TxState,
    ) -> None:
        self.rpc, self.writer, self.manifest = rpc, writer, manifest
        self.intent, self.attempts, self.state = intent, tuple(attempts), state
        self._spent_looks = 0
        self._sent_at = float("-inf")

    def advance(self, promised: Report | None) -> Outcome | None:
        """One look, and what follows from it; the outcome once there is one. Raises RpcUnreachable, RpcRefused."""
        look = self._look()
        if look.receipt is not None:
            return self._weigh(look, look.receipt, promised)
        if look.count > self.attempts[-1].nonce:
            return self._spent(look)
        if self.state is TxState.MINED:
            self._record(TxState.SENT, "reorganised away")
            self._sent_at = float("-inf")
        return self._pending(look)

    def standing(self, reason: str) -> Outcome:
        """Where the intent stands when the watching ends early; nothing is recorded."""
        return unmined(self.intent, self.attempts[-1], self.state, reason)

    def _look(self) -> _Look:
        # an exit waits for its depth alone: a flatten must not wait a quarter of an hour for its halt to be finalized
        tag = self.rpc.profile.finality.tag if self.intent.action.bears_epoch else ""
        calls: list[Call] = [
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_getTransactionCount", [self.intent.signer, "latest"]),
            ("eth_call", [vault.read_epoch(self.intent.vault), "latest"]),
        ]
        calls += [("eth_getTransactionReceipt", [attempt.tx_hash]) for attempt in self.attempts]
        if tag:
            calls.append(("eth_getBlockByNumber", [tag, False]))
        found = [self.rpc.accepted(answer) for answer in self.rpc.many(calls)]
        head = self.rpc.understood(block_ref, found[0])
        last = found[3 + len(self.attempts)] if tag else None
        read = [
            receipts.read(answer, a.tx_hash, self.intent) for answer, a in zip(found[3:], self.attempts, strict=False)
        ]
        return _Look(
            head=head,
            final_number=self.rpc.understood(_number, last) if last else (-1 if tag else head.number),
            count=self.rpc.understood(_whole, found[1]),
            epoch=self.rpc.understood(vault.epoch_of, found[2]),
            receipt=next((receipt for receipt in read if receipt is not None), None),
        )

    def _weigh(self, look: _Look, receipt: Receipt, promised: Report | None) -> Outcome | None:
        header = self.rpc.call("eth_getBlockByNumber", [hex(receipt.block_number), False])
        if not isinstance(header, dict) or str(header.get("hash")).lower() != receipt.block_hash:
            return None
        block = self.rpc.understood(block_ref, header)
        if self.state is not TxState.MINED:
            self._record(TxState.MINED, f"mined in block {block.number}", receipt, block)
        deep = look.head.number - receipt.block_number + 1 >= self.rpc.profile.finality.depth
        if not deep or receipt.block_number > look.final_number:
            return None
        why_not = receipts.missing(self.intent, receipt, look.epoch)
        revert = None if receipt.succeeded else self._revert(block)
        return receipts.outcome(self.intent, receipt, block, why_not, revert, self.manifest, promised)

    def _revert(self, block: BlockRef) -> Revert | None:
        """Why it reverted, asked of the block before: near the truth, and None where the node no longer knows."""
        attempt = self.attempts[-1]
        sent = {
            "from": self.intent.signer,
            "to": self.intent.to,
            "data": self.intent.data,
            "gas": hex(attempt.gas_limit),
            "maxFeePerGas": hex(attempt.max_fee),
            "maxPriorityFeePerGas": hex(attempt.priority_fee),
        }
        found = self.rpc.ask("eth_call", [sent, hex(block.number - 1)])
        return abi.decode_revert(found.data) if isinstance(found, Refusal) and found.data else None

    def _spent(self, look: _Look) -> Outcome | None:
        """Our nonce is used, and no receipt is ours: looked at again, then it is somebody else's."""
        self._spent_looks += 1
        nonce = self.attempts[-1].nonce
        reason = f"nonce {nonce} is spent (the chain counts {look.count}) and no receipt is ours"
        if self.state is not TxState.RECONCILE:
            self._record(TxState.RECONCILE, reason)
        if self._spent_looks < SPENT_LOOKS:
            return None
        return unmined(self.intent, self.attempts[-1], TxState.SUPERSEDED, f"{reason}: the key is used elsewhere")

    def _pending(self, look: _Look) -> Outcome | None:
        dead = self._dead(look)
        seen = isinstance(self.rpc.call("eth_getTransactionByHash", [self.attempts[-1].tx_hash]), dict)
        if seen and self.state is not TxState.SENT:
            self._record(TxState.SENT, "the node has it")
        if dead and not seen:
            return dropped(self.intent, self.attempts[-1], dead)
        if not seen and (self.state is not TxState.SENT or time.monotonic() - self._sent_at >= RESEND_SECONDS):
            self._send_again()
        return None

    def _dead(self, look: _Look) -> str:
        """Why it can no longer succeed, if so."""
        if look.head.timestamp > self.intent.deadline:
            return f"its deadline {self.intent.deadline} has passed, and no node has seen it"
        if self.intent.epoch is not None and look.epoch > self.intent.epoch:
            return f"the vault's epoch moved from {self.intent.epoch} to {look.epoch}, and no node has seen it"
        return ""

    def _send_again(self) -> None:
        attempt = self.attempts[-1]
        reply, words = deliver(self.rpc, attempt)
        self._sent_at = time.monotonic()
        # a refusal proves nothing here: an earlier send of the same bytes may have reached another pool
        reply = Reply.UNCLEAR if reply is Reply.REFUSED else reply
        after = step(self.intent, attempt, reply, f"the same bytes again: {words}")
        if after.state is not self.state:
            self.state = after.state
            self.writer.record_event(after)

    def _record(
        self, state: TxState, reason: str, receipt: Receipt | None = None, block: BlockRef | None = None
    ) -> None:
        tx_hash = receipt.tx_hash if receipt else self.attempts[-1].tx_hash
        self.writer.record_event(TxEvent(self.intent.intent_id, state, tx_hash, block, reason))
        self.state = state


def _whole(found: Any) -> int:
    return int(found, 16)


def _number(header: Any) -> int:
    return int(header["number"], 16)


def never() -> bool:
    """Nobody wants the watching to end early."""
    return False


def settle(
    rpc: Rpc,
    writer: Writer,
    manifest: Manifest,
    intent: Intent,
    attempts: Sequence[TxAttempt],
    *,
    timeout: float,
    promised: Report | None = None,
    state: TxState | None = None,
    stopping: Callable[[], bool] = never,
) -> Outcome:
    """Follow an intent for at most `timeout` seconds, or until `stopping` says so.

    `state` is the journal's, read there where None; `promised` the simulation's report. FINAL_OK, FINAL_REVERT, DROPPED
    and SUPERSEDED are recorded ends. Any other state is where it stands: nothing final is recorded, and the next call
    goes on watching. An RPC that is away is waited for. Raises RpcRefused, JournalError.
    """
    watch = _Watch(rpc, writer, manifest, intent, attempts, state or writer.state_of(intent.intent_id))
    pause = min(max(rpc.profile.block_ms / 4_000, LEAST_PAUSE_LOCAL if rpc.profile.local else LEAST_PAUSE), 3.0)
    give_up = time.monotonic() + timeout
    while True:
        away = ""
        try:
            outcome = watch.advance(promised)
        except RpcUnreachable as error:
            outcome, away = None, error.message
        if outcome is not None:
            writer.record_outcome(outcome)
            return outcome
        if stopping():
            return watch.standing("told to stop before its end was known: the next start follows it")
        if time.monotonic() + pause > give_up:
            found = away or ("mined, not final yet" if watch.state is TxState.MINED else "no receipt yet")
            return watch.standing(f"{found}, after {timeout:g} s")
        time.sleep(pause)
