"""Each smaller part of the full set really used: signed reports, API3, the sequencer, staking, V2, CoW."""

from __future__ import annotations

import pytest

from keeper.devnet import accounts, api3, chainlink, sequencer, signed, staking, tokens, uniswap_v2
from keeper.devnet.book import Book
from keeper.devnet.calls import encode_call
from keeper.devnet.faults import CallReverted
from keeper.devnet.kit import Chain

DAY = 86_400
NEW = 3_100 * 10**8
PRECISE = 3_100 * 10**18


def test_a_report_of_enough_signers_moves_its_feeds_and_no_other(full: Book, hand: Chain) -> None:
    first = chainlink.latest(hand, full.signed["ETH"])
    signed.report(hand, full.contracts, full.signed, {"ETH": NEW, "USDC": 99_900_000})
    said = chainlink.latest(hand, full.signed["ETH"])
    assert (said.answer, said.updated_at) == (NEW, hand.now())
    assert said.round_id == first.round_id + 1
    assert chainlink.latest(hand, full.signed["USDC"]).answer == 99_900_000
    assert chainlink.latest(hand, full.signed["BTC"]).answer == 60_000 * 10**8


@pytest.mark.parametrize(
    "signers",
    [("network_1", "impostor"), ("network_1", "network_1"), ("network_1",), ("network_1", "network_2", "network_3")],
    ids=["forged", "twice the same", "too few", "too many"],
)
def test_a_report_without_the_right_signatures_is_refused(full: Book, hand: Chain, signers: tuple[str, ...]) -> None:
    before = chainlink.latest(hand, full.signed["ETH"])
    with pytest.raises(CallReverted):
        signed.report(hand, full.contracts, full.signed, {"ETH": 1}, signers=signers)
    assert chainlink.latest(hand, full.signed["ETH"]) == before


def test_any_two_of_the_network_are_enough(full: Book, hand: Chain) -> None:
    signed.report(hand, full.contracts, full.signed, {"ETH": NEW}, signers=("network_4", "network_2"))
    assert chainlink.latest(hand, full.signed["ETH"]).answer == NEW


def test_an_older_report_is_carried_in_and_changes_nothing(full: Book, hand: Chain) -> None:
    before = chainlink.latest(hand, full.signed["ETH"])
    signed.report(hand, full.contracts, full.signed, {"ETH": 1}, observed_at=before.updated_at - 1)
    assert chainlink.latest(hand, full.signed["ETH"]) == before


def test_a_signed_beacon_update_is_read_through_the_proxy(full: Book, hand: Chain) -> None:
    beacon = full.beacons["ETH"]
    api3.update(hand, full.contracts, beacon, PRECISE)
    said = chainlink.latest(hand, beacon)
    assert (said.answer, said.updated_at, said.round_id) == (PRECISE, hand.now(), 0)
    assert hand.read(beacon.proxy, "read()", "int224,uint32") == (PRECISE, hand.now())


def test_a_beacon_update_signed_by_another_is_refused(full: Book, hand: Chain) -> None:
    with pytest.raises(CallReverted, match="Signature mismatch"):
        api3.update(hand, full.contracts, full.beacons["ETH"], 1, signer="impostor")


def test_a_beacon_update_that_is_not_newer_is_refused(full: Book, hand: Chain) -> None:
    beacon = full.beacons["ETH"]
    said = chainlink.latest(hand, beacon)
    with pytest.raises(CallReverted, match="Does not update timestamp"):
        api3.update(hand, full.contracts, beacon, 1, signed_at=said.updated_at)
    assert chainlink.latest(hand, beacon) == said


def test_the_sequencer_goes_down_and_comes_up_with_a_new_start(full: Book, hand: Chain) -> None:
    def state() -> tuple[int, int]:
        found = hand.read(full.contracts["sequencer_feed"], "latestRoundData()", chainlink.ROUND)
        return found[1], found[2]

    answer, since = state()
    assert answer == 0
    assert hand.now() - since > 3600
    hand.mine_at(hand.now() + 60)
    down_at = hand.now()
    sequencer.say(hand, full.contracts, up=False)
    answer, since = state()
    assert (answer, down_at <= since < hand.now()) == (1, True)
    hand.mine_at(hand.now() + 600)
    up_at = hand.now()
    sequencer.say(hand, full.contracts, up=True)
    answer, since = state()
    assert (answer, up_at <= since < hand.now()) == (0, True)


