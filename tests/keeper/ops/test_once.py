"""`keeper once` and `keeper plan` at a real vault: first what holds them back, then what they do."""

from __future__ import annotations

from keeper.journal import Journal, Writer, last_rows, unfinished_intents, verify
from keeper.model import ActionKind
from tests.keeper.ops.place import Place

LIVE = ("once", "--mode", "live")
REVERTING = "0x60006000fd"
"""PUSH 0, PUSH 0, REVERT."""


def rows(place: Place, *tables: str) -> list[dict[str, object]]:
    with Journal.open(f"sqlite:///{place.journal}", create=False) as journal:
        verify(journal)
        return last_rows(journal, 1_000, tables)


def test_on_target_there_is_nothing_to_do(place: Place) -> None:
    answer = place.said(*LIVE)
    assert (answer["data"]["action"], answer["data"]["reason_code"]) == ("NOOP", "inside-band")
    assert [row["reason_code"] for row in rows(place, "cycle")] == ["inside-band"]
    assert place.sent("keeper") == 0


def test_a_halted_vault_holds(drifted: Place) -> None:
    drifted.said("kill", "--yes")
    answer = drifted.said(*LIVE, exit_code=3)
    assert answer["error"]["message"].startswith("halted: the vault was halted at ")
    assert answer["error"]["remedy"] == "find out why it was halted; when all is well its owner starts it again"
    assert drifted.sent("keeper") == 0


def test_dear_gas_holds_and_says_what_it_costs(drifted: Place) -> None:
    drifted.rewrite('clock = "chain"', 'clock = "chain"\ngas_ceiling_gwei = 5')
    usual = drifted.node.block()["baseFeePerGas"]
    drifted.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    try:
        drifted.node.rpc("anvil_mine", "0x1")
        answer = drifted.said(*LIVE, exit_code=3)
    finally:
        drifted.node.rpc("anvil_setNextBlockBaseFeePerGas", usual)  # evm_revert leaves the node's own fee as it is
    assert answer["error"]["message"].startswith("gas-ceiling: gas costs ")
    assert drifted.sent("keeper") == 0


def test_a_keeper_without_gas_money_holds(drifted: Place) -> None:
    drifted.node.rpc("anvil_setBalance", drifted.deployed.book.address("keeper"), hex(10**12))
    answer = drifted.said(*LIVE, exit_code=3)
    assert answer["error"]["message"].startswith("gas-money: the signer has 0.000001 of the chain's coin")
    assert answer["error"]["remedy"] == "send coin for gas to the keeper's address"
    assert drifted.sent("keeper") == 0


def test_a_pool_that_fails_is_refused_and_the_revert_is_named(drifted: Place) -> None:
    for pool in drifted.deployed.book.pools:
        drifted.node.rpc("anvil_setCode", pool.address, REVERTING)
    answer = drifted.said(*LIVE, exit_code=5)
    assert answer["error"]["message"].startswith("simulation: REBALANCE reverts with ")
    assert drifted.sent("keeper") == 0
    checks = {check["name"]: check["ok"] for check in answer["data"]["checks"]}
    assert [name for name, good in checks.items() if not good] == ["simulation"]


def test_a_feed_that_falls_silent_holds(drifted: Place) -> None:
    drifted.node.mine_at(drifted.node.now() + 3 * 86_400)
    answer = drifted.said(*LIVE, exit_code=3)
    assert answer["error"]["message"].startswith("no-price: WETH has no price: ")
    assert "stale" in answer["error"]["message"]


def test_a_strangers_pending_transaction_holds(drifted: Place) -> None:
    node = drifted.node
    node.rpc("evm_setAutomine", False)
    try:
        keeper = drifted.deployed.book.address("keeper")
        node.rpc("anvil_impersonateAccount", keeper)
        node.rpc("eth_sendTransaction", {"from": keeper, "to": keeper, "value": "0x0"})
        answer = drifted.said(*LIVE, exit_code=3)
    finally:
        node.rpc("anvil_dropAllTransactions")
        node.rpc("evm_setAutomine", True)
    assert answer["error"]["message"].startswith("own-nonce: 1 transactions of the signer wait")


