// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore} from "../interfaces/IKeeperVault.sol";
import {IRulebook, IRulebookReads, Limits, Route} from "../interfaces/IRulebook.sol";
import {Ceilings} from "./Ceilings.sol";

/// @notice What limits may be beside those before: any, and be it the same; any other; none looser.
enum Change {
    NONE,
    ANY,
    TIGHTER
}

/// @title What limits may be: inside the ceilings, tighter where they must be, and such that a vault can still act
library LimitCheck {
    /// @notice Limits inside the hard ceilings, under which a vault can act, and what kind of change they are.
    function requireLimits(Limits memory was, Limits memory given, Route[] memory routes, Change change) internal view {
        uint256 widest; // slip of all routes, bps
        for (uint256 i; i < routes.length; ++i) {
            if (routes[i].slipBps > widest) widest = routes[i].slipBps;
        }
        if (change != Change.NONE && keccak256(abi.encode(was)) == keccak256(abi.encode(given))) {
            revert IVaultCore.NoChange();
        }
        if (change != Change.TIGHTER) was = given;
        _requireNumbers(was, given);
        _requireBudgets(was, given);
        _requireClocks(was, given);
        within("emergencyBps", given.emergencyBps, widest, Ceilings.EMERGENCY_BPS);
        within("delay", given.delay, Ceilings.DELAY_MIN, Ceilings.DELAY_MAX);
        if (given.emergencyBps != was.emergencyBps) revert IRulebook.NotTighter("emergencyBps");
        if (given.delay != was.delay) revert IRulebook.NotTighter("delay");
        if (given.keeperMayFlatten && !was.keeperMayFlatten) revert IRulebook.NotTighter("keeperMayFlatten");
        // a budget that slip x turnover cannot reach would never bind
        _requireReachable(given.lossDayBps, widest * given.turnoverDayBps / Ceilings.BPS);
        _requireReachable(given.lossMonthBps, widest * given.turnoverMonthBps / Ceilings.BPS);
        _requireMotion(given, widest);
    }

    function _requireNumbers(Limits memory was, Limits memory given) private pure {
        uint256 tenth = Ceilings.BPS / 10;
        _down("spreadBps", was.spreadBps, given.spreadBps, Ceilings.TIGHT_SPREAD_BPS, Ceilings.SPREAD_BPS);
        within("spreadBps", given.spreadBps, 1, Ceilings.SPREAD_BPS);
        _up("minDriftBps", was.minDriftBps, given.minDriftBps, Ceilings.TIGHT_DRIFT_BPS, tenth);
        _up("minProgressBps", was.minProgressBps, given.minProgressBps, Ceilings.TIGHT_DRIFT_BPS, tenth);
        _down("maxTradeBps", was.maxTradeBps, given.maxTradeBps, Ceilings.TIGHT_MAX_TRADE_BPS, Ceilings.BPS);
        within("maxTradeBps", given.maxTradeBps, Ceilings.MAX_TRADE_FLOOR_BPS, Ceilings.BPS);
        if (given.minTradeBps >= given.maxTradeBps) {
            revert IRulebookReads.RangeInverted("trade", given.minTradeBps, given.maxTradeBps);
        }
        _up("minTradeBps", was.minTradeBps, given.minTradeBps, Ceilings.TIGHT_MIN_TRADE_BPS, Ceilings.BPS);
        _down("maxShiftBps", was.maxShiftBps, given.maxShiftBps, 0, Ceilings.BPS);
    }

    function _requireBudgets(Limits memory was, Limits memory given) private pure {
        _down("harvestCapBps", was.harvestCapBps, given.harvestCapBps, 0, Ceilings.LOSS_DAY_BPS);
        _down("lossDayBps", was.lossDayBps, given.lossDayBps, Ceilings.TIGHT_LOSS_DAY_BPS, Ceilings.LOSS_DAY_BPS);
        _down(
            "lossMonthBps", was.lossMonthBps, given.lossMonthBps, Ceilings.TIGHT_LOSS_MONTH_BPS, Ceilings.LOSS_MONTH_BPS
        );
        _down(
            "turnoverDayBps",
            was.turnoverDayBps,
            given.turnoverDayBps,
            Ceilings.TIGHT_TURNOVER_DAY_BPS,
            Ceilings.TURNOVER_DAY_BPS
        );
        _down(
            "turnoverMonthBps",
            was.turnoverMonthBps,
            given.turnoverMonthBps,
            Ceilings.TIGHT_TURNOVER_MONTH_BPS,
            Ceilings.TURNOVER_MONTH_BPS
        );
    }

    function _requireClocks(Limits memory was, Limits memory given) private view {
        uint256 week = Ceilings.COOLDOWN;
        _up("rebalanceCooldown", was.rebalanceCooldown, given.rebalanceCooldown, Ceilings.TIGHT_COOLDOWN, week);
        _up("retargetCooldown", was.retargetCooldown, given.retargetCooldown, week, week);
        _up("harvestCooldown", was.harvestCooldown, given.harvestCooldown, week, week);
        _down("maxGasPrice", _gasPrice(was), _gasPrice(given), _leastGasPrice(), type(uint256).max);
    }

    /// @dev No set of limits under which a rebalance could never do enough: from a vault with all its room, the smallest
    /// trade fits the turnover; the least progress is one largest trade at most, fits the turnover even where each unit of
    /// it lowers drift by no more than 1 - 2 x slip, and its cost at the widest slip fits the loss budgets. What fits at
    /// once is half of a published figure (Bucket).
    function _requireMotion(Limits memory given, uint256 widest) private pure {
        uint256 turnover = given.turnoverDayBps < given.turnoverMonthBps ? given.turnoverDayBps : given.turnoverMonthBps;
        within("minTradeBps", given.minTradeBps, 0, turnover / 2);
        within("minProgressBps", given.minProgressBps, 0, given.maxTradeBps);
        within("minProgressBps", given.minProgressBps, 0, turnover * (Ceilings.BPS - 2 * widest) / Ceilings.BPS / 2);
        uint256 cost = 2 * widest * given.minProgressBps / Ceilings.BPS + 1; // more than 0 also without a least progress
        within("lossDayBps", given.lossDayBps, cost, type(uint256).max);
        within("lossMonthBps", given.lossMonthBps, cost, type(uint256).max);
    }

    function _requireReachable(uint256 lossBps, uint256 reachableBps) private pure {
        if (lossBps >= reachableBps) revert IRulebookReads.DeadLossBudget(lossBps, reachableBps);
    }

    /// @dev Wei; off is the loosest.
    function _gasPrice(Limits memory given) private pure returns (uint256) {
        return given.maxGasPrice == 0 ? type(uint256).max : given.maxGasPrice;
    }

    function _leastGasPrice() private view returns (uint256) {
        uint256 busy = Ceilings.TIGHT_BASE_FEES * block.basefee;
        return busy > Ceilings.TIGHT_GAS_PRICE ? busy : Ceilings.TIGHT_GAS_PRICE;
    }

    // ------------------------------------------------------------------------------------------------ bounds

    /// @dev Lower is tighter, at once down to `tight`. What stays as it was may lie below it.
    function _down(bytes32 what, uint256 was, uint256 given, uint256 tight, uint256 most) private pure {
        if (given > was) revert IRulebook.NotTighter(what);
        within(what, given, given < was ? tight : 0, most);
    }

    /// @dev Higher is tighter, at once up to `tight`.
    function _up(bytes32 what, uint256 was, uint256 given, uint256 tight, uint256 most) private pure {
        if (given < was) revert IRulebook.NotTighter(what);
        within(what, given, 0, given > was ? tight : most);
    }

    /// @notice A number between its bounds, both included; the refusal names it and the bound.
    function within(bytes32 what, uint256 value, uint256 least, uint256 most) internal pure {
        if (value > most) revert IRulebookReads.AboveCeiling(what, value, most);
        if (value < least) revert IRulebookReads.BelowFloorOf(what, value, least);
    }
}
