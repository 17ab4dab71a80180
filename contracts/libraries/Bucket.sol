// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Ceilings} from "./Ceilings.sol";
import {Limits} from "../interfaces/IRulebook.sol";

/// @notice Fill levels of the four budgets, 1e18 = 100 % of NAV. One word.
struct Levels {
    uint64 lossDay;
    uint64 lossMonth;
    uint64 turnoverDay;
    uint64 turnoverMonth;
}

/// @title Leaky buckets
/// @dev A bucket of capacity c that leaks r a second lets at most c + T*r through in any window of T seconds. For a published
/// figure L over T, c = L/2 and r = L/(2T): then c + T*r = L in *any* window, with no edge to straddle. Leaks round down,
/// charges round up.
library Bucket {
    uint256 internal constant DAY = 1 days;
    uint256 internal constant MONTH = 30 days;
    /// @dev Half of one bps, 1e18 = 100 %: bps to capacity.
    uint256 internal constant HALF_BPS = 1e18 / 20_000;

    /// @notice Capacity of the bucket that keeps `publishedBps` in any window. 1e18 = 100 %.
    function capacity(uint256 publishedBps) internal pure returns (uint256) {
        return publishedBps * HALF_BPS;
    }

    /// @notice The level after `elapsed` seconds of leaking.
    function leaked(uint256 level, uint256 publishedBps, uint256 window, uint256 elapsed)
        internal
        pure
        returns (uint256)
    {
        return drained(level, capacity(publishedBps), window, elapsed);
    }

    /// @notice The level after `elapsed` seconds, of a bucket of `size` in any unit that empties in one window.
    function drained(uint256 level, uint256 size, uint256 window, uint256 elapsed) internal pure returns (uint256) {
        if (elapsed >= window) return 0; // a full bucket (at most its capacity) is empty after one window
        return Math.saturatingSub(level, size * elapsed / window);
    }

    /// @notice All four levels after `elapsed` seconds.
    function settled(Levels memory levels, Limits memory limits, uint256 elapsed)
        internal
        pure
        returns (Levels memory)
    {
        // safe casts: leaking only lowers a level that was a uint64
        return Levels({
            lossDay: uint64(leaked(levels.lossDay, limits.lossDayBps, DAY, elapsed)),
            lossMonth: uint64(leaked(levels.lossMonth, limits.lossMonthBps, MONTH, elapsed)),
            turnoverDay: uint64(leaked(levels.turnoverDay, limits.turnoverDayBps, DAY, elapsed)),
            turnoverMonth: uint64(leaked(levels.turnoverMonth, limits.turnoverMonthBps, MONTH, elapsed))
        });
    }

    /// @notice All four full: nothing fits until they leak.
    function full(Limits memory limits) internal pure returns (Levels memory) {
        // safe casts: 65,535 bps are 3.3e18
        return Levels({
            lossDay: uint64(capacity(limits.lossDayBps)),
            lossMonth: uint64(capacity(limits.lossMonthBps)),
            turnoverDay: uint64(capacity(limits.turnoverDayBps)),
            turnoverMonth: uint64(capacity(limits.turnoverMonthBps))
        });
    }

    /// @notice What fits now. 1e18 = 100 % of NAV.
    function left(uint256 level, uint256 publishedBps) internal pure returns (uint256) {
        return Math.saturatingSub(capacity(publishedBps), level);
    }

    /// @notice The tighter window of the loss budget.
    function lossLeft(Levels memory levels, Limits memory limits) internal pure returns (uint256) {
        return Math.min(left(levels.lossDay, limits.lossDayBps), left(levels.lossMonth, limits.lossMonthBps));
    }

    /// @notice The tighter window of the turnover budget.
    function turnoverLeft(Levels memory levels, Limits memory limits) internal pure returns (uint256) {
        return
            Math.min(
                left(levels.turnoverDay, limits.turnoverDayBps), left(levels.turnoverMonth, limits.turnoverMonthBps)
            );
    }
}
