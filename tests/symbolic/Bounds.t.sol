// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Limits, Route} from "../../contracts/interfaces/IRulebook.sol";
import {Ceilings} from "../../contracts/libraries/Ceilings.sol";
import {Change} from "../../contracts/libraries/LimitCheck.sol";
import {Prover} from "./Prover.sol";

/// What the rulebook asks its clerk about limits. Named here, so that these proofs compile no clerk of their own.
interface IClerk {
    function requireLimits(Limits memory was, Limits memory given, Route[] memory routes, Change change) external view;
}

/// Invariant 13, the clerk's half: what limits it lets through, at once and by the queue.
contract BoundsTest is Prover {
    IClerk private clerk;

    function setUp() public {
        clerk = IClerk(_create(_code("Clerk")));
    }

    /// Whatever was there and whatever is given: all 18 fields free.
    function check_13_no_limit_passes_its_constant(Limits calldata was, Limits calldata given, uint16 slip)
        public
        view
    {
        if (!_accepted(was, given, slip, Change.ANY)) return;
        _withinConstants(given);
    }

    // A tightening compares one field at a time with what there was, and each comparison doubles the paths. So the fields are
    // made free in groups; the others stay what they were, whatever that is.

    function check_13_tighter_numbers(Limits memory was, uint16 a, uint16 b, uint16 c, uint16 slip) public view {
        Limits memory given = _copy(was);
        (given.spreadBps, given.minDriftBps, given.minProgressBps) = (a, b, c);
        _tightened(was, given, slip);
    }

    function check_13_tighter_trades(Limits memory was, uint16 a, uint16 b, uint16 c, uint16 slip) public view {
        Limits memory given = _copy(was);
        (given.maxTradeBps, given.minTradeBps, given.maxShiftBps) = (a, b, c);
        _tightened(was, given, slip);
    }

    function check_13_tighter_losses(Limits memory was, uint16 a, uint16 b, uint16 c, uint16 slip) public view {
        Limits memory given = _copy(was);
        (given.lossDayBps, given.lossMonthBps, given.harvestCapBps) = (a, b, c);
        _tightened(was, given, slip);
    }

    function check_13_tighter_turnovers(Limits memory was, uint16 a, uint16 b, uint16 c, uint32 d, uint16 slip)
        public
        view
    {
        Limits memory given = _copy(was);
        (given.turnoverDayBps, given.turnoverMonthBps, given.emergencyBps, given.delay) = (a, b, c, d);
        _tightened(was, given, slip);
    }

    function check_13_tighter_clocks(Limits memory was, uint32 a, uint32 b, uint32 c, bool d, uint16 slip) public view {
        Limits memory given = _copy(was);
        (given.rebalanceCooldown, given.retargetCooldown, given.harvestCooldown) = (a, b, c);
        given.keeperMayFlatten = d;
        _tightened(was, given, slip);
    }

    function check_13_tighter_gas(Limits memory was, uint64 ceiling, uint16 slip, uint256 baseFee) public {
        vm.assume(baseFee < 2 ** 128);
        vm.fee(baseFee);
        Limits memory given = _copy(was);
        given.maxGasPrice = ceiling;
        _tightened(was, given, slip);
    }

    function _tightened(Limits memory was, Limits memory given, uint16 slip) private view {
        if (!_accepted(was, given, slip, Change.TIGHTER)) return;
        _narrower(was, given);
        _withinConstants(given);
    }

    function _accepted(Limits memory was, Limits memory given, uint16 slip, Change change) private view returns (bool) {
        Route[] memory routes = new Route[](1);
        routes[0].slipBps = slip;
        try clerk.requireLimits(was, given, routes, change) {
            return true;
        } catch {
            return false;
        }
    }

    function _copy(Limits memory was) private pure returns (Limits memory) {
        return abi.decode(abi.encode(was), (Limits));
    }

    function _narrower(Limits memory was, Limits memory set) private pure {
        uint256 wider = _over(set.spreadBps, was.spreadBps);
        wider |= _over(was.minDriftBps, set.minDriftBps) | _over(was.minProgressBps, set.minProgressBps);
        wider |= _over(set.maxTradeBps, was.maxTradeBps) | _over(was.minTradeBps, set.minTradeBps);
        wider |= (set.emergencyBps ^ was.emergencyBps) | (set.delay ^ was.delay);
        wider |= _over(set.maxShiftBps, was.maxShiftBps) | _over(set.harvestCapBps, was.harvestCapBps);
        wider |= _over(set.lossDayBps, was.lossDayBps) | _over(set.lossMonthBps, was.lossMonthBps);
        wider |= _over(set.turnoverDayBps, was.turnoverDayBps) | _over(set.turnoverMonthBps, was.turnoverMonthBps);
        wider |= _over(was.rebalanceCooldown, set.rebalanceCooldown);
        wider |= _over(was.retargetCooldown, set.retargetCooldown);
        wider |= _over(was.harvestCooldown, set.harvestCooldown);
        assert(wider == 0);
        assert(was.maxGasPrice == 0 || (set.maxGasPrice != 0 && set.maxGasPrice <= was.maxGasPrice));
        assert(was.keeperMayFlatten || !set.keeperMayFlatten);
    }

    function _withinConstants(Limits memory set) private pure {
        uint256 past = _over(1, set.spreadBps) | _over(set.spreadBps, Ceilings.SPREAD_BPS);
        past |= _over(1, set.maxTradeBps) | _over(set.maxTradeBps, Ceilings.BPS);
        past |= _over(set.emergencyBps, Ceilings.EMERGENCY_BPS) | _over(set.maxShiftBps, Ceilings.BPS);
        past |= _over(set.harvestCapBps, Ceilings.LOSS_DAY_BPS);
        past |= _over(set.lossDayBps, Ceilings.LOSS_DAY_BPS) | _over(set.lossMonthBps, Ceilings.LOSS_MONTH_BPS);
        past |= _over(set.turnoverDayBps, Ceilings.TURNOVER_DAY_BPS);
        past |= _over(set.turnoverMonthBps, Ceilings.TURNOVER_MONTH_BPS);
        past |= _over(set.rebalanceCooldown, Ceilings.COOLDOWN) | _over(set.retargetCooldown, Ceilings.COOLDOWN);
        past |= _over(set.harvestCooldown, Ceilings.COOLDOWN);
        past |= _over(Ceilings.DELAY_MIN, set.delay) | _over(set.delay, Ceilings.DELAY_MAX);
        assert(past == 0);
    }

    /// 1 if `a` is above `b`. Without a branch: each would double the paths.
    function _over(uint256 a, uint256 b) private pure returns (uint256 above) {
        assembly ("memory-safe") {
            above := gt(a, b)
        }
    }
}
