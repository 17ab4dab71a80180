// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Order, Report} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Vm} from "../Base.sol";
import {World} from "./World.sol";

/// The owner's rebalance: free of budgets and clocks, never of floors and targets.
contract AllocateTest is World {
    function _allocate(Order[] memory orders) private returns (Report memory) {
        vm.prank(owner);
        return vault.allocate(orders, uint40(block.timestamp));
    }

    function _refusedAllocate(Order[] memory orders, bytes memory why) private {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.allocate(orders, uint40(block.timestamp));
    }

    function test_allocate_reverts_for_the_keeper() public {
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NotOwner.selector, keeper));
        vault.allocate(_order(WETH_USDC, 1e18), START);
    }

    function test_allocate_reverts_when_halted() public {
        _halt();
        _refusedAllocate(_order(WETH_USDC, 1e18), abi.encodeWithSelector(IVaultCore.NotActive.selector));
    }

    function test_allocate_reverts_after_its_deadline() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.DeadlinePassed.selector, START - 1, START));
        vault.allocate(_order(WETH_USDC, 1e18), START - 1);
    }

    function test_allocate_reverts_below_the_floor() public {
        adapter.setSkim(SLIP);
        adapter.setShort(1);
        uint256 floor = 20_000e6 * (BPS - SLIP) / BPS;
        _refusedAllocate(
            _order(WETH_USDC, 10e18),
            abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, floor - 1, floor)
        );
    }

    function test_allocate_reverts_without_a_price() public {
        oracle.set(address(tokens[WBTC]), 0);
        _refusedAllocate(_order(WETH_USDC, 1e18), abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WBTC));
    }

    function test_allocate_crosses_no_target() public {
        _refusedAllocate(
            _order(USDC_WETH, 1e6), abi.encodeWithSelector(IVaultCore.NothingToDo.selector, USDC_WETH, 0, 500e18)
        );
    }

    function test_allocate_goes_all_the_way_at_once_beyond_largest_trade_and_budgets() public {
        adapter.setSkim(SLIP);
        Order[] memory orders = new Order[](2);
        orders[0] = Order({route: WETH_USDC, maxIn: type(uint128).max, minOut: 0});
        orders[1] = Order({route: WETH_WBTC, maxIn: type(uint128).max, minOut: 0});
        uint256 left = vault.headroom().turnoverDay;
        Report memory report = _allocate(orders);
        eq(report.turnover, 2e17, "20 % of NAV, twice a keeper's largest trade");
        le(report.driftAfter, 1e15, "on target but for the slip");
        gt(report.loss, 75e13, "a loss above the keeper's budget");
        eq(vault.headroom().turnoverDay, left, "the keeper's budgets are the keeper's");
        eq(vault.state().epoch, 2, "a keeper's transaction in flight is dead");
    }

    function test_allocate_needs_no_cooldown_no_drift_and_no_progress() public {
        _allocate(_order(WETH_USDC, 0.25e18));
        _allocate(_order(WETH_USDC, 0.25e18));
        eq(_held(WETH), 299.5e18, "two small trades in one second");
    }

    function test_allocate_says_what_it_did() public {
        vm.recordLogs();
        _allocate(_order(WETH_USDC, 10e18));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        eq(logs[logs.length - 2].topics[0], IVaultCore.Traded.selector, "the trade");
        eq(logs[logs.length - 1].topics[0], IVaultCore.Allocated.selector, "then what it was");
        eq(uint256(logs[logs.length - 1].topics[1]), 2, "by epoch");
        eq(address(uint160(uint256(logs[logs.length - 1].topics[2]))), owner, "and actor");
    }
}
