// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Limits} from "../../../contracts/interfaces/IRulebook.sol";

/// The published bounds, from limits alone: SPEC.md's formulae once more, beside scripts/bounds.py, and nothing of the vault's.
/// Shares, 1e18 = 100 %, rounded down; slips and errors of feeds in bps.
library Published {
    uint256 private constant ONE = 1e18;
    uint256 private constant BPS = 10_000;
    uint256 private constant DAY = 1 days;
    uint256 private constant MONTH = 30 days;

    /// What a figure of a window lets through in so many seconds: half at once, half as it leaks.
    function within(uint256 figureBps, uint256 window, uint256 time) internal pure returns (uint256) {
        return figureBps * ONE / BPS * (window + time) / (2 * window);
    }

    /// A stolen keeper key's, by the oracle: L.
    function loss(Limits memory limits, uint256 time) internal pure returns (uint256) {
        return _lesser(within(limits.lossDayBps, DAY, time), within(limits.lossMonthBps, MONTH, time));
    }

    function turnover(Limits memory limits, uint256 time) internal pure returns (uint256) {
        return _lesser(within(limits.turnoverDayBps, DAY, time), within(limits.turnoverMonthBps, MONTH, time));
    }

    /// Truly: L + T x 2 delta.
    function truly(Limits memory limits, uint256 time, uint256 delta) internal pure returns (uint256) {
        return loss(limits, time) + turnover(limits, time) * 2 * delta / BPS;
    }

    /// Of rewards, truly: H x (slip + delta of the reward + delta of the stablecoin).
    function harvests(Limits memory limits, uint256 time, uint256 slip, uint256 deltas)
        internal
        pure
        returns (uint256)
    {
        return within(limits.harvestCapBps, DAY, time) * (slip + deltas) / BPS;
    }

    /// At fixed prices, of value sold: (D0 + the shifts of so many seconds) / (1 - 2 slip).
    function stillTurnover(Limits memory limits, uint256 drift, uint256 time, bool steered, uint256 slip)
        internal
        pure
        returns (uint256)
    {
        uint256 shifts = steered ? within(limits.maxShiftBps, DAY, time) : 0;
        return (drift + shifts) * BPS / (BPS - 2 * slip);
    }

    /// Of what a flatten sells, truly: slip, or a guardian's widest discount, and delta on each side.
    function flatten(uint256 slip, uint256 delta) internal pure returns (uint256) {
        return (slip + 2 * delta) * ONE / BPS;
    }

    function _lesser(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
