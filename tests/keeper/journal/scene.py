"""One small vault and its ticks, as values: what the journal's tests write."""

from __future__ import annotations

from dataclasses import replace

from keeper.journal import Cycle, Deliberation, StreamKey
from keeper.model import (
    NO_HISTORY,
    ZERO_HASH,
    ActionKind,
    AssetDelta,
    AssetState,
    AttemptKind,
    BlockRef,
    Check,
    Decision,
    DecisionConfig,
    GuardReport,
    GuardVerdict,
    Headroom,
    Intent,
    LastAction,
    Limits,
    Order,
    Outcome,
    PolicyState,
    PriceObservation,
    PriceVerdict,
    Report,
    RouteState,
    Snapshot,
    SourceKind,
    TxAttempt,
    TxState,
    VaultMode,
    VaultState,
)
from keeper.units import WAD, Bps, Seconds, Share18, Timestamp, TokenUnits, Usd18, Wei

VAULT = "0x00000000000000000000000000000000000000A1"
SIGNER = "0x00000000000000000000000000000000000000b2"
ROUTER = "0x00000000000000000000000000000000000000C3"
GENESIS = "0x" + "9e" * 32
START = 1_700_000_000

KEY = StreamKey(keeper="keeper", chain_id=31337, genesis=GENESIS, vault=VAULT)
CONFIG = DecisionConfig("bands", "bands", Bps(200), Bps(0), "", Bps(1), Bps(1_000), Wei(200 * 10**9))
LIMITS = Limits(
    *(Bps(n) for n in (100, 25, 25, 1_000, 5, 500, 500, 10, 15, 75, 3_000, 20_000)),
    Seconds(300),
    Seconds(3_600),
    Seconds(3_600),
    Seconds(172_800),
    Wei(200 * 10**9),
    True,
)
REPORT = Report(
    Usd18(10**24), Usd18(10**24 - 10**20), Share18(3 * 10**16), Share18(10**16), Share18(2 * 10**16), Share18(10**14)
)


def block(number: int) -> BlockRef:
    return BlockRef(number, "0x" + f"{number:064x}", Timestamp(START + 12 * number), Wei(10**9))


def snapshot(number: int) -> Snapshot:
    share = Share18(WAD // 100)
    vault = VaultState(
        address=VAULT,
        mode=VaultMode.ACTIVE,
        epoch=7,
        config_version=1,
        nav=Usd18(10**24),
        drift=Share18(3 * 10**16),
        halted_at=Timestamp(0),
        next_rebalance_at=Timestamp(START),
        mandate_expires=Timestamp(START + 86_400),
        headroom=Headroom(share, share, share, share),
        limits=LIMITS,
    )
    asset = AssetState(
        0, "WETH", ROUTER, 18, TokenUnits(10**20), Usd18(2_000 * WAD), Usd18(1_999 * WAD), Usd18(2_001 * WAD),
        Usd18(200_000 * WAD), share, share, Bps(4_000), Bps(2_000), Bps(6_000), True, False, 0,
    )  # fmt: skip
    voices = tuple(
        PriceObservation(
            0, name, SourceKind.PUSH, Usd18(2_000 * WAD), Timestamp(START), Seconds(12 * number), PriceVerdict.OK
        )
        for name in ("one", "two")
    )
    route = RouteState(0, 0, 1, ROUTER, ROUTER, Bps(30), True)
    return Snapshot(31337, block(number), vault, (asset,), (route,), voices)


def decision(action: ActionKind = ActionKind.REBALANCE, code: str = "drift", at: int = START) -> Decision:
    orders = (Order(0, TokenUnits(10**18), TokenUnits(1)),) if action is ActionKind.REBALANCE else ()
    after = PolicyState(last_actions=(LastAction(action, Timestamp(at)),))
    return Decision(action, orders, code, f"because of {code}", Usd18(10**18), Usd18(10**19), after)


def cycle(number: int, previous: str = ZERO_HASH, *, acts: bool = True, code: str = "drift") -> Cycle:
    action = ActionKind.REBALANCE if acts else ActionKind.NOOP
    made = Deliberation(snapshot(number), NO_HISTORY, PolicyState(), None, CONFIG, decision(action, code), previous)
    check = Check("gas-ceiling", GuardVerdict.PASS, 10**9, 200 * 10**9, "wei")
    return Cycle(made, GuardReport(GuardVerdict.PASS, (check,)) if acts else None, acts)


def held(number: int, previous: str, name: str) -> Cycle:
    """A decision to act that guard holds."""
    base = cycle(number, previous)
    check = Check(name, GuardVerdict.HOLD, 5, 3, "bps", f"{name} is 5 bps, at most 3")
    return replace(base, guard=GuardReport(GuardVerdict.HOLD, (check,)), acts=False)


def intent(decision_id: str, *, epoch: int | None = 7, signer: str = SIGNER, child: int = 0) -> Intent:
    from keeper.ids import intent_id

    return Intent(
        intent_id(decision_id, child), decision_id, child, ActionKind.REBALANCE, 31337, VAULT, signer, VAULT, "0x01",
        500_000, Wei(100 * 10**9), epoch, Timestamp(START + 600),
    )  # fmt: skip


def attempt(of: Intent, nonce: int, number: int = 0) -> TxAttempt:
    kind = AttemptKind.ORIGINAL if number == 0 else AttemptKind.REPLACEMENT
    tx_hash = "0x" + f"{nonce:032x}{number:032x}"
    return TxAttempt(of.intent_id, number, kind, nonce, tx_hash, "0x02f8", 500_000, Wei(3 * 10**9), Wei(10**9))


def outcome(of: Intent, state: TxState = TxState.FINAL_OK) -> Outcome:
    report = REPORT if state is TxState.FINAL_OK else None
    return Outcome(
        of.intent_id, state, "0x" + "ab" * 32, block(9), 400_000, Wei(10**15), report, (AssetDelta(0, -(10**18)),),
        -5, 3, None, "as simulated",
    )  # fmt: skip