def test_nobody_but_the_bridge_says_how_the_sequencer_is(full: Book, hand: Chain) -> None:
    with pytest.raises(CallReverted):
        hand.send(full.contracts["sequencer_aggregator"], "updateStatus(bool,uint64)", True, hand.now())


def test_staked_weth_earns_link_that_is_claimed_and_the_stake_comes_back(full: Book, hand: Chain) -> None:
    at, weth, link = full.contracts["staking_rewards"], full.tokens["WETH"], full.tokens["LINK"]
    user, stake = hand.sender, 10 * 10**18
    held, earned = tokens.balance(hand, weth, user), tokens.balance(hand, link, user)
    tokens.approve(hand, weth, user, at)
    hand.send(at, "stake(uint256)", stake)
    hand.mine_at(hand.now() + DAY)
    hand.send(at, "getReward()")
    first = tokens.balance(hand, link, user) - earned
    assert staking.REWARD // 7 * 999 // 1000 < first < staking.REWARD // 7 * 1001 // 1000, "the only staker for a day"
    hand.mine_at(hand.now() + 10 * DAY)
    hand.send(at, "exit()")
    assert tokens.balance(hand, weth, user) == held
    assert first < tokens.balance(hand, link, user) - earned <= staking.REWARD


def test_a_v2_swap_pays_its_fee_and_moves_its_price(full: Book, hand: Chain) -> None:
    weth, usdc = full.tokens["WETH"], full.tokens["USDC"]
    user, router = hand.sender, full.contracts["v2_router_02"]
    tokens.approve(hand, weth, user, router)
    before = tokens.balance(hand, usdc, user)
    uniswap_v2.swap(hand, router, weth, usdc, 10**18, user)
    got = tokens.balance(hand, usdc, user) - before
    assert 3_000 * 10**6 * 996 // 1000 < got < 3_000 * 10**6 * 997 // 1000
    [pair] = full.pairs
    usdc_side, weth_side, _ = hand.read(pair.address, "getReserves()", uniswap_v2.RESERVES)
    assert (pair.token0, pair.token1) == ("USDC", "WETH")
    assert usdc_side == 5_000_000 * 10**6 - got
    assert usdc_side * 10**12 / weth_side < 3_000


def test_the_v2_arbitrage_amount_is_nothing_inside_the_fee_and_lands_on_its_edge_outside() -> None:
    side, worth = 10**24, 10**18
    assert uniswap_v2.to_band(side, side, worth, worth) == 0
    assert uniswap_v2.to_band(side, side, worth, worth * 1002 // 1000) == 0
    amount = uniswap_v2.to_band(side, side, worth, worth * 11 // 10)
    after_in, after_out = side + amount, side * side // (side + amount)
    marginal = after_out * 997 * worth * 11 // 10 // after_in // 1000
    assert abs(marginal - worth) < worth // 10**6


def test_the_maker_may_settle_at_cow_and_a_stranger_may_not(full: Book, hand: Chain) -> None:
    settlement, authenticator = full.contracts["cow_settlement"], full.contracts["cow_authenticator"]
    is_solver = "isSolver(address)"
    assert hand.read(settlement, "authenticator()", "address").lower() == authenticator.lower()
    assert hand.read(authenticator, is_solver, "bool", full.address("maker")) is True
    assert hand.read(authenticator, is_solver, "bool", full.address("stranger")) is False
    data = encode_call(
        "settle(address[],uint256[],"
        "(uint256,uint256,address,uint256,uint256,uint32,bytes32,uint256,uint256,uint256,bytes)[],"
        "(address,uint256,bytes)[][3])",
        *([], [], [], [[], [], []]),
    )
    hand.transact(settlement, data, sender=full.address("maker"))
    with pytest.raises(CallReverted, match="not a solver"):
        hand.transact(settlement, data, sender=full.address("stranger"))


def test_the_signers_are_no_accounts_of_the_chain(full: Book) -> None:
    signers = {accounts.signer(name).address for name in accounts.SIGNERS}
    assert len(signers) == len(accounts.SIGNERS)
    assert not signers & {person.address for person in full.people.values()}
