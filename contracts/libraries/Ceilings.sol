// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The hard ceilings: no owner, no delay and no signature goes past them
/// @dev Each with its argument. bps = 1/10,000.
library Ceilings {
    /// @dev 10,000 bps = the whole.
    uint256 internal constant BPS = 10_000;
    /// @dev Shares, drift, turnover and loss: 1e18 = 100 %. Prices and values: USD with 18 decimals.
    uint256 internal constant ONE = 1e18;

    /// @dev 2 %: the largest fee tier (1 %) + a 0.5 % feed deviation on each side. Gamma lost over $6M through a threshold
    /// that could be set to 50-200 %.
    uint256 internal constant SLIP_BPS = 200;
    /// @dev 10 %: twice the default. A discount past it gives more away than waiting for the next block usually costs, and
    /// the owner can always withdraw in kind instead.
    uint256 internal constant EMERGENCY_BPS = 1000;
    /// @dev 1 % of NAV in any 24 h: what a stolen keeper key may cost before a person looks once a day.
    uint256 internal constant LOSS_DAY_BPS = 100;
    /// @dev 5 % in any 30 d: a thief unnoticed for a month must be bounded too.
    uint256 internal constant LOSS_MONTH_BPS = 500;
    /// @dev 60 % of NAV in any 24 h: the true loss is the loss by the oracle plus turnover times the feeds' error.
    uint256 internal constant TURNOVER_DAY_BPS = 6000;
    /// @dev 400 % in any 30 d, by the same argument.
    uint256 internal constant TURNOVER_MONTH_BPS = 40_000;
    /// @dev 5 %: beyond it "agreement" between voices means nothing.
    uint256 internal constant SPREAD_BPS = 500;
    /// @dev 10 %: a refuge further from a dollar is no refuge.
    uint256 internal constant DEPEG_BPS = 1000;
    /// @dev Values and floors are products of an amount, a price and 10^decimals; no token in use has more.
    uint256 internal constant DECIMALS = 24;
    /// @dev 0.01 % of NAV as smallest largest-trade: no limit may stop the vault for good.
    uint256 internal constant MAX_TRADE_FLOOR_BPS = 1;
    /// @dev 1-7 days between queue and execute: a weekend, and not for ever.
    uint256 internal constant DELAY_MIN = 1 days;
    uint256 internal constant DELAY_MAX = 7 days;
    /// @dev No cooldown may disable the vault for longer than a week.
    uint256 internal constant COOLDOWN = 7 days;
    /// @dev A mandate is renewed each quarter or it lapses.
    uint256 internal constant MANDATE = 90 days;
    /// @dev A keeper's transaction is decided on a state at most an hour old.
    uint256 internal constant KEEPER_DEADLINE = 1 hours;
    /// @dev 16 targets of 16 bits fill one word.
    uint256 internal constant ASSETS = 16;
    /// @dev 4 ways out of each asset; flatten reads them all.
    uint256 internal constant ROUTES = 64;
    /// @dev Few enough to read in a block explorer.
    uint256 internal constant ACCOUNTS = 8;
    /// @dev Marks the reward of a claim as the asset a route sells.
    uint8 internal constant REWARD = 255;
}
