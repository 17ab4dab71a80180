// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Headroom, IVaultCore, Mode, Order, State, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Balance} from "../../../contracts/mocks/OddToken.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {World} from "./World.sol";

/// Kill, whose halt stands whatever becomes of its flatten; and the way back, on probation.
contract UnhaltTest is World {
    // ------------------------------------------------------------------------------------------------ kill

    function test_kill_halts_and_flattens_for_guardian_and_owner() public {
        address[2] memory who = [guardian, owner];
        uint256 before = vm.snapshotState();
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(vault));
            emit IVaultCore.Halted(who[i], "because", START);
            vm.expectEmit(address(vault));
            emit IVaultCore.Flattened(who[i], USDC, 3, 0);
            vm.prank(who[i]);
            vault.kill("because");
            yes(vault.state().mode == Mode.HALTED, "halted");
            eq(_held(USDC), 1_000_000e6, "sold");
            vm.revertToState(before);
        }
    }

    function test_kill_of_a_halted_vault_leaves_its_clock_and_flattens() public {
        _halt();
        vm.warp(START + 500);
        vm.prank(guardian);
        vault.kill("again");
        eq(vault.state().haltedAt, START, "the first halt");
        eq(_held(USDC), 1_000_000e6, "sold");
    }

    /// Nothing in the flatten undoes the halt: no refuge, a dead oracle, gas burnt everywhere, tokens that are gone.
    function test_kill_halts_when_the_flatten_fails_whole() public {
        uint256 before = vm.snapshotState();
        for (uint256 way; way < 3; ++way) {
            if (way == 0) _depegAll();
            if (way == 1) oracle.setBurnsGas(true);
            if (way == 2) vm.etch(address(oracle), "");
            vm.expectEmit(true, false, false, way == 0, address(vault)); // why is sure in the first case alone
            emit IVaultCore.FlattenFailed(guardian, abi.encodeWithSelector(IVaultCore.NoSafeAsset.selector));
            vm.prank(guardian);
            vault.kill{gas: 400_000_000}("crisis");
            yes(vault.state().mode == Mode.HALTED, "halted");
            eq(_held(WETH), 300e18, "nothing was sold");
            no(vault.state().locked, "unlocked");
            vm.revertToState(before);
        }
    }

    function _depegAll() private {
        oracle.set(address(tokens[USDC]), 0);
        oracle.set(address(tokens[DAI]), 0);
    }

    /// Whatever gas it is given: kill reverts whole for want of gas, or the vault is halted.
    function testFuzz_no_gas_makes_a_kill_that_does_not_halt(uint256 gas) public {
        adapter.setDeed(Deed.BURNS_GAS, 0);
        vm.prank(guardian);
        (bool done,) = address(vault).call{gas: bound(gas, 30_000, 9_000_000)}(abi.encodeCall(IVaultCore.kill, ("gas")));
        yes(!done || vault.state().mode == Mode.HALTED, "a kill that is done has halted");
        if (bound(gas, 30_000, 9_000_000) > 200_000) yes(done, "a fifth of a million is enough for the halt");
    }

    function test_a_failed_kill_starts_no_clock_of_the_discount() public {
        _depegAll();
        vm.prank(guardian);
        vault.kill("no refuge");
        oracle.set(address(tokens[USDC]), 1e18);
        adapter.setSkim(SLIP + 1);
        vm.warp(START + 1 hours);
        vm.prank(guardian);
        vault.flatten();
        eq(_held(WBTC), 4e8, "the clock began with this flatten, at the route's slip");
    }

    // ------------------------------------------------------------------------------------------------ unhalt

    function test_unhalt_reverts_within_an_hour_of_the_first_halt() public {
        _halt();
        vm.warp(START + 1800);
        vm.prank(keeper);
        vault.halt("again"); // a keeper cannot hold the vault down by halting it again
        vm.warp(START + 3599);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.TooSoon.selector, START + 3600));
        vault.unhalt();
        vm.warp(START + 3600);
        _unhalt();
    }

    function test_unhalt_reverts_for_everybody_else_also_after_the_hour() public {
        _halt();
        vm.warp(START + 1 days);
        address[4] memory who = [guardian, keeper, stranger, heir];
        for (uint256 i; i < 4; ++i) {
            vm.prank(who[i]);
            vm.expectRevert(abi.encodeWithSelector(IVaultCore.NotOwner.selector, who[i]));
            vault.unhalt();
        }
    }

    function test_unhalt_says_so_and_raises_the_epoch() public {
        _halt();
        vm.warp(START + 3600);
        vm.expectEmit(address(vault));
        emit IVaultCore.Unhalted(owner, 2);
        _unhalt();
        State memory state = vault.state();
        yes(state.mode == Mode.ACTIVE, "active");
        eq(state.haltedAt, 0, "no halt");
        eq(state.epoch, 2, "epoch");
    }

    function test_a_rebalance_signed_before_the_halt_is_dead_after_it() public {
        Terms memory terms = _terms();
        terms.deadline = START + 1 hours;
        _halt();
        vm.warp(START + 3600);
        _unhalt();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.EpochMoved.selector, 1, 2));
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
    }

    /// Probation: whatever room there was, all budgets start used up and leak from there.
    function test_every_budget_starts_used_up() public {
        rewards.setDue(1000e18);
        vm.prank(owner);
        vault.allocate(_order(WETH_USDC, 1e18), START); // a NAV at the last trade
        _halt();
        vm.warp(START + 10 days);
        _unhalt();
        Headroom memory room = vault.headroom();
        eq(uint256(room.lossDay) + room.lossMonth + room.turnoverDay + room.turnoverMonth + room.shiftDay, 0, "no room");
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.NothingToDo.selector, WETH_USDC, 0, 500e18));
        _retargetRefused(_shifted(1), abi.encodeWithSelector(IVaultCore.ShiftTooLarge.selector, 0.0001e18, 0));
        _harvestRefused(_order(REWARD_USDC, 1e18), abi.encodeWithSelector(IVaultCore.HarvestCap.selector, 20e18, 0));
        _pass(6 hours);
        room = vault.headroom();
        eq(room.turnoverDay, 0.15e18 / 4, "a quarter of a day has leaked");
        eq(room.shiftDay, 0.025e18 / 4, "of shifts too");
        _rebalance(WETH_USDC, 10e18);
        _retarget(_shifted(60));
        _harvest(_order(REWARD_USDC, 100e18));
        near(link.balanceOf(address(adapter)), 6.25e18, 1e15, "of $500 a quarter: $125");
    }

    /// The claim's own bucket is full as well: with the envelope's cap wide, it is what clamps.
    function test_a_claims_own_cap_starts_used_up_too() public {
        rewards.setDue(1000e18);
        vm.prank(owner);
        vault.allocate(_order(WETH_USDC, 1e18), START);
        tokens[USDC].mint(address(vault), 90_000_000e6); // NAV 91M: 0.1 % of it is far above the claim's $2,000
        vm.prank(owner);
        vault.allocate(_order(USDC_WETH, 100_000e6), START);
        _halt();
        vm.warp(START + 1 days);
        _unhalt();
        _pass(6 hours);
        _harvest(_order(REWARD_USDC, 1000e18));
        eq(link.balanceOf(address(adapter)), 12.5e18, "of $1,000 a quarter: $250");
    }

    function test_unhalt_works_with_oracle_adapter_and_tokens_dead() public {
        _halt();
        vm.warp(START + 3600);
        oracle.setBurnsGas(true);
        for (uint8 i; i < 5; ++i) {
            tokens[i].setTelling(Balance.BURNS_GAS);
        }
        vm.prank(owner);
        vault.unhalt{gas: 1_000_000}(); // 100,000 for each token that burns it
        yes(vault.state().mode == Mode.ACTIVE, "active");
    }
}
