// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, State, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {World} from "./World.sol";

/// Targets: the keeper's within ranges and a shift a day, the owner's within ranges alone.
contract RetargetTest is World {
    uint256 private constant CAPACITY = 0.025e18; // half of 5 %

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        (setup.assets[WETH].minBps, setup.assets[WETH].maxBps) = (3000, 6000);
    }

    // ------------------------------------------------------------------------------------------------ refusals

    function test_retarget_reverts_with_each_term_that_is_not_the_state() public {
        uint16[] memory targets = _shifted(100);
        Terms memory terms = _terms();
        vm.startPrank(keeper);
        terms.epoch = 2;
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.EpochMoved.selector, 2, 1));
        vault.retarget(targets, terms);
        (terms.epoch, terms.configVersion) = (1, 2);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.ConfigMoved.selector, 2, 1));
        vault.retarget(targets, terms);
        (terms.configVersion, terms.deadline) = (1, START - 1);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.DeadlinePassed.selector, START - 1, START));
        vault.retarget(targets, terms);
        terms.deadline = START + 1 hours + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IVaultCore.DeadlineTooFar.selector, START + 1 hours + 1, START + 1 hours)
        );
        vault.retarget(targets, terms);
        terms.deadline = START;
        vm.txGasPrice(100 gwei + 1);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.GasPriceTooHigh.selector, 100 gwei + 1, 100 gwei));
        vault.retarget(targets, terms);
    }

    function test_retarget_reverts_without_a_change() public {
        _retargetRefused(_targets(), abi.encodeWithSelector(IVaultCore.NoChange.selector));
    }

    function test_retarget_reverts_outside_an_assets_range() public {
        uint16[] memory targets = _shifted(1001);
        bytes4 outside = IVaultCore.TargetOutOfRange.selector;
        _retargetRefused(targets, abi.encodeWithSelector(outside, WETH, uint16(2999), uint16(3000), uint16(6000)));
        (targets[WETH], targets[WBTC]) = (6001, 499);
        _retargetRefused(targets, abi.encodeWithSelector(outside, WETH, uint16(6001), uint16(3000), uint16(6000)));
    }

    function test_retarget_reverts_when_targets_are_not_the_whole() public {
        uint16[] memory targets = _targets();
        targets[WBTC] += 1;
        _retargetRefused(targets, abi.encodeWithSelector(IVaultCore.BadTargets.selector, 10_001));
        uint16[] memory few = new uint16[](4);
        (few[WETH], few[WBTC]) = (5000, 5000);
        _retargetRefused(few, abi.encodeWithSelector(IVaultCore.BadTargets.selector, 10_000));
        _retargetRefused(
            new uint16[](6),
            abi.encodeWithSelector(IVaultCore.TargetOutOfRange.selector, WETH, uint16(0), uint16(3000), uint16(6000))
        );
        uint16[] memory many = new uint16[](6);
        (many[WETH], many[WBTC]) = (5000, 5000);
        _retargetRefused(many, abi.encodeWithSelector(IVaultCore.BadTargets.selector, 6));
    }

    function test_retarget_reverts_before_its_own_cooldown_which_no_other_action_starts() public {
        _rebalance(WETH_USDC, 10e18);
        _retarget(_shifted(1));
        uint256 readyAt = START + 3600;
        vm.warp(readyAt - 1);
        _retargetRefused(_shifted(1), abi.encodeWithSelector(IVaultCore.TooSoon.selector, readyAt));
        _rebalance(WETH_USDC, 10e18); // neither does a retarget hold up a rebalance
        vm.warp(readyAt);
        _retarget(_shifted(1));
    }

    // ------------------------------------------------------------------------------------------------ the bucket

    function test_retarget_reverts_beyond_what_a_day_lets_through() public {
        bytes4 tooLarge = IVaultCore.ShiftTooLarge.selector;
        _retargetRefused(_shifted(251), abi.encodeWithSelector(tooLarge, 0.0251e18, CAPACITY));
        _retarget(_shifted(250));
        eq(vault.headroom().shiftDay, 0, "used up");
        _pass(12 hours);
        eq(vault.headroom().shiftDay, CAPACITY / 2, "half has leaked");
        _retargetRefused(_shifted(126), abi.encodeWithSelector(tooLarge, 0.0126e18, CAPACITY / 2));
        _retarget(_shifted(125));
    }

    /// Whatever is asked and whenever: in any 24 h the shifts sum to at most 5 %.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_every_day_stays_within_the_published_shift(uint256 seed) public {
        uint256[40] memory at;
        uint256[40] memory shifts;
        for (uint256 i; i < 40; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            _pass(3600 + dice % 8 hours);
            (uint16[] memory targets, uint256 left) = (vault.state().targetsBps, vault.headroom().shiftDay / 1e14);
            uint16 bps = uint16(dice / 7 % 3 == 0 ? bound(dice, 1, 300) : left);
            if (dice % 2 == 0) (targets[WETH], targets[WBTC]) = (targets[WETH] - bps, targets[WBTC] + bps);
            else (targets[WETH], targets[WBTC]) = (targets[WETH] + bps, targets[WBTC] - bps);
            Terms memory terms = _terms();
            vm.prank(keeper);
            try vault.retarget(targets, terms) {
                (at[i], shifts[i]) = (_now(), uint256(bps) * 1e14);
            } catch {}
        }
        for (uint256 first; first < 40; ++first) {
            uint256 sum;
            for (uint256 i = first; i < 40; ++i) {
                if (at[i] <= at[first] + 1 days) sum += shifts[i];
            }
            le(sum, 0.05e18, "shift, any 24 h");
        }
    }

    // ------------------------------------------------------------------------------------------------ success

    function test_retarget_moves_targets_epoch_and_clock_and_says_so() public {
        uint16[] memory targets = _shifted(100);
        targets[USDC] -= 50;
        targets[DAI] += 50;
        vm.warp(START + 10);
        vm.expectEmit(address(vault));
        emit IVaultCore.Retargeted(2, keccak256("a decision"), keeper, targets, 0.015e18);
        _retarget(targets);
        State memory state = vault.state();
        eq(abi.encode(state.targetsBps), abi.encode(targets), "targets");
        eq(state.epoch, 2, "epoch");
        eq(state.retargetedAt, START + 10, "clock");
        eq(state.rebalancedAt + state.harvestedAt, 0, "no other clock");
        eq(vault.headroom().shiftDay, CAPACITY - 0.015e18, "half the sum of what moved");
    }

    function test_the_owner_sets_targets_in_any_mode_outside_the_bucket_and_inside_the_ranges() public {
        uint16[] memory targets = _shifted(1000);
        vm.expectEmit(address(vault));
        emit IVaultCore.Retargeted(2, bytes32(0), owner, targets, 0.1e18);
        vm.startPrank(owner);
        vault.setTargets(targets);
        eq(vault.headroom().shiftDay, CAPACITY, "the keeper's bucket is the keeper's");
        eq(vault.state().retargetedAt, 0, "and so is its clock");
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoChange.selector));
        vault.setTargets(targets);
        targets[WETH] = 2999;
        targets[WBTC] += 1;
        vm.expectRevert(
            abi.encodeWithSelector(IVaultCore.TargetOutOfRange.selector, WETH, uint16(2999), uint16(3000), uint16(6000))
        );
        vault.setTargets(targets);
        vault.halt("any mode");
        vault.setTargets(_targets());
        eq(vault.state().epoch, 3, "and a transaction of the keeper's in flight is dead");
    }

    /// Attack 19's cousin: decided before the owner moved the targets, sent after.
    function test_a_rebalance_decided_on_other_targets_is_dead() public {
        Terms memory terms = _terms();
        uint16[] memory targets = _shifted(500);
        vm.prank(owner);
        vault.setTargets(targets);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.EpochMoved.selector, 1, 2));
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
    }
}
