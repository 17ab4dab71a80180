"""From an intent to the node: signed, stored, sent, in this order and once.

The journal holds the bytes before the node does. A lost answer leaves the state UNKNOWN, and only the same bytes are
ever sent again. There is no nonce counter: the chain's count says which nonce is next.
"""

from __future__ import annotations

from enum import Enum, auto

from keeper.chain.fees import Fees
from keeper.chain.rpc import Refusal, Rpc
from keeper.chain.signer import Signer
from keeper.errors import HaltError, RpcRefused, RpcUnreachable, SignerNotEntitled
from keeper.journal import Writer
from keeper.model import Address, AttemptKind, Intent, Outcome, TxAttempt, TxEvent, TxState
from keeper.units import Wei

_KNOWN = ("already known", "already imported", "known transaction", "already in", "already exists", "alreadyknown")
_NONCE_SPENT = ("nonce too low", "nonce is too low", "invalid nonce", "oldnonce")
_DEFINITE = (
    "insufficient funds",
    "underpriced",
    "less than block base fee",
    "fee cap",
    "feetoolow",
    "intrinsic gas",
    "gas limit",
    "exceeds",
    "nonce too high",
    "invalid sender",
    "invalid signature",
    "chain id",
    "not supported",
)


class Reply(Enum):
    """What a node's answer to signed bytes means."""

    ACCEPTED = auto()
    NONCE_SPENT = auto()
    REFUSED = auto()
    UNCLEAR = auto()


def submit(
    rpc: Rpc, writer: Writer, signer: Signer, intent: Intent, fees: Fees, *, nonce: int | None = None
) -> TxAttempt:
    """Sign, store, send. The attempt's state in the journal is SENT, UNKNOWN (no clear answer) or RECONCILE.

    `nonce` is the account's count as observed; asked from the chain where None. Raises RpcRefused once a definite
    refusal is recorded (DROPPED), HaltError where something unknown to the journal is pending from this account,
    SignerNotEntitled for a signer that is not the intent's, RpcUnreachable and JournalError before anything is sent.
    """
    if signer.address != intent.signer:
        raise SignerNotEntitled(signer.role, signer.address, f"the intent names {intent.signer}")
    if fees.max_fee > intent.max_fee_ceiling:
        raise ValueError(f"a bid of {fees.max_fee} wei passes the intent's ceiling of {intent.max_fee_ceiling} wei")
    number = next_nonce(rpc, signer.address) if nonce is None else nonce
    signed = signer.sign(intent.chain_id, number, intent.to, intent.data, intent.gas_limit, fees)
    attempt = TxAttempt(
        intent_id=intent.intent_id,
        number=0,
        kind=AttemptKind.ORIGINAL,
        nonce=number,
        tx_hash=signed.tx_hash,
        raw=signed.raw,
        gas_limit=intent.gas_limit,
        max_fee=fees.max_fee,
        priority_fee=fees.priority_fee,
    )
    writer.record_attempt(attempt)
    reply, words = deliver(rpc, attempt)
    if reply is Reply.REFUSED:
        writer.record_outcome(dropped(intent, attempt, words))
        raise RpcRefused(rpc.label, "eth_sendRawTransaction", words)
    writer.record_event(step(intent, attempt, reply, words))
    return attempt


def deliver(rpc: Rpc, attempt: TxAttempt) -> tuple[Reply, str]:
    """The bytes of an attempt, sent once; what the answer means, and the words for it."""
    try:
        found = rpc.send("eth_sendRawTransaction", [attempt.raw])
    except RpcUnreachable as error:
        return Reply.UNCLEAR, error.reason
    if isinstance(found, Refusal):
        return meaning(found.message), found.message
    if isinstance(found, str) and found.lower() == attempt.tx_hash:
        return Reply.ACCEPTED, "the node took it"
    return Reply.UNCLEAR, f"the node answered {str(found)[:80]}, not the transaction's hash"


def meaning(message: str) -> Reply:
    """A refusal by its words, which every node chooses itself; what no list knows is unclear, never final."""
    words = message.lower()
    if any(known in words for known in _KNOWN):
        return Reply.ACCEPTED
    if any(spent in words for spent in _NONCE_SPENT):
        return Reply.NONCE_SPENT
    return Reply.REFUSED if any(definite in words for definite in _DEFINITE) else Reply.UNCLEAR


def step(intent: Intent, attempt: TxAttempt, reply: Reply, words: str) -> TxEvent:
    """Where an answer that is no refusal leaves the intent."""
    states = {
        Reply.ACCEPTED: TxState.SENT,
        Reply.NONCE_SPENT: TxState.RECONCILE,
        Reply.UNCLEAR: TxState.UNKNOWN,
    }
    return TxEvent(intent.intent_id, states[reply], attempt.tx_hash, None, words)


def dropped(intent: Intent, attempt: TxAttempt | None, reason: str) -> Outcome:
    """The end of an intent that will not be on chain."""
    return unmined(intent, attempt, TxState.DROPPED, reason)


def unmined(intent: Intent, attempt: TxAttempt | None, state: TxState, reason: str) -> Outcome:
    """How an intent stands that no receipt speaks for."""
    return Outcome(
        intent_id=intent.intent_id,
        state=state,
        tx_hash=attempt.tx_hash if attempt else None,
        block=None,
        gas_used=0,
        fee_paid=Wei(0),
        report=None,
        deltas=(),
        slippage_oracle=None,
        slippage_simulated=None,
        revert=None,
        reason=reason,
    )


def next_nonce(rpc: Rpc, account: Address) -> int:
    """The account's count. HaltError where it has something pending: the journal knows of nothing, so the key is used
    elsewhere. Raises RpcUnreachable, RpcRefused."""
    mined, pending = (
        rpc.understood(lambda count: int(count, 16), rpc.accepted(found))
        for found in rpc.many([("eth_getTransactionCount", [account, tag]) for tag in ("latest", "pending")])
    )
    if pending > mined:
        raise HaltError(
            f"{account} has {pending - mined} pending transactions that this journal did not send",
            remedy="find out who else holds this key, and have the owner revoke it",
        )
    return mined
