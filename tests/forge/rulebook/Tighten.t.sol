// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Order} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook, IRulebookReads, Limits} from "../../../contracts/interfaces/IRulebook.sol";
import {Governed} from "./Governed.sol";

/// Narrower at once, by owner or guardian; never wider, and never so narrow that the vault stands still.
contract TightenTest is Governed {
    uint256 private constant FIELDS = 18;
    uint256 private constant EMERGENCY = 5;
    uint256 private constant DELAY_FIELD = 15;
    uint256 private constant GAS_PRICE = 16;

    /// Limits are words, one a field: so each field can be reached by its place.
    function _with(Limits memory limits, uint256 field, uint256 value) private pure returns (Limits memory changed) {
        changed = abi.decode(abi.encode(limits), (Limits));
        assembly ("memory-safe") {
            mstore(add(changed, mul(field, 0x20)), value)
        }
    }

    function _field(Limits memory limits, uint256 field) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(limits, mul(field, 0x20)))
        }
    }

    /// +1 where more is tighter, -1 where less is, 0 where nothing may change.
    function _direction(uint256 field) private pure returns (int256) {
        int8[18] memory directions = [int8(-1), 1, 1, -1, 1, 0, -1, -1, -1, -1, -1, -1, 1, 1, 1, 0, -1, -1];
        return directions[field];
    }

    /// How tight each may be made at once.
    function _tightest() private pure returns (Limits memory) {
        return Limits({
            spreadBps: 100,
            minDriftBps: 100,
            minProgressBps: 100,
            maxTradeBps: 100,
            minTradeBps: 50,
            emergencyBps: 500,
            maxShiftBps: 0,
            harvestCapBps: 0,
            lossDayBps: 2,
            lossMonthBps: 10,
            turnoverDayBps: 500,
            turnoverMonthBps: 3000,
            rebalanceCooldown: 1 days,
            retargetCooldown: 7 days,
            harvestCooldown: 7 days,
            delay: 2 days,
            maxGasPrice: 50 gwei,
            keeperMayFlatten: false
        });
    }

    // ------------------------------------------------------------------------------------------------ the way

    function test_owner_and_guardian_tighten_at_once() public {
        uint256 before = vm.snapshotState();
        address[2] memory who = [owner, guardian];
        Limits memory limits = _limits();
        (limits.lossDayBps, limits.turnoverDayBps, limits.rebalanceCooldown) = (10, 2000, 600);
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(rulebook));
            emit IRulebook.LimitsTightened(who[i], limits);
            vm.prank(who[i]);
            _book().tighten(limits);
            eq(abi.encode(rulebook.limits()), abi.encode(limits), "as given");
            eq(rulebook.configVersion(), 2, "version");
            vm.revertToState(before);
        }
    }

    function test_the_same_limits_are_no_change() public {
        _tightenRefused(_limits(), abi.encodeWithSelector(IVaultCore.NoChange.selector));
    }

    function test_no_field_may_be_loosened_and_two_may_not_be_touched() public {
        for (uint256 field; field < FIELDS; ++field) {
            uint256 was = _field(_limits(), field);
            int256 direction = _direction(field);
            if (direction >= 0) {
                vm.prank(guardian);
                vm.expectPartialRevert(IRulebook.NotTighter.selector);
                _book().tighten(_with(_limits(), field, was - 1));
            }
            if (direction <= 0 && field != FIELDS - 1) {
                vm.prank(guardian);
                vm.expectPartialRevert(IRulebook.NotTighter.selector);
                _book().tighten(_with(_limits(), field, was + 1));
            }
        }
    }

    function test_off_is_the_loosest_gas_price() public {
        _tightenRefused(
            _with(_limits(), GAS_PRICE, 0),
            abi.encodeWithSelector(IRulebook.NotTighter.selector, bytes32("maxGasPrice"))
        );
        Limits memory limits = _limits();
        limits.maxGasPrice = 0;
        _enact(abi.encodeCall(IRulebook.setLimits, (limits)));
        _tighten(_with(limits, GAS_PRICE, 50 gwei)); // from off, any is tighter
    }

    function test_a_keepers_flatten_is_switched_off_and_not_on() public {
        Limits memory limits = _limits();
        limits.keeperMayFlatten = false;
        _tighten(limits);
        limits.keeperMayFlatten = true;
        _tightenRefused(limits, abi.encodeWithSelector(IRulebook.NotTighter.selector, bytes32("keeperMayFlatten")));
    }

    // ------------------------------------------------------------------------------------------------ floors

    /// Each field alone, as tight as it may become; and not a step tighter.
    function test_each_field_has_its_floor() public {
        Limits memory start = _limits();
        start.spreadBps = 110; // else it stands at its floor
        start.minProgressBps = 10; // so that no other rule is met first
        _enact(abi.encodeCall(IRulebook.setLimits, (start)));
        uint256 before = vm.snapshotState();
        for (uint256 field; field < FIELDS - 1; ++field) {
            if (field == EMERGENCY || field == DELAY_FIELD) continue;
            uint256 floor = _field(_tightest(), field);
            Limits memory limits = _with(start, field, floor);
            // budgets hang together: a loss budget may not be out of reach of the turnover
            if (field == 10) limits.lossDayBps = 2;
            if (field == 11) limits.lossMonthBps = 10;
            _tighten(limits);
            eq(_field(rulebook.limits(), field), floor, "at its floor");
            vm.revertToState(before);
            if (floor == 0) continue;
            bool more = _direction(field) > 0;
            limits = _with(limits, field, more ? floor + 1 : floor - 1);
            vm.prank(guardian);
            vm.expectPartialRevert(more ? IRulebookReads.AboveCeiling.selector : IRulebookReads.BelowFloorOf.selector);
            _book().tighten(limits);
        }
    }

    function test_what_is_beyond_its_floor_already_may_stay() public {
        Limits memory limits = _limits();
        (limits.spreadBps, limits.maxTradeBps, limits.minDriftBps) = (50, 60, 200);
        _enact(abi.encodeCall(IRulebook.setLimits, (limits)));
        limits.lossMonthBps = 40;
        _tighten(limits);
        _tightenRefused(_with(limits, 0, 49), _below("spreadBps", 49, 100));
        _tightenRefused(_with(limits, 1, 201), _above("minDriftBps", 201, 100));
    }

    function test_the_floor_of_the_gas_price_follows_the_base_fee() public {
        vm.fee(20 gwei);
        _tightenRefused(_with(_limits(), GAS_PRICE, 80 gwei - 1), _below("maxGasPrice", 80 gwei - 1, 80 gwei));
        _tighten(_with(_limits(), GAS_PRICE, 80 gwei));
    }

    function test_the_checks_of_construction_hold() public {
        Limits memory limits = _limits();
        limits.turnoverDayBps = 2400; // 0.6 % of it is 14
        _tightenRefused(limits, abi.encodeWithSelector(IRulebookReads.DeadLossBudget.selector, 15, 14));
    }

    /// All of them together: the vault still comes to its targets, within days.
    function test_a_vault_as_tight_as_it_can_be_made_is_still_rebalanced() public {
        _tighten(_tightest());
        _tightenRefused(_with(_tightest(), 8, 1), _below("lossDayBps", 1, 2));
        uint256 nav = _nav();
        for (uint256 day; day < 3; ++day) {
            _rebalanceInTwo();
            _pass(1 days);
        }
        eq(_nav(), nav, "at fair prices nothing is lost");
    }

    /// 1 % of NAV by each of two orders.
    function _rebalanceInTwo() private {
        uint256 before = _worth(WETH);
        Order[] memory orders = new Order[](2);
        orders[0] = orders[1] = Order({route: WETH_USDC, maxIn: 100e18, minOut: 0});
        _rebalance(orders);
        ge(before - _worth(WETH), _nav() * 195 / BPS, "some 2 % sold");
    }

    // ------------------------------------------------------------------------------------------------ invariant 13

    /// From anywhere to anywhere: let through only what is nowhere looser, and inside the constants.
    function testFuzz_without_the_queue_limits_only_tighten(uint256 seed, address who) public {
        if (seed % 3 == 0) who = owner;
        if (seed % 3 == 1) who = guardian;
        for (uint256 step; step < 8; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            Limits memory was = rulebook.limits();
            Limits memory given = abi.decode(abi.encode(was), (Limits));
            // mostly a few fields, mostly by a little
            for (uint256 k; k < 1 + seed % 4; ++k) {
                uint256 field = uint256(keccak256(abi.encode(seed, k))) % FIELDS;
                given = _with(given, field, _other(_field(was, field), field, seed >> 8));
            }
            uint32 version = rulebook.configVersion();
            bytes32 before = _parameters();
            vm.prank(who);
            (bool done,) = address(rulebook).call(abi.encodeCall(IRulebook.tighten, (given)));
            eq(done ? 1 : 0, rulebook.configVersion() - version, "the version tells");
            eq(before == _parameters() ? 0 : 1, rulebook.configVersion() - version, "exactly when a parameter changed");
            if (done) _requireNoLooser(was, rulebook.limits());
            yes(!done || who == owner || who == guardian, "only owner or guardian");
        }
    }

    function _other(uint256 was, uint256 field, uint256 seed) private pure returns (uint256) {
        if (field == FIELDS - 1) return seed % 2;
        uint256 most = field == GAS_PRICE ? type(uint64).max : field < 12 ? type(uint16).max : type(uint32).max;
        if (seed % 8 == 0) return bound(seed >> 8, 0, most);
        uint256 step = (seed >> 8) % (was / 3 + 2);
        return (seed >> 4) % 3 == 0 ? (was > step ? was - step : 0) : (was + step > most ? most : was + step);
    }

    function _requireNoLooser(Limits memory was, Limits memory now_) private pure {
        for (uint256 field; field < FIELDS; ++field) {
            (uint256 a, uint256 b) = (_field(was, field), _field(now_, field));
            if (field == GAS_PRICE) (a, b) = (a == 0 ? type(uint256).max : a, b == 0 ? type(uint256).max : b);
            int256 direction = _direction(field);
            if (direction == 0) eq(a, b, "never at once");
            else if (direction > 0) ge(b, a, "no lower");
            else le(b, a, "no higher");
        }
        le(now_.lossDayBps, 100, "loss of a day");
        le(now_.turnoverDayBps, 6000, "turnover of a day");
        le(now_.rebalanceCooldown, 1 days, "a rebalance a day");
        ge(now_.spreadBps, 100, "spread");
    }
}
