"""The thief's figures on a chain made by hand: what counts as its doing, what a deed cost, what was only claimed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.audit import theft, words
from tests.audit.case import WHOLE, Case, Held
from tests.audit.faults import Differs
from tests.audit.ledger import Feeds, Ledger
from tests.audit.node import Node
from tests.audit.record import Block, Event, Log, Record, Sent
from tests.audit.test_parts import make_journal

VAULT, KEY, MONEY, TRADER, POOL = ("0x" + digit * 40 for digit in "12345")
WETH, USDC, LINK = ("0x" + digit * 40 for digit in "678")
AGGREGATORS = {"ETH": "0x" + "a" * 40, "USDC": "0x" + "b" * 40, "LINK": "0x" + "c" * 40}
FEEDS = {"ETH": 3_000, "USDC": 1, "LINK": 10}
TRUE = {"ETH": 3_010 * WHOLE, "USDC": WHOLE, "LINK": 10 * WHOLE + WHOLE // 20}
STRANGE, KNOWN = "0x" + "e" * 64, "0x" + "f" * 64


def word(number: int) -> str:
    return f"0x{number:064x}"


def place(address: str) -> str:
    return "0x" + address[2:].rjust(64, "0")


def moved(block: int, token: str, source: str, target: str, amount: int) -> Log:
    topics = (words.TRANSFER.topic, place(source), place(target))
    return Log(block, 0, f"tx{block}", token, topics, word(amount))


def answers() -> list[Log]:
    rows = [(aggregator, FEEDS[asset] * 10**8) for asset, aggregator in AGGREGATORS.items()]
    topic = words.ANSWER.topic
    first = [Log(0, 0, "tx0", address, (topic, word(answer), word(1)), word(0)) for address, answer in rows]
    return [*first, Log(4, 0, "tx4", AGGREGATORS["ETH"], (topic, word(3_001 * 10**8), word(2)), word(0))]


def record() -> Record:
    """A deposit in 1, the market's steps in 2 and 5, the thief's money in 3, its key in 4 and 6, the keeper's in 7."""
    senders = {1: TRADER, 2: TRADER, 3: MONEY, 4: KEY, 5: TRADER, 6: KEY, 7: KEY}
    blocks, time = [], 1_000
    for number in range(8):
        time += 900 if number in (2, 5) else 1
        sender = senders.get(number)
        sent = (Sent(f"tx{number}", number, sender, VAULT, "0x"),) if sender else ()
        blocks.append(Block(number, time, sent))
    logs = [
        *answers(),
        moved(1, WETH, TRADER, VAULT, 10 * WHOLE),
        moved(1, USDC, TRADER, VAULT, 20_000 * 10**6),
        moved(4, WETH, VAULT, POOL, WHOLE),
        moved(4, USDC, POOL, VAULT, 2_900 * 10**6),
        moved(6, LINK, POOL, VAULT, 100 * WHOLE),
        moved(6, LINK, VAULT, POOL, 100 * WHOLE),
        moved(6, USDC, POOL, VAULT, 1_000 * 10**6),
    ]
    return Record(tuple(blocks), tuple(logs))


def event(name: str, block: int, decision_id: str, **more: Any) -> Event:
    log = Log(block, 9, f"tx{block}", VAULT, (), "0x")
    return Event(name, log, {"decisionId": decision_id, "report": (0, 0, 0, 0, 0, 77), **more})


@pytest.fixture
def case(tmp_path: Path) -> Case:
    path = tmp_path / "journal.sqlite"
    make_journal(path, known=(KNOWN,))
    prices = {str(step): {asset: str(price) for asset, price in TRUE.items()} for step in (1, 2)}
    rows = {asset: [{"proxy": "0x", "decimals": 8, "aggregator": one}] * 2 for asset, one in AGGREGATORS.items()}
    people = {"thief": MONEY, "trader": TRADER, "keeper": KEY}
    told = record()
    return Case(
        data={"journal": {"path": str(path), "others": []}, "attack": {"thief": KEY, "true_prices": prices}},
        manifest={},
        book={"people": {role: {"address": address} for role, address in people.items()}},
        node=Node("http://127.0.0.1:1"),
        record=told,
        vault=VAULT,
        rulebook="",
        assets=(Held("WETH", WETH, 18, "ETH"), Held("USDC", USDC, 6, "USDC", safe_rank=1)),
        rewards=(Held("LINK", LINK, 18, "LINK"),),
        feeds=Feeds(rows, told),
        ledger=Ledger(told, VAULT),
        events=(event("Rebalanced", 4, STRANGE), event("Harvested", 6, STRANGE), event("Rebalanced", 7, KNOWN)),
    )


def test_a_deed_is_one_whose_id_no_journal_knows(case: Case) -> None:
    assert [one.log.block for one in theft._acts(case, KEY)] == [4, 6]
    assert theft._own_blocks(case) == [3]
    assert theft.hidden(case)


def test_a_rebalance_costs_what_left_less_what_came_at_true_prices(case: Case) -> None:
    deed = theft._Deed(case, case.events[0])
    assert (deed.kind, deed.step, deed.loss) == ("rebalance", 1, 77)
    assert deed.true_loss_usd == 110 * WHOLE
    assert deed.true_loss == 110 * WHOLE * WHOLE // (50_100 * WHOLE)
    assert deed.traded == -101 * WHOLE  # the feed rose to $3,001: that is no trade


def test_what_a_harvest_claims_is_no_trade(case: Case) -> None:
    deed = theft._Deed(case, case.events[1])
    assert (deed.kind, deed.step) == ("harvest", 2)
    assert deed.true_loss_usd == 5 * WHOLE  # 100 LINK at $10.05, sold for $1,000
    assert deed.traded == 1_000 * WHOLE


def test_a_true_price_far_from_the_feeds_is_none(case: Case) -> None:
    assert theft._true_prices(case, [1])["1"]["ETH"] == str(TRUE["ETH"])
    assert theft.far(case) == 50  # LINK's feed, 5 cents off 10.05
    case.data["attack"]["true_prices"]["1"]["ETH"] = str(3_031 * WHOLE)
    with pytest.raises(Differs, match="102 bps off its feeds"):
        theft._true_prices(case, [1])


def test_a_deed_in_a_step_without_true_prices_is_red(case: Case) -> None:
    del case.data["attack"]["true_prices"]["2"]["LINK"]
    with pytest.raises(Differs, match="no price of LINK in step 2"):
        theft._Deed(case, case.events[1])