def test_dry_says_what_it_would_do_and_sends_nothing(drifted: Place) -> None:
    answer = drifted.said("once")
    data = answer["data"]
    assert (data["action"], data["verdict"], data["acted"], data["outcome"]) == ("REBALANCE", "PASS", False, None)
    assert all(check["ok"] for check in data["checks"])
    assert drifted.sent("keeper") == 0
    assert rows(drifted, "intent", "tx_attempt") == []
    assert [row["action"] for row in rows(drifted, "cycle")] == ["REBALANCE"]


def test_no_configuration_makes_it_live(drifted: Place) -> None:
    drifted.rewrite("[keeper]\n", '[keeper]\nmode = "live"\n')
    assert drifted.said("once")["data"]["acted"] is False
    assert drifted.sent("keeper") == 0


def test_live_brings_the_vault_back_and_the_journal_tells_it(drifted: Place) -> None:
    answer = drifted.said(*LIVE)
    data = answer["data"]
    report = data["outcome"]["report"]
    assert (data["acted"], data["outcome"]["state"]) == (True, "FINAL_OK")
    assert int(report["drift_after"]) < int(report["drift_before"]) // 10
    assert drifted.sent("keeper") == 1
    assert drifted.said("status")["data"]["vault"]["epoch"] == "2"
    states = [row["state"] for row in rows(drifted, "tx_event")]
    assert states == ["SIGNED", "SENT", "MINED", "FINAL_OK"]
    (decision,) = rows(drifted, "decision")
    assert decision["decision_id"] == data["decision_id"]


def test_the_tick_after_an_act_knows_of_it(drifted: Place) -> None:
    first = drifted.said(*LIVE)["data"]["decision_id"]
    answer = drifted.said(*LIVE)
    assert answer["data"]["reason_code"] == "inside-band"
    assert drifted.sent("keeper") == 1
    decisions = rows(drifted, "decision")
    assert decisions[1]["previous_id"] == first
    assert decisions[1]["state_hash"] != decisions[0]["state_hash"]


def test_plan_simulates_every_route_and_writes_nothing(drifted: Place) -> None:
    before = drifted.files()
    answer = drifted.said("plan")
    data = answer["data"]
    ways = {tuple(order["route"] for order in one["orders"]) for one in data["simulations"]}
    assert len(ways) == len(data["simulations"]) == 4  # two orders, two ways each
    assert data["verdict"] == "PASS"
    navs = [int(one["report"]["nav_after"]) for one in data["simulations"]]
    assert navs[data["chosen"]] == max(navs)
    assert drifted.files() == before
    assert drifted.sent("keeper") == 0
    text = drifted.text("plan")
    assert "beyond the 2.00 % band" in text
    assert "taken" in text


def test_plan_wants_no_key(drifted: Place) -> None:
    text = drifted.config.read_text()
    drifted.config.write_text(text[: text.index("[signer.keeper]")])
    assert drifted.said("plan")["data"]["verdict"] == "PASS"


def test_an_intent_that_was_never_signed_is_closed_before_the_next(drifted: Place) -> None:
    from tests.keeper.journal import scene

    post = drifted.post()
    with (
        Journal.open(f"sqlite:///{drifted.journal}") as journal,
        Writer(journal, post.stream(), lambda: 1) as writer,
    ):
        writer.record_intent(scene.intent("0x" + "e1" * 32, signer=post.account or "", epoch=1))
    answer = drifted.said(*LIVE)
    assert answer["data"]["outcome"]["state"] == "FINAL_OK"
    with Journal.open(f"sqlite:///{drifted.journal}") as journal:
        assert unfinished_intents(journal, post.stream()) == ()
    assert [row["action"] for row in rows(drifted, "intent")] == [ActionKind.REBALANCE] * 2
