"""Aave as a user meets it: supply, interest, withdrawal, incentives, scarcity, and the ERC-4626 wrapper."""

from __future__ import annotations

import pytest

from keeper.devnet import aave, tokens
from keeper.devnet.book import Book, Token
from keeper.devnet.faults import CallReverted
from keeper.devnet.kit import MAX, Chain

DAY = 86_400
MILLION = 1_000_000 * 10**6
FEW_SECONDS = 10_000
"""Base units of interest that a million USDC may earn while a test sends a few transactions."""
RAY = 10**27
WITHDRAW = "withdraw(address,uint256,address)"
ALL_REWARDS = "getAllUserRewards(address[],address)"
CLAIM = "claimAllRewards(address[],address)"


@pytest.fixture
def usdc(full: Book, hand: Chain) -> Token:
    """USDC that the user lets the pool take."""
    token = full.tokens["USDC"]
    tokens.approve(hand, token, hand.sender, full.contracts["aave_pool"])
    return token


def receipt(full: Book, hand: Chain, symbol: str) -> int:
    return int(hand.read(full.reserves[symbol].a_token, "balanceOf(address)", "uint256", hand.sender))


def test_utilisation_is_what_the_listings_say(full: Book, hand: Chain) -> None:
    for listing in aave.LISTINGS:
        reserve = full.reserves[listing.symbol]
        lent = hand.read(reserve.debt_token, "totalSupply()", "uint256")
        supplied = hand.read(reserve.a_token, "totalSupply()", "uint256")
        assert lent * 1000 // supplied in (
            wanted := listing.borrowed_usd * 1000 // listing.supplied_usd,
            wanted - 1,
            wanted + 1,
        )


def test_a_supply_earns_interest_and_incentives_and_comes_back_whole(full: Book, hand: Chain, usdc: Token) -> None:
    pool, rewards, link = full.contracts["aave_pool"], full.contracts["aave_rewards"], full.tokens["LINK"]
    held = [full.reserves["USDC"].a_token]
    aave.supply(hand, pool, usdc, MILLION, hand.sender)
    assert MILLION - 1 <= receipt(full, hand, "USDC") <= MILLION
    hand.mine_at(hand.now() + DAY)
    grown = receipt(full, hand, "USDC")
    assert MILLION * 5 // 100_000 < grown - MILLION < MILLION * 15 // 100_000, "1.8 to 5.5 % a year"
    accrued = hand.read(rewards, ALL_REWARDS, "address[],uint256[]", held, hand.sender)[1][0]
    assert aave.EMISSION * DAY // 100 < accrued < aave.EMISSION * DAY // 40, "1 of 51 million held, since a day"
    before = tokens.balance(hand, link, hand.sender)
    hand.send(rewards, CLAIM, held, hand.sender)
    assert accrued <= tokens.balance(hand, link, hand.sender) - before < accrued * 1001 // 1000
    cash = tokens.balance(hand, usdc, hand.sender)
    hand.send(pool, WITHDRAW, usdc.address, MAX, hand.sender)
    assert receipt(full, hand, "USDC") == 0
    assert grown <= tokens.balance(hand, usdc, hand.sender) - cash < grown + FEW_SECONDS


def test_what_is_lent_out_cannot_be_withdrawn(full: Book, hand: Chain, usdc: Token) -> None:
    pool, maker = full.contracts["aave_pool"], full.address("maker")
    aave.supply(hand, pool, usdc, MILLION, hand.sender)
    idle = tokens.balance(hand, usdc, full.reserves["USDC"].a_token)
    aave.borrow(hand, pool, usdc, idle - MILLION // 2, maker)
    with pytest.raises(CallReverted):
        hand.send(pool, WITHDRAW, usdc.address, MILLION, hand.sender)
    hand.send(pool, WITHDRAW, usdc.address, MILLION // 2, hand.sender)
    assert receipt(full, hand, "USDC") <= MILLION // 2 + 10 * FEW_SECONDS


def test_borrowing_without_collateral_is_refused(full: Book, hand: Chain) -> None:
    with pytest.raises(CallReverted):
        aave.borrow(hand, full.contracts["aave_pool"], full.tokens["DAI"], 10**18, full.address("stranger"))


def test_the_wrapper_is_an_erc4626_vault_that_grows_and_passes_incentives_on(full: Book, hand: Chain) -> None:
    wrapped, usdc, link = full.wrapped["waUSDC"], full.tokens["USDC"], full.tokens["LINK"]
    at, user = wrapped.address, hand.sender
    assert hand.read(at, "asset()", "address").lower() == usdc.address.lower()
    assert hand.read(at, "decimals()", "uint8") == wrapped.decimals == 6
    assert hand.read(at, "rewardTokens()", "address[]") == (link.address.lower(),)
    tokens.approve(hand, usdc, user, at)
    hand.send(at, "deposit(uint256,address)", MILLION, user)
    shares = hand.read(at, "balanceOf(address)", "uint256", user)
    then = hand.read(at, "convertToAssets(uint256)", "uint256", shares)
    hand.mine_at(hand.now() + DAY)
    now = hand.read(at, "convertToAssets(uint256)", "uint256", shares)
    assert now > then >= MILLION - 2
    claimable = hand.read(at, "getClaimableRewards(address,address)", "uint256", user, link.address)
    before = tokens.balance(hand, link, user)
    hand.send(at, "claimRewards(address,address[])", user, [link.address])
    assert claimable <= tokens.balance(hand, link, user) - before <= claimable * 1001 // 1000
    assert claimable > aave.EMISSION * DAY // 100
    cash = tokens.balance(hand, usdc, user)
    hand.send(at, "redeem(uint256,address,address)", shares, user, user)
    assert now <= tokens.balance(hand, usdc, user) - cash < now + FEW_SECONDS
    assert hand.read(at, "balanceOf(address)", "uint256", user) == 0


def test_both_wrappers_are_there_and_only_the_incentivised_one_pays(full: Book, hand: Chain) -> None:
    assert {symbol: wrapped.underlying for symbol, wrapped in full.wrapped.items()} == {
        "waUSDC": "USDC",
        "waWETH": "WETH",
    }
    assert hand.read(full.wrapped["waWETH"].address, "rewardTokens()", "address[]") == ()
    assert hand.read(full.wrapped["waWETH"].address, "maxDeposit(address)", "uint256", hand.sender) > 0


def test_the_market_prices_its_reserves_by_the_first_voice(full: Book, hand: Chain) -> None:
    for symbol in full.reserves:
        token = full.tokens[symbol]
        priced = hand.read(full.contracts["aave_oracle"], "getAssetPrice(address)", "uint256", token.address)
        source = hand.read(full.contracts["aave_oracle"], "getSourceOfAsset(address)", "address", token.address)
        assert source.lower() == full.feeds[token.asset][0].proxy.lower()
        assert priced == {"WETH": 3_000, "USDC": 1, "WBTC": 60_000, "DAI": 1}[symbol] * 10**8


def test_the_supplied_rate_is_below_the_borrowed_one(full: Book, hand: Chain) -> None:
    signature = "getReserveData(address)"
    kinds = "uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint40"
    data = hand.read(full.contracts["aave_data_provider"], signature, kinds, full.tokens["USDC"].address)
    supplied, borrowed = data[5], data[6]
    assert 3 * RAY // 100 < supplied < borrowed < 6 * RAY // 100
