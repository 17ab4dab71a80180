// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRulebook, Limits, Mandate, Route} from "../../contracts/interfaces/IRulebook.sol";
import {Ceilings} from "../../contracts/libraries/Ceilings.sol";
import {AnyRulebook} from "./AnyRulebook.sol";
import {BookSlots as Slots} from "./Slots.sol";

/// Invariant 13: without an elapsed entry of the queue limits only tighten, and never pass the constants.
contract LimitsTest is AnyRulebook {
    uint256 private constant GUARDIAN = 2;
    uint256 private constant SLIP = 60;

    // ------------------------------------------------------------------------------------------------ tighten

    // `tighten` compares one field at a time, and each comparison doubles the paths. So the fields are made free in groups, the
    // others stay what they are, whatever that is. To the same end two things are fixed that the checks only read: the routes'
    // slips, and, where the ceiling on gas prices is not in the group, that and the base fee.

    function check_13_tighten_numbers(address caller, uint16 a, uint16 b, uint16 c, uint16 d, uint16 e) public {
        _fixSlips();
        _fixGas();
        Limits memory given = book().limits();
        (given.spreadBps, given.minDriftBps, given.minProgressBps) = (a, b, c);
        (given.maxTradeBps, given.minTradeBps) = (d, e);
        _tightened(caller, given);
    }

    function check_13_tighten_budgets(address caller, uint16 a, uint16 b, uint16 c, uint16 d, uint16 e) public {
        _fixSlips();
        _fixGas();
        Limits memory given = book().limits();
        (given.lossDayBps, given.lossMonthBps, given.turnoverDayBps, given.turnoverMonthBps) = (a, b, c, d);
        given.harvestCapBps = e;
        _tightened(caller, given);
    }

    function check_13_tighten_clocks(address caller, uint32 a, uint32 b, uint32 c, uint64 d, bool e, uint256 baseFee)
        public
    {
        vm.assume(baseFee < 2 ** 128);
        vm.fee(baseFee);
        _fixSlips();
        Limits memory given = book().limits();
        (given.rebalanceCooldown, given.retargetCooldown, given.harvestCooldown) = (a, b, c);
        (given.maxGasPrice, given.keeperMayFlatten) = (d, e);
        _tightened(caller, given);
    }

    function check_13_tighten_the_rest(address caller, uint16 a, uint16 b, uint32 c) public {
        _fixSlips();
        _fixGas();
        Limits memory given = book().limits();
        (given.maxShiftBps, given.emergencyBps, given.delay) = (a, b, c);
        _tightened(caller, given);
    }

    function _fixSlips() private {
        for (uint256 i; i < ROUTES; ++i) {
            _put(_first(Slots._routes) + Slots.ROUTE_WORDS * i, SLIP << 32);
        }
    }

    function _fixGas() private {
        uint256 slot = Slots._limits + 1;
        _put(slot, _at(slot) & ~(uint256(type(uint64).max) << 64) | uint256(100 gwei) << 64);
        vm.fee(10 gwei);
    }

    function _tightened(address caller, Limits memory given) private {
        Limits memory was = book().limits();
        address owner = book().owner();
        bool guarded = uint8(_grantOf(caller)) == GUARDIAN;
        vm.prank(caller);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.tighten, (given)));
        if (!done) return;
        assert(caller == owner || guarded);
        Limits memory set = book().limits();
        _narrower(was, set);
        _withinConstants(set);
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

    // ------------------------------------------------------------------------------------------------ constants

    /// The queue itself cannot pass them: this is what `execute` calls.
    function check_13_no_limit_passes_its_constant(Limits calldata given) public {
        vm.prank(BOOK);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.setLimits, (given)));
        if (!done) return;
        _withinConstants(book().limits());
    }

    function check_13_no_slip_passes_its_constant(Route calldata added) public {
        vm.prank(BOOK);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.addRoute, (added)));
        if (!done) return;
        uint256 word = _at(_first(Slots._routes) + ROUTES * Slots.ROUTE_WORDS);
        uint256 slip = uint16(word >> 32);
        assert(slip == added.slipBps && slip != 0 && slip <= Ceilings.SLIP_BPS);
    }

    function check_13_no_mandate_passes_its_constant(Mandate calldata mandate, uint40 time) public {
        vm.warp(time);
        vm.prank(BOOK);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.appointKeeper, (mandate)));
        if (!done) return;
        uint256 expires = uint40(_grantOf(mandate.keeper) >> 8);
        assert(expires > time && expires <= time + Ceilings.MANDATE);
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

    // ------------------------------------------------------------------------------------------------ the queue

    function check_13_what_is_executed_is_ripe_and_not_dead(address caller, address payout, uint40 time) public {
        vm.warp(time);
        bytes memory data = abi.encodeCall(IRulebook.setPayout, (payout));
        uint256 ripeAt = uint40(_at(uint256(keccak256(abi.encode(keccak256(data), Slots._entries)))));
        address owner = book().owner();
        vm.prank(caller);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.execute, (data)));
        if (!done) return;
        assert(caller == owner);
        assert(ripeAt != 0 && ripeAt <= time && time < ripeAt + Ceilings.RIPE_FOR);
        assert(uint40(_at(uint256(keccak256(abi.encode(keccak256(data), Slots._entries))))) == 0);
    }

    function check_13_a_change_waits_the_delay(address caller, address payout, uint40 time) public {
        vm.assume(time < 2 ** 39);
        vm.warp(time);
        uint256 delay = book().limits().delay;
        bytes memory data = abi.encodeCall(IRulebook.setPayout, (payout));
        address was = book().payout();
        vm.prank(caller);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.queue, (data)));
        if (!done) return;
        uint256 ripeAt = uint40(_at(uint256(keccak256(abi.encode(keccak256(data), Slots._entries)))));
        assert(ripeAt == time + delay);
        assert(book().payout() == was);
    }

    function check_13_nobody_but_the_queue_makes_its_changes(address caller) public {
        vm.assume(caller != BOOK);
        bytes memory data = svm.createCalldata("Rulebook");
        bytes4 asked = bytes4(data);
        // each of these is proved by itself, in this file and in the two about roles and versions
        vm.assume(
            asked != IRulebook.tighten.selector && asked != IRulebook.queue.selector
                && asked != IRulebook.execute.selector && asked != IRulebook.cancel.selector
                && asked != IRulebook.freeze.selector && asked != IRulebook.unfreeze.selector
                && asked != IRulebook.setRouteEnabled.selector && asked != IRulebook.setClaimEnabled.selector
                && asked != book().revokeKeeper.selector && asked != book().revokeGuardian.selector
                && asked != book().transferOwnership.selector && asked != book().acceptOwnership.selector
        );
        vm.prank(caller);
        (bool done,) = BOOK.call(data);
        assert(!done);
    }
}
