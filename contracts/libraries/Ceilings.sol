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
    /// @dev One distributor a share, at most.
    uint256 internal constant CLAIMS = 16;
    /// @dev 32 changes wait at once: more than any one plan needs, and few enough for a guardian to veto in one call.
    uint256 internal constant PENDING = 32;
    /// @dev 100 USD: what a balance may be worth and neither count nor be sold; about what selling it costs on a busy day.
    uint256 internal constant DUST = 100e18;
    /// @dev Few enough to read in a block explorer.
    uint256 internal constant ACCOUNTS = 8;
    /// @dev Marks the reward of a claim as the asset a route sells.
    uint8 internal constant REWARD = 255;

    // what `tighten` may do at once, whoever asks: bounds beyond which a vault would no longer follow a usual day. The owner goes
    // further through the queue.

    /// @dev 1 %: two honest feeds, each within the usual 0.5 % of the truth, still meet.
    uint256 internal constant TIGHT_SPREAD_BPS = 100;
    /// @dev 1 %: a vault that far off may still be rebalanced; the least progress likewise.
    uint256 internal constant TIGHT_DRIFT_BPS = 100;
    /// @dev 1 % of NAV in one order, and orders of 0.5 %: a few of them make the least progress.
    uint256 internal constant TIGHT_MAX_TRADE_BPS = 100;
    uint256 internal constant TIGHT_MIN_TRADE_BPS = 50;
    /// @dev 0.02 % a day, half of it at once: pays for the least progress at a cost of 1 %.
    uint256 internal constant TIGHT_LOSS_DAY_BPS = 2;
    uint256 internal constant TIGHT_LOSS_MONTH_BPS = 10;
    /// @dev 5 % of NAV a day, 30 % a month: what a portfolio of volatile assets drifts in such a time.
    uint256 internal constant TIGHT_TURNOVER_DAY_BPS = 500;
    uint256 internal constant TIGHT_TURNOVER_MONTH_BPS = 3000;
    /// @dev A rebalance a day.
    uint256 internal constant TIGHT_COOLDOWN = 1 days;
    /// @dev 50 gwei, and four times the base fee where that is more: a chain's busy day.
    uint256 internal constant TIGHT_GAS_PRICE = 50 gwei;
    uint256 internal constant TIGHT_BASE_FEES = 4;

    // the queue

    /// @dev 14 d: a change that nobody made when it was ripe is no longer what the owner had in mind.
    uint256 internal constant RIPE_FOR = 14 days;
    /// @dev 1 h before what was frozen or switched off comes back: whoever switched it off is heard first.
    uint256 internal constant COOLING = 1 hours;
    /// @dev 2 %: an honest new oracle stands that near the old one; where the old one is wrong, freeze the asset first.
    uint256 internal constant ORACLE_STEP_BPS = 200;
}
